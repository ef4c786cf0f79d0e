package io.culvert.tls.bouncycastle;

import io.culvert.api.tls.TlsProvider;
import io.culvert.testsupport.TestSslContract;

class BcTestSslTest extends TestSslContract {
    private final TlsProvider provider = new BcTlsProvider();

    @Override
    protected TlsProvider provider() {
        return provider;
    }
}

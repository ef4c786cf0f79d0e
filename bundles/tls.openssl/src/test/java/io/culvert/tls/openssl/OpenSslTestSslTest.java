package io.culvert.tls.openssl;

import io.culvert.api.tls.TlsProvider;
import io.culvert.testsupport.TestSslContract;

class OpenSslTestSslTest extends TestSslContract {
    private final TlsProvider provider = new OpenSslTlsProvider();

    @Override
    protected TlsProvider provider() {
        return provider;
    }
}

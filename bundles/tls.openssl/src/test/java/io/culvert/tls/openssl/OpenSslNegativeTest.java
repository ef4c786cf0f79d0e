package io.culvert.tls.openssl;

import io.culvert.api.tls.TlsProvider;
import io.culvert.testsupport.TlsNegativeContract;

class OpenSslNegativeTest extends TlsNegativeContract {
    private final TlsProvider provider = new OpenSslTlsProvider();

    @Override
    protected TlsProvider provider() {
        return provider;
    }
}

package io.culvert.tls.openssl;

import io.culvert.api.tls.TlsProvider;
import io.culvert.testsupport.TlsProviderContract;

class OpenSslTlsProviderTest extends TlsProviderContract {
    private final TlsProvider server = new OpenSslTlsProvider();
    private final TlsProvider client = new OpenSslTlsProvider();

    @Override
    protected TlsProvider server() {
        return server;
    }

    @Override
    protected TlsProvider client() {
        return client;
    }
}

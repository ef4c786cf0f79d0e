package io.culvert.tls.bouncycastle;

import io.culvert.api.tls.TlsProvider;
import io.culvert.testsupport.TlsProviderContract;
import io.culvert.tls.openssl.OpenSslTlsProvider;

class OpenSslClientTest extends TlsProviderContract {
    private final TlsProvider server = new BcTlsProvider();
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

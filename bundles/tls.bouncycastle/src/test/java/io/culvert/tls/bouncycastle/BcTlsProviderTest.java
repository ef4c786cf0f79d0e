package io.culvert.tls.bouncycastle;

import io.culvert.api.tls.TlsProvider;
import io.culvert.testsupport.TlsProviderContract;

class BcTlsProviderTest extends TlsProviderContract {
    private final TlsProvider server = new BcTlsProvider();
    private final TlsProvider client = new BcTlsProvider();

    @Override
    protected TlsProvider server() {
        return server;
    }

    @Override
    protected TlsProvider client() {
        return client;
    }
}

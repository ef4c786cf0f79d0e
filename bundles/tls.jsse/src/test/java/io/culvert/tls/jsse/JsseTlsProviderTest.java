package io.culvert.tls.jsse;

import io.culvert.api.tls.TlsProvider;
import io.culvert.testsupport.TlsProviderContract;

class JsseTlsProviderTest extends TlsProviderContract {
    private final TlsProvider server = new JsseTlsProvider();
    private final TlsProvider client = new JsseTlsProvider();

    @Override
    protected TlsProvider server() {
        return server;
    }

    @Override
    protected TlsProvider client() {
        return client;
    }
}

package io.culvert.tls.bouncycastle;

import io.culvert.api.tls.TlsProvider;
import io.culvert.testsupport.TlsProviderContract;
import io.culvert.tls.jsse.JsseTlsProvider;

class JsseServerTest extends TlsProviderContract {
    private final TlsProvider server = new JsseTlsProvider();
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

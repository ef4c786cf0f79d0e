package io.culvert.tls.jsse;

import io.culvert.api.tls.TlsProvider;
import io.culvert.testsupport.TestSslContract;

class JsseTestSslTest extends TestSslContract {
    private final TlsProvider provider = new JsseTlsProvider();

    @Override
    protected TlsProvider provider() {
        return provider;
    }
}

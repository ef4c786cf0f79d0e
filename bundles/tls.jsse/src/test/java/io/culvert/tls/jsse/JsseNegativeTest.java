package io.culvert.tls.jsse;

import io.culvert.api.tls.TlsProvider;
import io.culvert.testsupport.TlsNegativeContract;

class JsseNegativeTest extends TlsNegativeContract {
    private final TlsProvider provider = new JsseTlsProvider();

    @Override
    protected TlsProvider provider() {
        return provider;
    }
}

package io.culvert.crypto.jce;

import io.culvert.api.crypto.CipherProvider;
import io.culvert.testsupport.CipherContract;

class JceCipherProviderTest extends CipherContract {
    private final JceCipherProvider provider = new JceCipherProvider();

    @Override
    protected CipherProvider provider() {
        return provider;
    }
}

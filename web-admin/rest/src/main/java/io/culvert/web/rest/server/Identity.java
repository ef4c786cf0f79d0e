package io.culvert.web.rest.server;

import io.culvert.api.tls.TlsPolicy;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;

/** Where the console's key and certificate come from. */
public interface Identity {
    TlsPolicy.Identity current() throws Exception;

    /** For Jetty. The password guards nothing: it is in memory only. */
    static KeyStore keyStore(TlsPolicy.Identity identity) throws GeneralSecurityException, java.io.IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(
                "console", identity.key(), new char[0], identity.chain().toArray(X509Certificate[]::new));
        return store;
    }
}

package io.culvert.tls.jsse;

import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsPolicy;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/**
 * The JDK's context for a policy: its identity, and PKIX path validation (RFC 5280 section 6) up to its anchors, with
 * the extended key usage of the role. Revocation is the certificate authority's to say, not the path validation's.
 */
final class Contexts {
    private Contexts() {}

    static SSLContext of(TlsPolicy policy) throws TlsException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keyManagers(policy), trustManagers(policy), null);
            // Nobody resumes a session here; a cache would only hold secrets.
            context.getServerSessionContext().setSessionCacheSize(1);
            context.getServerSessionContext().setSessionTimeout(1);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new TlsException("the JDK's TLS does not take the certificates: " + e.getMessage(), e);
        }
    }

    private static KeyManager[] keyManagers(TlsPolicy policy) throws GeneralSecurityException, IOException {
        if (policy.identity().isEmpty()) {
            return new KeyManager[0];
        }
        var identity = policy.identity().get();
        KeyStore store = emptyStore();
        store.setKeyEntry("identity", identity.key(), new char[0], identity.chain().toArray(Certificate[]::new));
        var factory = KeyManagerFactory.getInstance("NewSunX509");
        factory.init(store, new char[0]);
        return factory.getKeyManagers();
    }

    private static TrustManager[] trustManagers(TlsPolicy policy) throws GeneralSecurityException, IOException {
        KeyStore store = emptyStore();
        int i = 0;
        for (X509Certificate anchor : policy.trustAnchors()) {
            store.setCertificateEntry("anchor" + i++, anchor);
        }
        var factory = TrustManagerFactory.getInstance("PKIX");
        if (i == 0) {
            factory.init(store); // trusts nobody
        } else {
            var parameters = new PKIXBuilderParameters(store, new X509CertSelector());
            parameters.setRevocationEnabled(false);
            factory.init(new CertPathTrustManagerParameters(parameters));
        }
        return factory.getTrustManagers();
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }
}

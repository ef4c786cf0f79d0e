package io.culvert.log.support.link;

import io.culvert.api.config.ConfigException;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * TLS 1.2 and 1.3 as a client, from PEM files (RFC 7468), which are read again for every connection. The far end's
 * certificate must be issued by one of the trusted and be for the name that was asked for (RFC 9525).
 */
public final class TlsFiles {
    private static final char[] NO_PASSWORD = new char[0];

    private final String pid;
    private final @Nullable Path trust;
    private final @Nullable Path certificate;
    private final @Nullable Path key;
    private final String serverName;

    private TlsFiles(String pid, @Nullable Path trust, @Nullable Path certificate, @Nullable Path key, String serverName) {
        this.pid = pid;
        this.trust = trust;
        this.certificate = certificate;
        this.key = key;
        this.serverName = serverName;
    }

    /**
     * Paths are relative to {@code home}; an empty text means none.
     *
     * @param pid the configuration, for errors
     * @param trust certificates of authorities; none means those of the Java runtime
     * @param certificate the client's certificate and those between it and its authority
     * @param key its private key, PKCS #8 without encryption
     * @param serverName the name that the far end's certificate is for; empty for the host's
     * @throws ConfigException for a file that cannot be used
     */
    public static TlsFiles of(
            String pid, Path home, String trust, String certificate, String key, String serverName) {
        if (certificate.isEmpty() != key.isEmpty()) {
            throw new ConfigException(
                    pid, certificate.isEmpty() ? "certificate" : "key", "", "certificate and key belong together");
        }
        var files = new TlsFiles(pid, path(home, trust), path(home, certificate), path(home, key), serverName);
        files.context();
        return files;
    }

    private static @Nullable Path path(Path home, String text) {
        return text.isEmpty() ? null : home.resolve(text);
    }

    /** A client's end of TLS over a connected socket; the handshake has not begun. */
    SSLSocket over(Socket plain, String host, int port) throws IOException {
        try {
            var secured = (SSLSocket) context().getSocketFactory().createSocket(plain, host(host), port, true);
            var parameters = secured.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
            secured.setSSLParameters(parameters);
            return secured;
        } catch (ConfigException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private String host(String host) {
        return serverName.isEmpty() ? host : serverName;
    }

    private SSLContext context() {
        try {
            var context = SSLContext.getInstance("TLS");
            var trusting = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trusting.init(trust == null ? null : authorities(trust));
            KeyManagerFactory keys = null;
            if (certificate != null && key != null) {
                keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
                keys.init(identity(certificate, key), NO_PASSWORD);
            }
            context.init(keys == null ? null : keys.getKeyManagers(), trusting.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new ConfigException(pid, "certificate", String.valueOf(certificate), "cannot be used: " + e.getMessage());
        }
    }

    private KeyStore authorities(Path file) throws GeneralSecurityException {
        var store = empty();
        int number = 0;
        for (Certificate each : certificates("trust", file)) {
            store.setCertificateEntry("authority" + number++, each);
        }
        return store;
    }

    private KeyStore identity(Path chain, Path secret) throws GeneralSecurityException {
        var store = empty();
        store.setKeyEntry(
                "client", privateKey(secret), NO_PASSWORD, certificates("certificate", chain).toArray(Certificate[]::new));
        return store;
    }

    private static KeyStore empty() throws GeneralSecurityException {
        try {
            var store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            return store;
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    private Collection<? extends Certificate> certificates(String attribute, Path file) {
        try (var in = Files.newInputStream(file)) {
            var found = CertificateFactory.getInstance("X.509").generateCertificates(in);
            if (found.isEmpty()) {
                throw new ConfigException(pid, attribute, file, "has no certificate; give a PEM file");
            }
            return found;
        } catch (IOException | GeneralSecurityException e) {
            throw new ConfigException(pid, attribute, file, "cannot be read as a PEM file of certificates: " + e.getMessage());
        }
    }

    private PrivateKey privateKey(Path file) throws GeneralSecurityException {
        byte[] encoded;
        try {
            String text = Files.readString(file);
            String begin = "-----BEGIN PRIVATE KEY-----";
            int from = text.indexOf(begin);
            int to = text.indexOf("-----END PRIVATE KEY-----");
            if (from < 0 || to < from) {
                throw new ConfigException(
                        pid, "key", file, "has no PRIVATE KEY block; openssl pkcs8 -topk8 -nocrypt makes one");
            }
            encoded = Base64.getMimeDecoder().decode(text.substring(from + begin.length(), to));
        } catch (IOException | IllegalArgumentException e) {
            throw new ConfigException(pid, "key", file, "cannot be read as a PEM file with a private key");
        }
        for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(encoded));
            } catch (InvalidKeySpecException e) {
                // The next may fit.
            }
        }
        throw new ConfigException(pid, "key", file, "is neither an RSA, an EC nor an EdDSA key");
    }
}

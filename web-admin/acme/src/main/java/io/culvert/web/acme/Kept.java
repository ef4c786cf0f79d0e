package io.culvert.web.acme;

import io.culvert.api.store.Store;
import io.culvert.api.store.Store.Op;
import io.culvert.api.store.Store.TxnResult;
import io.culvert.api.store.StoreException;
import io.culvert.api.tls.TlsPolicy;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The account's key, one for each authority, and the certificate, in the store, which seals them. */
final class Kept {
    private static final String CERTIFICATE = "acme/certificate";
    private static final int DEADLINE_SECONDS = 10;
    private static final String KEY_BEGIN = "-----BEGIN PRIVATE KEY-----\n";
    private static final String KEY_END = "\n-----END PRIVATE KEY-----\n";

    private final Store store;

    Kept(Store store) {
        this.store = store;
    }

    /** A key for accounts and certificates. */
    static KeyPair newKey() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    /** The account's key at this authority; made and durable when there was none. */
    KeyPair account(URI directory) throws IOException, GeneralSecurityException, InterruptedException {
        String key = "acme/account/" + digest(directory.toString());
        Optional<Store.Entry> entry = read(key);
        if (entry.isPresent()) {
            String[] halves = text(entry.get()).strip().split("\n");
            KeyFactory factory = KeyFactory.getInstance("EC");
            return new KeyPair(
                    factory.generatePublic(new X509EncodedKeySpec(decode(halves[0]))),
                    factory.generatePrivate(new PKCS8EncodedKeySpec(decode(halves[1]))));
        }
        KeyPair made = newKey();
        write(key, encode(made.getPublic().getEncoded()) + "\n" + encode(made.getPrivate().getEncoded()) + "\n");
        return made;
    }

    /** The last certificate of this authority that there is. */
    Optional<TlsPolicy.Identity> certificate(URI directory) throws IOException, GeneralSecurityException {
        Optional<Store.Entry> entry = read(CERTIFICATE);
        if (entry.isEmpty()) {
            return Optional.empty();
        }
        String text = text(entry.get());
        int begin = text.indexOf(KEY_BEGIN);
        int end = text.indexOf(KEY_END);
        if (!text.startsWith(directory + "\n") || begin < 0 || end < 0) {
            return Optional.empty();
        }
        byte[] chain = text.substring(end + KEY_END.length()).getBytes(StandardCharsets.US_ASCII);
        List<X509Certificate> certificates =
                CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(chain)).stream()
                        .map(X509Certificate.class::cast)
                        .toList();
        var key = KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(decode(text.substring(begin + KEY_BEGIN.length(), end))));
        return Optional.of(new TlsPolicy.Identity(key, certificates));
    }

    /** Durable when it returns. */
    void keep(URI directory, TlsPolicy.Identity identity)
            throws IOException, GeneralSecurityException, InterruptedException {
        var text = new StringBuilder(directory + "\n");
        text.append(KEY_BEGIN).append(encode(identity.key().getEncoded())).append(KEY_END);
        for (X509Certificate each : identity.chain()) {
            text.append("-----BEGIN CERTIFICATE-----\n")
                    .append(encode(each.getEncoded()))
                    .append("\n-----END CERTIFICATE-----\n");
        }
        write(CERTIFICATE, text.toString());
    }

    private Optional<Store.Entry> read(String key) throws IOException {
        try {
            return store.read(key);
        } catch (StoreException e) {
            throw new IOException("the store does not answer: " + e.getMessage(), e);
        }
    }

    private void write(String key, String text) throws IOException, InterruptedException {
        try {
            TxnResult result = store.txn(List.of(), List.of(new Op.Put(key, text.getBytes(StandardCharsets.UTF_8))))
                    .toCompletableFuture()
                    .get(DEADLINE_SECONDS, TimeUnit.SECONDS);
            if (!(result instanceof TxnResult.Committed)) {
                throw new IOException("the store cannot tell whether " + key + " was saved");
            }
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("the store does not save " + key + ", " + e, e);
        }
    }

    private static String text(Store.Entry entry) {
        return new String(entry.value(), StandardCharsets.UTF_8);
    }

    private static String encode(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static byte[] decode(String text) {
        return Base64.getDecoder().decode(text);
    }

    private static String digest(String text) throws GeneralSecurityException {
        return HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)), 0, 12);
    }
}

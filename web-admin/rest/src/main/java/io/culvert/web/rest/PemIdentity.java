package io.culvert.web.rest;

import io.culvert.api.tls.TlsPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;

/** A certificate chain and a key that somebody else has made, in PEM (RFC 7468). */
final class PemIdentity {
    private static final Pattern KEY =
            Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

    private PemIdentity() {}

    /**
     * @param chain leaf first
     * @param key unencrypted PKCS #8
     * @throws IOException naming the file and what to do; never with its content
     */
    static TlsPolicy.Identity read(Path chain, Path key) throws IOException {
        try (var in = Files.newInputStream(chain)) {
            List<X509Certificate> certificates = CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
                    .map(X509Certificate.class::cast)
                    .toList();
            if (certificates.isEmpty()) {
                throw new IOException(chain + " has no certificate in PEM");
            }
            PublicKey publicKey = certificates.getFirst().getPublicKey();
            PrivateKey privateKey = privateKey(key, publicKey.getAlgorithm());
            if (!belongs(privateKey, publicKey)) {
                throw new IOException("the key in " + key + " is not that of the first certificate in " + chain);
            }
            return new TlsPolicy.Identity(privateKey, certificates);
        } catch (GeneralSecurityException e) {
            throw new IOException(chain + " or " + key + " cannot be used: " + e.getMessage(), e);
        }
    }

    private static PrivateKey privateKey(Path file, String algorithm) throws IOException, GeneralSecurityException {
        var found = KEY.matcher(Files.readString(file));
        if (!found.find()) {
            throw new IOException(file + " has no unencrypted key in PKCS #8; make one with: openssl pkcs8 -topk8 -nodes");
        }
        byte[] der = Base64.getMimeDecoder().decode(found.group(1));
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    private static boolean belongs(PrivateKey key, PublicKey publicKey) throws GeneralSecurityException {
        String algorithm = switch (publicKey.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> publicKey.getAlgorithm();
        };
        byte[] probe = {1, 2, 3};
        Signature signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update(probe);
        byte[] signed = signature.sign();
        signature.initVerify(publicKey);
        signature.update(probe);
        return signature.verify(signed);
    }
}

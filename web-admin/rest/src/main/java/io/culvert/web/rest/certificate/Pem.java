package io.culvert.web.rest.certificate;

import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.web.Problem;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECKey;
import java.security.interfaces.RSAKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.RSAPrivateKey;
import org.bouncycastle.asn1.sec.ECPrivateKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/** A certificate chain and a key that somebody else has made, in PEM (RFC 7468). No complaint has their content. */
public final class Pem {
    private static final int MOST_CERTIFICATES = 10;
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]{1,40})-----([^-]*)-----END \\1-----");
    private static final String ASK_FOR_PKCS8 = "make one with: openssl pkcs8 -topk8 -nodes";

    private Pem() {}

    /**
     * A key with the chain that belongs to it.
     *
     * @param chain the server's own certificate first; other blocks are passed over
     * @param key PKCS #8, or of its kind alone (RFC 8017 section A.1.2, RFC 5915), not encrypted
     * @throws Problem 400 naming {@code chain} or {@code key}
     */
    public static TlsPolicy.Identity identity(String chain, String key) throws Problem {
        List<X509Certificate> certificates = certificates(chain);
        PublicKey publicKey = certificates.getFirst().getPublicKey();
        if (!(publicKey instanceof RSAKey) && !(publicKey instanceof ECKey)) {
            throw Problem.field("chain", "has a key that browsers do not take (" + publicKey.getAlgorithm()
                    + "); it must be one of EC or RSA");
        }
        PrivateKey privateKey = privateKey(key, publicKey);
        if (!belongs(privateKey, publicKey)) {
            throw foreignKey();
        }
        return new TlsPolicy.Identity(privateKey, certificates);
    }

    /** Those in {@code text}, in its order. */
    static List<X509Certificate> certificates(String text) throws Problem {
        var certificates = new ArrayList<X509Certificate>();
        for (var block = BLOCK.matcher(text); block.find(); ) {
            if (block.group(1).equals("CERTIFICATE")) {
                certificates.add(certificate(block.group(2), certificates.size() + 1));
            }
        }
        if (certificates.isEmpty()) {
            throw Problem.field("chain", "has no certificate in PEM: -----BEGIN CERTIFICATE-----");
        }
        if (certificates.size() > MOST_CERTIFICATES) {
            throw Problem.field("chain", "has more than " + MOST_CERTIFICATES
                    + " certificates; keep the server's own and those that lead to its authority");
        }
        return List.copyOf(certificates);
    }

    private static X509Certificate certificate(String base64, int number) throws Problem {
        try {
            return (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(Base64.getMimeDecoder().decode(base64)));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw Problem.field("chain", "cannot be read: certificate " + number + " is damaged");
        }
    }

    private static PrivateKey privateKey(String text, PublicKey publicKey) throws Problem {
        for (var block = BLOCK.matcher(text); block.find(); ) {
            String kind = block.group(1);
            if (kind.equals("ENCRYPTED PRIVATE KEY") || block.group(2).contains("ENCRYPTED")) {
                throw Problem.field("key", "is encrypted; take the pass phrase away with: openssl pkey -in FILE");
            }
            if (kind.endsWith("PRIVATE KEY")) {
                return privateKey(kind, block.group(2), publicKey);
            }
        }
        throw Problem.field("key", "has no private key in PEM (-----BEGIN PRIVATE KEY-----); " + ASK_FOR_PKCS8);
    }

    private static PrivateKey privateKey(String kind, String base64, PublicKey publicKey) throws Problem {
        String algorithm = publicKey.getAlgorithm();
        try {
            byte[] der = Base64.getMimeDecoder().decode(base64);
            byte[] pkcs8 = switch (kind) {
                case "RSA PRIVATE KEY" -> new PrivateKeyInfo(
                        new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE),
                        RSAPrivateKey.getInstance(der)).getEncoded();
                // Which curve it is on may stand in the certificate only.
                case "EC PRIVATE KEY" -> new PrivateKeyInfo(
                        SubjectPublicKeyInfo.getInstance(publicKey.getEncoded()).getAlgorithm(),
                        ECPrivateKey.getInstance(der)).getEncoded();
                default -> der;
            };
            var stated = PrivateKeyInfo.getInstance(pkcs8).getPrivateKeyAlgorithm().getAlgorithm();
            boolean rsa = stated.equals(PKCSObjectIdentifiers.rsaEncryption);
            if (rsa != algorithm.equals("RSA")) {
                throw foreignKey();
            }
            return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        } catch (GeneralSecurityException | IOException | RuntimeException e) {
            throw Problem.field("key", "cannot be read as a key of kind " + algorithm + "; " + ASK_FOR_PKCS8);
        }
    }

    private static Problem foreignKey() {
        return Problem.field("key", "is not that of the first certificate in the chain");
    }

    private static boolean belongs(PrivateKey key, PublicKey publicKey) throws Problem {
        byte[] probe = {1, 2, 3};
        try {
            Signature signature = Signature.getInstance(publicKey instanceof RSAKey ? "SHA256withRSA" : "SHA256withECDSA");
            signature.initSign(key);
            signature.update(probe);
            byte[] signed = signature.sign();
            signature.initVerify(publicKey);
            signature.update(probe);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            throw foreignKey();
        }
    }

    /** SHA-256 in hexadecimal. */
    public static String fingerprint(X509Certificate certificate) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException(e);
        }
    }

    static String text(List<X509Certificate> chain) {
        var text = new StringBuilder();
        try {
            for (X509Certificate each : chain) {
                text.append(block("CERTIFICATE", each.getEncoded()));
            }
        } catch (CertificateEncodingException e) {
            throw new IllegalArgumentException(e);
        }
        return text.toString();
    }

    static String text(PrivateKey key) {
        return block("PRIVATE KEY", key.getEncoded());
    }

    private static String block(String kind, byte[] der) {
        String base64 = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(der);
        return "-----BEGIN " + kind + "-----\n" + base64 + "\n-----END " + kind + "-----\n";
    }
}

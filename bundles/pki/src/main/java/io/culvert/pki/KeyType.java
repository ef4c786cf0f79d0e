package io.culvert.pki;

import io.culvert.api.pki.PkiException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.PublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** The kinds of keys that are made, by the name that is typed in the settings. */
enum KeyType {
    EC_P256("ec-p256", "EC", "secp256r1", 256),
    EC_P384("ec-p384", "EC", "secp384r1", 384),
    RSA_3072("rsa-3072", "RSA", "", 3072);

    private final String text;
    private final String algorithm;
    private final String curve;
    private final int bits;

    KeyType(String text, String algorithm, String curve, int bits) {
        this.text = text;
        this.algorithm = algorithm;
        this.curve = curve;
        this.bits = bits;
    }

    static Optional<KeyType> of(String text) {
        return Arrays.stream(values()).filter(type -> type.text.equals(text)).findFirst();
    }

    static String accepted() {
        return Arrays.stream(values()).map(type -> type.text).collect(Collectors.joining(", "));
    }

    KeyPair generate(SecureRandom random) throws PkiException {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
            if (isElliptic()) {
                generator.initialize(new ECGenParameterSpec(curve), random);
            } else {
                generator.initialize(bits, random);
            }
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new PkiException("this JDK makes no " + text + " keys: set keyType to another of " + accepted(), e);
        }
    }

    /** Whether {@code key} is of this kind. */
    boolean fits(PublicKey key) {
        return switch (key) {
            case ECPublicKey ec -> isElliptic() && ec.getParams().getCurve().getField().getFieldSize() == bits;
            case RSAPublicKey rsa -> !isElliptic() && rsa.getModulus().bitLength() == bits;
            default -> false;
        };
    }

    boolean isElliptic() {
        return algorithm.equals("EC");
    }

    /** The signature algorithm that fits a signer's key: a hash as strong as the key. */
    static String signatureOf(PublicKey signer) {
        return switch (signer) {
            case ECPublicKey ec when ec.getParams().getCurve().getField().getFieldSize() > 256 -> "SHA384withECDSA";
            case ECPublicKey _ -> "SHA256withECDSA";
            default -> "SHA256withRSA";
        };
    }

    /** The private key in {@code pkcs8} that belongs to {@code publicKey}. */
    static PrivateKey read(byte[] pkcs8, PublicKey publicKey) throws GeneralSecurityException {
        return KeyFactory.getInstance(publicKey.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    }

    @Override
    public String toString() {
        return text;
    }
}

package io.culvert.tls.openssl;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Arrays;
import java.util.Optional;
import javax.crypto.KDF;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.HKDFParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * A suite of TLS 1.3, and what its hash derives from a secret: RFC 8446 sections 7.1, 7.3 and 7.5.
 *
 * <p>What is handed out is the caller's to zero. The copies that the JCA makes, of secrets in its key objects and of
 * keys and nonces in its ciphers, are beyond reach: the collector takes them.
 */
enum Tls13Keys {
    TLS_AES_128_GCM_SHA256("SHA-256", "HKDF-SHA256", "AES", "AES/GCM/NoPadding", 16),
    TLS_AES_256_GCM_SHA384("SHA-384", "HKDF-SHA384", "AES", "AES/GCM/NoPadding", 32),
    TLS_CHACHA20_POLY1305_SHA256("SHA-256", "HKDF-SHA256", "ChaCha20", "ChaCha20-Poly1305", 32);

    static final int IV_BYTES = 12;
    static final int TAG_BYTES = 16;

    private final String hash;
    private final String kdf;
    final String keyAlgorithm;
    final String cipher;
    private final int keyBytes;

    Tls13Keys(String hash, String kdf, String keyAlgorithm, String cipher, int keyBytes) {
        this.hash = hash;
        this.kdf = kdf;
        this.keyAlgorithm = keyAlgorithm;
        this.cipher = cipher;
        this.keyBytes = keyBytes;
    }

    /** @param name by IANA; empty for a suite that is not among these */
    static Optional<Tls13Keys> named(String name) {
        for (Tls13Keys suite : values()) {
            if (suite.name().equals(name)) {
                return Optional.of(suite);
            }
        }
        return Optional.empty();
    }

    byte[] key(byte[] trafficSecret) throws GeneralSecurityException {
        return expandLabel(trafficSecret, "key", new byte[0], keyBytes);
    }

    byte[] iv(byte[] trafficSecret) throws GeneralSecurityException {
        return expandLabel(trafficSecret, "iv", new byte[0], IV_BYTES);
    }

    /** The secret after a KeyUpdate. */
    byte[] next(byte[] trafficSecret) throws GeneralSecurityException {
        return expandLabel(trafficSecret, "traffic upd", new byte[0], trafficSecret.length);
    }

    /** Without context, which on TLS 1.3 is the same as an empty one. */
    byte[] export(byte[] exporterSecret, String label, int lengthBytes) throws GeneralSecurityException {
        byte[] empty = MessageDigest.getInstance(hash).digest();
        byte[] derived = expandLabel(exporterSecret, label, empty, empty.length);
        try {
            return expandLabel(derived, "exporter", empty, lengthBytes);
        } finally {
            Arrays.fill(derived, (byte) 0);
        }
    }

    /** What the JCA wants to know of a nonce. */
    AlgorithmParameterSpec nonce(byte[] nonce) {
        return this == TLS_CHACHA20_POLY1305_SHA256
                ? new IvParameterSpec(nonce)
                : new GCMParameterSpec(TAG_BYTES * Byte.SIZE, nonce);
    }

    /** HKDF-Expand-Label. */
    private byte[] expandLabel(byte[] secret, String label, byte[] context, int lengthBytes)
            throws GeneralSecurityException {
        byte[] full = ("tls13 " + label).getBytes(StandardCharsets.US_ASCII);
        byte[] info = ByteBuffer.allocate(2 + 1 + full.length + 1 + context.length)
                .putShort((short) lengthBytes)
                .put((byte) full.length)
                .put(full)
                .put((byte) context.length)
                .put(context)
                .array();
        return KDF.getInstance(kdf)
                .deriveData(HKDFParameterSpec.expandOnly(new SecretKeySpec(secret, "Generic"), info, lengthBytes));
    }
}

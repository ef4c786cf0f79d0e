package io.culvert.store.local;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Seals values: |version 8|salt 128|nonce 96|AES-256-GCM ciphertext and tag|. The key of one value is HMAC-SHA-256 of
 * the salt under the store's key, so that the number of random nonces under one AES key never matters; the record's
 * key and revision are authenticated, so that a value cannot be moved to another record or brought back later.
 */
final class Sealer {
    private static final byte VERSION = 1;
    private static final int SALT = 16;
    private static final int NONCE = 12;
    private static final int TAG = 16;
    private static final int HEAD = 1 + SALT + NONCE;

    private final SecretKeySpec key;
    private final SecureRandom random;

    /** Copies {@code key}. */
    Sealer(byte[] key, SecureRandom random) {
        this.key = new SecretKeySpec(key, "HmacSHA256");
        this.random = random;
    }

    byte[] seal(String recordKey, long revision, byte[] value) throws GeneralSecurityException {
        byte[] head = new byte[HEAD];
        random.nextBytes(head);
        head[0] = VERSION;
        Cipher cipher = cipher(Cipher.ENCRYPT_MODE, head, recordKey, revision);
        byte[] sealed = Arrays.copyOf(head, HEAD + cipher.getOutputSize(value.length));
        cipher.doFinal(value, 0, value.length, sealed, HEAD);
        return sealed;
    }

    /**
     * The value.
     *
     * @throws AEADBadTagException when it was not sealed under this key for this record and revision
     */
    byte[] open(String recordKey, long revision, byte[] sealed) throws GeneralSecurityException {
        if (sealed.length < HEAD + TAG || sealed[0] != VERSION) {
            throw new AEADBadTagException("not a sealed value");
        }
        return cipher(Cipher.DECRYPT_MODE, sealed, recordKey, revision).doFinal(sealed, HEAD, sealed.length - HEAD);
    }

    private Cipher cipher(int mode, byte[] head, String recordKey, long revision) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(key);
        mac.update(head, 1, SALT);
        byte[] derived = mac.doFinal();
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, new SecretKeySpec(derived, "AES"), new GCMParameterSpec(TAG * 8, head, 1 + SALT, NONCE));
        Arrays.fill(derived, (byte) 0);
        cipher.updateAAD(ByteBuffer.allocate(Long.BYTES + 1).putLong(revision).put(head[0]).array());
        cipher.updateAAD(recordKey.getBytes(StandardCharsets.UTF_8));
        return cipher;
    }
}

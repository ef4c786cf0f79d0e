package io.culvert.backup.age;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Seals and opens the payload's chunks (age.md, section "Payload"): ChaCha20-Poly1305 with the nonce |chunk number 88|1
 * in the last chunk, else 0: 8|, so that chunks can be neither moved, nor left out, nor cut off at the end.
 */
final class Chunk {
    static final int LENGTH = 64 * 1024;
    static final int TAG = 16;

    private final SecretKeySpec key;
    private final Cipher cipher;
    private final int mode;
    private long number;

    private Chunk(int mode, byte[] fileKey, byte[] nonce) throws GeneralSecurityException {
        this.mode = mode;
        key = new SecretKeySpec(AgeHeader.derive(fileKey, nonce, "payload"), "ChaCha20");
        cipher = Cipher.getInstance("ChaCha20-Poly1305");
    }

    static Chunk sealing(byte[] fileKey, byte[] nonce) throws GeneralSecurityException {
        return new Chunk(Cipher.ENCRYPT_MODE, fileKey, nonce);
    }

    static Chunk opening(byte[] fileKey, byte[] nonce) throws GeneralSecurityException {
        return new Chunk(Cipher.DECRYPT_MODE, fileKey, nonce);
    }

    /** The next chunk, sealed or opened. */
    byte[] next(byte[] bytes, int length, boolean last) throws GeneralSecurityException {
        byte[] nonce = ByteBuffer.allocate(12).putInt(3, (int) (number >>> 32)).putInt(7, (int) number)
                .put(11, (byte) (last ? 1 : 0)).array();
        cipher.init(mode, key, new IvParameterSpec(nonce));
        number++;
        return cipher.doFinal(bytes, 0, length);
    }

    /** How many chunks there were. */
    long count() {
        return number;
    }
}

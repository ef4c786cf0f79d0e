package io.culvert.crypto.bouncycastle;

import io.culvert.api.crypto.DataCipher;
import java.util.Arrays;

/**
 * Arrays that a packet visits while it is sealed or opened: one set for each thread, as keys are many and most of them
 * idle. Only the JDK's own types are left with a thread, so that it does not hold this bundle.
 */
final class Room {
    static final int INPUT = 0;
    static final int OUTPUT = 1;
    static final int AAD = 2;
    static final int NONCE = 3;
    static final int TAG = 4;

    private static final int INITIAL_BYTES = 2048;
    private static final int AAD_BYTES = 16;
    private static final int NONCE_BYTES = 12;

    private final ThreadLocal<byte[][]> arrays = ThreadLocal.withInitial(() -> new byte[][] {
        new byte[INITIAL_BYTES],
        new byte[INITIAL_BYTES],
        new byte[AAD_BYTES],
        new byte[NONCE_BYTES],
        new byte[DataCipher.TAG_BYTES]
    });

    /** The calling thread's arrays, with room for so many bytes. */
    byte[][] of(int aadBytes, int textBytes) {
        byte[][] room = arrays.get();
        if (room[AAD].length < aadBytes) {
            room[AAD] = new byte[aadBytes];
        }
        if (room[INPUT].length < textBytes) {
            room[INPUT] = new byte[textBytes];
            room[OUTPUT] = new byte[textBytes];
        }
        return room;
    }

    /** Overwrites the plaintext that the calling thread's arrays hold. */
    void zero() {
        byte[][] room = arrays.get();
        Arrays.fill(room[INPUT], (byte) 0);
        Arrays.fill(room[OUTPUT], (byte) 0);
    }
}

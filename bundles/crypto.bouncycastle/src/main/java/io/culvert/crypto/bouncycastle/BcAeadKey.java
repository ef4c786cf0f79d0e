package io.culvert.crypto.bouncycastle;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.DataCipher;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.engines.AESEngine;
import org.bouncycastle.crypto.modes.AEADCipher;
import org.bouncycastle.crypto.modes.ChaCha20Poly1305;
import org.bouncycastle.crypto.modes.GCMBlockCipher;
import org.bouncycastle.crypto.params.KeyParameter;
import org.bouncycastle.crypto.params.ParametersWithIV;
import org.jspecify.annotations.Nullable;

/**
 * One key with its two ciphers, which live as long as the key: the schedule and the tables of GHASH are made once. The
 * library works on arrays, so the packet visits one. It makes counter blocks anew for each packet, with GCM some 3 KB for
 * a full one, which die young.
 */
final class BcAeadKey implements AeadKey {
    private static final int TAG = DataCipher.TAG_BYTES;

    private final Room room;
    private final boolean gcm;
    private final KeyParameter key;
    /** Made at the first use: most keys work in one direction only. */
    private @Nullable AEADCipher sealing;

    private @Nullable AEADCipher opening;
    private boolean closed;

    BcAeadKey(Room room, DataCipher cipher, byte[] key, int offset) {
        Objects.checkFromIndexSize(offset, cipher.keyBytes(), key.length);
        this.room = room;
        this.gcm = cipher != DataCipher.CHACHA20_POLY1305;
        this.key = new KeyParameter(key, offset, cipher.keyBytes());
    }

    @Override
    public void seal(
            MemorySegment packet,
            int nonceHead,
            long nonceTail,
            int aadOffset,
            int aadLength,
            int textOffset,
            int textLength,
            int tagOffset) {
        check(packet, aadOffset, aadLength, textOffset, textLength, tagOffset);
        byte[][] arrays = room.of(aadLength, textLength + TAG);
        byte[] input = arrays[Room.INPUT];
        byte[] output = arrays[Room.OUTPUT];
        MemorySegment.copy(packet, JAVA_BYTE, textOffset, input, 0, textLength);
        MemorySegment.copy(packet, JAVA_BYTE, aadOffset, arrays[Room.AAD], 0, aadLength);
        try {
            AEADCipher cipher = sealing(nonce(arrays[Room.NONCE], nonceHead, nonceTail));
            cipher.processAADBytes(arrays[Room.AAD], 0, aadLength);
            int done = cipher.processBytes(input, 0, textLength, output, 0);
            cipher.doFinal(output, done);
        } catch (InvalidCipherTextException | IllegalArgumentException e) {
            // A nonce that was used before ends here: the library refuses it.
            throw new IllegalStateException("sealing failed: " + e.getMessage(), e);
        }
        MemorySegment.copy(output, 0, packet, JAVA_BYTE, textOffset, textLength);
        MemorySegment.copy(output, textLength, packet, JAVA_BYTE, tagOffset, TAG);
    }

    @Override
    public boolean open(
            MemorySegment packet,
            int nonceHead,
            long nonceTail,
            int aadOffset,
            int aadLength,
            int textOffset,
            int textLength,
            int tagOffset) {
        check(packet, aadOffset, aadLength, textOffset, textLength, tagOffset);
        byte[][] arrays = room.of(aadLength, textLength + TAG);
        byte[] input = arrays[Room.INPUT];
        byte[] output = arrays[Room.OUTPUT];
        MemorySegment.copy(packet, JAVA_BYTE, textOffset, input, 0, textLength);
        MemorySegment.copy(packet, JAVA_BYTE, tagOffset, input, textLength, TAG);
        MemorySegment.copy(packet, JAVA_BYTE, aadOffset, arrays[Room.AAD], 0, aadLength);
        AEADCipher cipher = opening(nonce(arrays[Room.NONCE], nonceHead, nonceTail));
        cipher.processAADBytes(arrays[Room.AAD], 0, aadLength);
        int done = cipher.processBytes(input, 0, textLength + TAG, output, 0);
        try {
            cipher.doFinal(output, done);
        } catch (InvalidCipherTextException _) {
            return false;
        }
        MemorySegment.copy(output, 0, packet, JAVA_BYTE, textOffset, textLength);
        return true;
    }

    private AEADCipher sealing(byte[] nonce) {
        AEADCipher made = sealing;
        if (made == null) {
            made = newCipher();
            made.init(true, new ParametersWithIV(key, nonce));
            sealing = made;
        } else {
            made.init(true, new ParametersWithIV(null, nonce)); // the key that it has
        }
        return made;
    }

    private AEADCipher opening(byte[] nonce) {
        AEADCipher made = opening;
        if (made == null) {
            made = newCipher();
            made.init(false, new ParametersWithIV(key, nonce));
            opening = made;
        } else {
            made.init(false, new ParametersWithIV(null, nonce));
        }
        return made;
    }

    private AEADCipher newCipher() {
        return gcm ? GCMBlockCipher.newInstance(AESEngine.newInstance()) : new ChaCha20Poly1305();
    }

    private static byte[] nonce(byte[] nonce, int head, long tail) {
        for (int i = 0; i < 4; i++) {
            nonce[i] = (byte) (head >>> 24 - 8 * i);
        }
        for (int i = 0; i < 8; i++) {
            nonce[4 + i] = (byte) (tail >>> 56 - 8 * i);
        }
        return nonce;
    }

    private void check(
            MemorySegment packet, int aadOffset, int aadLength, int textOffset, int textLength, int tagOffset) {
        if (closed) {
            throw new IllegalStateException("the key is closed");
        }
        long size = packet.byteSize();
        Objects.checkFromIndexSize(aadOffset, aadLength, size);
        Objects.checkFromIndexSize(textOffset, textLength, size);
        Objects.checkFromIndexSize(tagOffset, TAG, size);
    }

    /** Seals and opens one packet, and refuses it with one bit changed. Uses up nonce 0. */
    boolean selfTest() {
        MemorySegment packet = MemorySegment.ofArray(new byte[8 + TAG + 32]);
        seal(packet, 0, 0, 0, 8, 8 + TAG, 32, 8);
        byte[] sealed = packet.toArray(JAVA_BYTE);
        boolean opened = open(packet, 0, 0, 0, 8, 8 + TAG, 32, 8);
        boolean restored = Arrays.equals(packet.toArray(JAVA_BYTE), 8 + TAG, 8 + TAG + 32, new byte[32], 0, 32);
        sealed[8] ^= 1;
        return opened && restored && !open(MemorySegment.ofArray(sealed), 0, 0, 0, 8, 8 + TAG, 32, 8);
    }

    /** Zeroes the key. ChaCha20's state is overwritten too; AES's schedule cannot be reached and goes to the collector. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        Arrays.fill(key.getKey(), (byte) 0);
        forget(sealing);
        forget(opening);
        sealing = null;
        opening = null;
        room.zero();
    }

    private void forget(@Nullable AEADCipher cipher) {
        if (cipher instanceof ChaCha20Poly1305) {
            cipher.init(false, new ParametersWithIV(key, new byte[12]));
        }
    }
}

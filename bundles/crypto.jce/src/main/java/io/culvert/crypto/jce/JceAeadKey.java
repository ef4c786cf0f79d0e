package io.culvert.crypto.jce;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.DataCipher;
import java.lang.foreign.MemorySegment;
import java.security.GeneralSecurityException;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Arrays;
import java.util.Objects;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * One key with its two ciphers. The JDK's ciphers are fastest on arrays, so the packet visits one; they want the tag
 * right behind the ciphertext, wherever the protocol keeps it.
 *
 * <p>Each nonce is a new start of the cipher, for which the JDK makes objects of its own: a packet leaves one to
 * three kilobytes to the collector. Where that matters, another provider is wanted.
 */
final class JceAeadKey implements AeadKey {
    private static final int TAG = DataCipher.TAG_BYTES;

    private final boolean gcm;
    private final Scratch scratch;
    /** Made at the first use: most keys work in one direction only. */
    private @Nullable Cipher sealing;

    private @Nullable Cipher opening;
    private SecretKey key;
    private boolean closed;

    JceAeadKey(Scratch scratch, DataCipher cipher, byte[] key, int offset) {
        this.scratch = scratch;
        this.gcm = cipher != DataCipher.CHACHA20_POLY1305;
        this.key = new SecretKeySpec(key, offset, cipher.keyBytes(), gcm ? "AES" : "ChaCha20");
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
        byte[][] room = scratch.room(aadLength, textLength + TAG);
        byte[] input = room[Scratch.INPUT];
        byte[] output = room[Scratch.OUTPUT];
        byte[] aad = room[Scratch.AAD];
        MemorySegment.copy(packet, JAVA_BYTE, textOffset, input, 0, textLength);
        try {
            Cipher sealing = sealing();
            sealing.init(Cipher.ENCRYPT_MODE, key, nonce(room[Scratch.NONCE], nonceHead, nonceTail));
            MemorySegment.copy(packet, JAVA_BYTE, aadOffset, aad, 0, aadLength);
            sealing.updateAAD(aad, 0, aadLength);
            sealing.doFinal(input, 0, textLength, output, 0);
        } catch (GeneralSecurityException e) {
            // A nonce that was used before ends here: the JDK refuses it.
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
        byte[][] room = scratch.room(aadLength, textLength + TAG);
        byte[] input = room[Scratch.INPUT];
        byte[] output = room[Scratch.OUTPUT];
        byte[] aad = room[Scratch.AAD];
        MemorySegment.copy(packet, JAVA_BYTE, textOffset, input, 0, textLength);
        MemorySegment.copy(packet, JAVA_BYTE, tagOffset, input, textLength, TAG);
        try {
            Cipher opening = opening();
            opening.init(Cipher.DECRYPT_MODE, key, nonce(room[Scratch.NONCE], nonceHead, nonceTail));
            MemorySegment.copy(packet, JAVA_BYTE, aadOffset, aad, 0, aadLength);
            opening.updateAAD(aad, 0, aadLength);
            opening.doFinal(input, 0, textLength + TAG, output, 0);
        } catch (AEADBadTagException _) {
            return false;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("opening failed: " + e.getMessage(), e);
        }
        MemorySegment.copy(output, 0, packet, JAVA_BYTE, textOffset, textLength);
        return true;
    }

    private Cipher sealing() throws GeneralSecurityException {
        Cipher made = sealing;
        if (made == null) {
            made = newCipher();
            sealing = made;
        }
        return made;
    }

    private Cipher opening() throws GeneralSecurityException {
        Cipher made = opening;
        if (made == null) {
            made = newCipher();
            opening = made;
        }
        return made;
    }

    private Cipher newCipher() throws GeneralSecurityException {
        return Cipher.getInstance(gcm ? "AES/GCM/NoPadding" : "ChaCha20-Poly1305");
    }

    private AlgorithmParameterSpec nonce(byte[] nonce, int head, long tail) {
        for (int i = 0; i < 4; i++) {
            nonce[i] = (byte) (head >>> 24 - 8 * i);
        }
        for (int i = 0; i < 8; i++) {
            nonce[4 + i] = (byte) (tail >>> 56 - 8 * i);
        }
        return gcm ? new GCMParameterSpec(TAG * 8, nonce) : new IvParameterSpec(nonce);
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

    @Override
    public void close() {
        // The JDK's keys cannot be destroyed; they are left to the collector.
        closed = true;
        key = new SecretKeySpec(new byte[16], gcm ? "AES" : "ChaCha20");
        sealing = null;
        opening = null;
        scratch.zero();
    }
}

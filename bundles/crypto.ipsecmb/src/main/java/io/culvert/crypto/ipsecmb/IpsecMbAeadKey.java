package io.culvert.crypto.ipsecmb;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.culvert.api.crypto.DataCipher;
import io.culvert.crypto.support.memory.Downcall;
import io.culvert.crypto.support.memory.NativeAeadKey;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;

/** The expanded key, and behind it what one packet needs: one call seals or opens it. */
final class IpsecMbAeadKey extends NativeAeadKey {
    private static final int TAG = DataCipher.TAG_BYTES;

    /** Cache lines, as the library's moves of 64 bytes like them. */
    private static final int ALIGNMENT = 64;

    // Behind the key: struct gcm_context_data of 88 bytes, the nonce, the tag that ought to be.
    private static final int CONTEXT = LibIpsecMb.KEY_DATA;
    private static final int NONCE = CONTEXT + 96;
    private static final int EXPECTED = NONCE + 16;
    private static final int BYTES = CONTEXT + 128;

    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    private static final ValueLayout.OfInt U32 = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong U64 = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final long NULL = 0;

    private final LibIpsecMb library;
    private final MemorySegment encrypt;
    private final MemorySegment decrypt;

    /** {@link #BYTES} of the C library's memory; null when closed. */
    private long memory;

    IpsecMbAeadKey(LibIpsecMb library, DataCipher cipher, byte[] key, int offset) {
        Objects.checkFromIndexSize(offset, cipher.keyBytes(), key.length);
        LibIpsecMb.Functions functions = library.functions(cipher);
        this.library = library;
        this.encrypt = functions.encrypt();
        this.decrypt = functions.decrypt();
        this.memory = Gcm.allocate(ALIGNMENT, BYTES);
        if (memory == NULL) {
            throw new IllegalStateException("the C library has no memory for a key");
        }
        try (Arena arena = Arena.ofConfined()) {
            MEMORY.asSlice(memory, BYTES).fill((byte) 0);
            MemorySegment copy = arena.allocate(cipher.keyBytes());
            try {
                MemorySegment.copy(key, offset, copy, JAVA_BYTE, 0, cipher.keyBytes());
                Gcm.PRECOMPUTE.invokeExact(functions.precompute(), copy.address(), memory);
            } finally {
                copy.fill((byte) 0);
            }
        } catch (Throwable t) {
            free();
            throw Downcall.unexpected(t);
        }
    }

    @Override
    protected void sealAt(
            long packet, int nonceHead, long nonceTail, int aad, int aadLength, int text, int textLength, int tag) {
        crypt(encrypt, packet, nonceHead, nonceTail, aad, aadLength, text, textLength, packet + tag);
    }

    /** All of both tags is compared, whatever differs first. */
    @Override
    protected boolean openAt(
            long packet, int nonceHead, long nonceTail, int aad, int aadLength, int text, int textLength, int tag) {
        long head = MEMORY.get(U64, packet + tag);
        long tail = MEMORY.get(U64, packet + tag + 8);
        // Were no tag written there, none that is left from before may pass.
        MEMORY.set(U64, memory + EXPECTED, ~head);
        MEMORY.set(U64, memory + EXPECTED + 8, ~tail);
        crypt(decrypt, packet, nonceHead, nonceTail, aad, aadLength, text, textLength, memory + EXPECTED);
        return ((head ^ MEMORY.get(U64, memory + EXPECTED)) | (tail ^ MEMORY.get(U64, memory + EXPECTED + 8))) == 0;
    }

    private void crypt(
            MemorySegment function,
            long packet,
            int nonceHead,
            long nonceTail,
            int aad,
            int aadLength,
            int text,
            int textLength,
            long tag) {
        MEMORY.set(U32, memory + NONCE, nonceHead);
        MEMORY.set(U64, memory + NONCE + 4, nonceTail);
        try {
            Gcm.CRYPT.invokeExact(
                    function,
                    memory,
                    memory + CONTEXT,
                    packet + text,
                    packet + text,
                    (long) textLength,
                    memory + NONCE,
                    packet + aad,
                    (long) aadLength,
                    tag,
                    (long) TAG);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    @Override
    protected boolean isClosed() {
        return memory == NULL;
    }

    /** Zeroes the key and what the last packet left. */
    @Override
    public void close() {
        if (memory != NULL) {
            free();
            library.release();
        }
    }

    private void free() {
        MEMORY.asSlice(memory, BYTES).fill((byte) 0);
        Gcm.free(memory);
        memory = NULL;
    }
}

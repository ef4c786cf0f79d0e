package io.culvert.crypto.openssl;

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

/** One context of libcrypto: the key schedule is set once, a packet sets the nonce and the direction. */
final class OpenSslAeadKey extends NativeAeadKey {
    private static final int TAG = DataCipher.TAG_BYTES;
    private static final int REPORTED = 12;
    private static final int SCRATCH = 16;
    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    private static final ValueLayout.OfInt U32 = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong U64 = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final long NULL = 0;

    private final LibCrypto library;

    /** The nonce, then the length that updates report. Of libcrypto, as it is of no use for longer than the context. */
    private long scratch;

    /** EVP_CIPHER_CTX *; null when closed. */
    private long context;

    OpenSslAeadKey(LibCrypto library, DataCipher cipher, byte[] key, int offset) {
        Objects.checkFromIndexSize(offset, cipher.keyBytes(), key.length);
        this.library = library;
        this.context = library.newContext();
        this.scratch = library.allocate(SCRATCH);
        if (context == NULL || scratch == NULL) {
            free();
            throw new IllegalStateException("libcrypto has no memory for a key");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(cipher.keyBytes());
            try {
                MemorySegment.copy(key, offset, copy, JAVA_BYTE, 0, cipher.keyBytes());
                boolean set = (int) Evp.FIRST_INIT.invokeExact(
                        library.init, context, library.cipher(cipher), NULL, copy.address(), NULL, 1) == Evp.SUCCESS;
                if (!set) {
                    throw new IllegalStateException("libcrypto has no " + cipher);
                }
            } finally {
                Evp.CLEANSE.invokeExact(library.cleanse, copy.address(), copy.byteSize());
            }
        } catch (Throwable t) {
            free();
            throw Downcall.unexpected(t);
        }
    }

    @Override
    protected void sealAt(
            long packet, int nonceHead, long nonceTail, int aad, int aadLength, int text, int textLength, int tag) {
        try {
            boolean sealed = begin(1, nonceHead, nonceTail)
                    && update(NULL, packet + aad, aadLength)
                    && update(packet + text, packet + text, textLength)
                    && (int) Evp.FINAL.invokeExact(library.doFinal, context, packet + text + textLength, scratch + REPORTED)
                            == Evp.SUCCESS
                    && (int) Evp.CTRL.invokeExact(library.ctrl, context, Evp.GET_TAG, TAG, packet + tag)
                            == Evp.SUCCESS;
            if (!sealed) {
                throw new IllegalStateException("sealing failed in libcrypto");
            }
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    @Override
    protected boolean openAt(
            long packet, int nonceHead, long nonceTail, int aad, int aadLength, int text, int textLength, int tag) {
        try {
            return begin(0, nonceHead, nonceTail)
                    && (int) Evp.CTRL.invokeExact(library.ctrl, context, Evp.SET_TAG, TAG, packet + tag)
                            == Evp.SUCCESS
                    && update(NULL, packet + aad, aadLength)
                    && update(packet + text, packet + text, textLength)
                    && (int) Evp.FINAL.invokeExact(library.doFinal, context, packet + text + textLength, scratch + REPORTED)
                            == Evp.SUCCESS;
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    private boolean begin(int encrypt, int nonceHead, long nonceTail) throws Throwable {
        MEMORY.set(U32, scratch, nonceHead);
        MEMORY.set(U64, scratch + 4, nonceTail);
        return (int) Evp.INIT.invokeExact(library.init, context, NULL, NULL, NULL, scratch, encrypt) == Evp.SUCCESS;
    }

    /** No call for nothing: to libcrypto an update without input and output is the end of the text. */
    private boolean update(long out, long in, int length) throws Throwable {
        return length == 0
                || (int) Evp.UPDATE.invokeExact(library.update, context, out, scratch + REPORTED, in, length) == Evp.SUCCESS;
    }

    @Override
    protected boolean isClosed() {
        return context == NULL;
    }

    /** Freed contexts are cleansed by the library. */
    @Override
    public void close() {
        if (context != NULL) {
            free();
            library.release();
        }
    }

    private void free() {
        try {
            Evp.FREE.invokeExact(library.freeContext, context);
            Evp.RELEASE.invokeExact(library.release, scratch, NULL, 0);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
        context = NULL;
        scratch = NULL;
    }
}

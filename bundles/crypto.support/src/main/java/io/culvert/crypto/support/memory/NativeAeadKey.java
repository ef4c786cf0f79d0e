package io.culvert.crypto.support.memory;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.DataCipher;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Objects;
import java.util.function.LongPredicate;

/**
 * A key of a library that takes addresses. All are checked before the library sees them, and a nonce that was just sealed
 * under is refused. Nothing is allocated for a packet in native memory; one on the heap visits native memory.
 */
public abstract class NativeAeadKey implements AeadKey {
    private static final int TAG = DataCipher.TAG_BYTES;

    private boolean hasSealed;
    private int lastHead;
    private long lastTail;

    protected NativeAeadKey() {}

    /**
     * @param packet the address of memory that lives for as long as the call; the rest as in {@link AeadKey#seal}
     */
    protected abstract void sealAt(
            long packet, int nonceHead, long nonceTail, int aad, int aadLength, int text, int textLength, int tag);

    /**
     * @param packet the address of memory that lives for as long as the call; the rest as in {@link AeadKey#open}
     */
    protected abstract boolean openAt(
            long packet, int nonceHead, long nonceTail, int aad, int aadLength, int text, int textLength, int tag);

    protected abstract boolean isClosed();

    @Override
    public final void seal(
            MemorySegment packet,
            int nonceHead,
            long nonceTail,
            int aadOffset,
            int aadLength,
            int textOffset,
            int textLength,
            int tagOffset) {
        check(packet, aadOffset, aadLength, textOffset, textLength, tagOffset);
        if (hasSealed && lastTail == nonceTail && lastHead == nonceHead) {
            throw new IllegalStateException("sealing failed: the nonce was used before");
        }
        hasSealed = true;
        lastHead = nonceHead;
        lastTail = nonceTail;
        if (!packet.isNative()) {
            visit(packet, copy -> {
                sealAt(copy, nonceHead, nonceTail, aadOffset, aadLength, textOffset, textLength, tagOffset);
                return true;
            });
            return;
        }
        sealAt(packet.address(), nonceHead, nonceTail, aadOffset, aadLength, textOffset, textLength, tagOffset);
        Reference.reachabilityFence(packet);
    }

    @Override
    public final boolean open(
            MemorySegment packet,
            int nonceHead,
            long nonceTail,
            int aadOffset,
            int aadLength,
            int textOffset,
            int textLength,
            int tagOffset) {
        check(packet, aadOffset, aadLength, textOffset, textLength, tagOffset);
        if (!packet.isNative()) {
            return visit(packet, copy ->
                    openAt(copy, nonceHead, nonceTail, aadOffset, aadLength, textOffset, textLength, tagOffset));
        }
        boolean opened =
                openAt(packet.address(), nonceHead, nonceTail, aadOffset, aadLength, textOffset, textLength, tagOffset);
        Reference.reachabilityFence(packet);
        return opened;
    }

    private static boolean visit(MemorySegment packet, LongPredicate call) {
        try (Arena arena = Arena.ofConfined()) {
            return visit(packet, arena.allocate(packet.byteSize()), call);
        }
    }

    /** The C library hands freed memory to whoever asks next, so no text stays in the copy. */
    static boolean visit(MemorySegment packet, MemorySegment copy, LongPredicate call) {
        try {
            boolean result = call.test(copy.copyFrom(packet).address());
            packet.copyFrom(copy);
            return result;
        } finally {
            copy.fill((byte) 0);
        }
    }

    private void check(
            MemorySegment packet, int aadOffset, int aadLength, int textOffset, int textLength, int tagOffset) {
        if (isClosed()) {
            throw new IllegalStateException("the key is closed");
        }
        long size = packet.byteSize();
        Objects.checkFromIndexSize(aadOffset, aadLength, size);
        Objects.checkFromIndexSize(textOffset, textLength, size);
        Objects.checkFromIndexSize(tagOffset, TAG, size);
        if (packet.isReadOnly()) {
            throw new IllegalArgumentException("the packet is read-only");
        }
        if (!packet.scope().isAlive() || !packet.isAccessibleBy(Thread.currentThread())) {
            throw new IllegalStateException("the packet's memory is not this thread's");
        }
    }
}

package io.culvert.core.buffer;

import io.culvert.api.packet.PacketBuffer;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A buffer of a {@link BufferPool}. It is either free, in core's hands, or lent to a session for the length of one
 * call; {@link #release} by whoever owns it last brings it back.
 */
public final class PooledBuffer implements PacketBuffer {
    private static final int NOT_LENT = -1;

    private final BufferPool pool;
    private final MemorySegment segment;
    private int offset;
    private int length;
    boolean free = true;
    int lentIndex = NOT_LENT;

    PooledBuffer(BufferPool pool, MemorySegment segment) {
        this.pool = pool;
        this.segment = segment;
    }

    @Override
    public MemorySegment segment() {
        return segment;
    }

    @Override
    public int offset() {
        return offset;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public void bounds(int offset, int length) {
        Objects.checkFromIndexSize(offset, length, (int) segment.byteSize());
        this.offset = offset;
        this.length = length;
    }

    /** Empty, with the pool's headroom before it. */
    public void reset() {
        bounds(pool.headroomBytes(), 0);
    }

    /** Whether a session has it. */
    public boolean isLent() {
        return lentIndex != NOT_LENT;
    }

    /**
     * Back to the pool.
     *
     * @throws IllegalStateException when it is there already
     */
    public void release() {
        pool.release(this);
    }

    @Override
    public String toString() {
        return "PooledBuffer[" + (free ? "free" : offset + "+" + length) + (isLent() ? ", lent" : "") + "]";
    }
}

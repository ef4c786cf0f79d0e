package io.culvert.core.buffer;

import io.culvert.api.packet.PacketBuffer;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

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
    private @Nullable BufferRing home;
    private @Nullable Object receiver;
    private @Nullable Object origin;

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

    /** Whether it was released; only for who owned it last. */
    public boolean isFree() {
        return free;
    }

    /** Whether a session has it. */
    public boolean isLent() {
        return lentIndex != NOT_LENT;
    }

    /**
     * Back to the pool; on another loop than the pool's, by the way that {@link #sendAway} named.
     *
     * @throws IllegalStateException when it is there already
     */
    public void release() {
        if (free || isLent()) {
            throw new IllegalStateException("a packet was released that is not core's: " + this);
        }
        // Before it is on its way: from then on it is the other loop's.
        free = true;
        BufferRing way = home;
        if (way == null) {
            pool.put(this);
            return;
        }
        home = null;
        if (!way.offer(this)) {
            throw new IllegalStateException("no room on the way home: " + this);
        }
    }

    /** The index of the loop whose pool it is. */
    public int homeLoop() {
        return pool.loop();
    }

    /**
     * The buffer goes to another loop, for {@code receiver} there. Once on its way it is that loop's.
     *
     * @param home how {@link #release} brings it back from there, with room for the whole pool; null when it goes home
     * @param origin where it came from, if the receiver wants to know
     */
    public void sendAway(@Nullable BufferRing home, Object receiver, @Nullable Object origin) {
        this.home = home;
        this.receiver = receiver;
        this.origin = origin;
    }

    /** Whom {@link #sendAway} named; forgotten by asking. */
    public @Nullable Object takeReceiver() {
        Object named = receiver;
        receiver = null;
        return named;
    }

    /** What {@link #sendAway} named; forgotten by asking. */
    public @Nullable Object takeOrigin() {
        Object named = origin;
        origin = null;
        return named;
    }

    @Override
    public String toString() {
        return "PooledBuffer[" + (free ? "free" : offset + "+" + length) + (isLent() ? ", lent" : "") + "]";
    }
}

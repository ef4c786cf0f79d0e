package io.culvert.core.buffer;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Buffers on their way from one packet loop to another, in order: one loop puts, one other takes, neither waits.
 *
 * <p>Each side keeps a copy of the other's position and looks at the shared one only when the copy says full or empty,
 * so that a cache line moves between the cores once per batch, not per packet.
 */
public final class BufferRing {
    private static final VarHandle TAKEN;
    private static final VarHandle PUT;

    static {
        try {
            var lookup = MethodHandles.lookup();
            TAKEN = lookup.findVarHandle(BufferRing.class, "taken", long.class);
            PUT = lookup.findVarHandle(BufferRing.class, "put", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final @Nullable PooledBuffer[] slots;
    private final int mask;

    /** Written by the taker. */
    private long taken;

    /** Written by the putter. */
    private long put;

    private long takenAsPutterSaw;
    private long putAsTakerSaw;

    /** @param capacity at least so many buffers fit */
    public BufferRing(int capacity) {
        int size = Integer.highestOneBit(Math.max(2, capacity) - 1) << 1;
        this.slots = new @Nullable PooledBuffer[size];
        this.mask = size - 1;
    }

    /** False when the ring is full: the buffer stays the caller's. */
    public boolean offer(PooledBuffer buffer) {
        long at = put;
        if (at - takenAsPutterSaw > mask) {
            takenAsPutterSaw = (long) TAKEN.getAcquire(this);
            if (at - takenAsPutterSaw > mask) {
                return false;
            }
        }
        slots[(int) at & mask] = buffer;
        PUT.setRelease(this, at + 1);
        return true;
    }

    /** The oldest buffer, now the caller's; null when there is none. */
    public @Nullable PooledBuffer poll() {
        long at = taken;
        if (at == putAsTakerSaw) {
            putAsTakerSaw = (long) PUT.getAcquire(this);
            if (at == putAsTakerSaw) {
                return null;
            }
        }
        int slot = (int) at & mask;
        PooledBuffer buffer = slots[slot];
        slots[slot] = null;
        TAKEN.setRelease(this, at + 1);
        return buffer;
    }
}

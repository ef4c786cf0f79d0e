package io.culvert.core.tun;

import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.PooledBuffer;

/**
 * One queue of a TUN device: where clear IP packets meet the kernel.
 *
 * <p>Threads: one packet loop. Nothing blocks, and neither reading nor writing allocates or throws.
 */
public interface Tun extends AutoCloseable {
    /** Pollable: readable when a packet waits. Level-triggered. */
    int fd();

    /** The interface's name. */
    String name();

    /**
     * Reads up to {@code into.length} packets, each with the pool's headroom before it, and stops early only when none
     * waits, when one was dropped, or when the pool is exhausted: then, if it was so from the beginning, it drains at
     * least one packet and counts it as dropped, and what it can keep waits for the next call.
     *
     * @return how many buffers in {@code into} are now the caller's
     */
    int readBatch(BufferPool pool, PooledBuffer[] into);

    /** Whether more packets were read than given out: {@link #readBatch} has work without {@link #fd} being readable. */
    boolean hasMore();

    /** Whether the device is gone, so that {@link #readBatch} never gives anything again; it was logged. */
    default boolean broken() {
        return false;
    }

    /** Takes the packet; it leaves at the latest with {@link #flush}. A packet that is refused is counted. */
    void write(PooledBuffer packet);

    /** Ends a batch: what {@link #write} kept back is written and released. */
    void flush();

    /** Packets that could not be read for want of a buffer, ever. */
    long readDrops();

    /** Packets that the device refused, ever. */
    long writeDrops();

    /** Acknowledgements of TCP that were not written, as a later one of the same batch said all that they said; ever. */
    default long thinned() {
        return 0;
    }

    @Override
    void close();
}

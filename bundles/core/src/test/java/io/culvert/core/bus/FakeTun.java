package io.culvert.core.bus;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.tun.Tun;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;

/** A TUN in memory. */
final class FakeTun implements Tun {
    private final Queue<byte[]> arrived = new ArrayDeque<>();
    private final List<byte[]> written = new ArrayList<>();
    private long readDrops;

    /** When positive, this many copies of {@link #repeated} are read, without allocation. */
    int repeat;

    byte[] repeated = {};
    /** Something that epoll can watch, when a test has a real loop. */
    int fd = -1;

    /** What it says it has refused. */
    long refused;

    boolean broken;

    /** When set, writing fails. */
    boolean fails;

    boolean countOnly;
    long writtenCount;

    /** The kernel routes a packet into the TUN. */
    void arrive(byte[] packet) {
        arrived.add(packet);
    }

    /** What was written since the last call. */
    List<byte[]> drain() {
        List<byte[]> drained = List.copyOf(written);
        written.clear();
        return drained;
    }

    @Override
    public int readBatch(BufferPool pool, PooledBuffer[] into) {
        int count = 0;
        while (count < into.length && (repeat > 0 || !arrived.isEmpty())) {
            byte[] bytes = repeat > 0 ? repeated : arrived.remove();
            repeat = Math.max(0, repeat - 1);
            PooledBuffer buffer = pool.allocate();
            if (buffer == null) {
                readDrops++;
                break;
            }
            MemorySegment.copy(bytes, 0, buffer.segment(), JAVA_BYTE, buffer.offset(), bytes.length);
            buffer.bounds(buffer.offset(), bytes.length);
            into[count++] = buffer;
        }
        return count;
    }

    @Override
    public void write(PooledBuffer packet) {
        if (fails) {
            throw new IllegalStateException("a TUN that fails on purpose");
        }
        if (!countOnly) {
            byte[] bytes = new byte[packet.length()];
            MemorySegment.copy(packet.segment(), JAVA_BYTE, packet.offset(), bytes, 0, bytes.length);
            written.add(bytes);
        }
        writtenCount++;
        packet.release();
    }

    @Override
    public void flush() {}

    @Override
    public boolean broken() {
        return broken;
    }

    @Override
    public boolean hasMore() {
        return false;
    }

    @Override
    public int fd() {
        return fd;
    }

    @Override
    public String name() {
        return "fake0";
    }

    @Override
    public long readDrops() {
        return readDrops;
    }

    @Override
    public long writeDrops() {
        return refused;
    }

    @Override
    public void close() {}
}

package io.culvert.core.tun;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A queue with offloads: one system call carries many packets of a flow, which {@link Segmenter} takes apart on the way
 * in and {@link Coalescer} puts together on the way out.
 */
final class VnetQueue extends TunQueue implements Coalescer.Sink {
    /** The largest IP packet, and one byte more that shows when the kernel had to cut. */
    private static final int READ_BYTES = VnetHeader.LENGTH + 65_535 + 1;

    /** So that the packet behind the header begins at a multiple of 64. */
    private static final int READ_AT = 64 - VnetHeader.LENGTH;

    private static final int IOVEC_BYTES = 16;

    private final Segmenter segmenter = new Segmenter();
    private final Coalescer coalescer;
    private final MemorySegment read;
    private final MemorySegment vnet;
    private final MemorySegment iov;
    private long superPacketsRead;
    private long superPacketsWritten;

    VnetQueue(Libc libc, int fd, String name, int mtu, Offloads offloads) {
        super(libc, fd, name, mtu);
        this.coalescer = new Coalescer(this, offloads.tso(), offloads.uso());
        Arena arena = Arena.ofAuto();
        this.read = arena.allocate(READ_AT + READ_BYTES, 64);
        this.vnet = arena.allocate(VnetHeader.LENGTH, 8);
        this.iov = arena.allocate((long) (Run.MAX_SEGMENTS + 1) * IOVEC_BYTES, 8);
    }

    // ---- read ----

    @Override
    public int readBatch(BufferPool pool, PooledBuffer[] into) {
        int room = pool.bufferBytes() - pool.headroomBytes();
        int count = 0;
        while (count < into.length && (!segmenter.isEmpty() || fill())) {
            int length = segmenter.nextLength();
            if (length > room) {
                segmenter.skip();
                readDrops++;
                continue;
            }
            PooledBuffer buffer = pool.allocate();
            if (buffer == null) {
                if (count == 0) {
                    segmenter.skip();
                    readDrops++;
                }
                return count;
            }
            segmenter.take(buffer.segment(), buffer.offset());
            buffer.bounds(buffer.offset(), length);
            into[count++] = buffer;
        }
        return count;
    }

    /** Reads until there is something to take apart; false when nothing waits, or what came was dropped. */
    private boolean fill() {
        int bytes = read(read, READ_AT, READ_BYTES);
        if (bytes <= 0) {
            return false;
        }
        if (bytes == READ_BYTES || !segmenter.load(read, READ_AT, bytes, mtu)) {
            readDrops++;
            return false;
        }
        if (segmenter.isSeveral()) {
            superPacketsRead++;
        }
        return true;
    }

    @Override
    public boolean hasMore() {
        return !segmenter.isEmpty();
    }

    // ---- write ----

    @Override
    public void write(PooledBuffer packet) {
        coalescer.add(packet);
    }

    @Override
    public void flush() {
        coalescer.flush();
    }

    @Override
    public void writeOne(PooledBuffer packet) {
        int written;
        if (packet.headroom() >= VnetHeader.LENGTH) {
            int at = packet.offset() - VnetHeader.LENGTH;
            VnetHeader.setNone(packet.segment(), at);
            written = write(packet.segment(), at, VnetHeader.LENGTH + packet.length());
        } else {
            VnetHeader.setNone(vnet, 0);
            iovec(0, vnet, 0, VnetHeader.LENGTH);
            iovec(1, packet.segment(), packet.offset(), packet.length());
            written = writev(2);
        }
        if (written < 0) {
            writeDrops++;
        }
        packet.release();
    }

    @Override
    public void writeRun(Run run) {
        run.seal(vnet, 0);
        iovec(0, vnet, 0, VnetHeader.LENGTH);
        PooledBuffer first = run.packet(0);
        iovec(1, first.segment(), first.offset(), first.length());
        int header = run.headerLength();
        for (int i = 1; i < run.count(); i++) {
            PooledBuffer packet = run.packet(i);
            iovec(i + 1, packet.segment(), packet.offset() + header, packet.length() - header);
        }
        if (writev(run.count() + 1) < 0) {
            writeDrops += run.count();
        } else {
            superPacketsWritten++;
        }
        run.release();
    }

    private void iovec(int index, MemorySegment segment, int offset, int length) {
        iov.set(JAVA_LONG, (long) index * IOVEC_BYTES, segment.address() + offset);
        iov.set(JAVA_LONG, (long) index * IOVEC_BYTES + 8, length);
    }

    private int writev(int count) {
        int written;
        do {
            written = libc.writev(fd, iov, count);
        } while (written == -Errno.EINTR);
        return written;
    }

    // ---- counters ----

    @Override
    public long thinned() {
        return coalescer.thinned();
    }

    /** Reads that gave several packets, ever. */
    long superPacketsRead() {
        return superPacketsRead;
    }

    /** Writes that took several packets, ever. */
    long superPacketsWritten() {
        return superPacketsWritten;
    }
}

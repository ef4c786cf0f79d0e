package io.culvert.core.tun;

import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A queue without offloads: whole IP packets without a header before them, one system call for each. */
final class PlainQueue implements Tun {
    private final Libc libc;
    private final int fd;
    private final String name;
    private final int mtu;
    private final MemorySegment scrap = Arena.ofAuto().allocate(1);
    private long readDrops;
    private long writeDrops;
    private boolean broken;
    private boolean closed;

    PlainQueue(Libc libc, int fd, String name, int mtu) {
        this.libc = libc;
        this.fd = fd;
        this.name = name;
        this.mtu = mtu;
    }

    @Override
    public int fd() {
        return fd;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int readBatch(BufferPool pool, PooledBuffer[] into) {
        int room = Math.min(mtu + 1, pool.bufferBytes() - pool.headroomBytes());
        int count = 0;
        while (count < into.length) {
            PooledBuffer buffer = pool.allocate();
            if (buffer == null) {
                discardOne();
                return count;
            }
            int length = libc.read(fd, buffer.segment(), buffer.offset(), room);
            if (length <= 0) {
                buffer.release();
                if (length == -Errno.EINTR) {
                    continue;
                }
                failed(length);
                return count;
            }
            // The kernel cuts a packet to the room there is without a word.
            if (length > mtu || length == room && room <= mtu) {
                buffer.release();
                readDrops++;
                return count;
            }
            buffer.bounds(buffer.offset(), length);
            into[count++] = buffer;
        }
        return count;
    }

    @Override
    public boolean hasMore() {
        return false;
    }

    @Override
    public boolean broken() {
        return broken;
    }

    private void discardOne() {
        int length = libc.read(fd, scrap, 0, 1);
        if (length > 0) {
            readDrops++;
        }
        failed(length);
    }

    private void failed(int result) {
        if (result < 0 && result != -Errno.EAGAIN && result != -Errno.EINTR) {
            readDrops++;
            broken |= LostTun.is(name, -result, broken);
        }
    }

    @Override
    public void write(PooledBuffer packet) {
        int written;
        do {
            written = libc.write(fd, packet.segment(), packet.offset(), packet.length());
        } while (written == -Errno.EINTR);
        if (written < 0) {
            writeDrops++;
        }
        packet.release();
    }

    @Override
    public void flush() {
        // Each packet was written at once: without offloads the kernel takes one for each call.
    }

    @Override
    public long readDrops() {
        return readDrops;
    }

    @Override
    public long writeDrops() {
        return writeDrops;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            libc.closeQuietly(fd);
        }
    }

    @Override
    public String toString() {
        return "PlainQueue[" + name + ", mtu=" + mtu + "]";
    }
}

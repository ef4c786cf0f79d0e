package io.culvert.core.tun;

import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A queue without offloads: whole IP packets without a header before them, one system call for each. */
final class PlainQueue extends TunQueue {
    private final MemorySegment scrap = Arena.ofAuto().allocate(1);

    PlainQueue(Libc libc, int fd, String name, int mtu) {
        super(libc, fd, name, mtu);
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
            int length = read(buffer.segment(), buffer.offset(), room);
            if (length <= 0) {
                buffer.release();
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

    private void discardOne() {
        if (read(scrap, 0, 1) > 0) {
            readDrops++;
        }
    }

    @Override
    public boolean hasMore() {
        return false;
    }

    @Override
    public void write(PooledBuffer packet) {
        if (write(packet.segment(), packet.offset(), packet.length()) < 0) {
            writeDrops++;
        }
        packet.release();
    }

    @Override
    public void flush() {
        // Each packet was written at once: without offloads the kernel takes one for each call.
    }
}

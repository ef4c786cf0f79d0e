package io.culvert.core.link;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.culvert.api.packet.DropReason;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What a connection still has to send: a batch of buffers, and behind a peer that reads slowly a bounded backlog of
 * bytes. The backlog is a copy, so that a slow peer holds none of the loop's buffers.
 */
final class SendQueue {
    private static final int BATCH = 64;
    private static final int BACKLOG_BYTES = 256 << 10;
    private static final int IOVEC = 16;
    private static final int MSGHDR = 56;

    private final Libc libc;
    private final int fd;
    private final Drops drops;
    private final @Nullable PooledBuffer[] batch = new @Nullable PooledBuffer[BATCH];
    private final MemorySegment iovecs;
    private final MemorySegment message;
    private int count;
    private @Nullable MemorySegment backlog;
    private int backlogStart;
    private int backlogEnd;

    SendQueue(Libc libc, int fd, Drops drops) {
        this.libc = libc;
        this.fd = fd;
        this.drops = drops;
        Arena arena = Arena.ofAuto();
        this.iovecs = arena.allocate((long) BATCH * IOVEC, 8);
        this.message = arena.allocate(MSGHDR, 8);
        message.set(JAVA_LONG, 16, iovecs.address());
    }

    boolean isFull() {
        return count == BATCH;
    }

    /** Takes the framed datagram; whether it is the first of its batch. */
    boolean add(PooledBuffer datagram) {
        batch[count++] = datagram;
        return count == 1;
    }

    boolean hasBacklog() {
        return backlogEnd > backlogStart;
    }

    /** Sends the batch, or puts it behind what waits; returns an errno that ends the connection, or 0. */
    int flush() {
        int done = 0;
        int skip = 0;
        int failure = 0;
        if (count > 0 && !hasBacklog()) {
            for (int i = 0; i < count; i++) {
                PooledBuffer datagram = at(i);
                iovecs.set(JAVA_LONG, (long) i * IOVEC, datagram.segment().address() + datagram.offset());
                iovecs.set(JAVA_LONG, (long) i * IOVEC + 8, datagram.length());
            }
            message.set(JAVA_LONG, 24, count);
            int sent;
            do {
                sent = libc.sendmsg(fd, message, Linux.MSG_DONTWAIT | Linux.MSG_NOSIGNAL);
            } while (sent == -Errno.EINTR);
            failure = sent < 0 && sent != -Errno.EAGAIN ? -sent : 0;
            int left = Math.max(0, sent);
            while (done < count && left >= at(done).length()) {
                left -= at(done).length();
                at(done).release();
                batch[done++] = null;
            }
            skip = left;
        }
        for (; done < count; done++) {
            PooledBuffer datagram = at(done);
            batch[done] = null;
            if (failure != 0) {
                drops.drop(datagram, DropReason.LINK_ERROR);
            } else if (append(datagram, skip)) {
                datagram.release();
            } else {
                drops.drop(datagram, DropReason.QUEUE_FULL);
            }
            skip = 0;
        }
        count = 0;
        return failure;
    }

    /** Sends from the backlog; returns an errno that ends the connection, or 0. */
    int drain() {
        MemorySegment bytes = backlog;
        while (bytes != null && hasBacklog()) {
            int sent = libc.send(
                    fd, bytes, backlogStart, backlogEnd - backlogStart, Linux.MSG_DONTWAIT | Linux.MSG_NOSIGNAL);
            if (sent < 0) {
                if (sent == -Errno.EINTR) {
                    continue;
                }
                return sent == -Errno.EAGAIN ? 0 : -sent;
            }
            backlogStart += sent;
        }
        backlogStart = 0;
        backlogEnd = 0;
        return 0;
    }

    private boolean append(PooledBuffer datagram, int skip) {
        MemorySegment bytes = backlog;
        if (bytes == null) {
            bytes = Arena.ofAuto().allocate(BACKLOG_BYTES, 8);
            backlog = bytes;
        }
        int length = datagram.length() - skip;
        if (backlogEnd + length > BACKLOG_BYTES && backlogStart > 0) {
            MemorySegment.copy(bytes, backlogStart, bytes, 0, backlogEnd - backlogStart);
            backlogEnd -= backlogStart;
            backlogStart = 0;
        }
        if (backlogEnd + length > BACKLOG_BYTES) {
            return false;
        }
        MemorySegment.copy(datagram.segment(), datagram.offset() + (long) skip, bytes, backlogEnd, length);
        backlogEnd += length;
        return true;
    }

    /** Gives the buffers back unsent. */
    void release() {
        for (int i = 0; i < count; i++) {
            drops.drop(at(i), DropReason.LINK_ERROR);
            batch[i] = null;
        }
        count = 0;
        backlog = null;
        backlogStart = 0;
        backlogEnd = 0;
    }

    private PooledBuffer at(int i) {
        PooledBuffer datagram = batch[i];
        if (datagram == null) {
            throw new IllegalStateException("no datagram at " + i);
        }
        return datagram;
    }
}

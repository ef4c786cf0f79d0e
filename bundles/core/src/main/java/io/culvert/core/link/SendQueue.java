package io.culvert.core.link;

import io.culvert.api.packet.DropReason;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Libc;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What a connection still has to send: a batch of buffers, and behind a peer that reads slowly a backlog of bytes. */
final class SendQueue {
    private static final int FIRST = 8;
    private static final @Nullable PooledBuffer[] NONE = {};

    private final Libc libc;
    private final int fd;
    private final Drops drops;
    private final TcpMemory memory;
    private final Backlog backlog;
    private @Nullable PooledBuffer[] batch = NONE;
    private int count;

    /** Since the last {@link #trim}. */
    private boolean used;

    SendQueue(Libc libc, int fd, Drops drops, TcpMemory memory) {
        this.libc = libc;
        this.fd = fd;
        this.drops = drops;
        this.memory = memory;
        this.backlog = new Backlog(memory);
    }

    boolean isFull() {
        return count == TcpMemory.BATCH;
    }

    /** Takes the framed datagram; whether it is the first of its batch. */
    boolean add(PooledBuffer datagram) {
        if (count == batch.length) {
            batch = Arrays.copyOf(batch, Math.max(FIRST, count * 2));
        }
        used = true;
        batch[count++] = datagram;
        return count == 1;
    }

    boolean hasBacklog() {
        return !backlog.isEmpty();
    }

    /** Sends the batch, or puts it behind what waits; returns an errno that ends the connection, or 0. */
    int flush() {
        int done = 0;
        int skip = 0;
        int failure = 0;
        if (count > 0 && backlog.isEmpty()) {
            for (int i = 0; i < count; i++) {
                PooledBuffer datagram = at(i);
                memory.gather(i, datagram.segment().address() + datagram.offset(), datagram.length());
            }
            int sent = memory.send(libc, fd, count);
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
            } else if (backlog.append(datagram, skip)) {
                datagram.release();
            } else {
                drops.drop(datagram, DropReason.QUEUE_FULL);
            }
            skip = 0;
        }
        count = 0;
        return failure;
    }

    /** What has been taken and has not left. Only after {@link #flush}. */
    byte[] rest() {
        return backlog.bytes();
    }

    /** Puts before everything what {@link #rest} gave. */
    void restore(byte[] rest) {
        backlog.restore(rest);
    }

    /** Sends from the backlog; returns an errno that ends the connection, or 0. */
    int drain() {
        return backlog.drain(libc, fd);
    }

    /** Called now and then: a connection that has sent nothing since the last time keeps no memory for it. */
    void trim() {
        if (!used && count == 0) {
            batch = NONE;
            backlog.trim();
        }
        used = false;
    }

    /** Gives the buffers back unsent. */
    void release() {
        for (int i = 0; i < count; i++) {
            drops.drop(at(i), DropReason.LINK_ERROR);
            batch[i] = null;
        }
        count = 0;
        backlog.clear();
    }

    private PooledBuffer at(int i) {
        PooledBuffer datagram = batch[i];
        if (datagram == null) {
            throw new IllegalStateException("no datagram at " + i);
        }
        return datagram;
    }
}

package io.culvert.core.link;

import io.culvert.api.packet.DropReason;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The datagrams that a UDP socket still has to send: a batch, and when the kernel takes no more, a bounded rest. */
final class UdpSender {
    private static final Logger LOG = LoggerFactory.getLogger(UdpSender.class);
    private static final int LIMIT = 1024;

    private final Libc libc;
    private final ListenSocket socket;
    private final Drops drops;
    private final SendBatch batch;
    private final @Nullable PooledBuffer[] queue = new @Nullable PooledBuffer[LIMIT];
    private final @Nullable LinkEndpoint[] to = new @Nullable LinkEndpoint[LIMIT];
    private int queued;
    private boolean segmentation = true;
    private boolean blocked;

    /** Whether somebody knows that there is something to flush. */
    private boolean announced;

    UdpSender(Libc libc, ListenSocket socket, Drops drops, SendBatch batch) {
        this.libc = libc;
        this.socket = socket;
        this.drops = drops;
        this.batch = batch;
    }

    /** Whether a batch waits that the kernel was not offered yet. */
    boolean isDue() {
        return !blocked && queued >= SendBatch.DATAGRAMS;
    }

    /** Whether the kernel took no more, so that what is queued waits until the socket can be written. */
    boolean isBlocked() {
        return blocked;
    }

    /** Takes the datagram; whether it is the first since {@link #flush}. */
    boolean add(PooledBuffer datagram, LinkEndpoint endpoint) {
        if (queued == LIMIT) {
            drops.drop(datagram, DropReason.QUEUE_FULL);
            return false;
        }
        queue[queued] = datagram;
        to[queued] = endpoint;
        queued++;
        boolean first = !announced;
        announced = true;
        return first;
    }

    /** Offers the kernel what is queued, in order, until it takes no more. */
    void flush() {
        blocked = false;
        announced = false;
        while (queued > 0 && !blocked) {
            int count = Math.min(queued, SendBatch.DATAGRAMS);
            try {
                send(batch.fill(queue, to, count, socket.family(), segmentation));
            } finally {
                // After a failure, too: a gap in the queue would make every later batch fail.
                compact();
            }
        }
    }

    /** {@link #flush}, again and again while the kernel takes no more, for so long at most. Blocks. */
    void flushFor(int ms) {
        flush();
        try {
            for (int i = 0; i < ms && blocked; i++) {
                Thread.sleep(1);
                flush();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void send(int runs) {
        int done = 0;
        while (done < runs) {
            int sent = libc.sendmmsg(
                    socket.fd(), batch.messages, done, runs - done, Linux.MSG_DONTWAIT | Linux.MSG_NOSIGNAL);
            if (sent > 0) {
                for (int end = done + sent; done < end; done++) {
                    release(done);
                }
            } else if (sent == -Errno.EAGAIN) {
                blocked = true;
                return;
            } else if (sent != -Errno.EINTR) {
                if (cannotSegment(done, -sent)) {
                    return; // this run and those behind it are grouped anew
                }
                drop(done++, reason(-sent));
            }
        }
    }

    /** Whether the error may be about the run alone and not about its datagrams, which are then sent one by one. */
    private boolean cannotSegment(int run, int errno) {
        if (batch.count(run) == 1) {
            return false;
        }
        if (errno == Errno.EIO) {
            LOG.info("udp port={}: the device cannot segment, datagrams are sent one by one", socket.port());
            segmentation = false;
            return true;
        }
        if (errno == Errno.EINVAL || errno == Errno.EMSGSIZE) {
            // Longer than the path takes in one piece: only single datagrams are fragmented.
            batch.endpoint(run).segmentLimit = batch.segmentBytes(run) - 1;
            return true;
        }
        return false;
    }

    private static DropReason reason(int errno) {
        return switch (errno) {
            case Errno.ENOBUFS, Errno.ENOMEM -> DropReason.QUEUE_FULL;
            case Errno.EMSGSIZE -> DropReason.TOO_BIG;
            default -> DropReason.LINK_ERROR;
        };
    }

    private void release(int run) {
        for (int i = batch.first(run); i >= 0; i = batch.next(i)) {
            take(i).release();
        }
    }

    private void drop(int run, DropReason reason) {
        for (int i = batch.first(run); i >= 0; i = batch.next(i)) {
            drops.drop(take(i), reason);
        }
    }

    private PooledBuffer take(int i) {
        PooledBuffer datagram = queue[i];
        if (datagram == null) {
            throw new IllegalStateException("no datagram at " + i);
        }
        queue[i] = null;
        to[i] = null;
        return datagram;
    }

    /** Closes the gaps that were left by what is sent. */
    private void compact() {
        int kept = 0;
        for (int i = 0; i < queued; i++) {
            if (queue[i] != null) {
                LinkEndpoint endpoint = to[i];
                PooledBuffer datagram = take(i);
                queue[kept] = datagram;
                to[kept++] = endpoint;
            }
        }
        queued = kept;
    }

    /** Gives the rest back unsent. */
    void close() {
        for (int i = 0; i < queued; i++) {
            drops.drop(take(i), DropReason.LINK_ERROR);
        }
        queued = 0;
        blocked = false;
        batch.clear();
    }
}

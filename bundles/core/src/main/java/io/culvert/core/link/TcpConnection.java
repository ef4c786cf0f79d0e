package io.culvert.core.link;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.api.packet.DropReason;
import io.culvert.api.tunnel.StreamFraming;
import io.culvert.api.tunnel.Transport;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import io.culvert.core.libc.NativeException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One TCP connection: a byte stream that is cut into datagrams, and datagrams that are written as a stream. It ends
 * with its last session, after what was sent has left.
 */
final class TcpConnection implements Link, Pollable {
    private static final Logger LOG = LoggerFactory.getLogger(TcpConnection.class);
    private static final int ROUNDS = 4;
    private static final int LOW_READS = 8;
    private static final long REST_NS = 5_000_000L;
    private static final long LINGER_NS = 3_000_000_000L;

    private final Libc libc;
    private final int fd;
    private final TcpListener listener;
    private final LinkResources resources;
    private final TcpMemory memory;
    private final SendQueue queue;
    private final int capacity;

    /** Set once, right after construction: they know each other. */
    LinkEndpoint endpoint;

    /** What has arrived of a datagram that is not complete; borrowed, and null when there is nothing. */
    private byte @Nullable [] remainder;

    private int remainderLength;
    private int sessions;
    private long idleNs;
    private boolean writing;

    /** How often in a row nothing was read for want of buffers. */
    private int lowReads;

    /** Out of the poller, so that what waits in the kernel does not wake the loop again and again. */
    private boolean resting;
    private boolean ending;
    private boolean broken;
    private boolean closed;

    TcpConnection(Libc libc, int fd, TcpListener listener, LinkResources resources, TcpMemory memory) {
        this.libc = libc;
        this.fd = fd;
        this.listener = listener;
        this.resources = resources;
        this.memory = memory;
        this.queue = new SendQueue(libc, fd, resources.drops(), memory);
        this.idleNs = resources.nowNs().getAsLong();
        this.capacity = resources.pool().bufferBytes() - resources.pool().headroomBytes();
    }

    @Override
    public void onReady(boolean readable, boolean writable) {
        if (writable && !broken) {
            drain();
        }
        for (int round = 0; readable && round < ROUNDS; round++) {
            // With few buffers left the rest stays in the kernel, which tells the peer to send more slowly; the end of
            // the loop's round brings some back.
            if (closed || broken) {
                return;
            }
            if (isPoolLow(round == 0 ? 16 : 4)) {
                if (round == 0 && ++lowReads >= LOW_READS) {
                    rest();
                }
                return;
            }
            lowReads = 0;
            if (!receive()) {
                return;
            }
        }
    }

    /** The rounds bring no buffers back, others hold them: looks again by the clock. */
    private void rest() {
        lowReads = 0;
        resting = true;
        resources.poller().remove(this);
        resources.timers().after(REST_NS, () -> {
            if (resting && !closed && !broken && listener.sink() != null) {
                watch();
            }
        });
    }

    private void watch() {
        resting = false;
        writing = false;
        try {
            resources.poller().add(this);
            settle(0);
        } catch (IOException e) {
            LOG.error("tcp: a connection cannot be watched", e);
        }
    }

    // ---- in ----

    /** Reads once; whether more may wait. */
    private boolean receive() {
        DatagramSink sink = listener.sink();
        StreamFraming framing = listener.framing();
        if (sink == null || framing == null) {
            return false;
        }
        MemorySegment stream = memory.stream;
        int room = TcpMemory.READ;
        int received = libc.recv(fd, stream, restored(stream), room, Linux.MSG_DONTWAIT);
        if (received == 0) {
            fail("the peer closed the connection");
            return false;
        }
        if (received < 0) {
            if (received != -Errno.EAGAIN && received != -Errno.EINTR) {
                fail("the connection failed: " + Errno.describe(-received));
            }
            return false;
        }
        if (ending) {
            return received == room; // said good-bye already; only the peer's own end is waited for
        }
        int end = remainderLength + received;
        int done = cut(stream, end, framing, sink);
        if (done < 0) {
            fail("the peer sent what is no datagram");
            return false;
        }
        keep(stream, done, end - done);
        return received == room;
    }

    /** Delivers the datagrams that are complete; returns where the first incomplete one starts, -1 for rubbish. */
    private int cut(MemorySegment stream, int end, StreamFraming framing, DatagramSink sink) {
        int header = framing.headerBytes();
        int at = 0;
        while (end - at >= header) {
            int length = framing.datagramBytes(stream, at);
            if (length < 0 || length > capacity) {
                return -1;
            }
            if (end - at - header < length) {
                break;
            }
            at += header;
            PooledBuffer datagram = resources.pool().allocate();
            if (datagram == null) {
                resources.drops().count(DropReason.POOL_EXHAUSTED);
            } else {
                MemorySegment.copy(stream, at, datagram.segment(), datagram.offset(), length);
                datagram.bounds(datagram.offset(), length);
                sink.onDatagram(datagram, endpoint);
            }
            at += length;
        }
        return at;
    }

    /** Puts what is there of an incomplete datagram before what is read next; returns its length. */
    private int restored(MemorySegment stream) {
        byte[] kept = remainder;
        if (kept != null) {
            MemorySegment.copy(kept, 0, stream, JAVA_BYTE, 0, remainderLength);
        }
        return remainderLength;
    }

    private void keep(MemorySegment stream, int at, int length) {
        byte[] kept = remainder;
        if (length == 0) {
            forgetRemainder();
        } else {
            if (kept == null) {
                kept = memory.borrowRemainder();
                remainder = kept;
            }
            MemorySegment.copy(stream, JAVA_BYTE, at, kept, 0, length);
            remainderLength = length;
        }
    }

    private void forgetRemainder() {
        byte[] kept = remainder;
        if (kept != null) {
            remainder = null;
            memory.giveBack(kept);
        }
        remainderLength = 0;
    }

    private boolean isPoolLow(int part) {
        return resources.pool().free() < resources.pool().capacity() / part;
    }

    // ---- out ----

    @Override
    public boolean send(PooledBuffer datagram, LinkEndpoint to) {
        StreamFraming framing = listener.framing();
        if (closed || broken || ending || framing == null) {
            resources.drops().drop(datagram, DropReason.LINK_ERROR);
            return false;
        }
        int header = framing.headerBytes();
        if (datagram.headroom() < header) {
            resources.drops().drop(datagram, DropReason.TOO_BIG);
            return false;
        }
        int length = datagram.length();
        datagram.bounds(datagram.offset() - header, length + header);
        framing.writeHeader(datagram.segment(), datagram.offset(), length);
        if (queue.isFull()) {
            flush();
            if (broken) {
                resources.drops().drop(datagram, DropReason.LINK_ERROR);
                return false;
            }
        }
        return queue.add(datagram);
    }

    @Override
    public void flush() {
        settle(queue.flush());
    }

    private void drain() {
        settle(queue.drain());
    }

    private void settle(int errno) {
        if (closed || broken) {
            return;
        }
        if (errno != 0) {
            fail("the connection failed: " + Errno.describe(errno));
            return;
        }
        boolean waits = queue.hasBacklog();
        if (waits != writing && listener.sink() != null) {
            writing = waits;
            resources.poller().watchWriting(this, waits);
        }
        if (!waits && ending) {
            sayEnd();
        }
    }

    // ---- the end ----

    @Override
    public void sessions(int change) {
        sessions += change;
        idleNs = resources.nowNs().getAsLong();
        if (sessions == 0 && change < 0 && listener.sink() != null && !ending && !closed) {
            // What the session sent last is flushed at the end of this round.
            resources.timers().after(0, () -> {
                if (sessions == 0 && !closed && !broken && listener.sink() != null) {
                    ending = true;
                    settle(0);
                    resources.timers().after(LINGER_NS, this::close);
                }
            });
        }
    }

    /** Half a close: a full one would throw away what the peer has not read yet. */
    private void sayEnd() {
        try {
            libc.shutdown(fd, Linux.SHUT_WR);
        } catch (NativeException e) {
            close();
        }
    }

    /** Tells the sessions later: this may happen within a call of theirs. */
    private void fail(String why) {
        if (broken || closed) {
            return;
        }
        broken = true;
        resources.poller().remove(this);
        resources.timers().after(0, () -> {
            DatagramSink sink = listener.sink();
            if (sink != null && sessions > 0) {
                sink.onLinkClosed(endpoint, why);
            }
            close();
        });
    }

    boolean isOpen() {
        return !closed && !broken && !ending;
    }

    /** Whether it is nobody's. */
    boolean isIdle() {
        return sessions == 0 && !ending && !broken;
    }

    /** Whether it has been nobody's, and been read, all the time since {@code ns}. */
    boolean idleSince(long ns) {
        return isIdle() && idleNs <= ns;
    }

    /** See {@link SendQueue#trim}. */
    void trim() {
        queue.trim();
    }

    void suspend() {
        if (!broken) {
            flush();
            resources.poller().remove(this);
            resting = false;
            writing = false;
        }
    }

    void resume() {
        if (!broken && !closed) {
            idleNs = resources.nowNs().getAsLong();
            watch();
        }
    }

    // ---- hand-over ----

    /** What has arrived in part, and what has not left: both go on in the middle of a datagram. */
    record Rest(byte[] in, byte[] out) {}

    /** Gives the descriptor away. Only when {@link #isOpen}, and suspended. */
    Rest leave() {
        closed = true;
        byte[] kept = remainder;
        byte[] in = kept == null ? new byte[0] : Arrays.copyOf(kept, remainderLength);
        forgetRemainder();
        byte[] out = queue.rest();
        queue.release();
        return new Rest(in, out);
    }

    /** Goes on where another connection object left. */
    void restore(Rest rest) {
        if (rest.in().length > 0) {
            byte[] borrowed = memory.borrowRemainder();
            System.arraycopy(rest.in(), 0, borrowed, 0, rest.in().length);
            remainder = borrowed;
            remainderLength = rest.in().length;
        }
        queue.restore(rest.out());
    }

    void close() {
        if (closed) {
            return;
        }
        closed = true;
        resources.poller().remove(this);
        queue.release();
        forgetRemainder();
        listener.forget(this);
        libc.closeQuietly(fd);
    }

    @Override
    public int fd() {
        return fd;
    }

    @Override
    public Transport transport() {
        return Transport.TCP;
    }
}

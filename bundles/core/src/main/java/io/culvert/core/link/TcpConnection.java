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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One TCP connection: a byte stream that is cut into datagrams, and datagrams that are written as a stream. It ends
 * with its last session, after what was sent has left.
 */
final class TcpConnection implements Link, Pollable {
    private static final Logger LOG = LoggerFactory.getLogger(TcpConnection.class);
    private static final int ROUNDS = 4;
    private static final long LINGER_NS = 3_000_000_000L;

    private final Libc libc;
    private final int fd;
    private final TcpListener listener;
    private final LinkResources resources;
    private final SendQueue queue;
    private final long sinceNs;
    private final int capacity;

    /** Set once, right after construction: they know each other. */
    LinkEndpoint endpoint;

    private byte[] partial = {};
    private int partialLength;
    private int sessions;
    private boolean writing;
    private boolean ending;
    private boolean broken;
    private boolean closed;

    TcpConnection(Libc libc, int fd, TcpListener listener, LinkResources resources) {
        this.libc = libc;
        this.fd = fd;
        this.listener = listener;
        this.resources = resources;
        this.queue = new SendQueue(libc, fd, resources.drops());
        this.sinceNs = resources.nowNs().getAsLong();
        this.capacity = resources.pool().bufferBytes() - resources.pool().headroomBytes();
    }

    @Override
    public void onReady(boolean readable, boolean writable) {
        if (writable && !broken) {
            drain();
        }
        for (int round = 0; readable && round < ROUNDS; round++) {
            if (closed || broken || !receive()) {
                return;
            }
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
        MemorySegment stream = listener.stream();
        MemorySegment.copy(partial, 0, stream, JAVA_BYTE, 0, partialLength);
        int room = (int) stream.byteSize() - partialLength;
        int received = libc.recv(fd, stream, partialLength, room, Linux.MSG_DONTWAIT);
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
        int end = partialLength + received;
        partialLength = 0;
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

    private void keep(MemorySegment stream, int at, int length) {
        if (length > partial.length) {
            partial = new byte[Math.max(length, capacity + 64)];
        }
        MemorySegment.copy(stream, JAVA_BYTE, at, partial, 0, length);
        partialLength = length;
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

    boolean idleSince(long ns) {
        return isIdle() && sinceNs <= ns;
    }

    void suspend() {
        if (!broken) {
            flush();
            resources.poller().remove(this);
            writing = false;
        }
    }

    void resume() {
        if (!broken && !closed) {
            try {
                resources.poller().add(this);
                settle(0);
            } catch (IOException e) {
                LOG.error("tcp: a connection cannot be watched", e);
            }
        }
    }

    void close() {
        if (closed) {
            return;
        }
        closed = true;
        resources.poller().remove(this);
        queue.release();
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

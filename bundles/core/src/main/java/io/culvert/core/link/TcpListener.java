package io.culvert.core.link;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.culvert.api.handover.SessionRecord.RemoteEnd;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.StreamFraming;
import io.culvert.core.handover.Estate;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import io.culvert.core.libc.NativeException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A listening TCP socket and the connections that came through it. */
public final class TcpListener implements Listener, Pollable {
    private static final Logger LOG = LoggerFactory.getLogger(TcpListener.class);
    private static final int MAX_CONNECTIONS = 16_384;
    private static final int ACCEPT_BATCH = 32;
    private static final long IDLE_NS = 60_000_000_000L;
    private static final long SWEEP_NS = 5_000_000_000L;
    private static final long RETRY_NS = 1_000_000_000L;

    private static final String CONNECTION = " connection ";
    private static final String STATE = " state";
    private static final int STATE_BYTES = 4 * Long.BYTES + 3 * Integer.BYTES;

    private final Libc libc;
    private final ListenerClaim claim;
    private final ListenSocket socket;
    private final int limit;
    private final LinkResources resources;
    private final TcpMemory memory;
    private final Set<TcpConnection> connections = new LinkedHashSet<>();
    private final MemorySegment name = Arena.ofAuto().allocate(SocketAddress.BYTES + 4L, 8);
    private final MemorySegment nameLength = Arena.ofAuto().allocate(JAVA_INT);
    private @Nullable DatagramSink sink;
    private @Nullable StreamFraming framing;
    private boolean sweeping;
    private boolean closed;

    TcpListener(Libc libc, ListenerClaim claim, ListenSocket socket, LinkResources resources, TcpMemory memory) {
        this(libc, claim, socket, resources, memory, MAX_CONNECTIONS);
    }

    TcpListener(
            Libc libc,
            ListenerClaim claim,
            ListenSocket socket,
            LinkResources resources,
            TcpMemory memory,
            int limit) {
        this.libc = libc;
        this.claim = claim;
        this.socket = socket;
        this.resources = resources;
        this.memory = memory;
        this.limit = limit;
    }

    @Override
    public void onReady(boolean readable, boolean writable) {
        for (int i = 0; i < ACCEPT_BATCH && sink != null; i++) {
            nameLength.set(JAVA_INT, 0, SocketAddress.BYTES);
            int fd = libc.accept4(socket.fd(), name, nameLength, Linux.SOCK_NONBLOCK | Linux.SOCK_CLOEXEC);
            if (fd >= 0) {
                accepted(fd);
            } else if (fd == -Errno.EMFILE || fd == -Errno.ENFILE || fd == -Errno.ENOMEM || fd == -Errno.ENOBUFS) {
                pause(-fd);
                return;
            } else if (fd != -Errno.ECONNABORTED && fd != -Errno.EINTR) {
                return;
            }
        }
    }

    private void accepted(int fd) {
        if (connections.size() >= limit && !evict()) {
            libc.closeQuietly(fd);
            return;
        }
        long high = SocketAddress.high(name, 0);
        long low = SocketAddress.low(name, 0);
        int port = SocketAddress.port(name, 0);
        int scope = SocketAddress.scope(name, 0);
        try {
            libc.setsockopt(fd, Linux.IPPROTO_TCP, Linux.TCP_NODELAY, 1);
            nameLength.set(JAVA_INT, 0, SocketAddress.BYTES);
            libc.getsockname(fd, name, nameLength);
            var connection = new TcpConnection(libc, fd, this, resources, memory);
            connection.endpoint = new LinkEndpoint(
                    connection,
                    high,
                    low,
                    port,
                    scope,
                    SocketAddress.high(name, 0),
                    SocketAddress.low(name, 0),
                    socket.port(),
                    resources.endpoints().keyedHash(high, low, port, claim.hashCode()));
            resources.poller().add(connection);
            connections.add(connection);
            sweepLater();
        } catch (IOException e) {
            LOG.debug("tcp: a new connection failed", e);
            libc.closeQuietly(fd);
        }
    }

    /** Closes the oldest connection that is no session yet: whoever only connects must not keep others out. */
    private boolean evict() {
        for (TcpConnection connection : connections) {
            if (connection.isIdle()) {
                connection.close();
                return true;
            }
        }
        return false;
    }

    /** Out of descriptors: the waiting connection would be told of again and again. */
    private void pause(int errno) {
        LOG.warn("tcp port={}: cannot accept connections, trying again in 1 s: {}", port(), Errno.describe(errno));
        resources.poller().remove(this);
        resources.timers().after(RETRY_NS, () -> {
            if (sink != null && !closed) {
                try {
                    resources.poller().remove(this);
                    resources.poller().add(this);
                } catch (IOException e) {
                    LOG.error("tcp port={}: cannot be watched any more", port(), e);
                }
            }
        });
    }

    private void sweepLater() {
        if (!sweeping) {
            sweeping = true;
            resources.timers().after(SWEEP_NS, this::sweep);
        }
    }

    /**
     * Closes connections that never became a session, and takes back what the others do not use. While nobody listens,
     * those without a session wait for the one that a successor thaws.
     */
    private void sweep() {
        sweeping = false;
        long before = resources.nowNs().getAsLong() - IDLE_NS;
        List<TcpConnection> idle = new ArrayList<>();
        for (TcpConnection connection : connections) {
            connection.trim();
            if (sink != null && connection.idleSince(before)) {
                idle.add(connection);
            }
        }
        idle.forEach(TcpConnection::close);
        if (!connections.isEmpty()) {
            sweepLater();
        }
    }

    void forget(TcpConnection connection) {
        connections.remove(connection);
    }

    @Nullable DatagramSink sink() {
        return sink;
    }

    @Nullable StreamFraming framing() {
        return framing;
    }

    int connectionCount() {
        return connections.size();
    }

    @Override
    public int fd() {
        return socket.fd();
    }

    @Override
    public ListenerClaim claim() {
        return claim;
    }

    @Override
    public int port() {
        return socket.port();
    }

    @Override
    public void resume(DatagramSink sink, @Nullable StreamFraming framing) throws IOException {
        if (framing == null) {
            throw new IllegalArgumentException("a stream needs a framing");
        }
        this.framing = framing;
        this.sink = sink;
        resources.poller().add(this);
        for (TcpConnection connection : connections) {
            connection.resume();
        }
    }

    @Override
    public void suspend() {
        if (sink == null) {
            return;
        }
        resources.poller().remove(this);
        connections.forEach(TcpConnection::suspend);
        sink = null;
        framing = null;
    }

    @Override
    public @Nullable LinkEndpoint endpoint(RemoteEnd end) {
        InetAddress remote = end.remote().getAddress();
        if (remote == null) {
            return null;
        }
        long high = IpAddress.high(remote);
        long low = IpAddress.low(remote);
        for (TcpConnection connection : connections) {
            LinkEndpoint endpoint = connection.endpoint;
            if (endpoint.remotePort == end.remote().getPort()
                    && endpoint.remoteLow == low
                    && endpoint.remoteHigh == high
                    && connection.isOpen()) {
                return endpoint;
            }
        }
        return null;
    }

    // ---- hand-over ----

    @Override
    public void leave(Estate estate, Group group) {
        if (closed) {
            return;
        }
        suspend();
        closed = true;
        String name = SocketListeners.name(claim, group);
        estate.leave(name, socket.fd());
        int number = 0;
        for (TcpConnection connection : List.copyOf(connections)) {
            if (connection.isOpen()) {
                String left = name + CONNECTION + number++;
                estate.leave(left + STATE, state(connection));
                estate.leave(left, connection.fd());
            } else {
                connection.close();
            }
        }
        connections.clear();
    }

    /** Its ends, so that the session's record finds it, and the halves of datagrams in both directions. */
    private static byte[] state(TcpConnection connection) {
        LinkEndpoint at = connection.endpoint;
        TcpConnection.Rest rest = connection.leave();
        return ByteBuffer.allocate(STATE_BYTES + rest.in().length + rest.out().length)
                .putLong(at.remoteHigh)
                .putLong(at.remoteLow)
                .putInt(at.remotePort)
                .putInt(at.scope)
                .putLong(at.localHigh)
                .putLong(at.localLow)
                .putInt(rest.in().length)
                .put(rest.in())
                .put(rest.out())
                .array();
    }

    /** Takes over the connections that {@link #leave} left under this name; they are suspended. */
    void adopt(Estate estate, String name) {
        for (String left : estate.names(name + CONNECTION)) {
            byte[] state = left.endsWith(STATE) ? null : estate.bytes(left + STATE);
            if (state == null) {
                continue;
            }
            int fd = estate.descriptor(left).orElseThrow();
            var in = ByteBuffer.wrap(state);
            long high = in.getLong();
            long low = in.getLong();
            int port = in.getInt();
            var connection = new TcpConnection(libc, fd, this, resources, memory);
            connection.endpoint = new LinkEndpoint(
                    connection,
                    high,
                    low,
                    port,
                    in.getInt(),
                    in.getLong(),
                    in.getLong(),
                    socket.port(),
                    resources.endpoints().keyedHash(high, low, port, claim.hashCode()));
            byte[] begun = new byte[in.getInt()];
            in.get(begun);
            byte[] unsent = new byte[in.remaining()];
            in.get(unsent);
            connection.restore(new TcpConnection.Rest(begun, unsent));
            connections.add(connection);
        }
        if (!connections.isEmpty()) {
            sweepLater();
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        suspend();
        closed = true;
        new ArrayList<>(connections).forEach(TcpConnection::close);
        libc.closeQuietly(socket.fd());
    }
}

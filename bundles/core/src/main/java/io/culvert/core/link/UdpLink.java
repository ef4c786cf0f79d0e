package io.culvert.core.link;

import io.culvert.api.handover.SessionRecord.RemoteEnd;
import io.culvert.api.packet.DropReason;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Steering;
import io.culvert.api.tunnel.StreamFraming;
import io.culvert.api.tunnel.Transport;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.handover.Estate;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import java.io.IOException;
import java.net.Inet4Address;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * UDP at a claim: batches in and out, and replies leave from the address that the datagram came to. While the kernel takes
 * no more, the loop takes nothing from the TUN, but not for long: what is too much is dropped then, so that one socket
 * does not stop the others.
 */
public final class UdpLink implements Link, Listener, Pollable {
    private static final long RETRY_NS = 5_000_000L;
    private static final long HOLD_NS = 1_000_000_000L;

    /** How long the kernel may take for what is still to be sent when the socket is left, in ms. */
    private static final int LEAVE_MS = 20;

    private final Libc libc;
    private final ListenerClaim claim;
    private final Optional<Steering> steering;
    private final UdpSockets sockets;
    private final ListenSocket socket;
    private final @Nullable Door door;
    private final @Nullable KeepaliveSocket keepalives;
    private final LinkResources resources;
    private final UdpReceiver receiver;
    private final UdpSender sender;

    /** Of the claim, so that the sockets of all loops give an endpoint the same hash. */
    private final int id;

    private @Nullable DatagramSink sink;
    private boolean writing;
    private boolean holding;
    private boolean watchingHold;
    private long heldSinceNs;
    private boolean retrying;
    private boolean closed;

    /** The last endpoint of another loop that was asked for, and what it is here. */
    private @Nullable LinkEndpoint otherwise;

    private @Nullable LinkEndpoint here;

    /** The socket at which strangers wait, so that they crowd out nobody. Each round lets a few in. */
    private final class Door implements Pollable {
        private final ListenSocket socket;
        private final UdpReceiver receiver;

        Door(ListenSocket socket, UdpBatches batches) {
            this.socket = socket;
            this.receiver = new UdpReceiver(libc, socket, UdpLink.this, id, resources, batches.in());
        }

        @Override
        public int fd() {
            return socket.fd();
        }

        @Override
        public void onReady(boolean readable, boolean writable) {
            DatagramSink to = sink;
            if (readable && to != null) {
                receiver.readOne(to);
            }
        }
    }

    /** @param longestKeepalive that comes to the socket for them, in bytes; 0 when anything may come there */
    UdpLink(
            Libc libc,
            ListenerClaim claim,
            Optional<Steering> steering,
            UdpSockets sockets,
            int longestKeepalive,
            LinkResources resources,
            UdpBatches batches) {
        this.libc = libc;
        this.claim = claim;
        this.steering = steering;
        this.sockets = sockets;
        this.socket = sockets.sessions();
        this.id = claim.hashCode();
        this.resources = resources;
        this.receiver = new UdpReceiver(libc, socket, this, id, resources, batches.in());
        this.sender = new UdpSender(libc, socket, resources.drops(), batches.out());
        ListenSocket strangers = sockets.strangers();
        this.door = strangers == null ? null : new Door(strangers, batches);
        ListenSocket apart = sockets.keepalives();
        this.keepalives = apart == null ? null : new KeepaliveSocket(
                libc, apart, this, id, resources, batches.in(), longestKeepalive);
    }

    @Override
    public void onReady(boolean readable, boolean writable) {
        if (writable && sender.isBlocked()) {
            sender.flush();
            settle();
        }
        DatagramSink to = sink;
        if (readable && to != null) {
            receiver.read(to);
        }
    }

    // ---- out ----

    @Override
    public boolean send(PooledBuffer datagram, LinkEndpoint to) {
        if (closed) {
            resources.drops().drop(datagram, DropReason.LINK_ERROR);
            return false;
        }
        if (sender.isDue()) {
            flush();
        }
        return sender.add(datagram, to);
    }

    @Override
    public void flush() {
        if (!closed && !sender.isBlocked()) {
            sender.flush();
            settle();
        }
    }

    /** Waits for the socket to take more, by the poller, or while that does not watch it, by the clock. */
    private void settle() {
        boolean waits = sender.isBlocked() && sink != null;
        if (waits != writing) {
            writing = waits;
            resources.poller().watchWriting(this, waits);
            if (waits) {
                hold();
            } else {
                release();
            }
        }
        if (sender.isBlocked() && sink == null && !retrying) {
            retrying = true;
            resources.timers().after(RETRY_NS, () -> {
                retrying = false;
                if (!closed && sink == null) {
                    sender.flush();
                    settle();
                }
            });
        }
    }

    private void hold() {
        holding = true;
        heldSinceNs = resources.nowNs().getAsLong();
        resources.gate().hold();
        if (!watchingHold) {
            watchHold(HOLD_NS);
        }
    }

    private void release() {
        if (holding) {
            holding = false;
            resources.gate().release();
        }
    }

    /** One timer, however often the socket blocks. */
    private void watchHold(long delayNs) {
        watchingHold = true;
        resources.timers().after(delayNs, () -> {
            watchingHold = false;
            if (!holding) {
                return;
            }
            long leftNs = heldSinceNs + HOLD_NS - resources.nowNs().getAsLong();
            if (leftNs > 0) {
                watchHold(leftNs);
            } else {
                release();
            }
        });
    }

    // ---- the socket ----

    @Override
    public int fd() {
        return socket.fd();
    }

    @Override
    public Transport transport() {
        return Transport.UDP;
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
    public boolean suits(Optional<Steering> steering) {
        return this.steering.equals(steering);
    }

    @Override
    public void resume(DatagramSink sink, @Nullable StreamFraming framing) throws IOException {
        this.sink = sink;
        resources.poller().add(this);
        if (keepalives != null) {
            keepalives.resume(sink);
        }
        if (door != null) {
            resources.poller().add(door);
        }
        settle();
    }

    @Override
    public void suspend() {
        if (sink != null) {
            sink = null;
            settle();
            resources.poller().remove(this);
            if (door != null) {
                resources.poller().remove(door);
            }
            if (keepalives != null) {
                keepalives.suspend();
            }
        }
    }

    @Override
    public @Nullable LinkEndpoint endpoint(RemoteEnd end) {
        var remote = end.remote().getAddress();
        if (remote == null || socket.family() == Linux.AF_INET && !(remote instanceof Inet4Address)) {
            return null;
        }
        return resources.endpoints().find(
                this,
                IpAddress.high(remote),
                IpAddress.low(remote),
                end.remote().getPort(),
                0,
                IpAddress.high(end.local()),
                IpAddress.low(end.local()),
                socket.port(),
                id);
    }

    @Override
    public @Nullable LinkEndpoint endpoint(LinkEndpoint from) {
        if (from.link == this) {
            return from;
        }
        if (from == otherwise) {
            return here;
        }
        if (!(from.link instanceof UdpLink other) || !other.claim.equals(claim)) {
            return null;
        }
        LinkEndpoint same = resources.endpoints().find(
                this,
                from.remoteHigh,
                from.remoteLow,
                from.remotePort,
                from.scope,
                from.localHigh,
                from.localLow,
                socket.port(),
                id);
        otherwise = from;
        here = same;
        return same;
    }

    @Override
    public void room(boolean much) {
        sockets.room(libc, much);
    }

    @Override
    public void leave(Estate estate, Group group) {
        if (closed) {
            return;
        }
        suspend();
        sender.flushFor(LEAVE_MS);
        closed = true;
        sender.close();
        sockets.leave(estate, SocketListeners.name(claim, group));
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        sender.flush();
        suspend();
        closed = true;
        sender.close();
        sockets.close(libc);
        resources.endpoints().clear();
        otherwise = null;
        here = null;
    }
}

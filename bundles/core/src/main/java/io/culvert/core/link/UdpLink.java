package io.culvert.core.link;

import io.culvert.api.handover.SessionRecord.RemoteEnd;
import io.culvert.api.packet.DropReason;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.StreamFraming;
import io.culvert.api.tunnel.Transport;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import org.jspecify.annotations.Nullable;

/** A UDP socket: batches in and out, and replies leave from the address that the datagram came to. */
public final class UdpLink implements Link, Listener, Pollable {
    private static final int BATCH = 64;
    private static final int ROUNDS = 4;

    private final Libc libc;
    private final ListenerClaim claim;
    private final ListenSocket socket;

    /** Of the claim, so that the sockets of all loops give an endpoint the same hash. */
    private final int id;

    private final LinkResources resources;
    private final BufferPool pool;
    private final Drops drops;
    private final MessageBatch in;
    private final MessageBatch out;
    private final @Nullable PooledBuffer[] receiving = new @Nullable PooledBuffer[BATCH];
    private final @Nullable PooledBuffer[] sending = new @Nullable PooledBuffer[BATCH];
    private final MemorySegment scrap = Arena.ofAuto().allocate(8);
    private @Nullable DatagramSink sink;
    private int held;
    private int queued;
    private boolean closed;

    /** The last endpoint of another loop that was asked for, and what it is here. */
    private @Nullable LinkEndpoint otherwise;

    private @Nullable LinkEndpoint here;

    UdpLink(Libc libc, ListenerClaim claim, ListenSocket socket, LinkResources resources) {
        this.libc = libc;
        this.claim = claim;
        this.socket = socket;
        this.id = claim.hashCode();
        this.resources = resources;
        this.pool = resources.pool();
        this.drops = resources.drops();
        this.in = new MessageBatch(BATCH, socket.family());
        this.out = new MessageBatch(BATCH, socket.family());
    }

    // ---- in ----

    @Override
    public void onReady(boolean readable, boolean writable) {
        for (int round = 0; readable && round < ROUNDS; round++) {
            if (!receive()) {
                return;
            }
        }
    }

    /** One batch; whether more may wait. */
    private boolean receive() {
        DatagramSink to = sink;
        if (to == null) {
            return false;
        }
        int slots = refill();
        if (slots == 0) {
            return discard();
        }
        for (int i = 0; i < slots; i++) {
            in.expect(i);
        }
        int received = libc.recvmmsg(socket.fd(), in.messages, 0, slots, Linux.MSG_DONTWAIT);
        for (int i = 0; i < received; i++) {
            PooledBuffer datagram = take(i);
            if (in.truncated(i)) {
                drops.drop(datagram, DropReason.TOO_BIG);
                continue;
            }
            datagram.bounds(datagram.offset(), in.length(i));
            to.onDatagram(datagram, in.sender(i, resources.endpoints(), this, socket.port(), id));
        }
        if (received > 0) {
            compact(received);
        }
        return received == slots;
    }

    private PooledBuffer take(int slot) {
        PooledBuffer buffer = receiving[slot];
        if (buffer == null) {
            throw new IllegalStateException("no buffer in slot " + slot);
        }
        receiving[slot] = null;
        return buffer;
    }

    private int refill() {
        while (held < BATCH) {
            PooledBuffer buffer = pool.allocate();
            if (buffer == null) {
                break;
            }
            place(held++, buffer);
        }
        return held;
    }

    private void place(int slot, PooledBuffer buffer) {
        receiving[slot] = buffer;
        in.payload(slot, buffer.segment().address() + buffer.offset(), buffer.tailroom());
    }

    /** Moves unused buffers from the end into the {@code used} first slots. */
    private void compact(int used) {
        int left = held - used;
        int moves = Math.min(used, left);
        for (int i = 0; i < moves; i++) {
            place(i, take(held - 1 - i));
        }
        held = left;
    }

    private boolean discard() {
        for (int i = 0; i < BATCH; i++) {
            if (libc.recv(socket.fd(), scrap, 0, 1, Linux.MSG_DONTWAIT) < 0) {
                return false;
            }
            drops.count(DropReason.POOL_EXHAUSTED);
        }
        return true;
    }

    // ---- out ----

    @Override
    public boolean send(PooledBuffer datagram, LinkEndpoint to) {
        if (closed) {
            drops.drop(datagram, DropReason.LINK_ERROR);
            return false;
        }
        if (queued == BATCH) {
            flush();
        }
        int i = queued++;
        sending[i] = datagram;
        out.payload(i, datagram.segment().address() + datagram.offset(), datagram.length());
        out.address(i, to);
        return i == 0;
    }

    @Override
    public void flush() {
        int done = 0;
        while (done < queued) {
            int sent = libc.sendmmsg(
                    socket.fd(), out.messages, done, queued - done, Linux.MSG_DONTWAIT | Linux.MSG_NOSIGNAL);
            if (sent > 0) {
                for (int end = done + sent; done < end; done++) {
                    sent(done).release();
                }
            } else if (sent != -Errno.EINTR) {
                // The error is the first datagram's alone, but a full socket buffer refuses them all.
                drops.drop(sent(done++), reason(-sent));
                while (sent == -Errno.EAGAIN && done < queued) {
                    drops.drop(sent(done++), DropReason.QUEUE_FULL);
                }
            }
        }
        queued = 0;
    }

    private PooledBuffer sent(int slot) {
        PooledBuffer buffer = sending[slot];
        if (buffer == null) {
            throw new IllegalStateException("no datagram in slot " + slot);
        }
        sending[slot] = null;
        return buffer;
    }

    private static DropReason reason(int errno) {
        return switch (errno) {
            case Errno.EAGAIN, Errno.ENOBUFS -> DropReason.QUEUE_FULL;
            case Errno.EMSGSIZE -> DropReason.TOO_BIG;
            default -> DropReason.LINK_ERROR;
        };
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
    public void resume(DatagramSink sink, @Nullable StreamFraming framing) throws IOException {
        this.sink = sink;
        resources.poller().add(this);
    }

    @Override
    public void suspend() {
        if (sink != null) {
            sink = null;
            resources.poller().remove(this);
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
    public void close() {
        if (closed) {
            return;
        }
        flush();
        closed = true;
        suspend();
        for (int i = 0; i < held; i++) {
            take(i).release();
        }
        held = 0;
        libc.closeQuietly(socket.fd());
        resources.endpoints().clear();
        otherwise = null;
        here = null;
    }
}

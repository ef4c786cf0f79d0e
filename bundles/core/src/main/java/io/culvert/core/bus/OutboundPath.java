package io.culvert.core.bus;

import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.packet.DropReason;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.link.Pollable;
import io.culvert.core.tun.Tun;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What a clear packet meets on its way from the TUN, or from another session, to the session that it is for. */
final class OutboundPath implements Pollable {
    /** A super-packet or a little more: it is still in the cache of the core when it is sealed. */
    private static final int BATCH = 64;

    private static final int ROUNDS = 16;

    private final PacketLoop loop;
    private final Tun tun;
    private final BufferPool pool;
    private final Drops drops;
    private final RouteTable<LoopSession> routes;
    private final Networks networks;
    private final PooledBuffer[] batch = new PooledBuffer[BATCH];
    private @Nullable PooledBuffer[] deferred = new @Nullable PooledBuffer[64];
    private @Nullable LoopSession[] deferredTo = new @Nullable LoopSession[64];
    private int deferredCount;
    private boolean delivering;

    OutboundPath(
            PacketLoop loop,
            Tun tun,
            BufferPool pool,
            Drops drops,
            RouteTable<LoopSession> routes,
            Networks networks) {
        this.loop = loop;
        this.tun = tun;
        this.pool = pool;
        this.drops = drops;
        this.routes = routes;
        this.networks = networks;
    }

    @Override
    public int fd() {
        return tun.fd();
    }

    @Override
    public void onReady(boolean readable, boolean writable) {
        if (readable) {
            read();
        }
    }

    /** Whether packets wait that the kernel gave already: nobody will say that the TUN is readable. */
    boolean hasMore() {
        return !loop.holdsTun() && tun.hasMore();
    }

    void readMore() {
        if (hasMore()) {
            read();
        }
    }

    /** Delivers a batch of what the kernel gave already although the TUN is held; whether there may be more. */
    boolean readHeld() {
        if (!tun.hasMore()) {
            return false;
        }
        routeBatch(tun.readBatch(pool, batch));
        return true;
    }

    private void read() {
        for (int round = 0; round < ROUNDS && !loop.holdsTun(); round++) {
            int count = tun.readBatch(pool, batch);
            if (count == 0 && tun.broken()) {
                // Held for ever: a device that is gone is readable without end, and never gives anything.
                loop.holdTun();
                return;
            }
            routeBatch(count);
            if (count < batch.length) {
                return;
            }
        }
    }

    private void routeBatch(int count) {
        int done = 0;
        try {
            while (done < count) {
                loop.pacing().fromTun();
                route(batch[done++]);
            }
        } finally {
            // Only after a failure: the packet that met it is not ours any more, those behind it are.
            while (done < count) {
                drops.drop(batch[done++], DropReason.LINK_ERROR);
            }
        }
    }

    /** Takes a packet that the kernel routed into the TUN. */
    private void route(PooledBuffer packet) {
        NetworkProtocol network = networks.of(packet);
        if (network == null) {
            drops.drop(packet, DropReason.UNSUPPORTED);
            return;
        }
        if (!networks.read(network, packet)) {
            drops.drop(packet, DropReason.MALFORMED);
            return;
        }
        LoopSession to =
                routes.find(networks.addresses.destinationHigh(), networks.addresses.destinationLow());
        if (to == null) {
            drops.drop(packet, DropReason.NO_ROUTE);
        } else if (to.loop() != loop) {
            loop.crossing().give(packet, to);
        } else {
            deliver(packet, to);
        }
    }

    /** Takes a packet for {@code to} that arrived within another session's call, until that call has ended. */
    void defer(PooledBuffer packet, LoopSession to) {
        if (to.loop() != loop) {
            loop.crossing().give(packet, to);
            return;
        }
        if (deferredCount == deferred.length) {
            deferred = Arrays.copyOf(deferred, deferredCount * 2);
            deferredTo = Arrays.copyOf(deferredTo, deferredCount * 2);
        }
        deferred[deferredCount] = packet;
        deferredTo[deferredCount++] = to;
    }

    void deliverDeferred() {
        if (deferredCount == 0 || delivering) {
            return;
        }
        delivering = true;
        int done = 0;
        try {
            while (done < deferredCount) {
                LoopSession to = deferredTo[done];
                PooledBuffer packet = takeDeferred(done++);
                if (packet != null && to != null) {
                    deliver(packet, to);
                }
            }
        } finally {
            // Only after a failure.
            while (done < deferredCount) {
                PooledBuffer packet = takeDeferred(done++);
                if (packet != null) {
                    drops.drop(packet, DropReason.LINK_ERROR);
                }
            }
            deferredCount = 0;
            delivering = false;
        }
    }

    private @Nullable PooledBuffer takeDeferred(int at) {
        PooledBuffer packet = deferred[at];
        deferred[at] = null;
        deferredTo[at] = null;
        return packet;
    }

    /** Takes a packet for a session of this loop. */
    void deliver(PooledBuffer packet, LoopSession to) {
        if (to.isClosed()) {
            drops.drop(packet, DropReason.CLOSING);
        } else if (packet.headroom() < to.binding().headroomBytes() || packet.tailroom() < to.binding().tailroomBytes()) {
            drops.drop(packet, DropReason.TOO_BIG);
        } else {
            to.countOut(packet.length());
            to.onIpPacket(packet);
        }
    }
}

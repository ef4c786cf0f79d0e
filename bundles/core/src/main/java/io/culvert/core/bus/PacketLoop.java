package io.culvert.core.bus;

import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.LentBuffers;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.link.EndpointTable;
import io.culvert.core.link.LinkResources;
import io.culvert.core.link.Listener;
import io.culvert.core.link.Poller;
import io.culvert.core.tun.Tun;
import java.io.IOException;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that carries packets between links, sessions and the TUN, each batch to completion.
 *
 * <p>Threads: everything here belongs to the thread in {@link #run}, or to the one that calls {@link #step}; others use
 * {@link #commands}.
 */
final class PacketLoop implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(PacketLoop.class);
    private static final int HEADROOM = 256;
    private static final int TAILROOM = 256;
    private static final int ETHERNET = 1_500;
    private static final int OUTER_HEADERS = 300;
    private static final int ENDPOINTS = 8192;

    final BufferPool pool;
    final Drops drops = new Drops();
    final CloseCounters closes = new CloseCounters();
    final RouteTable<LoopSession> routes = new RouteTable<>();
    final LoopCommands commands;
    final TimerWheel timers;
    final LoopOutbox outbox;
    final OutboundPath outbound;
    final Listener.Factory listeners;
    private final LentBuffers lent = new LentBuffers();
    private final Tun tun;
    private final Poller poller;
    private final LongSupplier clock;
    private long nowNs;
    private int sessions;
    private int tunHolds;
    private volatile boolean stopped;

    /**
     * @param buffers in the pool
     * @param mtu of the TUN, in bytes
     */
    PacketLoop(
            int buffers,
            int mtu,
            boolean clientToClient,
            Tun tun,
            Poller poller,
            LongSupplier clock,
            Function<LinkResources, Listener.Factory> listeners) {
        this.pool = new BufferPool(buffers, HEADROOM, Math.max(mtu, ETHERNET) + OUTER_HEADERS + TAILROOM);
        this.tun = tun;
        this.poller = poller;
        this.clock = clock;
        this.nowNs = clock.getAsLong();
        this.timers = new TimerWheel(nowNs);
        this.commands = new LoopCommands(poller::wake);
        this.outbound = new OutboundPath(tun, pool, drops, routes);
        this.outbox = new LoopOutbox(
                pool, lent, drops, new InboundPath(routes, outbound, tun, drops, clientToClient));
        this.listeners = listeners.apply(
                new LinkResources(pool, drops, new EndpointTable(ENDPOINTS), poller, this::nowNs, this::after));
    }

    void open() throws IOException {
        poller.add(outbound);
    }

    /** Leaves outbound packets in the kernel's queue until {@link #releaseTun}. */
    void holdTun() {
        if (tunHolds++ == 0) {
            poller.remove(outbound);
        }
    }

    void releaseTun() {
        if (--tunHolds == 0) {
            try {
                poller.add(outbound);
            } catch (IOException e) {
                throw new IllegalStateException("the TUN cannot be watched any more", e);
            }
        }
    }

    /** A session came (+1) or went (-1). */
    void countSession(int change) {
        sessions += change;
    }

    /** Half-open sessions included; roughly true on other threads. */
    int sessionCount() {
        return sessions;
    }

    /** The time of the current round. */
    long nowNs() {
        return nowNs;
    }

    @Override
    public void run() {
        while (!stopped) {
            poller.await(commands.isEmpty() ? timers.delayNs(clock.getAsLong()) : 0);
            try {
                round();
            } catch (Throwable t) {
                // Without this thread nothing moves any more, so nothing may end it.
                LOG.error("loop: a round failed", t);
            }
        }
        commands.drain();
    }

    /** One round without waiting, for a caller that drives the loop itself. */
    void step() {
        poller.await(0);
        round();
    }

    /** Ends {@link #run} after the current round. */
    void stop() {
        stopped = true;
        commands.post(() -> {});
    }

    private void round() {
        nowNs = Math.max(nowNs, clock.getAsLong());
        poller.dispatch();
        commands.drain();
        timers.advance(nowNs);
        outbox.flush();
        tun.flush();
    }

    /** Calls {@code then} on the loop in {@code delayNs}, once. */
    void after(long delayNs, Runnable then) {
        timers.set(
                new TimerWheel.Timer() {
                    @Override
                    protected void onTimeout() {
                        then.run();
                    }
                },
                nowNs + delayNs);
    }

    /** A session, or a protocol that has none yet, is about to be called with {@code packet}. */
    void beginCall(@Nullable LoopSession session, @Nullable PooledBuffer packet) {
        outbox.caller(session);
        if (packet != null) {
            lent.lend(packet);
        }
    }

    /** The call ended; returns how many buffers the callee kept, which are core's again. */
    int endCall() {
        outbox.caller(null);
        return lent.count() == 0 ? 0 : lent.reclaim(0);
    }
}

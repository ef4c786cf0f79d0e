package io.culvert.core.bus;

import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.LentBuffers;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.link.EndpointTable;
import io.culvert.core.link.LinkResources;
import io.culvert.core.link.Listener;
import io.culvert.core.link.Pollable;
import io.culvert.core.link.Poller;
import io.culvert.core.tun.Tun;
import java.io.IOException;
import java.util.Arrays;
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
    private static final long LOG_INTERVAL_NS = 1_000_000_000L;

    final BufferPool pool;
    final Drops drops = new Drops();
    final CloseCounters closes = new CloseCounters();
    final RouteTable<LoopSession> routes = new RouteTable<>();
    private final Networks networks = new Networks();
    private final Codecs codecs = new Codecs();
    final LoopCommands commands;
    final TimerWheel timers;
    final LoopOutbox outbox;
    final OutboundPath outbound;
    final FramePath frames;
    final Listener.Factory listeners;
    private final int index;
    private final LentBuffers lent = new LentBuffers();
    private final Tun tun;
    private final Poller poller;
    private final LongSupplier clock;
    private final Pacing pacing = new Pacing();
    private Crossing crossing;
    private LoopProtocols protocols;
    private long nowNs;
    private @Nullable LoopSession[] touched = new @Nullable LoopSession[64];
    private int touchedCount;
    private int sessions;
    private int tunHolds;
    private long longestRoundNs;
    private boolean failed;
    private long loggedNs;
    private volatile boolean stopped;

    /**
     * @param index of this loop, from 0 on
     * @param buffers in the pool
     * @param mtu of the TUN, in bytes
     * @param endpointKey shared by all loops
     */
    PacketLoop(
            int index,
            BufferPool pool,
            boolean clientToClient,
            Tun tun,
            Poller poller,
            LongSupplier clock,
            EndpointTable.Key endpointKey,
            Function<LinkResources, Listener.Factory> listeners) {
        this.index = index;
        this.pool = pool;
        this.tun = tun;
        this.poller = poller;
        this.clock = clock;
        this.nowNs = clock.getAsLong();
        this.timers = new TimerWheel(nowNs);
        this.commands = new LoopCommands(poller::wake);
        this.outbound = new OutboundPath(this, tun, pool, drops, routes, networks);
        this.frames = new FramePath(this, pool, drops, clientToClient);
        this.outbox = new LoopOutbox(
                pool, lent, drops, new InboundPath(routes, outbound, tun, drops, networks, clientToClient, frames));
        this.listeners = listeners.apply(new LinkResources(
                pool,
                drops,
                new EndpointTable(ENDPOINTS, endpointKey),
                poller,
                this::nowNs,
                this::after,
                new LinkResources.Gate() {
                    @Override
                    public void hold() {
                        holdTun();
                    }

                    @Override
                    public void release() {
                        releaseTun();
                    }
                }));
    }

    /** What a loop of that number works with. */
    static BufferPool pool(int index, BusSettings settings) {
        return new BufferPool(
                index,
                settings.buffers(),
                HEADROOM,
                Math.max(settings.mtu(), ETHERNET) + OUTER_HEADERS + TAILROOM);
    }

    Networks networks() {
        return networks;
    }

    Codecs codecs() {
        return codecs;
    }

    /** Meets the other loops; before {@link #open}. */
    void join(Crossing crossing) {
        this.crossing = crossing;
    }

    /** The protocols that are attached here; before {@link #open}. */
    void serves(LoopProtocols protocols) {
        this.protocols = protocols;
    }

    int index() {
        return index;
    }

    Crossing crossing() {
        return crossing;
    }

    LoopProtocols protocols() {
        return protocols;
    }

    Pacing pacing() {
        return pacing;
    }

    void open() throws IOException {
        poller.add(outbound);
    }

    /** Leaves outbound packets in the kernel's queue until {@link #releaseTun}. */
    void holdTun() {
        if (tunHolds++ == 0) {
            poller.remove(outbound);
            if (frames.hasTap()) {
                unwatch(frames);
            }
        }
    }

    /** Sends all that was taken from the kernel before {@link #holdTun}. */
    void emptyTun() {
        while (outbound.readHeld()) {
            outbox.flush();
            crossing.flush();
        }
    }

    void releaseTun() {
        if (--tunHolds == 0) {
            watch(outbound);
            if (frames.hasTap()) {
                watch(frames);
            }
        }
    }

    void watch(Pollable device) {
        try {
            poller.add(device);
        } catch (IOException e) {
            throw new IllegalStateException("the TUN or TAP cannot be watched any more", e);
        }
    }

    void unwatch(Pollable device) {
        poller.remove(device);
    }

    boolean holdsTun() {
        return tunHolds > 0;
    }

    /** A session came (+1) or went (-1). */
    void countSession(int change) {
        sessions += change;
    }

    /** Half-open sessions included; roughly true on other threads. */
    int sessionCount() {
        return sessions;
    }

    /** How long the longest round took since {@link #resetLongestRound}; roughly true on other threads. */
    long longestRoundNs() {
        return longestRoundNs;
    }

    void resetLongestRound() {
        longestRoundNs = 0;
    }

    /** The time now, within the round. */
    long clockNs() {
        return clock.getAsLong();
    }

    /** The time of the current round. */
    long nowNs() {
        return nowNs;
    }

    @Override
    public void run() {
        poller.begin();
        loggedNs = nowNs - LOG_INTERVAL_NS;
        while (!stopped) {
            turn();
        }
        commands.drain();
    }

    /** Waits for a round, and makes it. A method of its own, as the loop around it stays interpreted where little passes. */
    private void turn() {
        long pauseNs = pacing.pauseNs();
        if (pauseNs > 0) {
            poller.pause(pauseNs);
        }
        // A round that failed may have read the signal without taking it back, and has flushed nothing: who signals
        // now wakes nobody, so the next round follows at once.
        poller.await(failed || !commands.isEmpty() || outbound.hasMore() ? 0 : timers.delayNs(clock.getAsLong()));
        failed = true;
        try {
            round();
            failed = false;
            longestRoundNs = Math.max(longestRoundNs, clock.getAsLong() - nowNs);
        } catch (Throwable t) {
            // Without this thread nothing moves any more, so nothing may end it.
            if (nowNs - loggedNs >= LOG_INTERVAL_NS) {
                loggedNs = nowNs;
                LOG.error("loop: a round failed", t);
            }
        }
    }

    /** Leads the address to {@code session}, or no longer. */
    void route(long high, long low, LoopSession session, boolean there) {
        if (there) {
            routes.put(high, low, session);
        } else {
            routes.remove(high, low, session);
        }
    }

    /** {@link #route} for a session of another loop. Any thread. */
    void tellRoute(long high, long low, LoopSession session, boolean there) {
        routes.tell(high, low, session, there);
        commands.post(routes::learn);
    }

    /** The protocol's place on this loop, if it is attached. */
    @Nullable ProtocolBinding bindingOf(@Nullable Object protocol) {
        return protocols.bindingOf(protocol);
    }

    /** The place here that has this {@link ProtocolBinding#place}. */
    @Nullable ProtocolBinding bindingAt(@Nullable Object place) {
        return protocols.bindingAt(place);
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
        outbound.readMore();
        // In this order: draining takes back the signal, and who signals later wakes the loop again.
        if (commands.drain() > 0) {
            pacing.carried();
        }
        crossing.receive();
        settle();
        timers.advance(nowNs);
        settle();
        outbox.flush();
        tun.flush();
        frames.flush();
        crossing.flush();
        pacing.roundEnded(nowNs);
    }

    /** The session was called in this round. */
    void touch(LoopSession session) {
        if (touchedCount == touched.length) {
            touched = Arrays.copyOf(touched, touchedCount * 2);
        }
        touched[touchedCount++] = session;
    }

    private void settle() {
        for (int i = 0; i < touchedCount; i++) {
            LoopSession session = touched[i];
            touched[i] = null;
            if (session != null) {
                session.roundEnded();
            }
        }
        touchedCount = 0;
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

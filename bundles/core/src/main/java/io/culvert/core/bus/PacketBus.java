package io.culvert.core.bus;

import io.culvert.api.codec.PayloadCodec;
import io.culvert.api.net.FrameProtocol;
import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.packet.DropReason;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.PathStatus;
import io.culvert.api.status.PathWatch;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.TunnelProtocol;
import io.culvert.core.admission.Admissions;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.handover.Estate;
import io.culvert.core.handover.SessionRecords;
import io.culvert.core.libc.Libc;
import io.culvert.core.link.EndpointTable;
import io.culvert.core.link.LinkResources;
import io.culvert.core.link.Listener;
import io.culvert.core.link.Poller;
import io.culvert.core.tun.Tun;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The packet bus: loops between the TUN and the sessions of every attached protocol. A session lives on one loop.
 *
 * <p>Threads: any but a packet loop. Methods that answer with a stage do not block on the loop; those that answer
 * directly do, and need {@link #start} to have been called.
 */
public final class PacketBus implements LiveSessions, PathWatch, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PacketBus.class);

    /** How long packets wait for the reservations of thawed sessions, from the thaw on. */
    static final long HOLD_NS = 200_000_000L;

    /** How long what a session has begun with one version may take before it moves to another nevertheless. */
    static final long GRACE_NS = 6_000_000_000L;

    /** How long a hand-over waits for a moment without a negotiation. */
    static final long REST_NS = 3_000_000_000L;

    /** The same, when the process ends. */
    private static final long LAST_REST_NS = 1_500_000_000L;

    private static final long FOR_EVER_NS = Long.MAX_VALUE / 4;

    private final Loops loops;
    private final List<LoopEnds> ends;
    private final AttachedProtocols attached;
    private final Admissions admissions;
    private final Executor workers;
    private final FrozenTotals frozenTotals = new FrozenTotals();
    private final KeptSessions kept = new KeptSessions();
    private final PathMeter meter;
    private final Services services;
    private final LongSupplier clock;

    private volatile Estate estate = new Estate();
    private final Queue<Runnable> held = new ConcurrentLinkedQueue<>();

    /** What one loop alone works with. */
    public record LoopEnds(Tun tun, Poller poller) {}

    /**
     * What the bus works with; {@code workers} run what may block, {@code handshakes} what needs the CPU, {@code clock}
     * is monotonic in nanoseconds.
     *
     * @param ends one for each loop
     */
    public record Neighbours(
            List<LoopEnds> ends,
            Function<LinkResources, Listener.Factory> listeners,
            Admissions admissions,
            SessionRecords records,
            Services services,
            Executor workers,
            Handshakes handshakes,
            LongSupplier clock,
            InstantSource wall,
            SecureRandom random) {}

    public PacketBus(BusSettings settings, Neighbours with) throws IOException {
        this(settings, with, pools(settings, with.ends().size()));
    }

    /** @param pools see {@link #pools}: one for each of the ends, nowhere else in use */
    public PacketBus(BusSettings settings, Neighbours with, List<BufferPool> pools) throws IOException {
        this.ends = List.copyOf(with.ends());
        this.admissions = with.admissions();
        this.workers = with.workers();
        this.services = with.services();
        this.clock = with.clock();
        var loops = new PacketLoop[ends.size()];
        var endpointKey = EndpointTable.Key.random(with.random());
        for (int i = 0; i < loops.length; i++) {
            loops[i] = new PacketLoop(
                    i,
                    pools.get(i),
                    settings.clientToClient(),
                    ends.get(i).tun(),
                    ends.get(i).poller(),
                    with.clock(),
                    endpointKey,
                    with.listeners());
        }
        Crossing.all(loops, settings.buffers());
        meter = new PathMeter(loops);
        for (PacketLoop loop : loops) {
            var desk = new SessionDesk(admissions, with.records(), workers, with.handshakes(), loop);
            loop.serves(new LoopProtocols(
                    loop,
                    desk,
                    (protocol, everywhere, counters) -> new ProtocolBinding(
                            loop, protocol, desk, with.services(), with.wall(), with.random(), everywhere, counters),
                    frozenTotals,
                    kept,
                    with.wall()));
            loop.protocols().networks(services.networks(), services.frames());
            loop.codecs().inForce(services.codecs());
            loop.open();
        }
        this.loops = new Loops(List.of(loops));
        attached = new AttachedProtocols(
                this.loops, with, frozenTotals, kept, meter, () -> this.estate, this::recheck);
    }

    /** The buffers of so many loops: most of what a bus takes to make, and may be made before the rest. */
    public static List<BufferPool> pools(BusSettings settings, int loops) {
        return IntStream.range(0, loops)
                .mapToObj(i -> PacketLoop.pool(i, settings))
                .toList();
    }

    /** Takes the sessions of the core before from its estate, when their protocols are attached. Before all else. */
    public void inherit(Estate estate) {
        this.estate = estate;
    }

    /** Lets packets from the TUN wait until {@link #release}, or for so long. Before {@link #start}. */
    public void hold(long atMostNs) {
        for (PacketLoop loop : loops.all()) {
            held.add(loop.protocols().hold(atMostNs));
        }
    }

    public void release() {
        for (Runnable each = held.poll(); each != null; each = held.poll()) {
            each.run();
        }
    }

    /** Starts the loops' threads. Without them, {@link #step} drives the loops. */
    public void start() {
        start(() -> {});
    }

    /**
     * Like {@link #start()}.
     *
     * @param first what each of the threads does before all else
     */
    public void start(Runnable first) {
        loops.start(first);
    }

    /** Has {@code what} done on the thread of each loop, soon. */
    public void onEachThread(Runnable what) {
        loops.everywhere(there -> what.run());
    }

    /** One round of every loop on the calling thread, without waiting. Not after {@link #start}. */
    public void step() {
        loops.step();
    }

    // ---- protocols ----

    /**
     * Opens the protocol's listeners and thaws its records. While another protocol serves the same name and instance, it
     * waits in the wings, and warms up, until the other is {@linkplain #detach detached}. Blocks on the store and on the
     * access checks.
     *
     * @return the listeners, open or failed; none for one that waits
     */
    public CompletionStage<List<ListenerStatus>> attach(TunnelProtocol protocol) {
        return attached.attach(protocol);
    }

    /**
     * Ends the use of {@code protocol}. Another version that waits in the wings goes on with its sessions: they move one
     * by one while packets flow. Else they become durable records, the live ones are forgotten without telling their
     * peers, and the sockets stay for half a minute for a successor. Completes when nothing of {@code protocol} is used.
     */
    public CompletionStage<@Nullable Void> detach(TunnelProtocol protocol) {
        return attached.detach(protocol);
    }

    /** Ends the protocol's sessions and tells their peers; completes when they are gone. */
    public CompletionStage<@Nullable Void> end(TunnelProtocol protocol, CloseCause cause) {
        return loops.endSessions(session -> session.binding().protocol() == protocol, cause);
    }

    /** The listeners of every attached protocol. */
    public List<ListenerStatus> listeners() {
        return loops.all().getFirst().protocols().status();
    }

    /**
     * Carries Ethernet frames to and from this device from now on; the bus does not close it.
     *
     * @param addresses 48 bits each, of the appliance behind it: no session's frames may be from them
     */
    public CompletionStage<Boolean> tap(Tun device, long... addresses) {
        return loops.on(0, there -> {
            there.tap(device, addresses);
            return true;
        });
    }

    // ---- sessions ----

    @Override
    public List<SessionStatus> list() {
        if (loops.stopped()) {
            return List.of();
        }
        return Loops.await(loops.onEach(there -> there.sessions().stream().map(LoopSession::status).toList()))
                .stream()
                .flatMap(List::stream)
                .sorted(Comparator.comparing(SessionStatus::since).thenComparing(SessionStatus::id))
                .toList();
    }

    @Override
    public int end(Predicate<SessionStatus> which, CloseCause cause) throws InterruptedException {
        List<Long> ids = list().stream().filter(which).map(SessionStatus::id).toList();
        if (!ids.isEmpty()) {
            Loops.await(endAll(ids, cause));
        }
        return ids.size();
    }

    /** Ends the session and returns when it is gone, or when it was gone already. Blocks. */
    public void end(long sessionId, CloseCause cause) {
        Loops.await(endAll(List.of(sessionId), cause));
    }

    /**
     * Ends the session after {@code heir}, a session of the same instance, was given what it has. Returns when it is gone,
     * or when it was gone already. Blocks.
     */
    public void bequeath(long sessionId, long heir, CloseCause cause) {
        Loops.await(passOn(sessionId, heir, cause));
    }

    CompletionStage<@Nullable Void> passOn(long sessionId, long heir, CloseCause cause) {
        return session(heir)
                .thenCombine(session(sessionId), (to, former) -> {
                    if (to.isEmpty() || former.isEmpty() || !former.get().isOfTheSame(to.get())) {
                        return endAll(List.of(sessionId), cause);
                    }
                    return loops.on(former.get().loop().index(), there -> former.get().bequeath(to.get(), cause))
                            .thenCompose(inherited -> inherited);
                })
                .thenCompose(done -> done);
    }

    private CompletionStage<Optional<LoopSession>> session(long id) {
        return loops.onEach(there -> there.sessions().stream().filter(session -> session.sessionId() == id).findFirst())
                .thenApply(found -> found.stream().flatMap(Optional::stream).findFirst());
    }

    /** Ends the sessions with these ids, if they still live; completes when they are gone. */
    private CompletionStage<@Nullable Void> endAll(Collection<Long> ids, CloseCause cause) {
        Set<Long> which = Set.copyOf(ids);
        return loops.endSessions(session -> which.contains(session.sessionId()), cause);
    }

    /** Asks the access checks about every known peer again, and ends the sessions of those who may not be here. */
    public CompletionStage<@Nullable Void> recheck() {
        return loops.onEach(there -> there.sessions().stream()
                        .filter(session -> session.peer().isPresent())
                        .map(session -> Map.entry(session.sessionId(), session.peer().orElseThrow()))
                        .toList())
                .thenComposeAsync(
                        peers -> {
                            List<CompletableFuture<@Nullable Void>> ends = new ArrayList<>();
                            for (var peer : peers.stream().flatMap(List::stream).toList()) {
                                CloseCause cause = admissions.recheck(peer.getValue());
                                if (cause != null) {
                                    ends.add(endAll(List.of(peer.getKey()), cause).toCompletableFuture());
                                }
                            }
                            return CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new));
                        },
                        workers);
    }

    // ---- providers ----

    /** Other ciphers are in force: completes when no session uses one that is not. */
    public CompletionStage<@Nullable Void> ciphersChanged() {
        return loops.eachSession(session -> {
            session.onCiphers();
            return true;
        });
    }

    /** Other network protocols are in force: completes when no loop uses one that is not any more. */
    public CompletionStage<@Nullable Void> networksChanged() {
        List<NetworkProtocol> inForce = services.networks();
        List<FrameProtocol> frames = services.frames();
        return loops.onEach(there -> {
            there.networks(inForce, frames);
            return true;
        }).thenApply(done -> null);
    }

    /** Other payload codecs are in force: completes when no loop uses one that is not any more. */
    public CompletionStage<@Nullable Void> codecsChanged() {
        List<PayloadCodec> inForce = services.codecs();
        return loops.onEach(there -> {
            there.codecs(inForce);
            return true;
        }).thenApply(done -> null);
    }

    /**
     * Another provider of TLS is in force: control channels move to it within the window. Data keys live on.
     *
     * @param current that in force
     * @param windowNs over which the sessions are told
     * @param atOnce so many may be on their way
     * @return completes when no session is with another provider; with false when a later change has taken over
     */
    public CompletionStage<Boolean> tlsChanged(TlsProvider current, long windowNs, int atOnce) {
        String module = services.moduleOf(current);
        var progress = new TlsSpread.Progress(meter, module);
        long begunNs = clock.getAsLong();
        int each = Math.max(1, atOnce / loops.count());
        return loops.onEach(there -> there.spreadTls(there.tlsSpread(used -> used != current, windowNs, each, progress)))
                .thenCompose(Loops::all)
                .thenApply(done -> {
                    boolean complete = done.stream().allMatch(Boolean::booleanValue);
                    if (complete && progress.total() > 0) {
                        LOG.info("core: tls: {} sessions moved to {} in {} s", progress.total(), module,
                                TimeUnit.NANOSECONDS.toSeconds(clock.getAsLong() - begunNs));
                    }
                    return complete;
                });
    }

    /**
     * A provider of TLS goes, and another is in force: completes when no session has an engine of it. Handshakes that it
     * has begun have a few seconds to end.
     */
    public CompletionStage<@Nullable Void> tlsGone(TlsProvider gone) {
        return loops.onEach(there -> there.leaveTls(gone, GRACE_NS)).thenCompose(Loops::all).thenApply(done -> null);
    }

    // ---- what is watched ----

    @Override
    public PathStatus path() {
        return new PathStatus(
                clock.getAsLong(),
                meter.sessions(),
                meter.tunnels(attached.inForce()),
                services.tlsHandshakes(),
                meter.drops(),
                meter.longestPauseNs(),
                meter.moves(),
                attached.waiting());
    }

    @Override
    public long resetPause() {
        return meter.reset();
    }

    // ---- status ----

    /** Drops and closes by reason, sessions, and the buffer pool. Any thread; roughly true. */
    public Map<String, Object> status() {
        return new BusStatus(loops, ends, meter).asMap(listeners());
    }

    /** How often packets ended for this reason. */
    public long drops(DropReason reason) {
        return loops.all().stream().mapToLong(loop -> loop.drops.of(reason)).sum();
    }

    /** How many sessions that are records now have totals here. */
    int frozenTotals() {
        return frozenTotals.size();
    }

    // ---- the end ----

    /**
     * Ends the bus: with {@code keep} every session becomes a durable record and its peer is not told, else every
     * session ends with {@link CloseCause.Kind#SHUTDOWN}. Completes when no session is left, at the latest in 3 s.
     */
    public CompletionStage<@Nullable Void> quiesce(boolean keep) {
        CompletionStage<@Nullable Void> ended = keep
                ? attached.rest(each -> true, LAST_REST_NS)
                : loops.endSessions(session -> true, new CloseCause(CloseCause.Kind.SHUTDOWN, "the server stops", ""));
        return ended.thenCompose(gone -> attached.freeze(each -> true, ""));
    }

    /** {@link #quiesce}, then ends the thread. Blocks; the TUN is left open. */
    public void stop(boolean keep) {
        if (loops.stopped()) {
            return;
        }
        try {
            Loops.await(quiesce(keep));
        } catch (RuntimeException e) {
            LOG.error("bus: could not end in order", e);
        }
        loops.end();
        for (int i = 0; i < loops.count(); i++) {
            loops.all().get(i).protocols().closeParked();
            ends.get(i).poller().close();
        }
    }

    /** Waits for a moment when no session is in the middle of a negotiation, but not for long. Packets pass meanwhile. */
    public void rest() {
        if (!loops.stopped()) {
            Loops.await(attached.rest(each -> true, REST_NS));
        }
    }

    /**
     * Ends the bus and leaves sockets and sessions to the next one: what arrives meanwhile, from either side, waits in
     * the kernel. Blocks; the TUN is left open, with nothing in it that was read and not delivered.
     *
     * @return how many sessions were left
     */
    public int leave(Estate to) {
        if (loops.stopped()) {
            return 0;
        }
        int handed = 0;
        boolean inOrder = false;
        try {
            to.things().putAll(estate.things());
            handed = Loops.await(handOver(to));
            inOrder = true;
        } catch (RuntimeException e) {
            LOG.error("bus: could not hand everything over", e);
        }
        loops.end();
        if (!inOrder || loops.hangs()) {
            // A loop that hangs may go on with its sessions: whoever follows starts behind what they have reserved.
            LOG.error("bus: a packet loop hangs, sessions go on from their records in the store");
            HandedSessions.forget(to);
            handed = 0;
        }
        for (int i = 0; i < loops.count(); i++) {
            loops.all().get(i).protocols().leaveParked(to);
            ends.get(i).poller().close();
        }
        return handed;
    }

    /** Lets no more wait in the kernel than usual, and forgets what is left of the estate that was inherited. */
    public void settle(Libc libc) {
        Estate rest = estate;
        estate = new Estate();
        rest.close(libc, "");
        if (!loops.stopped()) {
            loops.everywhere(there -> there.room(false));
        }
    }

    private CompletionStage<Integer> handOver(Estate to) {
        return loops.onEach(there -> {
                    there.room(true);
                    return there.hold(FOR_EVER_NS);
                })
                .thenCompose(held -> loops.everywhere(LoopProtocols::emptyTun))
                .thenCompose(empty -> loops.everywhere(LoopProtocols::takeHanded))
                .thenCompose(taken -> loops.everywhere(there -> there.suspend(each -> true)))
                .thenCompose(suspended -> loops.everywhere(LoopProtocols::takeHanded))
                .thenCompose(taken -> loops.onEach(there -> there.handOver(to)))
                .thenCompose(handed -> loops.everywhere(LoopProtocols::leaveAll)
                        .thenApply(gone -> handed.stream().mapToInt(Integer::intValue).sum()));
    }

    @Override
    public void close() {
        stop(true);
    }

}

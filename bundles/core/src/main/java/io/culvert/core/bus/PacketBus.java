package io.culvert.core.bus;

import io.culvert.api.handover.SessionRecord;
import io.culvert.api.codec.PayloadCodec;
import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.packet.DropReason;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.PathStatus;
import io.culvert.api.status.PathWatch;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.TunnelProtocol;
import io.culvert.core.admission.Admissions;
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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Collectors;
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
    private static final long ANSWER_DEADLINE_S = 10;

    /** How long packets wait for the reservations of thawed sessions, from the thaw on. */
    static final long HOLD_NS = 200_000_000L;

    /** How long they wait for the thaw of many sessions, at most. */
    private static final long THAW_NS = 5_000_000_000L;

    /** How long they wait for the successor of a protocol that left. */
    private static final long GAP_NS = 100_000_000L;

    /** How long what a session has begun with one version may take before it moves to another nevertheless. */
    private static final long GRACE_NS = 6_000_000_000L;

    /** How long a version that waits may take to warm up before it is needed nevertheless. */
    private static final long READY_S = 5;
    private static final long FOR_EVER_NS = Long.MAX_VALUE / 4;

    private final PacketLoop[] loops;
    private final List<LoopEnds> ends;
    private final SessionRecords records;
    private final Admissions admissions;
    private final Executor workers;
    private final FrozenTotals frozenTotals = new FrozenTotals();
    private final KeptSessions kept = new KeptSessions();
    private final PathMeter meter;
    private final Services services;
    private final Handshakes handshakes;
    private final SecureRandom random;
    private final LongSupplier clock;

    /** By instance. Guarded by itself. */
    private final Map<String, Place> places = new HashMap<>();

    /** When the instance's sockets were last left alone, by instance. */
    private final Map<String, Long> pausedSinceNs = new ConcurrentHashMap<>();

    private final Map<String, Runnable> gaps = new ConcurrentHashMap<>();
    private volatile List<Thread> threads = List.of();
    private volatile boolean stopped;
    private volatile Estate estate = new Estate();
    private final Queue<Runnable> held = new ConcurrentLinkedQueue<>();

    /** Who serves an instance, and who waits to do so. */
    private static final class Place {
        private @Nullable TunnelProtocol inForce;
        private final Deque<Rehearsal> wings = new ArrayDeque<>();
    }

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
        this.ends = List.copyOf(with.ends());
        this.records = with.records();
        this.admissions = with.admissions();
        this.workers = with.workers();
        this.services = with.services();
        this.handshakes = with.handshakes();
        this.random = with.random();
        this.clock = with.clock();
        this.loops = new PacketLoop[ends.size()];
        var endpointKey = EndpointTable.Key.random(with.random());
        for (int i = 0; i < loops.length; i++) {
            loops[i] = new PacketLoop(
                    i,
                    settings.buffers(),
                    settings.mtu(),
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
            var desk = new SessionDesk(admissions, records, workers, with.handshakes(), loop);
            loop.serves(new LoopProtocols(
                    loop,
                    desk,
                    (protocol, everywhere, counters) -> new ProtocolBinding(
                            loop, protocol, desk, with.services(), with.wall(), with.random(), everywhere, counters),
                    frozenTotals,
                    kept,
                    with.wall()));
            loop.networks().inForce(services.networks());
            loop.codecs().inForce(services.codecs());
            loop.open();
        }
    }

    /** Takes the sessions of the core before from its estate, when their protocols are attached. Before all else. */
    public void inherit(Estate estate) {
        this.estate = estate;
    }

    /** Lets packets from the TUN wait until {@link #release}, or for so long. Before {@link #start}. */
    public void hold(long atMostNs) {
        for (PacketLoop loop : loops) {
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
        List<Thread> started = new ArrayList<>();
        for (PacketLoop loop : loops) {
            Thread runner = new Thread(EndedThread.forgetting(loop), "culvert-loop-" + loop.index());
            runner.setPriority(Thread.MAX_PRIORITY);
            started.add(runner);
            runner.start();
        }
        threads = List.copyOf(started);
    }

    /** One round of every loop on the calling thread, without waiting. Not after {@link #start}. */
    public void step() {
        for (PacketLoop loop : loops) {
            loop.step();
        }
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
        String key = key(protocol);
        synchronized (places) {
            Place place = places.computeIfAbsent(key, first -> new Place());
            if (place.inForce != null) {
                return CompletableFuture.completedFuture(wait(protocol, place));
            }
            place.inForce = protocol;
        }
        return attachNow(protocol).whenComplete((listeners, error) -> {
            if (error != null) {
                synchronized (places) {
                    Place place = places.get(key);
                    if (place != null && place.inForce == protocol) {
                        place.inForce = null;
                    }
                }
            }
        });
    }

    private List<ListenerStatus> wait(TunnelProtocol protocol, Place place) {
        String name = protocol.name();
        String instance = protocol.instance();
        var rehearsal = new Rehearsal(protocol, services, () -> records.load(name, instance), random);
        place.wings.add(rehearsal);
        LOG.info("{} instance={}: {} waits for {} to leave", name, instance, rehearsal.module(),
                services.moduleOf(java.util.Objects.requireNonNull(place.inForce)));
        handshakes.submit(rehearsal, true);
        return List.of();
    }

    private CompletionStage<List<ListenerStatus>> attachNow(TunnelProtocol protocol) {
        String name = protocol.name();
        String instance = protocol.instance();
        return freeze(each -> each.name().equals(name) && each.instance().equals(instance), key(protocol))
                .thenApplyAsync(frozen -> judge(name, instance), workers)
                .thenCompose(judged -> attach(protocol, judged))
                .thenApply(listeners -> {
                    // Whoever was revoked between the judgement and the thaw was not live for LiveSessions.end to see.
                    recheckLater(name, instance);
                    return listeners;
                });
    }

    private void recheckLater(String name, String instance) {
        recheck().exceptionally(e -> {
            LOG.error("{} instance={}: the sessions taken over could not be checked", name, instance, e);
            return null;
        });
    }

    private CompletionStage<List<ListenerStatus>> attach(TunnelProtocol protocol, List<Judged> judged) {
        // What arrives for sessions that are being thawed, from either side, waits in the kernel instead of being lost.
        return holdTuns(THAW_NS).thenCompose(release -> {
            Runnable gap = gaps.remove(key(protocol));
            if (gap != null) {
                gap.run();
            }
            return settleWaiting(protocol)
                    .thenCompose(settled -> open(protocol))
                    .thenCompose(listeners -> thaw(protocol, judged).thenApply(thawed -> listeners))
                    .whenComplete((listeners, error) -> {
                        if (error == null) {
                            resume(protocol, release);
                            LOG.info("{} instance={}: attached", protocol.name(), protocol.instance());
                        } else {
                            onEachLoop(there -> {
                                there.leave(protocol);
                                return true;
                            });
                            release.run();
                        }
                    });
        });
    }

    /**
     * The sockets of a claim are a group, in the order of the loops. Where the one of a loop is gone, those of later loops
     * go, too, and are opened anew in their order.
     */
    private CompletionStage<List<Boolean>> settleWaiting(TunnelProtocol protocol) {
        return onEachLoop(there -> there.waiting(protocol)).thenCompose(waiting -> {
            Set<ListenerClaim> gone = new HashSet<>();
            List<CompletionStage<Boolean>> closed = new ArrayList<>();
            for (int i = 0; i < loops.length; i++) {
                Set<ListenerClaim> here = waiting.get(i);
                List<ListenerClaim> late = here.stream().filter(gone::contains).toList();
                closed.add(onLoop(i, there -> {
                    there.closeWaiting(late);
                    return true;
                }));
                waiting.forEach(claims -> claims.stream().filter(each -> !here.contains(each)).forEach(gone::add));
            }
            return all(closed);
        });
    }

    private CompletionStage<List<ListenerStatus>> open(TunnelProtocol protocol) {
        var everywhere = new AtomicInteger();
        Map<ListenerClaim, Integer> ports = new HashMap<>();
        CompletionStage<List<ListenerStatus>> opened = onLoop(0, there -> there.open(protocol, everywhere, ports));
        for (int i = 1; i < loops.length; i++) {
            int index = i;
            opened = opened.thenCompose(listeners -> {
                listeners.stream().filter(ListenerStatus::isOpen).forEach(l -> ports.put(l.claim(), l.port()));
                return onLoop(index, there -> there.open(protocol, everywhere, ports)).thenApply(others -> listeners);
            });
        }
        return opened;
    }

    private CompletionStage<List<Judged>> thaw(TunnelProtocol protocol, List<Judged> judged) {
        CompletionStage<List<Judged>> left = CompletableFuture.completedFuture(judged);
        for (int i = 0; i < loops.length; i++) {
            int index = i;
            left = left.thenCompose(rest -> onLoop(index, there -> there.thaw(protocol, rest, index == loops.length - 1)));
        }
        return left;
    }

    /** Lets traffic in and out as soon as the thawed sessions may seal. */
    private void resume(TunnelProtocol protocol, Runnable release) {
        onEachLoop(there -> there.reserve(protocol))
                .thenCompose(PacketBus::all)
                .whenComplete((reserved, error) -> {
                    onEachLoop(there -> {
                        there.resume(protocol);
                        return true;
                    });
                    release.run();
                    Long since = pausedSinceNs.remove(key(protocol));
                    if (since != null) {
                        meter.paused(clock.getAsLong() - since);
                    }
                });
    }

    private List<Judged> judge(String name, String instance) {
        // They go on as they are in the store, with those of an earlier process.
        kept.take(name + "/" + instance);
        // Those that are handed over were judged when they came, and are again as soon as they live.
        int handed = HandedSessions.count(estate, name, instance);
        List<Judged> judged = HandedSessions.take(estate, name, instance);
        if (handed == 0 || judged.size() < handed) {
            Set<Long> taken = judged.stream().map(each -> each.record().sessionId()).collect(Collectors.toSet());
            for (SessionRecord record : records.load(name, instance)) {
                if (!taken.contains(record.sessionId())) {
                    judged.add(new Judged(record, new byte[0], admissions.recheck(record.peer()), null));
                }
            }
        }
        frozenTotals.retain(
                name, instance, judged.stream().map(each -> each.record().sessionId()).collect(Collectors.toSet()));
        return judged;
    }

    /**
     * A record, and what the access checks say of its peer now.
     *
     * @param live as {@code TunnelSession.freezeLive} gave it; empty for a record out of the store
     * @param totals of a session that was handed over in memory
     */
    record Judged(
            SessionRecord record, byte[] live, @Nullable CloseCause refusal, @Nullable SessionTotals totals) {}

    /**
     * Ends the use of {@code protocol}. Another version that waits in the wings goes on with its sessions: they move one
     * by one while packets flow. Else they become durable records, the live ones are forgotten without telling their
     * peers, and the sockets stay for half a minute for a successor. Completes when nothing of {@code protocol} is used.
     */
    public CompletionStage<@Nullable Void> detach(TunnelProtocol protocol) {
        String key = key(protocol);
        Rehearsal next;
        synchronized (places) {
            Place place = places.get(key);
            if (place == null) {
                return CompletableFuture.completedFuture(null);
            }
            for (Rehearsal each : place.wings) {
                if (each.protocol() == protocol) {
                    place.wings.remove(each);
                    each.cancel();
                    return each.over().thenApply(over -> null);
                }
            }
            if (place.inForce != protocol) {
                return CompletableFuture.completedFuture(null);
            }
            next = best(place.wings);
            place.inForce = next == null ? null : next.protocol();
            if (next != null) {
                place.wings.remove(next);
            }
        }
        if (next == null) {
            return freeze(each -> each == protocol, key);
        }
        return next.over()
                .copy()
                .completeOnTimeout(false, READY_S, TimeUnit.SECONDS)
                .thenCompose(ready -> succeed(protocol, next));
    }

    /** The newest of those that nothing is known against, else the newest. */
    private static @Nullable Rehearsal best(Deque<Rehearsal> wings) {
        Rehearsal best = wings.peekLast();
        for (Rehearsal each : wings) {
            if (!each.hasProblem()) {
                best = each;
            }
        }
        return best;
    }

    private CompletionStage<@Nullable Void> succeed(TunnelProtocol old, Rehearsal with) {
        TunnelProtocol next = with.protocol();
        if (!old.listeners().equals(next.listeners()) || !old.steering().equals(next.steering())) {
            return freeze(each -> each == old, key(old)).thenCompose(gone -> attachNow(next)).thenApply(open -> null);
        }
        String key = key(old);
        long begunNs = clock.getAsLong();
        long pauseBefore = meter.reset();
        return onEachLoop(there -> there.succeed(old, next))
                .thenCompose(succeeded -> onEachLoop(there -> there.move(old, next, GRACE_NS)))
                .thenCompose(PacketBus::all)
                .thenCompose(moved -> thawKept(next, kept.take(key)).thenApply(thawed -> moved))
                .thenCompose(moved -> onEachLoop(there -> there.succeeded(old, next))
                        .thenCompose(PacketBus::all)
                        .thenApply(idle -> {
                            report(old, with, moved.stream().mapToInt(Integer::intValue).sum(), begunNs);
                            meter.paused(pauseBefore);
                            return null;
                        }));
    }

    private void report(TunnelProtocol old, Rehearsal with, int moved, long begunNs) {
        String key = key(old);
        int left = kept.count(key);
        long pauseNs = meter.longestPauseNs();
        meter.moved("tunnel " + key, new PathStatus.Move(with.module(), moved, moved + left, pauseNs));
        LOG.info("{} instance={}: {} sessions moved to {} in {} ms, no packet waited for longer than {} ms{}",
                old.name(), old.instance(), moved, with.module(),
                TimeUnit.NANOSECONDS.toMillis(clock.getAsLong() - begunNs),
                String.format(Locale.ROOT, "%.1f", pauseNs / 1e6),
                left == 0 ? "" : "; it could not go on with " + left + ", which wait for another version");
        recheckLater(old.name(), old.instance());
    }

    private CompletionStage<List<KeptSessions.Kept>> thawKept(TunnelProtocol protocol, List<KeptSessions.Kept> sessions) {
        CompletionStage<List<KeptSessions.Kept>> left = CompletableFuture.completedFuture(sessions);
        for (int i = 0; i < loops.length; i++) {
            int index = i;
            left = left.thenCompose(rest -> rest.isEmpty()
                    ? CompletableFuture.completedFuture(rest)
                    : onLoop(index, there -> there.thawKept(protocol, rest, index == loops.length - 1)));
        }
        return left;
    }

    private CompletionStage<@Nullable Void> freeze(Predicate<TunnelProtocol> which, String key) {
        if (!key.isEmpty()) {
            pausedSinceNs.put(key, clock.getAsLong());
        }
        return onEachLoop(there -> {
                    there.suspend(which);
                    return true;
                })
                .thenCompose(suspended -> onEachLoop(there -> {
                    there.takeHanded();
                    return true;
                }))
                .thenCompose(taken -> onEachLoop(there -> there.freeze(which)))
                .thenCompose(PacketBus::all)
                .thenCompose(leaving -> {
                    Set<TunnelProtocol> protocols = new LinkedHashSet<>();
                    leaving.forEach(protocols::addAll);
                    return protocols.isEmpty() ? CompletableFuture.completedFuture(null) : leave(protocols, key);
                });
    }

    private CompletionStage<@Nullable Void> leave(Set<TunnelProtocol> protocols, String key) {
        // A successor that comes at once finds what was sent to its sessions meanwhile.
        return holdTuns(GAP_NS).thenCompose(release -> {
            Runnable before = gaps.put(key, release);
            if (before != null) {
                before.run();
            }
            return onEachLoop(there -> {
                // What another loop took from its TUN queue before it held.
                there.takeHanded();
                protocols.forEach(there::leave);
                return true;
            }).thenApply(gone -> null);
        });
    }

    /** {@code openvpn/udp}. */
    static String key(TunnelProtocol protocol) {
        return protocol.name() + "/" + protocol.instance();
    }

    /**
     * Leaves outbound packets of every loop in the kernel; completes when all loops do.
     *
     * @return what ends it, on any thread; it ends by itself when the time is over
     */
    private CompletionStage<Runnable> holdTuns(long atMostNs) {
        return onEachLoop(there -> there.hold(atMostNs)).thenApply(releases -> () -> releases.forEach(Runnable::run));
    }

    /** Ends the protocol's sessions and tells their peers; completes when they are gone. */
    public CompletionStage<@Nullable Void> end(TunnelProtocol protocol, CloseCause cause) {
        return endLive(session -> session.binding().protocol() == protocol, cause);
    }

    private CompletionStage<@Nullable Void> endLive(Predicate<LoopSession> which, CloseCause cause) {
        return onEachLoop(there -> there.end(which, cause)).thenCompose(PacketBus::all).thenApply(gone -> null);
    }

    /** The listeners of every attached protocol. */
    public List<ListenerStatus> listeners() {
        return loops[0].protocols().status();
    }

    // ---- sessions ----

    @Override
    public List<SessionStatus> list() {
        if (stopped) {
            return List.of();
        }
        return await(onEachLoop(there -> there.sessions().stream().map(LoopSession::status).toList()))
                .stream()
                .flatMap(List::stream)
                .sorted(Comparator.comparing(SessionStatus::since).thenComparing(SessionStatus::id))
                .toList();
    }

    @Override
    public int end(Predicate<SessionStatus> which, CloseCause cause) throws InterruptedException {
        List<Long> ids = list().stream().filter(which).map(SessionStatus::id).toList();
        if (!ids.isEmpty()) {
            await(endAll(ids, cause));
        }
        return ids.size();
    }

    /** Ends the session and returns when it is gone, or when it was gone already. Blocks. */
    public void end(long sessionId, CloseCause cause) {
        await(endAll(List.of(sessionId), cause));
    }

    /** Ends the sessions with these ids, if they still live; completes when they are gone. */
    private CompletionStage<@Nullable Void> endAll(Collection<Long> ids, CloseCause cause) {
        Set<Long> which = Set.copyOf(ids);
        return endLive(session -> which.contains(session.sessionId()), cause);
    }

    /** Asks the access checks about every known peer again, and ends the sessions of those who may not be here. */
    public CompletionStage<@Nullable Void> recheck() {
        return onEachLoop(there -> there.sessions().stream()
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
        return eachSession(session -> {
            session.onCiphers();
            return true;
        });
    }

    /** Other network protocols are in force: completes when no loop uses one that is not any more. */
    public CompletionStage<@Nullable Void> networksChanged() {
        List<NetworkProtocol> inForce = services.networks();
        return onEachLoop(there -> {
            there.networks(inForce);
            return true;
        }).thenApply(done -> null);
    }

    /** Other payload codecs are in force: completes when no loop uses one that is not any more. */
    public CompletionStage<@Nullable Void> codecsChanged() {
        List<PayloadCodec> inForce = services.codecs();
        return onEachLoop(there -> {
            there.codecs(inForce);
            return true;
        }).thenApply(done -> null);
    }

    /** A few sessions at a time, so that no packet waits for all of them. */
    private CompletionStage<@Nullable Void> eachSession(Chunks.Step what) {
        return onEachLoop(there -> there.each(what)).thenCompose(PacketBus::all).thenApply(done -> null);
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
        int each = Math.max(1, atOnce / loops.length);
        return onEachLoop(there -> there.spreadTls(there.tlsSpread(used -> used != current, windowNs, each, progress)))
                .thenCompose(PacketBus::all)
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
        return onEachLoop(there -> there.leaveTls(gone, GRACE_NS)).thenCompose(PacketBus::all).thenApply(done -> null);
    }

    // ---- what is watched ----

    @Override
    public PathStatus path() {
        Map<String, String> inForce = new HashMap<>();
        Map<String, PathStatus.Waiting> waiting = new HashMap<>();
        synchronized (places) {
            places.forEach((key, place) -> {
                if (place.inForce != null) {
                    inForce.put(key, services.moduleOf(place.inForce));
                }
                if (!place.wings.isEmpty()) {
                    waiting.put(key, place.wings.getLast().status());
                }
            });
        }
        return new PathStatus(
                clock.getAsLong(),
                meter.sessions(),
                meter.tunnels(inForce),
                services.tlsHandshakes(),
                meter.drops(),
                meter.longestPauseNs(),
                meter.moves(),
                waiting);
    }

    @Override
    public long resetPause() {
        return meter.reset();
    }

    // ---- status ----

    /** Drops and closes by reason, sessions, and the buffer pool. Any thread; roughly true. */
    public Map<String, Object> status() {
        Map<String, Object> status = new LinkedHashMap<>();
        status.put("listeners", listeners().stream().map(ListenerStatus::asMap).toList());
        status.put("sessions", Arrays.stream(loops).mapToInt(PacketLoop::sessionCount).sum());
        Map<String, Object> drops = new LinkedHashMap<>();
        for (PacketLoop loop : loops) {
            loop.drops.snapshot().forEach((reason, count) -> drops.merge(reason, count, PacketBus::sum));
        }
        long tunErrors = ends.stream().mapToLong(end -> end.tun().writeDrops()).sum();
        if (tunErrors != 0) {
            drops.put(DropReason.TUN_ERROR.name(), tunErrors);
        }
        status.put("drops", drops);
        Map<String, Object> closes = new LinkedHashMap<>();
        for (PacketLoop loop : loops) {
            loop.closes.snapshot().forEach((cause, count) -> closes.merge(cause, count, PacketBus::sum));
        }
        status.put("closes", closes);
        Map<String, Object> buffers = new LinkedHashMap<>();
        for (PacketLoop loop : loops) {
            var pool = loop.pool.status();
            buffers.merge("buffers", pool.buffers(), PacketBus::sum);
            buffers.merge("free", pool.free(), PacketBus::sum);
            buffers.merge("lowest", pool.lowest(), PacketBus::sum);
            buffers.merge("exhausted", pool.exhausted(), PacketBus::sum);
            buffers.put("bufferBytes", pool.bufferBytes());
        }
        status.put("pool", buffers);
        Map<String, Object> device = new LinkedHashMap<>();
        device.put("name", ends.getFirst().tun().name());
        device.put("readDrops", ends.stream().mapToLong(end -> end.tun().readDrops()).sum());
        device.put("writeDrops", tunErrors);
        device.put("thinnedAcknowledgements", ends.stream().mapToLong(end -> end.tun().thinned()).sum());
        status.put("tun", device);
        status.put("workers", loops.length);
        Map<String, Object> moves = new TreeMap<>();
        meter.moves().forEach((kind, move) ->
                moves.put(kind, move.done() + " of " + move.total() + " sessions moved to " + move.to()));
        status.put("moves", moves);
        return status;
    }

    private static Object sum(Object one, Object other) {
        long sum = ((Number) one).longValue() + ((Number) other).longValue();
        return one instanceof Integer ? (Object) (int) sum : (Object) sum;
    }

    /** How often packets ended for this reason. */
    public long drops(DropReason reason) {
        return Arrays.stream(loops).mapToLong(loop -> loop.drops.of(reason)).sum();
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
                ? CompletableFuture.completedFuture(null)
                : endLive(session -> true, new CloseCause(CloseCause.Kind.SHUTDOWN, "the server stops", ""));
        return ended.thenCompose(gone -> freeze(each -> true, ""));
    }

    /** {@link #quiesce}, then ends the thread. Blocks; the TUN is left open. */
    public void stop(boolean keep) {
        if (stopped) {
            return;
        }
        try {
            await(quiesce(keep));
        } catch (RuntimeException e) {
            LOG.error("bus: could not end in order", e);
        }
        endThreads();
        for (int i = 0; i < loops.length; i++) {
            loops[i].protocols().closeParked();
            ends.get(i).poller().close();
        }
    }

    /**
     * Ends the bus and leaves sockets and sessions to the next one: what arrives meanwhile, from either side, waits in
     * the kernel. Blocks; the TUN is left open, with nothing in it that was read and not delivered.
     *
     * @return how many sessions were left
     */
    public int leave(Estate to) {
        if (stopped) {
            return 0;
        }
        int handed = 0;
        boolean inOrder = false;
        try {
            to.things().putAll(estate.things());
            handed = await(handOver(to));
            inOrder = true;
        } catch (RuntimeException e) {
            LOG.error("bus: could not hand everything over", e);
        }
        endThreads();
        if (!inOrder || threads.stream().anyMatch(Thread::isAlive)) {
            // A loop that hangs may go on with its sessions: whoever follows starts behind what they have reserved.
            LOG.error("bus: a packet loop hangs, sessions go on from their records in the store");
            HandedSessions.forget(to);
            handed = 0;
        }
        for (int i = 0; i < loops.length; i++) {
            loops[i].protocols().leaveParked(to);
            ends.get(i).poller().close();
        }
        return handed;
    }

    /** Lets no more wait in the kernel than usual, and forgets what is left of the estate that was inherited. */
    public void settle(Libc libc) {
        Estate rest = estate;
        estate = new Estate();
        rest.close(libc, "");
        if (!stopped) {
            everywhere(there -> there.room(false));
        }
    }

    private CompletionStage<Integer> handOver(Estate to) {
        return onEachLoop(there -> {
                    there.room(true);
                    return there.hold(FOR_EVER_NS);
                })
                .thenCompose(held -> everywhere(LoopProtocols::emptyTun))
                .thenCompose(empty -> everywhere(LoopProtocols::takeHanded))
                .thenCompose(taken -> everywhere(there -> there.suspend(each -> true)))
                .thenCompose(suspended -> everywhere(LoopProtocols::takeHanded))
                .thenCompose(taken -> onEachLoop(there -> there.handOver(to)))
                .thenCompose(handed -> everywhere(LoopProtocols::leaveAll)
                        .thenApply(gone -> handed.stream().mapToInt(Integer::intValue).sum()));
    }

    private CompletionStage<@Nullable Void> everywhere(Consumer<LoopProtocols> what) {
        return onEachLoop(there -> {
            what.accept(there);
            return true;
        }).thenApply(done -> null);
    }

    private void endThreads() {
        stopped = true;
        List<Thread> running = threads;
        if (!running.isEmpty()) {
            for (PacketLoop loop : loops) {
                loop.stop();
            }
            try {
                for (Thread runner : running) {
                    runner.join(TimeUnit.SECONDS.toMillis(ANSWER_DEADLINE_S));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void close() {
        stop(true);
    }

    private <T> CompletionStage<T> onLoop(int index, Function<LoopProtocols, T> question) {
        var answer = new CompletableFuture<T>();
        if (stopped) {
            answer.completeExceptionally(new IllegalStateException("the packet bus has stopped"));
            return answer;
        }
        PacketLoop loop = loops[index];
        loop.commands.post(() -> {
            try {
                answer.complete(question.apply(loop.protocols()));
            } catch (Throwable t) {
                answer.completeExceptionally(t);
            }
        });
        return answer;
    }

    /** Asks all loops at once; completes with their answers in order. */
    private <T> CompletionStage<List<T>> onEachLoop(Function<LoopProtocols, T> question) {
        List<CompletionStage<T>> answers = new ArrayList<>();
        for (int i = 0; i < loops.length; i++) {
            answers.add(onLoop(i, question));
        }
        return all(answers);
    }

    private static <T> CompletionStage<List<T>> all(List<? extends CompletionStage<T>> stages) {
        List<CompletableFuture<T>> futures =
                stages.stream().map(CompletionStage::toCompletableFuture).toList();
        return CompletableFuture.allOf(futures.toArray(CompletableFuture[]::new))
                .thenApply(done -> futures.stream().map(CompletableFuture::join).toList());
    }

    private static <T> T await(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(ANSWER_DEADLINE_S, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException("the packet loop failed", e.getCause());
        } catch (TimeoutException e) {
            throw new IllegalStateException("the packet loop did not answer within " + ANSWER_DEADLINE_S + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the packet loop was asked", e);
        }
    }
}

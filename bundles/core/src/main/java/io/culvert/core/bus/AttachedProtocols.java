package io.culvert.core.bus;

import io.culvert.api.handover.SessionRecord;
import io.culvert.api.status.PathStatus;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.TunnelProtocol;
import io.culvert.core.admission.Admissions;
import io.culvert.core.handover.Estate;
import io.culvert.core.handover.SessionRecords;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which tunnel protocols serve, which wait in the wings, and how sessions go from the one to the other.
 *
 * <p>Threads: any but a packet loop. Stages complete on loops and workers.
 */
final class AttachedProtocols {
    private static final Logger LOG = LoggerFactory.getLogger(PacketBus.class);

    /** How long packets wait for the thaw of many sessions, at most. */
    private static final long THAW_NS = 5_000_000_000L;

    /** How long they wait for the successor of a protocol that left. */
    private static final long GAP_NS = 100_000_000L;

    /** How long a version that waits may take to warm up before it is needed nevertheless. */
    private static final long READY_S = 5;

    private final Loops loops;
    private final SessionRecords records;
    private final Admissions admissions;
    private final Services services;
    private final Handshakes handshakes;
    private final Executor workers;
    private final LongSupplier clock;
    private final SecureRandom random;
    private final FrozenTotals frozenTotals;
    private final KeptSessions kept;
    private final PathMeter meter;
    private final Supplier<Estate> estate;
    private final Supplier<CompletionStage<@Nullable Void>> recheck;

    /** By instance. Guarded by itself. */
    private final Map<String, Place> places = new HashMap<>();

    /** When the instance's sockets were last left alone, by instance. */
    private final Map<String, Long> pausedSinceNs = new ConcurrentHashMap<>();

    private final Map<String, Runnable> gaps = new ConcurrentHashMap<>();

    /**
     * A record, and what the access checks say of its peer now.
     *
     * @param live as {@code TunnelSession.freezeLive} gave it; empty for a record out of the store
     * @param totals of a session that was handed over in memory
     */
    record Judged(
            SessionRecord record, byte[] live, @Nullable CloseCause refusal, @Nullable SessionTotals totals) {}

    /** Who serves an instance, and who waits to do so. */
    private static final class Place {
        private @Nullable TunnelProtocol inForce;
        private final Deque<Rehearsal> wings = new ArrayDeque<>();
    }

    /**
     * @param frozenTotals and {@code kept}: shared with the loops
     * @param estate of the core before, as far as it is not taken yet
     * @param recheck asks the access checks about everybody who is here
     */
    AttachedProtocols(
            Loops loops,
            PacketBus.Neighbours with,
            FrozenTotals frozenTotals,
            KeptSessions kept,
            PathMeter meter,
            Supplier<Estate> estate,
            Supplier<CompletionStage<@Nullable Void>> recheck) {
        this.loops = loops;
        this.records = with.records();
        this.admissions = with.admissions();
        this.services = with.services();
        this.handshakes = with.handshakes();
        this.workers = with.workers();
        this.clock = with.clock();
        this.random = with.random();
        this.frozenTotals = frozenTotals;
        this.kept = kept;
        this.meter = meter;
        this.estate = estate;
        this.recheck = recheck;
    }

    /** The modules in force, as {@code tunnel.openvpn/0.1.0}, by instance. */
    Map<String, String> inForce() {
        Map<String, String> modules = new HashMap<>();
        synchronized (places) {
            places.forEach((key, place) -> {
                if (place.inForce != null) {
                    modules.put(key, services.moduleOf(place.inForce));
                }
            });
        }
        return modules;
    }

    /** Those that wait, the newest of each instance. */
    Map<String, PathStatus.Waiting> waiting() {
        Map<String, PathStatus.Waiting> waiting = new HashMap<>();
        synchronized (places) {
            places.forEach((key, place) -> {
                if (!place.wings.isEmpty()) {
                    waiting.put(key, place.wings.getLast().status());
                }
            });
        }
        return waiting;
    }

    /** As {@link PacketBus#attach}. */
    CompletionStage<List<ListenerStatus>> attach(TunnelProtocol protocol) {
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
                services.moduleOf(Objects.requireNonNull(place.inForce)));
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
        recheck.get().exceptionally(e -> {
            LOG.error("{} instance={}: the sessions taken over could not be checked", name, instance, e);
            return null;
        });
    }

    private CompletionStage<List<ListenerStatus>> attach(TunnelProtocol protocol, List<Judged> judged) {
        // What arrives for sessions that are being thawed, from either side, waits in the kernel instead of being lost.
        return loops.holdTuns(THAW_NS).thenCompose(release -> {
            Runnable gap = gaps.remove(key(protocol));
            if (gap != null) {
                gap.run();
            }
            return settleWaiting(protocol)
                    .thenCompose(settled -> open(protocol))
                    .thenCompose(listeners -> thaw(protocol, judged).thenApply(thawed -> listeners))
                    .whenComplete((listeners, error) -> {
                        if (error == null) {
                            // Those that were handed over in memory go on within what is reserved for them.
                            resume(protocol, release, judged.stream().allMatch(each -> each.live().length > 0));
                            LOG.info("{} instance={}: attached", protocol.name(), protocol.instance());
                        } else {
                            loops.onEach(there -> {
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
        return loops.onEach(there -> there.waiting(protocol)).thenCompose(waiting -> {
            Set<ListenerClaim> gone = new HashSet<>();
            List<CompletionStage<Boolean>> closed = new ArrayList<>();
            for (int i = 0; i < loops.count(); i++) {
                Set<ListenerClaim> here = waiting.get(i);
                List<ListenerClaim> late = here.stream().filter(gone::contains).toList();
                closed.add(loops.on(i, there -> {
                    there.closeWaiting(late);
                    return true;
                }));
                waiting.forEach(claims -> claims.stream().filter(each -> !here.contains(each)).forEach(gone::add));
            }
            return Loops.all(closed);
        });
    }

    private CompletionStage<List<ListenerStatus>> open(TunnelProtocol protocol) {
        var everywhere = new AtomicInteger();
        Map<ListenerClaim, Integer> ports = new HashMap<>();
        CompletionStage<List<ListenerStatus>> opened = loops.on(0, there -> there.open(protocol, everywhere, ports));
        for (int i = 1; i < loops.count(); i++) {
            int index = i;
            opened = opened.thenCompose(listeners -> {
                listeners.stream().filter(ListenerStatus::isOpen).forEach(l -> ports.put(l.claim(), l.port()));
                return loops.on(index, there -> there.open(protocol, everywhere, ports)).thenApply(others -> listeners);
            });
        }
        return opened;
    }

    private CompletionStage<List<Judged>> thaw(TunnelProtocol protocol, List<Judged> judged) {
        CompletionStage<List<Judged>> left = CompletableFuture.completedFuture(judged);
        for (int i = 0; i < loops.count(); i++) {
            int index = i;
            left = left.thenCompose(rest -> loops.on(index, there -> there.thaw(protocol, rest, index == loops.count() - 1)));
        }
        return left;
    }

    /**
     * Lets traffic in and out as soon as the thawed sessions may seal.
     *
     * @param reserved whether they may at once
     */
    private void resume(TunnelProtocol protocol, Runnable release, boolean reserved) {
        CompletionStage<List<CompletionStage<@Nullable Void>>> asked = loops.onEach(there -> there.reserve(protocol));
        (reserved ? asked.thenApply(all -> List.<@Nullable Void>of()) : asked.thenCompose(Loops::all))
                .whenComplete((done, error) -> {
                    loops.onEach(there -> {
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
        int handed = HandedSessions.count(estate.get(), name, instance);
        List<Judged> judged = HandedSessions.take(estate.get(), name, instance);
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

    /** As {@link PacketBus#detach}. */
    CompletionStage<@Nullable Void> detach(TunnelProtocol protocol) {
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
            return freezeAtRest(protocol);
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
        if (!old.listeners().equals(next.listeners()) || !old.steering().equals(next.steering())
                || old.carriesFrames() != next.carriesFrames()) {
            return freezeAtRest(old).thenCompose(gone -> attachNow(next)).thenApply(open -> null);
        }
        String key = key(old);
        long begunNs = clock.getAsLong();
        long pauseBefore = meter.reset();
        return loops.onEach(there -> there.succeed(old, next))
                .thenCompose(succeeded -> loops.onEach(there -> there.move(old, next, PacketBus.GRACE_NS)))
                .thenCompose(Loops::all)
                .thenCompose(moved -> thawKept(next, kept.take(key)).thenApply(thawed -> moved))
                .thenCompose(moved -> loops.onEach(there -> there.succeeded(old, next))
                        .thenCompose(Loops::all)
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
        for (int i = 0; i < loops.count(); i++) {
            int index = i;
            left = left.thenCompose(rest -> rest.isEmpty()
                    ? CompletableFuture.completedFuture(rest)
                    : loops.on(index, there -> there.thawKept(protocol, rest, index == loops.count() - 1)));
        }
        return left;
    }

    private CompletionStage<@Nullable Void> freezeAtRest(TunnelProtocol protocol) {
        return rest(each -> each == protocol, PacketBus.REST_NS)
                .thenCompose(rested -> freeze(each -> each == protocol, key(protocol)));
    }

    /**
     * Completes at a moment when no session is in the middle of a negotiation, which the next owner could not end and
     * the peer would wait for in vain; or when the time is over. Packets pass meanwhile.
     */
    CompletionStage<@Nullable Void> rest(Predicate<TunnelProtocol> which, long atMostNs) {
        return restUntil(which, clock.getAsLong() + atMostNs);
    }

    private CompletionStage<@Nullable Void> restUntil(Predicate<TunnelProtocol> which, long deadlineNs) {
        return loops.onEach(there -> there.rest(which, deadlineNs))
                .thenCompose(Loops::all)
                .thenCompose(seen -> loops.onEach(there -> there.busy(which)))
                .thenCompose(busy -> {
                    int left = busy.stream().mapToInt(Integer::intValue).sum();
                    if (left > 0 && clock.getAsLong() < deadlineNs) {
                        return restUntil(which, deadlineNs);
                    }
                    if (left > 0) {
                        LOG.info("bus: {} sessions are handed over in the middle of a negotiation", left);
                    }
                    return CompletableFuture.completedFuture(null);
                });
    }

    /**
     * Makes records of the sessions of those that {@code which} picks, and lets go of them.
     *
     * @param key of the instance whose successor may come at once; empty when all leave
     */
    CompletionStage<@Nullable Void> freeze(Predicate<TunnelProtocol> which, String key) {
        if (!key.isEmpty()) {
            pausedSinceNs.put(key, clock.getAsLong());
        }
        return loops.onEach(there -> {
                    there.suspend(which);
                    return true;
                })
                .thenCompose(suspended -> loops.onEach(there -> {
                    there.takeHanded();
                    return true;
                }))
                .thenCompose(taken -> loops.onEach(there -> there.freeze(which)))
                .thenCompose(Loops::all)
                .thenCompose(leaving -> {
                    Set<TunnelProtocol> protocols = new LinkedHashSet<>();
                    leaving.forEach(protocols::addAll);
                    return protocols.isEmpty() ? CompletableFuture.completedFuture(null) : leave(protocols, key);
                });
    }

    private CompletionStage<@Nullable Void> leave(Set<TunnelProtocol> protocols, String key) {
        // A successor that comes at once finds what was sent to its sessions meanwhile.
        return loops.holdTuns(GAP_NS).thenCompose(release -> {
            Runnable before = gaps.put(key, release);
            if (before != null) {
                before.run();
            }
            return loops.onEach(there -> {
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
}

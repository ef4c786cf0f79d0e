package io.culvert.core.bus;

import io.culvert.api.codec.PayloadCodec;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.net.FrameProtocol;
import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.StreamFraming;
import io.culvert.api.tunnel.TunnelProtocol;
import io.culvert.core.handover.Estate;
import io.culvert.core.link.Listener;
import io.culvert.core.tun.Tun;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The protocols that are attached to a loop, and the sockets that wait for the successor of one that left.
 *
 * <p>Threads: the packet loop, but for {@link #status}.
 */
final class LoopProtocols {
    private static final Logger LOG = LoggerFactory.getLogger(LoopProtocols.class);
    private static final long PARKED_NS = 30_000_000_000L;
    private static final long NEXT_ROUND_NS = 1_000_000L;
    private static final long QUIET_DEADLINE_NS = 2_000_000_000L;
    private static final long SAVE_DEADLINE_NS = 5_000_000_000L;

    private final PacketLoop loop;
    private final SessionDesk desk;
    private final Binder binder;
    private final InstantSource wall;
    private final List<ProtocolBinding> bindings = new ArrayList<>();
    private final Map<ListenerClaim, Parked> parked = new HashMap<>();
    private final FrozenTotals frozenTotals;
    private final KeptSessions kept;

    /** By instance, as {@code openvpn/udp}; also read by others. */
    private final Map<String, PathCounters> counters = new ConcurrentHashMap<>();

    private final Map<ProtocolBinding, List<ListenerStatus>> opened = new LinkedHashMap<>();
    private volatile List<ListenerStatus> status = List.of();
    private @Nullable TlsSpread spread;

    /** A socket without a protocol; not a record, as each parking has its own end. */
    private static final class Parked {
        private final Listener listener;

        Parked(Listener listener) {
            this.listener = listener;
        }
    }

    /** Makes a protocol's place on the loop. */
    interface Binder {
        ProtocolBinding bind(TunnelProtocol protocol, AtomicInteger everywhere, PathCounters counters);
    }

    /** What the loop's TUN queue is held by. */
    private final class Hold {
        private boolean over;

        void release() {
            if (!over) {
                over = true;
                loop.releaseTun();
            }
        }
    }

    LoopProtocols(
            PacketLoop loop,
            SessionDesk desk,
            Binder binder,
            FrozenTotals frozenTotals,
            KeptSessions kept,
            InstantSource wall) {
        this.loop = loop;
        this.desk = desk;
        this.binder = binder;
        this.frozenTotals = frozenTotals;
        this.kept = kept;
        this.wall = wall;
    }

    /** These network protocols and no others from now on; the bridge is the first loop's. */
    void networks(List<NetworkProtocol> inForce, List<FrameProtocol> frames) {
        loop.networks().inForce(inForce);
        if (loop.index() == 0) {
            loop.frames.inForce(frames);
        }
    }

    /** As {@link FramePath#tap}. */
    void tap(Tun device, long... addresses) {
        loop.frames.tap(device, addresses);
    }

    /** These payload codecs and no others from now on. */
    void codecs(List<PayloadCodec> inForce) {
        loop.codecs().inForce(inForce);
    }

    // ---- traffic that waits ----

    /** Leaves outbound packets in the kernel until the answer is run, by any thread, or this time is over. */
    Runnable hold(long atMostNs) {
        var hold = new Hold();
        loop.holdTun();
        loop.after(atMostNs, hold::release);
        return () -> loop.commands.post(hold::release);
    }

    /** Delivers what the kernel gave before {@link #hold}. */
    void emptyTun() {
        loop.emptyTun();
    }

    // ---- attach ----

    /**
     * Lets the sockets that wait at the protocol's claims wait anew, so that none goes while the loops agree on them. Those
     * that the kernel steers to otherwise go.
     *
     * @return the claims that a socket waits at
     */
    Set<ListenerClaim> waiting(TunnelProtocol protocol) {
        Set<ListenerClaim> found = new HashSet<>();
        for (ListenerClaim claim : protocol.listeners()) {
            Parked waiting = parked.get(claim);
            if (waiting != null && !waiting.listener.suits(protocol.steering())) {
                parked.remove(claim);
                waiting.listener.close();
            } else if (waiting != null) {
                park(waiting.listener);
                found.add(claim);
            }
        }
        return found;
    }

    /** Closes the sockets that wait at these claims. */
    void closeWaiting(Collection<ListenerClaim> claims) {
        for (ListenerClaim claim : claims) {
            Parked waiting = parked.remove(claim);
            if (waiting != null) {
                waiting.listener.close();
            }
        }
    }

    /**
     * Makes the protocol's place here and opens its sockets, which read nothing yet.
     *
     * @param everywhere counts the protocol's sessions on all loops
     * @param ports that an earlier loop got, by claim; claims that failed there are absent
     */
    List<ListenerStatus> open(TunnelProtocol protocol, AtomicInteger everywhere, Map<ListenerClaim, Integer> ports) {
        ProtocolBinding binding = binder.bind(
                protocol, everywhere, counters.computeIfAbsent(AttachedProtocols.key(protocol), first -> new PathCounters()));
        List<ListenerStatus> listeners = new ArrayList<>();
        // Known before anything is opened: whoever undoes this finds it.
        bindings.add(binding);
        opened.put(binding, listeners);
        for (ListenerClaim claim : protocol.listeners()) {
            if (loop.index() == 0 || ports.containsKey(claim)) {
                listeners.add(open(binding, claim, ports.getOrDefault(claim, 0)));
            }
        }
        publish();
        return listeners;
    }

    /**
     * Makes records live whose sessions belong here.
     *
     * @param last whether no other loop is asked after this one, so that what is nobody's is refused here
     * @return those that belong elsewhere
     */
    List<AttachedProtocols.Judged> thaw(TunnelProtocol protocol, List<AttachedProtocols.Judged> records, boolean last) {
        ProtocolBinding binding = bindingOf(protocol);
        if (binding == null) {
            return List.of();
        }
        List<ListenerStatus> listeners = opened.getOrDefault(binding, List.of());
        boolean failed = listeners.stream().anyMatch(listener -> !listener.isOpen());
        List<AttachedProtocols.Judged> others = new ArrayList<>();
        int live = 0;
        for (AttachedProtocols.Judged judged : records) {
            SessionRecord record = judged.record();
            if (!last && !binding.isFor(record)) {
                others.add(judged);
            } else if (judged.refusal() != null) {
                frozenTotals.take(record.sessionId());
                LOG.info("{} peer={} session={}: not taken over, {}", binding.name(), record.peer().user(),
                        Long.toHexString(record.sessionId()), judged.refusal().logText());
                loop.closes.count(judged.refusal().kind());
                desk.forget(binding.name(), binding.instance(), record.sessionId());
                desk.release(record.sessionId());
            } else if (failed && listeners.stream().noneMatch(l -> serves(l, record))) {
                LOG.warn("{} peer={} session={}: kept as a record, its listener is not open",
                        binding.name(), record.peer().user(), Long.toHexString(record.sessionId()));
            } else {
                SessionTotals totals = judged.totals() != null ? judged.totals() : frozenTotals.take(record.sessionId());
                live += binding.thaw(
                                new KeptSessions.Kept(record, judged.live(), loop.nowNs()),
                                totals == null ? new SessionTotals(wall.instant()) : totals)
                        ? 1
                        : 0;
            }
        }
        if (live > 0) {
            LOG.info("{} instance={}: {} sessions taken over by loop {}", binding.name(), binding.instance(), live,
                    loop.index());
        }
        return others;
    }

    private static boolean serves(ListenerStatus listener, SessionRecord record) {
        return listener.isOpen()
                && listener.claim().transport() == record.endpoint().transport()
                && listener.port() == record.endpoint().localPort();
    }

    /**
     * A thawed session may not seal before its next reservation is durable: lets them ask for it, and completes when all
     * have it, or have had time enough.
     */
    CompletionStage<@Nullable Void> reserve(TunnelProtocol protocol) {
        var done = new CompletableFuture<@Nullable Void>();
        ProtocolBinding binding = bindingOf(protocol);
        if (binding == null) {
            done.complete(null);
            return done;
        }
        binding.sessions().forEach(LoopSession::runDue);
        // From the next round on: a thaw of many has made this round's time old.
        loop.after(NEXT_ROUND_NS, () -> loop.after(PacketBus.HOLD_NS, () -> done.complete(null)));
        binding.whenSaved(() -> done.complete(null));
        return done;
    }

    /** Lets the sockets be read, unless the protocol is leaving already. */
    void resume(TunnelProtocol protocol) {
        ProtocolBinding binding = bindingOf(protocol);
        if (binding != null && opened.containsKey(binding)) {
            resume(binding);
        }
    }

    private ListenerStatus open(ProtocolBinding binding, ListenerClaim claim, int port) {
        String name = binding.name();
        String instance = binding.instance();
        try {
            Parked waiting = parked.remove(claim);
            Listener listener = waiting == null ? loop.listeners.open(
                            claim,
                            binding.protocol().steering(),
                            new Listener.Group(loop.index(), loop.crossing().loopCount(), port)) : waiting.listener;
            binding.listeners().add(listener);
            var status = new ListenerStatus(name, instance, claim, listener.port(), "");
            if (loop.index() == 0) {
                LOG.info("{} instance={}: listens on {} {} port {}", name, instance, status.transport(), status.host(),
                        listener.port());
            }
            return status;
        } catch (IOException e) {
            LOG.error("{} instance={}: cannot listen on {}", name, instance, e.getMessage());
            return new ListenerStatus(name, instance, claim, claim.address().getPort(), String.valueOf(e.getMessage()));
        }
    }

    private void resume(ProtocolBinding binding) {
        StreamFraming framing = null;
        for (Listener listener : List.copyOf(binding.listeners())) {
            try {
                if (listener.claim().transport().isStream() && framing == null) {
                    framing = binding.protocol().framing();
                }
                listener.resume(binding, framing);
            } catch (IOException e) {
                LOG.error("{} instance={}: cannot watch {}", binding.name(), binding.instance(), listener.claim(), e);
            }
        }
    }

    // ---- another version ----

    /** Everything new of {@code old} is {@code next}'s from now on, and its sockets. */
    boolean succeed(TunnelProtocol old, TunnelProtocol next) {
        ProtocolBinding binding = bindingOf(old);
        if (binding == null) {
            return false;
        }
        try {
            binding.succeed(next);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return true;
    }

    /**
     * Moves the sessions here, a few at a time; those that are busy have {@code graceNs} to end what they do.
     *
     * @return how many moved, when none is left
     */
    CompletionStage<Integer> move(TunnelProtocol old, TunnelProtocol next, long graceNs) {
        ProtocolBinding binding = bindingOf(next);
        if (binding == null) {
            return CompletableFuture.completedFuture(0);
        }
        List<LoopSession> sessions =
                binding.sessions().stream().filter(each -> each.runsIn(old)).toList();
        long deadlineNs = loop.nowNs() + graceNs;
        return Chunks.of(loop, sessions, session -> session.moveTo(next, loop.nowNs() >= deadlineNs))
                .thenApply(done ->
                        (int) sessions.stream().filter(each -> each.runsIn(next)).count());
    }

    /** No session is of the former version any more; completes when nothing of its code runs elsewhere. */
    CompletionStage<@Nullable Void> succeeded(TunnelProtocol old, TunnelProtocol next) {
        var idle = new CompletableFuture<@Nullable Void>();
        ProtocolBinding binding = bindingOf(next);
        if (binding == null) {
            idle.complete(null);
        } else {
            binding.succeeded();
            binding.whenIdle(old, () -> idle.complete(null));
            loop.after(QUIET_DEADLINE_NS, () -> idle.complete(null));
        }
        return idle;
    }

    /** A session that the version in force cannot go on with waits for another. */
    void keep(ProtocolBinding binding, KeptSessions.Kept session, SessionTotals totals) {
        SessionRecord record = session.record();
        frozenTotals.put(binding.name(), binding.instance(), record.sessionId(), totals);
        kept.keep(AttachedProtocols.key(binding.protocol()), session);
        if (session.live().length > 0) {
            desk.save(record);
        }
        loop.after(KeptSessions.LIFETIME_NS, () -> kept.expired(loop.nowNs()).forEach(this::forget));
    }

    private void forget(KeptSessions.Kept session) {
        SessionRecord record = session.record();
        LOG.warn("{} peer={} session={}: forgotten, no version of the protocol went on with it",
                record.protocol(), record.peer().user(), Long.toHexString(record.sessionId()));
        frozenTotals.take(record.sessionId());
        desk.forget(record.protocol(), record.instance(), record.sessionId());
        desk.release(record.sessionId());
    }

    /**
     * Makes sessions live that an earlier version could not go on with.
     *
     * @param last whether no other loop is asked after this one
     * @return those that belong elsewhere
     */
    List<KeptSessions.Kept> thawKept(TunnelProtocol protocol, List<KeptSessions.Kept> sessions, boolean last) {
        ProtocolBinding binding = bindingOf(protocol);
        List<KeptSessions.Kept> others = new ArrayList<>();
        for (KeptSessions.Kept session : sessions) {
            if (binding == null || !last && !binding.isFor(session.record())) {
                others.add(session);
            } else {
                SessionTotals totals = frozenTotals.take(session.record().sessionId());
                binding.thaw(session, totals == null ? new SessionTotals(wall.instant()) : totals);
            }
        }
        return others;
    }

    // ---- detach ----

    /** Completes when each of the sessions here was seen at rest once, or has had time enough. Packets pass meanwhile. */
    CompletionStage<Boolean> rest(Predicate<TunnelProtocol> which, long deadlineNs) {
        return Chunks.of(loop, sessions(which), session -> !session.isBusy() || loop.clockNs() >= deadlineNs);
    }

    /** How many sessions are in the middle of something that a record does not hold. */
    int busy(Predicate<TunnelProtocol> which) {
        return (int) sessions(which).stream().filter(LoopSession::isBusy).count();
    }

    private List<LoopSession> sessions(Predicate<TunnelProtocol> which) {
        return bindings.stream()
                .filter(binding -> which.test(binding.protocol()))
                .flatMap(binding -> binding.sessions().stream())
                .toList();
    }

    /** Ends reading: what arrives from now on waits in the kernel for the successor, so that records stay true. */
    void suspend(Predicate<TunnelProtocol> which) {
        for (ProtocolBinding binding : bindings) {
            if (which.test(binding.protocol())) {
                opened.remove(binding);
                binding.listeners().forEach(Listener::suspend);
            }
        }
        publish();
    }

    /** Delivers what other loops have read, which their sockets do no more. */
    void takeHanded() {
        loop.crossing().receiveAll();
    }

    /**
     * Makes the sessions durable records. Not before every loop has ended to read and has taken what it was handed:
     * nothing may reach a session behind its record.
     *
     * @return when they are, or have had time enough: which protocols are to leave
     */
    CompletionStage<List<TunnelProtocol>> freeze(Predicate<TunnelProtocol> which) {
        // A datagram may have come by a third loop, which did not know its session.
        takeHanded();
        suspend(which);
        List<TunnelProtocol> leaving = new ArrayList<>();
        List<CompletableFuture<Boolean>> saves = new ArrayList<>();
        for (ProtocolBinding binding : List.copyOf(bindings)) {
            if (which.test(binding.protocol())) {
                leaving.add(binding.protocol());
                freeze(binding, saves);
            }
        }
        var frozen = new CompletableFuture<List<TunnelProtocol>>();
        CompletableFuture.allOf(saves.toArray(CompletableFuture[]::new))
                .whenComplete((done, error) -> frozen.complete(leaving));
        loop.after(SAVE_DEADLINE_NS, () -> frozen.complete(leaving));
        return frozen;
    }

    private void freeze(ProtocolBinding binding, List<CompletableFuture<Boolean>> saves) {
        binding.freeze();
        for (LoopSession session : binding.sessions()) {
            CompletionStage<Boolean> save = session.freezeAway();
            if (save == null) {
                session.drop(CloseCause.silently(CloseCause.Kind.SHUTDOWN, "its protocol left before it was established"));
            } else {
                saves.add(save.toCompletableFuture());
            }
        }
    }

    /**
     * Makes the sessions records for a successor in this process. As {@link #freeze}, not before every loop has ended to
     * read and has taken what it was handed; nothing is sent to their peers from here on.
     */
    int handOver(Estate estate) {
        takeHanded();
        suspend(each -> true);
        int handed = 0;
        for (ProtocolBinding binding : bindings) {
            binding.freeze();
            for (LoopSession session : binding.sessions()) {
                byte[] record = session.handOver();
                if (record == null) {
                    session.drop(CloseCause.silently(
                            CloseCause.Kind.SHUTDOWN, "core was replaced before it was established"));
                } else {
                    estate.leave(HandedSessions.name(binding.name(), binding.instance(), session.sessionId()), record);
                    handed++;
                }
            }
        }
        return handed;
    }

    /** {@link #leave} of every protocol. */
    void leaveAll() {
        List.copyOf(bindings).forEach(binding -> leave(binding.protocol()));
    }

    /** Lets more than usual wait in the kernel, or as much as usual again. */
    void room(boolean much) {
        bindings.forEach(binding -> binding.listeners().forEach(listener -> listener.room(much)));
        parked.values().forEach(waiting -> waiting.listener.room(much));
    }

    /** Leaves the sockets that wait for a successor to the next core. Only when the loop has ended. */
    void leaveParked(Estate estate) {
        var group = new Listener.Group(loop.index(), loop.crossing().loopCount(), 0);
        parked.values().forEach(waiting -> waiting.listener.leave(estate, group));
        parked.clear();
    }

    /** Forgets the frozen protocol and its live sessions; nothing of it is used here afterwards. */
    void leave(TunnelProtocol protocol) {
        ProtocolBinding binding = bindingOf(protocol);
        if (binding == null) {
            return;
        }
        bindings.remove(binding);
        if (opened.remove(binding) != null) {
            publish();
        }
        Collection<LoopSession> kept = binding.sessions();
        for (LoopSession session : kept) {
            if (session.isEstablished()) {
                frozenTotals.put(binding.name(), binding.instance(), session.sessionId(), session.totals());
                session.leaveRecord();
            } else {
                session.drop(CloseCause.silently(CloseCause.Kind.SHUTDOWN, "its protocol left before it was established"));
            }
        }
        park(binding);
        LOG.info("{} instance={}: detached, {} sessions kept as records",
                binding.name(), binding.instance(), kept.size());
    }

    private void park(ProtocolBinding binding) {
        for (Listener listener : binding.listeners()) {
            listener.suspend();
            Parked before = park(listener);
            if (before != null) {
                before.listener.close();
            }
        }
        binding.listeners().clear();
    }

    /** Lets the socket wait from now on; returns what waited at its claim. */
    private @Nullable Parked park(Listener listener) {
        var waiting = new Parked(listener);
        loop.after(PARKED_NS, () -> {
            if (parked.remove(listener.claim(), waiting)) {
                listener.close();
            }
        });
        return parked.put(listener.claim(), waiting);
    }

    /** Closes the sockets that wait for a successor. Only when the loop has ended. */
    void closeParked() {
        parked.values().forEach(waiting -> waiting.listener.close());
        parked.clear();
    }

    /** The place of a protocol that is attached here. */
    @Nullable ProtocolBinding bindingOf(@Nullable Object protocol) {
        for (ProtocolBinding binding : bindings) {
            if (binding.protocol() == protocol) {
                return binding;
            }
        }
        return null;
    }

    /** The place that has this {@link ProtocolBinding#place}. */
    @Nullable ProtocolBinding bindingAt(@Nullable Object place) {
        for (ProtocolBinding binding : bindings) {
            if (binding.place() == place) {
                return binding;
            }
        }
        return null;
    }

    /** By instance, as {@code openvpn/udp}. Any thread. */
    Map<String, PathCounters> counters() {
        return counters;
    }

    // ---- sessions ----

    /** Begins to move the control channels here, in place of an earlier move. */
    CompletionStage<Boolean> spreadTls(TlsSpread next) {
        TlsSpread before = spread;
        spread = next;
        if (before != null) {
            before.cancel();
        }
        return next.begin().whenComplete((done, error) -> {
            // It knows the provider that it leads to, which may go one day.
            if (spread == next) {
                spread = null;
            }
        });
    }

    TlsSpread tlsSpread(Predicate<TlsProvider> former, long windowNs, int atOnce, TlsSpread.Progress progress) {
        return new TlsSpread(loop, former, windowNs, atOnce, progress);
    }

    /**
     * Takes the engines of a provider that goes from the sessions here; handshakes under way have {@code graceNs} to end.
     */
    CompletionStage<Boolean> leaveTls(TlsProvider gone, long graceNs) {
        long deadlineNs = loop.nowNs() + graceNs;
        return each(session -> {
            if (loop.nowNs() < deadlineNs && session.isBusy()) {
                return false;
            }
            session.onTlsGone(gone);
            return true;
        });
    }

    /** Does something with every session here, a few at a time; completes on the loop. */
    CompletionStage<Boolean> each(Chunks.Step step) {
        return Chunks.of(loop, sessions(), step);
    }

    List<LoopSession> sessions() {
        List<LoopSession> all = new ArrayList<>();
        for (ProtocolBinding binding : bindings) {
            all.addAll(binding.sessions());
        }
        return all;
    }

    /** Completes when the sessions are gone. */
    CompletionStage<@Nullable Void> end(Predicate<LoopSession> which, CloseCause cause) {
        List<CompletableFuture<@Nullable Void>> gone = new ArrayList<>();
        for (LoopSession session : sessions()) {
            if (which.test(session)) {
                gone.add(session.end(cause).toCompletableFuture());
            }
        }
        return CompletableFuture.allOf(gone.toArray(CompletableFuture[]::new));
    }

    /** Any thread. */
    List<ListenerStatus> status() {
        return status;
    }

    private void publish() {
        status = opened.values().stream().flatMap(List::stream).toList();
    }
}

package io.culvert.core.bus;

import io.culvert.api.handover.SessionRecord;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.StreamFraming;
import io.culvert.api.tunnel.TunnelProtocol;
import io.culvert.core.link.Listener;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
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
    private static final long HOLD_NS = 200_000_000L;
    private static final long GAP_NS = 100_000_000L;
    private static final long SAVE_DEADLINE_NS = 5_000_000_000L;

    private final PacketLoop loop;
    private final SessionDesk desk;
    private final Function<TunnelProtocol, ProtocolBinding> binder;
    private final InstantSource wall;
    private final List<ProtocolBinding> bindings = new ArrayList<>();
    private final Map<ListenerClaim, Parked> parked = new HashMap<>();
    private final Map<String, Runnable> gaps = new HashMap<>();
    private final Map<Long, SessionTotals> frozenTotals = new HashMap<>();
    private final Map<ProtocolBinding, List<ListenerStatus>> opened = new LinkedHashMap<>();
    private volatile List<ListenerStatus> status = List.of();

    /** A socket without a protocol; not a record, as each parking has its own end. */
    private static final class Parked {
        private final Listener listener;

        Parked(Listener listener) {
            this.listener = listener;
        }
    }

    LoopProtocols(
            PacketLoop loop,
            SessionDesk desk,
            Function<TunnelProtocol, ProtocolBinding> binder,
            InstantSource wall) {
        this.loop = loop;
        this.desk = desk;
        this.binder = binder;
        this.wall = wall;
    }

    // ---- attach ----

    List<ListenerStatus> attach(TunnelProtocol protocol, List<PacketBus.Judged> records) {
        ProtocolBinding binding = binder.apply(protocol);
        List<ListenerStatus> listeners = new ArrayList<>();
        boolean failed = false;
        for (ListenerClaim claim : protocol.listeners()) {
            ListenerStatus opening = open(binding, claim);
            listeners.add(opening);
            failed |= !opening.isOpen();
        }
        bindings.add(binding);
        opened.put(binding, listeners);
        publish();
        int live = 0;
        for (PacketBus.Judged judged : records) {
            SessionRecord record = judged.record();
            SessionTotals totals = frozenTotals.remove(record.sessionId());
            if (judged.refusal() != null) {
                LOG.info("{} peer={} session={}: not taken over, {}", binding.name(), record.peer().user(),
                        Long.toHexString(record.sessionId()), judged.refusal().logText());
                loop.closes.count(judged.refusal().kind());
                desk.forget(binding.name(), binding.instance(), record.sessionId());
                desk.release(record.sessionId());
            } else if (failed && listeners.stream().noneMatch(l -> serves(l, record))) {
                LOG.warn("{} peer={} session={}: kept as a record, its listener is not open",
                        binding.name(), record.peer().user(), Long.toHexString(record.sessionId()));
            } else if (binding.thaw(record, totals == null ? new SessionTotals(wall.instant()) : totals)) {
                live++;
            }
        }
        resumeWhenSaved(binding);
        LOG.info("{} instance={}: attached, {} of {} sessions taken over", binding.name(), binding.instance(), live,
                records.size());
        return listeners;
    }

    private static boolean serves(ListenerStatus listener, SessionRecord record) {
        return listener.isOpen()
                && listener.claim().transport() == record.endpoint().transport()
                && listener.port() == record.endpoint().localPort();
    }

    private ListenerStatus open(ProtocolBinding binding, ListenerClaim claim) {
        String name = binding.name();
        String instance = binding.instance();
        try {
            Parked waiting = parked.remove(claim);
            Listener listener = waiting == null ? loop.listeners.open(claim) : waiting.listener;
            binding.listeners().add(listener);
            var status = new ListenerStatus(name, instance, claim, listener.port(), "");
            LOG.info("{} instance={}: listens on {} {} port {}", name, instance, status.transport(), status.host(),
                    listener.port());
            return status;
        } catch (IOException e) {
            LOG.error("{} instance={}: cannot listen on {}", name, instance, e.getMessage());
            return new ListenerStatus(name, instance, claim, claim.address().getPort(), String.valueOf(e.getMessage()));
        }
    }

    /**
     * A thawed session may not seal before its next reservation is durable. What arrives for it until then, from either
     * side, waits in the kernel instead of being lost.
     */
    private void resumeWhenSaved(ProtocolBinding binding) {
        Runnable release = holdTun(HOLD_NS);
        var done = new AtomicBoolean();
        Runnable resume = () -> {
            release.run();
            if (done.compareAndSet(false, true) && bindings.contains(binding)) {
                resume(binding);
            }
        };
        Runnable gap = gaps.remove(key(binding));
        if (gap != null) {
            gap.run();
        }
        binding.sessions().forEach(LoopSession::runDue);
        loop.after(HOLD_NS, resume);
        binding.whenSaved(resume);
    }

    /** Leaves outbound packets in the kernel until the answer is run, or this time is over. */
    private Runnable holdTun(long atMostNs) {
        loop.holdTun();
        var done = new AtomicBoolean();
        Runnable release = () -> {
            if (done.compareAndSet(false, true)) {
                loop.releaseTun();
            }
        };
        loop.after(atMostNs, release);
        return release;
    }

    private static String key(ProtocolBinding binding) {
        return binding.name() + "/" + binding.instance();
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

    // ---- detach ----

    CompletionStage<@Nullable Void> freeze(TunnelProtocol protocol) {
        return freeze(binding -> binding.protocol() == protocol);
    }

    CompletionStage<@Nullable Void> freeze(String name, String instance) {
        return freeze(binding -> binding.name().equals(name) && binding.instance().equals(instance));
    }

    CompletionStage<@Nullable Void> freezeAll() {
        return freeze(binding -> true);
    }

    private CompletionStage<@Nullable Void> freeze(Predicate<ProtocolBinding> which) {
        List<CompletableFuture<@Nullable Void>> gone = new ArrayList<>();
        for (ProtocolBinding binding : List.copyOf(bindings)) {
            if (which.test(binding)) {
                gone.add(freeze(binding));
            }
        }
        return CompletableFuture.allOf(gone.toArray(CompletableFuture[]::new));
    }

    private CompletableFuture<@Nullable Void> freeze(ProtocolBinding binding) {
        bindings.remove(binding);
        opened.remove(binding);
        // What arrives from now on waits in the kernel for the successor: the records stay true.
        binding.listeners().forEach(Listener::suspend);
        publish();
        List<LoopSession> kept = new ArrayList<>();
        List<CompletableFuture<Boolean>> saves = new ArrayList<>();
        for (LoopSession session : binding.sessions()) {
            CompletionStage<Boolean> save = session.freezeAway();
            if (save == null) {
                session.drop(CloseCause.silently(CloseCause.Kind.SHUTDOWN, "its protocol left before it was established"));
            } else {
                kept.add(session);
                saves.add(save.toCompletableFuture());
            }
        }
        var durable = CompletableFuture.allOf(saves.toArray(CompletableFuture[]::new));
        var gone = new CompletableFuture<@Nullable Void>();
        Runnable leave = () -> {
            if (gone.isDone()) {
                return;
            }
            for (LoopSession session : kept) {
                if (!session.isClosed()) {
                    frozenTotals.put(session.sessionId(), session.totals());
                    session.leaveRecord();
                }
            }
            park(binding);
            if (!kept.isEmpty()) {
                // A successor that comes at once finds what was sent to its sessions meanwhile.
                Runnable before = gaps.put(key(binding), holdTun(GAP_NS));
                if (before != null) {
                    before.run();
                }
            }
            LOG.info("{} instance={}: detached, {} sessions kept as records",
                    binding.name(), binding.instance(), kept.size());
            gone.complete(null);
        };
        durable.whenComplete((done, error) -> loop.commands.post(leave));
        loop.after(SAVE_DEADLINE_NS, leave);
        return gone;
    }

    private void park(ProtocolBinding binding) {
        for (Listener listener : binding.listeners()) {
            var waiting = new Parked(listener);
            Parked before = parked.put(listener.claim(), waiting);
            if (before != null) {
                before.listener.close();
            }
            loop.after(PARKED_NS, () -> {
                if (parked.remove(listener.claim(), waiting)) {
                    listener.close();
                }
            });
        }
        binding.listeners().clear();
    }

    /** Closes the sockets that wait for a successor. Only when the loop has ended. */
    void closeParked() {
        parked.values().forEach(waiting -> waiting.listener.close());
        parked.clear();
    }

    // ---- sessions ----

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

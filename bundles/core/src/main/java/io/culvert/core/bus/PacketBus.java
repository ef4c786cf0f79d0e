package io.culvert.core.bus;

import io.culvert.api.handover.SessionRecord;
import io.culvert.api.packet.DropReason;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.TunnelProtocol;
import io.culvert.core.admission.Admissions;
import io.culvert.core.handover.SessionRecords;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The packet bus: a loop between the TUN and the sessions of every attached protocol.
 *
 * <p>Threads: any but a packet loop. Methods that answer with a stage do not block on the loop; those that answer
 * directly do, and need {@link #start} to have been called.
 */
public final class PacketBus implements LiveSessions, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PacketBus.class);
    private static final long ANSWER_DEADLINE_S = 10;

    private final PacketLoop loop;
    private final LoopProtocols protocols;
    private final SessionRecords records;
    private final Admissions admissions;
    private final Executor workers;
    private final Tun tun;
    private final Poller poller;
    private volatile @Nullable Thread thread;
    private volatile boolean stopped;

    /** What the bus works with; {@code workers} run what may block, {@code clock} is monotonic in nanoseconds. */
    public record Neighbours(
            Tun tun,
            Poller poller,
            Function<LinkResources, Listener.Factory> listeners,
            Admissions admissions,
            SessionRecords records,
            Services services,
            Executor workers,
            LongSupplier clock,
            InstantSource wall,
            SecureRandom random) {}

    public PacketBus(BusSettings settings, Neighbours with) throws IOException {
        this.tun = with.tun();
        this.poller = with.poller();
        this.records = with.records();
        this.admissions = with.admissions();
        this.workers = with.workers();
        this.loop = new PacketLoop(
                settings.buffers(),
                settings.mtu(),
                settings.clientToClient(),
                tun,
                poller,
                with.clock(),
                with.listeners());
        var desk = new SessionDesk(admissions, records, workers, loop);
        this.protocols = new LoopProtocols(
                loop,
                desk,
                protocol -> new ProtocolBinding(
                        loop, protocol, desk, with.services(), with.wall(), with.random()),
                with.wall());
        loop.open();
    }

    /** Starts the loop's thread. Without it, {@link #step} drives the loop. */
    public void start() {
        Thread runner = new Thread(loop, "culvert-loop-0");
        runner.setPriority(Thread.MAX_PRIORITY);
        thread = runner;
        runner.start();
    }

    /** One round of the loop on the calling thread, without waiting. Not after {@link #start}. */
    public void step() {
        loop.step();
    }

    // ---- protocols ----

    /**
     * Opens the protocol's listeners and thaws its records; an earlier protocol of the same name and instance is
     * detached before. Blocks on the store and on the access checks.
     *
     * @return the listeners, open or failed
     */
    public CompletionStage<List<ListenerStatus>> attach(TunnelProtocol protocol) {
        String name = protocol.name();
        String instance = protocol.instance();
        return onLoop(() -> protocols.freeze(name, instance))
                .thenCompose(frozen -> frozen)
                .thenApplyAsync(frozen -> judge(name, instance), workers)
                .thenCompose(judged -> onLoop(() -> protocols.attach(protocol, judged)))
                .thenApply(listeners -> {
                    // Whoever was revoked between the judgement and the thaw was not live for LiveSessions.end to see.
                    recheck().exceptionally(e -> {
                        LOG.error("{} instance={}: the sessions taken over could not be checked", name, instance, e);
                        return null;
                    });
                    return listeners;
                });
    }

    private List<Judged> judge(String name, String instance) {
        List<Judged> judged = new ArrayList<>();
        for (SessionRecord record : records.load(name, instance)) {
            judged.add(new Judged(record, admissions.recheck(record.peer())));
        }
        return judged;
    }

    /** A stored record, and what the access checks say of its peer now. */
    record Judged(SessionRecord record, @Nullable CloseCause refusal) {}

    /**
     * Freezes the protocol's sessions into durable records, and forgets the live ones without telling their peers. The
     * sockets stay for half a minute, for the protocol's successor. Completes when nothing of {@code protocol} is used.
     */
    public CompletionStage<@Nullable Void> detach(TunnelProtocol protocol) {
        return onLoop(() -> protocols.freeze(protocol)).thenCompose(frozen -> frozen);
    }

    /** Ends the protocol's sessions and tells their peers; completes when they are gone. */
    public CompletionStage<@Nullable Void> end(TunnelProtocol protocol, CloseCause cause) {
        return onLoop(() -> protocols.end(session -> session.binding().protocol() == protocol, cause))
                .thenCompose(gone -> gone);
    }

    /** The listeners of every attached protocol. */
    public List<ListenerStatus> listeners() {
        return protocols.status();
    }

    // ---- sessions ----

    @Override
    public List<SessionStatus> list() {
        if (stopped) {
            return List.of();
        }
        return await(onLoop(() -> protocols.sessions().stream()
                .map(LoopSession::status)
                .sorted(Comparator.comparing(SessionStatus::since).thenComparing(SessionStatus::id))
                .toList()));
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
        return onLoop(() -> protocols.end(session -> which.contains(session.sessionId()), cause))
                .thenCompose(gone -> gone);
    }

    /** Asks the access checks about every known peer again, and ends the sessions of those who may not be here. */
    public CompletionStage<@Nullable Void> recheck() {
        return onLoop(() -> protocols.sessions().stream()
                        .filter(session -> session.peer().isPresent())
                        .map(session -> Map.entry(session.sessionId(), session.peer().orElseThrow()))
                        .toList())
                .thenComposeAsync(
                        peers -> {
                            List<CompletableFuture<@Nullable Void>> ends = new ArrayList<>();
                            for (var peer : peers) {
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
        return eachSession(LoopSession::onCiphers);
    }

    /** Another TLS provider is in force: completes when every session knows, and will leave the one before. */
    public CompletionStage<@Nullable Void> tlsChanged() {
        return eachSession(LoopSession::onTls);
    }

    private CompletionStage<@Nullable Void> eachSession(Consumer<LoopSession> what) {
        return onLoop(() -> {
            protocols.sessions().forEach(what);
            return null;
        });
    }

    // ---- status ----

    /** Drops and closes by reason, sessions, and the buffer pool. Any thread; roughly true. */
    public Map<String, Object> status() {
        Map<String, Object> status = new LinkedHashMap<>();
        status.put("listeners", listeners().stream().map(ListenerStatus::asMap).toList());
        status.put("sessions", loop.sessionCount());
        Map<String, Object> drops = loop.drops.snapshot();
        if (tun.writeDrops() != 0) {
            drops.put(DropReason.TUN_ERROR.name(), tun.writeDrops());
        }
        status.put("drops", drops);
        status.put("closes", loop.closes.snapshot());
        var pool = loop.pool.status();
        Map<String, Object> buffers = new LinkedHashMap<>();
        buffers.put("buffers", pool.buffers());
        buffers.put("free", pool.free());
        buffers.put("lowest", pool.lowest());
        buffers.put("exhausted", pool.exhausted());
        buffers.put("bufferBytes", pool.bufferBytes());
        status.put("pool", buffers);
        Map<String, Object> device = new LinkedHashMap<>();
        device.put("name", tun.name());
        device.put("readDrops", tun.readDrops());
        device.put("writeDrops", tun.writeDrops());
        status.put("tun", device);
        return status;
    }

    /** How often packets ended for this reason. */
    public long drops(DropReason reason) {
        return loop.drops.of(reason);
    }

    // ---- the end ----

    /**
     * Ends the bus: with {@code keep} every session becomes a durable record and its peer is not told, else every
     * session ends with {@link CloseCause.Kind#SHUTDOWN}. Completes when no session is left, at the latest in 3 s.
     */
    public CompletionStage<@Nullable Void> quiesce(boolean keep) {
        CompletionStage<@Nullable Void> ended = keep
                ? CompletableFuture.completedFuture(null)
                : onLoop(() -> protocols.end(
                                session -> true, new CloseCause(CloseCause.Kind.SHUTDOWN, "the server stops", "")))
                        .thenCompose(gone -> gone);
        return ended.thenCompose(gone -> onLoop(protocols::freezeAll)).thenCompose(frozen -> frozen);
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
        stopped = true;
        Thread runner = thread;
        if (runner != null) {
            loop.stop();
            try {
                runner.join(TimeUnit.SECONDS.toMillis(ANSWER_DEADLINE_S));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        protocols.closeParked();
        poller.close();
    }

    @Override
    public void close() {
        stop(true);
    }

    private <T> CompletionStage<T> onLoop(Supplier<T> question) {
        var answer = new CompletableFuture<T>();
        if (stopped) {
            answer.completeExceptionally(new IllegalStateException("the packet bus has stopped"));
            return answer;
        }
        loop.commands.post(() -> {
            try {
                answer.complete(question.get());
            } catch (Throwable t) {
                answer.completeExceptionally(t);
            }
        });
        return answer;
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

package io.culvert.core.bus;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.network.Admission;
import io.culvert.api.packet.DropReason;
import io.culvert.api.packet.Outbox;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.status.TunnelStatus;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.HandoverException;
import io.culvert.api.tunnel.SessionHost;
import io.culvert.api.tunnel.TunnelProtocol;
import io.culvert.api.tunnel.TunnelSession;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.link.LinkEndpoint;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One session on its loop: what core knows of it, and the only place that calls it. Every call ends in
 * {@link #finishCall}, which reclaims buffers and closes what asked to be closed; the next timeout is asked for once in a
 * round, in {@link #roundEnded}.
 */
final class LoopSession implements SessionHost {
    private static final Logger LOG = LoggerFactory.getLogger(LoopSession.class);
    private static final long END_DEADLINE_NS = 3_000_000_000L;
    private static final long FLOAT_SAVE_INTERVAL_NS = 1_000_000_000L;
    private static final long FLOAT_LOG_INTERVAL_NS = 5_000_000_000L;

    private final PacketLoop loop;
    private final ProtocolBinding binding;
    private final SessionDesk desk;
    private final long sessionId;
    private final TimerWheel.Timer timer = new TimerWheel.Timer() {
        @Override
        protected void onTimeout() {
            LoopSession.this.onTimer();
        }
    };

    private @Nullable TunnelSession session;

    /** Whose code runs the session. */
    private @Nullable TunnelProtocol runs;

    /** Grows with each move to another version: what an earlier one asked for is not answered. */
    private int generation;

    private LinkEndpoint endpoint;
    private long[] keys = new long[4];
    private int keyCount;
    private @Nullable PeerIdentity peer;
    private final SessionRoutes routes;
    private final SessionTotals totals;
    private boolean established;

    private boolean computed;
    private boolean saved;
    private boolean recordStale;
    private long savedNs;
    private long floatLoggedNs;
    private int floatsUnlogged;
    private long endNs = Long.MAX_VALUE;
    private CloseCause ending = CloseCause.silently(CloseCause.Kind.KILLED, "");
    private boolean calling;
    private boolean touched;
    private @Nullable CloseCause closing;
    private boolean closed;
    private final CompletableFuture<@Nullable Void> gone = new CompletableFuture<>();

    /** Null when the session carries IP packets. */
    private final @Nullable FramePort framePort;

    LoopSession(
            PacketLoop loop,
            ProtocolBinding binding,
            SessionDesk desk,
            long sessionId,
            LinkEndpoint endpoint,
            SessionTotals totals,
            boolean carriesFrames) {
        this.loop = loop;
        this.binding = binding;
        this.desk = desk;
        this.sessionId = sessionId;
        this.endpoint = endpoint;
        this.totals = totals;
        this.framePort = carriesFrames ? new FramePort(this) : null;
        this.routes = new SessionRoutes(this, loop, framePort);
        this.floatLoggedNs = loop.nowNs() - FLOAT_LOG_INTERVAL_NS;
        endpoint.link().sessions(1);
        loop.countSession(1);
    }

    // ---- calls into the session ----

    /** The protocol made {@code session} for this place; it may have asked for things before. */
    void start(TunnelSession session) {
        this.session = session;
        this.runs = binding.protocol();
        settle();
    }

    /** Makes the session live out of its record, in a place that is new. Says whether it lives; if not, it is kept. */
    boolean thaw(TunnelProtocol in, KeptSessions.Kept kept) {
        SessionRecord record = kept.record();
        TunnelSession live;
        try {
            live = live(in, kept);
        } catch (HandoverException | RuntimeException | LinkageError e) {
            keep(in, kept, e);
            return false;
        }
        session = live;
        runs = in;
        peer = record.peer();
        routes.grant(record.addresses());
        saved = true;
        established = true;
        routes.open();
        LOG.info("{}: taken over from {}, addresses {}", label(), endpoint.remote(), routes.describe());
        settle();
        return true;
    }

    private TunnelSession live(TunnelProtocol in, KeptSessions.Kept kept) throws HandoverException {
        TunnelSession live = in.thaw(kept.record(), endpoint, binding, this, loop.nowNs());
        try {
            if (kept.live().length > 0) {
                live.resumeLive(kept.live(), loop.nowNs());
            }
        } catch (RuntimeException | LinkageError e) {
            try {
                live.closed();
            } catch (RuntimeException | LinkageError again) {
                e.addSuppressed(again);
            }
            throw e;
        }
        return live;
    }

    /**
     * Goes on in another version of its protocol, between two packets: the peer sees nothing of it. Nothing is written
     * before: what the session seals next lies within the reservation that is durable.
     *
     * @param force whether a session that is busy moves as well, and one that cannot move yet ends
     * @return false when it is to be asked again
     */
    boolean moveTo(TunnelProtocol next, boolean force) {
        TunnelSession old = session;
        if (closed || old == null || runs == next) {
            return true;
        }
        boolean busy = endNs != Long.MAX_VALUE || !established || isBusy(old);
        if (busy && !force) {
            return false;
        }
        if (endNs != Long.MAX_VALUE || !established) {
            drop(CloseCause.silently(CloseCause.Kind.SHUTDOWN, "its protocol left before it was established"));
            return true;
        }
        KeptSessions.Kept kept;
        try {
            kept = new KeptSessions.Kept(freeze(old), old.freezeLive(), loop.nowNs());
        } catch (Throwable t) {
            // The store has a record of it that is true, if not the latest.
            LOG.error("{}: cannot be frozen, it waits as it was last saved", label(), t);
            leaveRecord();
            return true;
        }
        // It seals nothing any more before another goes on from where it is.
        session = null;
        generation++;
        close(old);
        long[] before = Arrays.copyOf(keys, keyCount);
        keyCount = 0;
        try {
            session = live(next, kept);
        } catch (HandoverException | RuntimeException | LinkageError e) {
            for (long key : before) {
                bind(key);
            }
            keep(next, kept, e);
            return true;
        }
        runs = next;
        for (long key : before) {
            if (!has(key)) {
                binding.unbind(key, this);
            }
        }
        settle();
        return true;
    }

    /** Whether the protocol is in the middle of something that ends by itself. */
    boolean isBusy() {
        TunnelSession target = session;
        return target != null && (!established || isBusy(target));
    }

    private boolean isBusy(TunnelSession target) {
        try {
            return target.isBusy();
        } catch (RuntimeException | LinkageError e) {
            LOG.error("{}: does not say whether it is busy", label(), e);
            return false;
        }
    }

    /** This version cannot go on with the session: another may. */
    private void keep(TunnelProtocol in, KeptSessions.Kept kept, Throwable why) {
        LOG.warn("{}: {} cannot go on with it, its record is kept: {}", label(), binding.moduleOf(in),
                why instanceof HandoverException ? why.getMessage() : why.toString(), why);
        loop.closes.count(CloseCause.Kind.HANDOVER_FAILED);
        binding.counters().closed(CloseCause.Kind.HANDOVER_FAILED, true);
        loop.protocols().keep(binding, kept, totals);
        finish(CloseCause.silently(CloseCause.Kind.HANDOVER_FAILED, "kept"), true);
    }

    private void close(TunnelSession old) {
        try {
            old.closed();
        } catch (Throwable t) {
            LOG.error("{}: failed while it was closed", label(), t);
        }
    }

    /** Whether the session runs in this protocol's code. */
    boolean runsIn(@Nullable TunnelProtocol protocol) {
        return !closed && runs == protocol;
    }

    /** Lets the session do at once what it has set a timer for. */
    void runDue() {
        onTimer();
    }

    void onDatagram(PooledBuffer datagram, LinkEndpoint from) {
        TunnelSession target = begin(datagram);
        if (target != null) {
            try {
                target.onDatagram(datagram, from, loop.nowNs(), loop.outbox);
            } catch (Throwable t) {
                failed(t);
            }
            finishCall();
        }
    }

    void onIpPacket(PooledBuffer packet) {
        TunnelSession target = begin(packet);
        if (target != null) {
            try {
                target.onIpPacket(packet, loop.nowNs(), loop.outbox);
            } catch (Throwable t) {
                failed(t);
            }
            finishCall();
        }
    }

    private void onTimer() {
        if (loop.nowNs() >= endNs) {
            finish(ending, false);
            return;
        }
        TunnelSession target = begin(null);
        if (target != null) {
            try {
                if (target.nextTimeoutNs() <= loop.nowNs()) {
                    target.onTimer(loop.nowNs(), loop.outbox);
                }
            } catch (Throwable t) {
                failed(t);
            }
            finishCall();
        }
    }

    void onCiphers() {
        onProviders(TunnelSession::onCiphers);
    }

    void onTls() {
        onProviders(TunnelSession::onTls);
    }

    void onTlsGone(TlsProvider gone) {
        onProviders((target, nowNs, out) -> target.onTlsGone(gone, nowNs, out));
    }

    /** Whether the control channel that is in use runs in this provider's code. */
    boolean usesTls(Predicate<TlsProvider> which) {
        TunnelSession target = session;
        try {
            return target != null && target.tlsInUse().filter(which).isPresent();
        } catch (RuntimeException | LinkageError e) {
            LOG.error("{}: does not say which provider of TLS it uses", label(), e);
            return false;
        }
    }

    private interface ProviderCall {
        void on(TunnelSession session, long nowNs, Outbox out);
    }

    private void onProviders(ProviderCall call) {
        TunnelSession target = begin(null);
        if (target != null) {
            try {
                call.on(target, loop.nowNs(), loop.outbox);
            } catch (Throwable t) {
                failed(t);
            }
            finishCall();
        }
    }

    /** Somebody other than the peer ends the session. Completes when it is gone: in 3 s, or as soon as it is ready. */
    CompletionStage<@Nullable Void> end(CloseCause cause) {
        TunnelSession target = begin(null);
        if (target != null) {
            if (endNs == Long.MAX_VALUE) {
                ending = cause;
                endNs = loop.nowNs() + END_DEADLINE_NS;
            }
            try {
                target.end(cause, loop.nowNs(), loop.outbox);
            } catch (Throwable t) {
                failed(t);
            }
            finishCall();
        } else if (!closed) {
            finish(cause, false);
        }
        return gone;
    }

    /** Core itself ends the session, without telling it first. */
    void drop(CloseCause cause) {
        if (!closed) {
            finish(cause, false);
        }
    }

    private @Nullable TunnelSession begin(@Nullable PooledBuffer packet) {
        TunnelSession target = session;
        if (closed || target == null) {
            if (packet != null) {
                loop.drops.drop(packet, DropReason.CLOSING);
            }
            return null;
        }
        calling = true;
        loop.beginCall(this, packet);
        return target;
    }

    private void finishCall() {
        int kept = loop.endCall();
        calling = false;
        if (kept > 0 && closing == null) {
            LOG.warn("{}: kept {} packets beyond a call, they were reclaimed", label(), kept);
        }
        if (closing != null) {
            settle();
        } else if (!touched) {
            touched = true;
            loop.touch(this);
        }
        loop.outbound.deliverDeferred();
    }

    private void failed(Throwable t) {
        LOG.error("{}: failed", label(), t);
        if (closing == null) {
            closing = CloseCause.silently(CloseCause.Kind.INTERNAL_ERROR, "failed with " + t.getClass().getName());
        }
    }

    /** The round ends in which the session was called. */
    void roundEnded() {
        touched = false;
        settle();
    }

    private void settle() {
        CloseCause cause = closing;
        if (cause != null) {
            if (!closed) {
                finish(cause, false);
            }
            return;
        }
        TunnelSession target = session;
        if (target == null || closed) {
            return;
        }
        try {
            if (recordStale && loop.nowNs() - savedNs >= FLOAT_SAVE_INTERVAL_NS) {
                desk.save(freeze(target));
            }
            loop.timers.set(timer, Math.min(endNs, target.nextTimeoutNs()));
        } catch (Throwable t) {
            failed(t);
            settle();
        }
    }

    private SessionRecord freeze(TunnelSession target) {
        recordStale = false;
        savedNs = loop.nowNs();
        return target.freeze();
    }

    // ---- the end ----

    /** Freezes the session; completes when the record is durable. Null when there is nothing worth a record. */
    @Nullable CompletionStage<Boolean> freezeAway() {
        TunnelSession target = session;
        if (closed || target == null || !established) {
            return null;
        }
        try {
            return desk.save(freeze(target));
        } catch (Throwable t) {
            failed(t);
            return null;
        }
    }

    /** The session as bytes for {@link HandedSessions}; null when it is not established. It is used no more. */
    byte @Nullable [] handOver() {
        TunnelSession target = session;
        if (closed || target == null || !established) {
            return null;
        }
        try {
            return HandedSessions.encode(freeze(target), target.freezeLive(), totals);
        } catch (Throwable t) {
            failed(t);
            return null;
        }
    }

    /**
     * Ends in favour of another session of the same peer, which goes on with what this one has; its keys lead there.
     * Completes when the heir has it.
     */
    CompletionStage<@Nullable Void> bequeath(LoopSession heir, CloseCause cause) {
        TunnelSession target = session;
        KeptSessions.Kept left = null;
        if (!closed && target != null && established) {
            try {
                left = new KeptSessions.Kept(freeze(target), target.freezeLive(), loop.nowNs());
            } catch (Throwable t) {
                LOG.error("{}: cannot be frozen, its heir begins without it", label(), t);
            }
        }
        long[] before = Arrays.copyOf(keys, keyCount);
        drop(cause);
        var inherited = new CompletableFuture<@Nullable Void>();
        KeptSessions.Kept all = left;
        if (all == null) {
            inherited.complete(null);
        } else if (heir.loop == loop) {
            heir.inherit(all, before);
            inherited.complete(null);
        } else {
            heir.loop.commands.post(() -> {
                try {
                    heir.inherit(all, before);
                } finally {
                    inherited.complete(null);
                }
            });
            // What comes for it from now on goes over, and finds it there.
            binding.pass(before, heir);
        }
        return inherited;
    }

    private void inherit(KeptSessions.Kept former, long[] formerKeys) {
        for (long key : formerKeys) {
            bind(key);
        }
        TunnelSession target = begin(null);
        if (target == null) {
            finishKeys();
            return;
        }
        routes.grant(former.record().addresses());
        try {
            if (target.inherit(former.record(), former.live(), loop.nowNs())) {
                routes.open();
            }
        } catch (HandoverException | RuntimeException | LinkageError e) {
            LOG.warn("{}: does not go on with what the former session had: {}", label(),
                    e instanceof HandoverException ? e.getMessage() : e.toString(), e);
        }
        finishCall();
    }

    /** Forgets the live session without telling the peer, and keeps its record and its addresses. */
    void leaveRecord() {
        if (!closed) {
            finish(CloseCause.silently(CloseCause.Kind.SHUTDOWN, "handed over"), true);
        }
    }

    private void finish(CloseCause cause, boolean keepRecord) {
        closed = true;
        closing = cause;
        loop.timers.cancel(timer);
        loop.countSession(-1);
        finishKeys();
        routes.close();
        boolean wasEstablished = established;
        if (wasEstablished && !keepRecord) {
            binding.services().sessionEnded(status(), cause);
        }
        established = false;
        binding.remove(this);
        if (!keepRecord) {
            loop.closes.count(cause.kind());
            binding.counters().closed(cause.kind(), wasEstablished);
            LOG.info("{}: closed, {}", label(), cause.logText().isEmpty() ? cause.kind() : cause.logText());
            if (saved) {
                desk.forget(binding.name(), binding.instance(), sessionId);
            }
            desk.release(sessionId);
        }
        TunnelSession target = session;
        session = null;
        runs = null;
        if (target != null) {
            close(target);
        }
        endpoint.link().sessions(-1);
        gone.complete(null);
    }

    private void finishKeys() {
        for (int i = 0; i < keyCount; i++) {
            binding.unbind(keys[i], this);
        }
        keyCount = 0;
    }

    // ---- SessionHost ----

    @Override
    public long sessionId() {
        return sessionId;
    }

    @Override
    public void bind(long sessionKey) {
        if (closing != null || has(sessionKey)) {
            return;
        }
        binding.bind(sessionKey, this);
        if (keyCount == keys.length) {
            keys = Arrays.copyOf(keys, keyCount * 2);
        }
        keys[keyCount++] = sessionKey;
    }

    private boolean has(long sessionKey) {
        for (int i = 0; i < keyCount; i++) {
            if (keys[i] == sessionKey) {
                return true;
            }
        }
        return false;
    }

    /** Another session of this loop has the key now. */
    void lost(long sessionKey) {
        for (int i = 0; i < keyCount; i++) {
            if (keys[i] == sessionKey) {
                keys[i] = keys[--keyCount];
                return;
            }
        }
    }

    @Override
    public void unbind(long sessionKey) {
        if (binding.unbind(sessionKey, this)) {
            lost(sessionKey);
        }
    }

    @Override
    public void floated(Endpoint to) {
        if (closing == null && !endpoint.equals(to)) {
            LinkEndpoint now = (LinkEndpoint) to;
            if (now.link() != endpoint.link()) {
                endpoint.link().sessions(-1);
                now.link().sessions(1);
            }
            logFloat(to);
            binding.moved(this, endpoint, now);
            endpoint = now;
            recordStale = saved;
            desk.moved(sessionId, now.remote());
        }
    }

    /** A client behind an unsteady NAT, or one that means it, moves with every packet. */
    private void logFloat(Endpoint to) {
        if (loop.nowNs() - floatLoggedNs < FLOAT_LOG_INTERVAL_NS) {
            floatsUnlogged++;
            return;
        }
        if (floatsUnlogged > 0) {
            LOG.info("{}: floated to {}, after {} floats that were not logged", label(), to.remote(), floatsUnlogged);
        } else {
            LOG.info("{}: floated to {}", label(), to.remote());
        }
        floatLoggedNs = loop.nowNs();
        floatsUnlogged = 0;
    }

    @Override
    public <T> void offload(Callable<T> work, Completion<T> then) {
        int asked = generation;
        TunnelProtocol by = working();
        desk.offload(work, (value, error) -> {
            binding.working(by, -1);
            answer(asked, out -> then.onCompletion(value, error, loop.nowNs(), out));
        });
    }

    @Override
    public <T> void compute(Callable<T> work, Completion<T> then) {
        boolean begun = computed || established;
        computed = true;
        int asked = generation;
        TunnelProtocol by = working();
        if (!desk.compute(begun, work, (value, error) -> {
            binding.working(by, -1);
            answer(asked, out -> then.onCompletion(value, error, loop.nowNs(), out));
        })) {
            binding.working(by, -1);
            close(CloseCause.silently(CloseCause.Kind.OVERLOAD, "too many handshakes wait for the CPU"));
        }
    }

    @Override
    public void authenticate(Credentials credentials, Answer<AuthDecision> then) {
        int asked = generation;
        desk.authenticate(credentials, decision -> answer(asked, then, decision));
    }

    @Override
    public void admit(PeerIdentity peer, Answer<Admission> then) {
        // Known from here on: whoever revokes the peer while it is judged finds the session.
        this.peer = peer;
        int asked = generation;
        desk.admit(peer, sessionId, endpoint.remote(), framePort != null, admission -> {
            if (closed) {
                if (admission instanceof Admission.Granted) {
                    desk.release(sessionId);
                }
                return;
            }
            if (admission instanceof Admission.Granted granted) {
                routes.grant(granted.addresses());
            }
            answer(asked, then, admission);
        });
    }

    @Override
    public void recheck(PeerIdentity peer, Answer<@Nullable CloseCause> then) {
        int asked = generation;
        desk.recheck(peer, cause -> answer(asked, out -> then.onAnswer(cause, loop.nowNs(), out)));
    }

    @Override
    public void save(Answer<Boolean> then) {
        TunnelSession target = session;
        if (closing != null) {
            return;
        }
        if (target == null) {
            // Asked for while the protocol still makes the session: frozen as soon as it is there.
            int asked = generation;
            loop.commands.post(() -> {
                if (asked == generation) {
                    save(then);
                }
            });
            return;
        }
        SessionRecord record;
        try {
            record = freeze(target);
        } catch (Throwable t) {
            failed(t);
            if (!calling) {
                settle();
            }
            return;
        }
        saved = true;
        binding.saving(1);
        int asked = generation;
        desk.save(record).thenAccept(done -> loop.commands.post(() -> {
            answer(asked, then, done);
            binding.saving(-1);
        }));
    }

    @Override
    public void established() {
        if (routes.granted() == null) {
            throw new IllegalStateException("established without an admission");
        }
        if (closing == null && !established) {
            established = true;
            binding.counters().completed();
            routes.open();
            LOG.info("{}: established from {}, addresses {}", label(), endpoint.remote(), routes.describe());
            binding.services().sessionStarted(status());
        }
    }

    @Override
    public void close(CloseCause cause) {
        if (closing == null) {
            closing = cause;
        }
    }

    private <T> void answer(int asked, Answer<T> then, T value) {
        answer(asked, out -> then.onAnswer(value, loop.nowNs(), out));
    }

    /** Brings an answer into the session that asked; called on the loop, never within a call of the session. */
    private void answer(int asked, Consumer<Outbox> call) {
        if (asked == generation && begin(null) != null) {
            try {
                call.accept(loop.outbox);
            } catch (Throwable t) {
                failed(t);
            }
            finishCall();
        }
    }

    /** Work of the session's own code goes to another thread; returns whose it is. */
    private TunnelProtocol working() {
        TunnelProtocol by = runs == null ? binding.protocol() : runs;
        binding.working(by, 1);
        return by;
    }

    /** Where frames of the session go; null when it carries IP packets. */
    @Nullable FramePort framePort() {
        return framePort;
    }

    boolean owns(long high, long low) {
        return routes.owns(high, low);
    }

    // ---- what core knows ----

    PacketLoop loop() {
        return loop;
    }

    ProtocolBinding binding() {
        return binding;
    }

    LinkEndpoint endpoint() {
        return endpoint;
    }

    boolean isOfTheSame(LoopSession other) {
        return binding.name().equals(other.binding.name()) && binding.instance().equals(other.binding.instance());
    }

    boolean isEstablished() {
        return established;
    }

    boolean isClosed() {
        return closed;
    }

    Optional<PeerIdentity> peer() {
        return Optional.ofNullable(peer);
    }

    SessionTotals totals() {
        return totals;
    }

    void countIn(int lengthBytes) {
        totals.packetsIn++;
        totals.bytesIn += lengthBytes;
        binding.counters().countIn(lengthBytes);
    }

    void countOut(int lengthBytes) {
        totals.packetsOut++;
        totals.bytesOut += lengthBytes;
        binding.counters().countOut(lengthBytes);
    }

    SessionStatus status() {
        TunnelStatus tunnel = new TunnelStatus("", "", "", "");
        Map<String, String> modules = new HashMap<>();
        TunnelSession target = session;
        if (target != null) {
            try {
                tunnel = target.status();
                put(modules, "tunnel", Optional.ofNullable(runs));
                put(modules, "tls", target.tlsInUse());
                put(modules, "cipher", target.cipherInUse());
            } catch (RuntimeException | LinkageError e) {
                LOG.error("{}: has no status", label(), e);
            }
        }
        return new SessionStatus(
                sessionId,
                binding.name(),
                binding.instance(),
                peer(),
                Optional.ofNullable(routes.granted()),
                endpoint.transport(),
                endpoint.remote(),
                totals.since,
                established,
                totals.packetsIn,
                totals.bytesIn,
                totals.packetsOut,
                totals.bytesOut,
                tunnel,
                modules);
    }

    private void put(Map<String, String> modules, String kind, Optional<?> service) {
        String module = service.map(binding::moduleOf).orElse("");
        if (!module.isEmpty()) {
            modules.put(kind, module);
        }
    }

    private String label() {
        PeerIdentity known = peer;
        return binding.name() + " peer=" + (known == null ? endpoint.remote().toString() : known.user()) + " session="
                + Long.toHexString(sessionId);
    }
}

package io.culvert.core.bus;

import io.culvert.api.codec.PayloadCodec;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.packet.DropReason;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.SessionHost;
import io.culvert.api.tunnel.StreamFraming;
import io.culvert.api.tunnel.TunnelHost;
import io.culvert.api.tunnel.TunnelProtocol;
import io.culvert.api.tunnel.TunnelSession;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.link.DatagramSink;
import io.culvert.core.link.LinkEndpoint;
import io.culvert.core.link.Listener;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One protocol instance on one loop: its listeners deliver here, and its sessions are found here. */
final class ProtocolBinding implements TunnelHost, DatagramSink {
    private static final Logger LOG = LoggerFactory.getLogger(ProtocolBinding.class);
    private static final int STEERING_MASK = 0xFF;
    private static final long LOG_INTERVAL_NS = 10_000_000_000L;

    private final PacketLoop loop;
    private TunnelProtocol protocol;

    /** The version that is being left; some of the sessions are still its. */
    private @Nullable TunnelProtocol former;

    private final SessionDesk desk;
    private final Services services;
    private final InstantSource wall;
    private final SecureRandom random;
    private final AtomicInteger everywhere;
    private final String name;
    private final String instance;
    private final PathCounters counters;
    private final boolean carriesFrames;
    private int headroomBytes;
    private int tailroomBytes;
    private final SessionTable<LoopSession> keys = new SessionTable<>();
    private final Set<LoopSession> sessions = new LinkedHashSet<>();

    /** The sessions of each connection; of streams alone, as only they end. */
    private final Map<LinkEndpoint, List<LoopSession>> byConnection = new HashMap<>();

    private final List<Listener> listeners = new ArrayList<>();
    private final List<LoopSession> accepting = new ArrayList<>();
    private long loggedNs = Long.MIN_VALUE;
    private int saves;
    private final Map<TunnelProtocol, Integer> working = new IdentityHashMap<>();
    private final Map<TunnelProtocol, Runnable> whenIdle = new IdentityHashMap<>();
    private boolean frozen;
    private @Nullable Runnable whenSaved;

    /**
     * @param everywhere the protocol's sessions on all loops
     * @param counters of the instance on this loop
     */
    ProtocolBinding(
            PacketLoop loop,
            TunnelProtocol protocol,
            SessionDesk desk,
            Services services,
            InstantSource wall,
            SecureRandom random,
            AtomicInteger everywhere,
            PathCounters counters) {
        this.loop = loop;
        this.protocol = protocol;
        this.desk = desk;
        this.services = services;
        this.wall = wall;
        this.random = random;
        this.everywhere = everywhere;
        this.counters = counters;
        this.name = protocol.name();
        this.instance = protocol.instance();
        this.carriesFrames = protocol.carriesFrames();
        this.headroomBytes = protocol.headroomBytes();
        this.tailroomBytes = protocol.tailroomBytes();
    }

    // ---- datagrams ----

    @Override
    public void onDatagram(PooledBuffer datagram, LinkEndpoint from) {
        loop.pacing().fromLink();
        find(datagram, from, false);
    }

    /**
     * A datagram that another loop read.
     *
     * @param to the session that the other loop knows it to be for, else it is looked for here
     */
    void onHanded(PooledBuffer datagram, LinkEndpoint from, @Nullable LoopSession to) {
        if (frozen) {
            loop.drops.drop(datagram, DropReason.CLOSING);
            return;
        }
        LinkEndpoint here = here(from);
        if (here == null) {
            loop.drops.drop(datagram, DropReason.LINK_ERROR);
        } else if (to != null) {
            to.onDatagram(datagram, here);
        } else {
            find(datagram, here, true);
        }
    }

    /** @param steered whether this is the loop that the datagram's key leads to: what no session is known for begins here */
    private void find(PooledBuffer datagram, LinkEndpoint from, boolean steered) {
        long key;
        LoopSession session;
        try {
            key = protocol.sessionKey(datagram, from);
            session = keys.find(key);
            TunnelProtocol before = former;
            if (session == null && before != null) {
                session = keys.find(before.sessionKey(datagram, from));
            }
        } catch (Throwable t) {
            loop.drops.drop(datagram, DropReason.MALFORMED);
            log("session key", t);
            return;
        }
        if (session != null && session.loop() == loop) {
            session.onDatagram(datagram, from);
        } else if (session != null) {
            loop.crossing().give(datagram, from, session);
        } else if (steered || steered(key, from) == loop.index()) {
            accept(datagram, from);
        } else {
            loop.crossing().give(datagram, from, this, steered(key, from));
        }
    }

    /** The loop where sessions with this key are looked for. A stream's are where its connection is. */
    private int steered(long key, LinkEndpoint from) {
        return from.transport().isStream() ? loop.index() : (int) (key & STEERING_MASK) % loop.crossing().loopCount();
    }

    /** The same remote over this loop's own socket, which answers leave through. */
    private @Nullable LinkEndpoint here(LinkEndpoint from) {
        for (Listener listener : listeners) {
            LinkEndpoint same = listener.endpoint(from);
            if (same != null) {
                return same;
            }
        }
        return null;
    }

    // ---- keys ----

    /** Datagrams with this key come to {@code session} from now on. */
    void bind(long key, LoopSession session) {
        put(key, session);
        int steered = steered(key, session.endpoint());
        if (steered != loop.index()) {
            elsewhere(steered, there -> there.put(key, session));
        }
    }

    /** Takes back a key; one that another session has by now is left alone. Says whether it was the session's. */
    boolean unbind(long key, LoopSession session) {
        int steered = steered(key, session.endpoint());
        if (steered != loop.index()) {
            elsewhere(steered, there -> there.keys.remove(key, session));
        }
        return keys.remove(key, session);
    }

    /** What this loop reads for these keys goes to a session of another loop that has just been given them. */
    void pass(long[] keys, LoopSession to) {
        for (long key : keys) {
            if (steered(key, to.endpoint()) == loop.index()) {
                put(key, to);
            }
        }
    }

    private void put(long key, LoopSession session) {
        LoopSession before = keys.put(key, session);
        if (before != null && before != session && before.loop() == loop) {
            before.lost(key);
        }
    }

    private void elsewhere(int index, Consumer<ProtocolBinding> then) {
        PacketLoop other = loop.crossing().loop(index);
        other.commands.post(() -> {
            ProtocolBinding there = other.bindingAt(everywhere);
            if (there != null) {
                then.accept(there);
            }
        });
    }

    private void accept(PooledBuffer first, LinkEndpoint from) {
        TunnelSession made = null;
        Throwable error = null;
        loop.beginCall(null, first);
        try {
            made = protocol.accept(first, from, this, loop.nowNs(), loop.outbox);
        } catch (Throwable t) {
            error = t;
            log("first datagram", t);
        }
        if (loop.endCall() > 0 && error == null) {
            log("first datagram", new IllegalStateException("packets were kept beyond the call"));
        }
        if (accepting.isEmpty()) {
            if (made != null) {
                log("first datagram", new IllegalStateException("a session without TunnelHost.newSession"));
            }
            return;
        }
        LoopSession place = made == null ? null : accepting.removeLast();
        for (LoopSession unused : accepting) {
            unused.drop(CloseCause.silently(CloseCause.Kind.INTERNAL_ERROR, "no session was made for its place"));
        }
        accepting.clear();
        if (place != null && made != null) {
            place.start(made);
        }
    }

    /** A protocol that fails is not told of more often than every 10 s: remotes could make it fill the log. */
    private void log(String what, Throwable t) {
        if (loggedNs == Long.MIN_VALUE || loop.nowNs() - loggedNs >= LOG_INTERVAL_NS) {
            loggedNs = loop.nowNs();
            LOG.error("{} instance={}: failed on a {}", name, instance, what, t);
        }
    }

    @Override
    public void onLinkClosed(LinkEndpoint endpoint, String why) {
        for (LoopSession session : List.copyOf(byConnection.getOrDefault(endpoint, List.of()))) {
            session.drop(CloseCause.silently(CloseCause.Kind.LINK_CLOSED, why));
        }
    }

    // ---- hand-over ----

    /** Everything new is another version's from now on; the sessions that there are move one by one. */
    void succeed(TunnelProtocol next) throws IOException {
        StreamFraming framing = null;
        for (Listener listener : listeners) {
            if (listener.claim().transport().isStream()) {
                if (framing == null) {
                    framing = next.framing();
                }
                listener.suspend();
                listener.resume(this, framing);
            }
        }
        former = protocol;
        protocol = next;
        headroomBytes = Math.max(headroomBytes, next.headroomBytes());
        tailroomBytes = Math.max(tailroomBytes, next.tailroomBytes());
    }

    /** No session is of the former version any more. */
    void succeeded() {
        former = null;
        headroomBytes = protocol.headroomBytes();
        tailroomBytes = protocol.tailroomBytes();
    }

    /** Makes the session live; one that this version cannot go on with is kept for another. Says whether it lives. */
    boolean thaw(KeptSessions.Kept kept, SessionTotals totals) {
        SessionRecord record = kept.record();
        LinkEndpoint endpoint = endpoint(record);
        if (endpoint == null) {
            return refuse(record, "its link is gone");
        }
        if (!desk.restore(record, carriesFrames)) {
            return refuse(record, "its addresses are taken, or no longer in the network");
        }
        var place = new LoopSession(loop, this, desk, record.sessionId(), endpoint, totals, carriesFrames);
        add(place);
        return place.thaw(protocol, kept);
    }

    /** The sessions become records: nothing reaches them any more. */
    void freeze() {
        frozen = true;
    }

    /** Whether the record's session belongs to this loop: by its connection, or by the way its datagrams come. */
    boolean isFor(SessionRecord record) {
        if (record.endpoint().transport().isStream()) {
            return endpoint(record) != null;
        }
        return (protocol.steeringByte(record) & STEERING_MASK) % loop.crossing().loopCount() == loop.index();
    }

    /** Work of this protocol's code went to another thread (+1) or its end came back (-1). */
    void working(TunnelProtocol by, int change) {
        int now = working.merge(by, change, Integer::sum);
        if (now == 0) {
            working.remove(by);
            Runnable then = whenIdle.remove(by);
            if (then != null) {
                then.run();
            }
        }
    }

    /** Calls {@code then} as soon as nothing of the protocol's code runs elsewhere, maybe at once. */
    void whenIdle(TunnelProtocol protocol, Runnable then) {
        if (working.containsKey(protocol)) {
            whenIdle.put(protocol, then);
        } else {
            then.run();
        }
    }

    /** A session's save began (+1) or was answered (-1). */
    void saving(int change) {
        saves += change;
        Runnable then = whenSaved;
        if (saves == 0 && then != null) {
            whenSaved = null;
            then.run();
        }
    }

    /** Calls {@code then} when no save is under way, maybe at once. */
    void whenSaved(Runnable then) {
        if (saves == 0) {
            then.run();
        } else {
            whenSaved = then;
        }
    }

    private boolean refuse(SessionRecord record, String why) {
        LOG.info("{} peer={} session={}: not taken over, {}",
                name, record.peer().user(), Long.toHexString(record.sessionId()), why);
        loop.closes.count(CloseCause.Kind.HANDOVER_FAILED);
        desk.forget(name, instance, record.sessionId());
        desk.release(record.sessionId());
        return false;
    }

    private @Nullable LinkEndpoint endpoint(SessionRecord record) {
        for (Listener listener : listeners) {
            var end = record.endpoint();
            if (listener.claim().transport() == end.transport() && listener.port() == end.localPort()) {
                LinkEndpoint endpoint = listener.endpoint(end);
                if (endpoint != null) {
                    return endpoint;
                }
            }
        }
        return null;
    }

    // ---- TunnelHost ----

    @Override
    public SessionHost newSession(Endpoint remote) {
        long id = random.nextLong() >>> 1;
        var session = new LoopSession(
                loop, this, desk, id, (LinkEndpoint) remote, new SessionTotals(wall.instant()), carriesFrames);
        counters.begun();
        add(session);
        accepting.add(session);
        return session;
    }

    @Override
    public int sessionCount() {
        return everywhere.get();
    }

    @Override
    public int loopIndex() {
        return loop.index();
    }

    @Override
    public int loopCount() {
        return loop.crossing().loopCount();
    }

    @Override
    public Optional<TlsProvider> tls() {
        return services.tls();
    }

    @Override
    public Optional<CipherProvider> crypto(DataCipher cipher) {
        return services.crypto(cipher);
    }

    @Override
    public PayloadCodec.@Nullable Coder codec(String name) {
        return loop.codecs().named(name);
    }

    @Override
    public List<DataCipher> ciphers() {
        return services.ciphers();
    }

    @Override
    public Optional<CertificateAuthority> certificates() {
        return services.certificates();
    }

    @Override
    public long wallTimeSeconds() {
        return wall.millis() / 1000;
    }

    @Override
    public void random(byte[] target) {
        random.nextBytes(target);
    }

    // ---- what core knows ----

    TunnelProtocol protocol() {
        return protocol;
    }

    /** The same on every loop, and over all versions of the protocol. */
    Object place() {
        return everywhere;
    }

    PathCounters counters() {
        return counters;
    }

    Services services() {
        return services;
    }

    String moduleOf(Object service) {
        return services.moduleOf(service);
    }

    String name() {
        return name;
    }

    String instance() {
        return instance;
    }

    int headroomBytes() {
        return headroomBytes;
    }

    int tailroomBytes() {
        return tailroomBytes;
    }

    List<Listener> listeners() {
        return listeners;
    }

    /** A copy: sessions may end while it is walked. */
    Collection<LoopSession> sessions() {
        return List.copyOf(sessions);
    }

    private void add(LoopSession session) {
        sessions.add(session);
        came(session, session.endpoint());
        everywhere.incrementAndGet();
        counters.sessions(1);
    }

    void remove(LoopSession session) {
        if (sessions.remove(session)) {
            went(session, session.endpoint());
            everywhere.decrementAndGet();
            counters.sessions(-1);
        }
    }

    /** The session's peer is at another endpoint now. */
    void moved(LoopSession session, LinkEndpoint from, LinkEndpoint to) {
        went(session, from);
        came(session, to);
    }

    private void came(LoopSession session, LinkEndpoint at) {
        if (at.transport().isStream()) {
            byConnection.computeIfAbsent(at, first -> new ArrayList<>(1)).add(session);
        }
    }

    private void went(LoopSession session, LinkEndpoint from) {
        List<LoopSession> there = byConnection.get(from);
        if (there != null && there.remove(session) && there.isEmpty()) {
            byConnection.remove(from);
        }
    }
}

package io.culvert.tunnel.openvpn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.network.Admission;
import io.culvert.api.network.NetworkSettings;
import io.culvert.api.network.Prefix;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.HandoverException;
import io.culvert.api.tunnel.SessionHost;
import io.culvert.api.tunnel.TunnelHost;
import io.culvert.api.tunnel.TunnelSession;
import io.culvert.crypto.jce.JceCipherProvider;
import io.culvert.testsupport.TestAuthority;
import io.culvert.tls.jsse.JsseTlsProvider;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Core's part for one protocol instance under virtual time: demux, answers that take a moment, a store in memory. */
final class TestCore implements TunnelHost {
    static final TestAuthority AUTHORITY = new TestAuthority("test authority");
    private static final TlsPolicy.Identity SERVER = AUTHORITY.server("server");
    private static final CipherProvider CIPHERS = new JceCipherProvider();
    private static final TlsProvider TLS = new JsseTlsProvider();
    private static final long ANSWER_NS = 2_000_000;

    final VirtualTime time;
    final Random random;
    final TestBuffers buffers;
    final Map<Long, TestSession> byKey = new HashMap<>();
    final Map<Long, SessionRecord> records = new HashMap<>();
    final List<TestSession> sessions = new ArrayList<>();
    final List<CloseCause> closes = new ArrayList<>();
    final List<byte[]> inbound = new ArrayList<>();
    final List<Credentials> asked = new ArrayList<>();
    Function<Credentials, AuthDecision> authenticator = c -> new AuthDecision.Accepted(Map.of());
    Function<PeerIdentity, Optional<CloseCause>> check = p -> Optional.empty();
    Function<X509Certificate, Optional<String>> certificates = c -> Optional.empty();
    boolean storeFails;

    /** Whether a session is given what the one before it had. */
    boolean inherits;

    /** What becomes of a former session's counters on their way to the heir. */
    UnaryOperator<byte[]> bequest = UnaryOperator.identity();

    /** Why the heir could not go on with them. */
    @Nullable IllegalArgumentException notInherited;

    /** Whether nothing runs here, as in a process that has died: what arrives is lost. */
    boolean deaf;

    /** Keys that were bound or unbound, ever. */
    int rebound;
    TlsProvider tls = TLS;
    CipherProvider ciphers = CIPHERS;

    /** When set, places, work and random bytes cannot be had. */
    boolean placesFail;

    boolean workFails;
    boolean randomFails;
    private OpenVpnProtocol protocol;
    private long nextId = 1;

    TestCore(VirtualTime time, Random random, OpenVpnProtocol protocol, BiConsumer<byte[], Endpoint> link) {
        this.time = time;
        this.random = random;
        this.protocol = protocol;
        this.buffers = new TestBuffers(link, inbound::add);
    }

    static TlsProvider tlsProvider() {
        return TLS;
    }

    static CipherProvider cipherProvider() {
        return CIPHERS;
    }

    void onDatagram(byte[] bytes, Endpoint from) {
        if (deaf) {
            return;
        }
        PacketBuffer datagram = buffers.of(bytes);
        TestSession session = byKey.get(protocol.sessionKey(datagram, from));
        if (session != null) {
            session.live().onDatagram(datagram, from, time.nowNs(), buffers);
            session.settle();
            return;
        }
        TunnelSession accepted = protocol.accept(datagram, from, this, time.nowNs(), buffers);
        if (accepted != null) {
            sessions.getLast().session = accepted;
            sessions.getLast().settle();
        }
    }

    /** Forgets every live session, as kill -9 does, and goes on with {@code next} and the records. */
    void crashInto(OpenVpnProtocol next) throws Exception {
        sessions.forEach(s -> s.closed = true);
        sessions.clear();
        byKey.clear();
        protocol = next;
        for (SessionRecord record : List.copyOf(records.values())) {
            var endpoint = new TestEndpoint(record.endpoint().transport(), record.endpoint().remote());
            var session = new TestSession(record.sessionId());
            sessions.add(session);
            session.established = true;
            session.session = next.thaw(record, endpoint, this, session, time.nowNs());
            session.settle();
        }
    }

    /** Whether a hand-over would interrupt something. */
    boolean busy() {
        return sessions.stream().anyMatch(each -> each.live().isBusy());
    }

    /** Hands every session over to {@code next} within the process. */
    void handOverTo(OpenVpnProtocol next) throws Exception {
        List<SessionRecord> frozen = new ArrayList<>();
        List<byte[]> lives = new ArrayList<>();
        for (TestSession session : List.copyOf(sessions)) {
            frozen.add(session.live().freeze());
            lives.add(session.live().freezeLive());
            session.closed = true;
            session.live().closed();
        }
        sessions.clear();
        byKey.clear();
        protocol = next;
        for (int i = 0; i < frozen.size(); i++) {
            SessionRecord record = frozen.get(i);
            var endpoint = new TestEndpoint(record.endpoint().transport(), record.endpoint().remote());
            var session = new TestSession(record.sessionId());
            sessions.add(session);
            session.established = true;
            session.session = next.thaw(record, endpoint, this, session, time.nowNs());
            assertTrue(session.live().resumeLive(lives.get(i), time.nowNs()));
            session.settle();
        }
    }

    /** Another TLS provider is in force. */
    void replaceTls(TlsProvider other) {
        tls = other;
        for (TestSession session : List.copyOf(sessions)) {
            session.live().onTls(time.nowNs(), buffers);
            session.settle();
        }
    }

    @Override
    public SessionHost newSession(Endpoint remote) {
        failIf(placesFail);
        var session = new TestSession(nextId++);
        sessions.add(session);
        return session;
    }

    @Override
    public int sessionCount() {
        return sessions.size();
    }

    @Override
    public int loopIndex() {
        return 0;
    }

    @Override
    public int loopCount() {
        return 1;
    }

    @Override
    public Optional<TlsProvider> tls() {
        return Optional.of(tls);
    }

    @Override
    public Optional<CipherProvider> crypto(DataCipher cipher) {
        return Optional.of(ciphers);
    }

    @Override
    public List<DataCipher> ciphers() {
        return List.of(DataCipher.values());
    }

    @Override
    public Optional<CertificateAuthority> certificates() {
        return Optional.of(new FixedAuthority());
    }

    @Override
    public long wallTimeSeconds() {
        return time.wallSeconds();
    }

    @Override
    public void random(byte[] target) {
        failIf(randomFails);
        random.nextBytes(target);
    }

    private static void failIf(boolean asked) {
        if (asked) {
            throw new IllegalStateException("asked for");
        }
    }

    /** One session's host. */
    final class TestSession implements SessionHost {
        private final long id;
        @Nullable TunnelSession session;
        @Nullable CloseCause closing;
        boolean established;
        boolean closed;
        private long timerNs = Long.MAX_VALUE;

        TestSession(long id) {
            this.id = id;
        }

        TunnelSession live() {
            return java.util.Objects.requireNonNull(session);
        }

        /** After every call into the session. */
        void settle() {
            if (closed || session == null) {
                return;
            }
            if (closing != null) {
                closed = true;
                closes.add(closing);
                byKey.values().removeIf(s -> s == this);
                sessions.remove(this);
                records.remove(id);
                session.closed();
                return;
            }
            long next = session.nextTimeoutNs();
            if (next != timerNs && next != Long.MAX_VALUE) {
                timerNs = next;
                time.after(Math.max(0, next - time.nowNs()), () -> {
                    if (!closed && timerNs == next && live().nextTimeoutNs() <= time.nowNs()) {
                        timerNs = Long.MAX_VALUE;
                        live().onTimer(time.nowNs(), buffers);
                        settle();
                    } else if (timerNs == next) {
                        timerNs = Long.MAX_VALUE;
                        settle();
                    }
                });
            }
        }

        private void answer(Runnable action) {
            time.after(ANSWER_NS, () -> {
                if (!closed && closing == null) {
                    action.run();
                    settle();
                }
            });
        }

        @Override
        public long sessionId() {
            return id;
        }

        @Override
        public void bind(long sessionKey) {
            rebound++;
            byKey.put(sessionKey, this);
        }

        @Override
        public void unbind(long sessionKey) {
            rebound++;
            byKey.remove(sessionKey, this);
        }

        @Override
        public void floated(Endpoint to) {
            records.put(id, live().freeze());
        }

        @Override
        public <T> void offload(Callable<T> work, Completion<T> then) {
            failIf(workFails);
            T value = null;
            Throwable error = null;
            try {
                value = work.call();
            } catch (Throwable t) {
                error = t;
            }
            T result = value;
            Throwable failure = error;
            answer(() -> then.onCompletion(result, failure, time.nowNs(), buffers));
        }

        @Override
        public void authenticate(Credentials credentials, Answer<AuthDecision> then) {
            asked.add(credentials);
            AuthDecision decision = authenticator.apply(credentials);
            answer(() -> then.onAnswer(decision, time.nowNs(), buffers));
            if (decision instanceof AuthDecision.Pending pending) {
                pending.answer().thenAccept(later -> answer(() -> then.onAnswer(later, time.nowNs(), buffers)));
            }
        }

        @Override
        public void admit(PeerIdentity peer, Answer<Admission> then) {
            Admission admission = check.apply(peer)
                    .<Admission>map(Admission.Refused::new)
                    .orElseGet(() -> new Admission.Granted(addresses(), network()));
            answer(() -> {
                sessions.stream().filter(each -> inherits && each != this && each.established).findFirst().ifPresent(this::inherit);
                then.onAnswer(admission, time.nowNs(), buffers);
            });
        }

        private void inherit(TestSession former) {
            SessionRecord record = former.live().freeze();
            byte[] live = former.live().freezeLive();
            former.closed = true;
            sessions.remove(former);
            records.remove(former.id);
            byKey.replaceAll((key, session) -> session == former ? this : session);
            former.live().closed();
            try {
                assertTrue(live().inherit(record, bequest.apply(live), time.nowNs()));
            } catch (HandoverException e) {
                throw new AssertionError(e);
            } catch (IllegalArgumentException e) {
                notInherited = e;
            }
        }

        @Override
        public void recheck(PeerIdentity peer, Answer<@Nullable CloseCause> then) {
            CloseCause cause = check.apply(peer).orElse(null);
            answer(() -> then.onAnswer(cause, time.nowNs(), buffers));
        }

        @Override
        public void save(Answer<Boolean> then) {
            SessionRecord record = live().freeze();
            boolean ok = !storeFails;
            answer(() -> {
                if (ok) {
                    records.put(id, record);
                }
                then.onAnswer(ok, time.nowNs(), buffers);
            });
        }

        @Override
        public void established() {
            established = true;
        }

        @Override
        public void close(CloseCause cause) {
            if (closing == null) {
                closing = cause;
            }
        }
    }

    static TunnelAddresses addresses() {
        return new TunnelAddresses(
                Optional.of((Inet4Address) InetAddress.ofLiteral("10.8.0.2")),
                Optional.of((Inet6Address) InetAddress.ofLiteral("fd08::2")));
    }

    static NetworkSettings network() {
        return new NetworkSettings(
                Optional.of(Prefix.parse("10.8.0.0/24")),
                Optional.of(InetAddress.ofLiteral("10.8.0.1")),
                Optional.of(Prefix.parse("fd08::/64")),
                Optional.of(InetAddress.ofLiteral("fd08::1")),
                1500,
                List.of(),
                false,
                List.of(InetAddress.ofLiteral("10.8.0.1")),
                List.of());
    }

    private final class FixedAuthority implements CertificateAuthority {
        @Override
        public TlsPolicy.Identity serverIdentity() {
            return SERVER;
        }

        @Override
        public List<X509Certificate> authorities() {
            return List.of(AUTHORITY.certificate());
        }

        @Override
        public Optional<String> refusal(X509Certificate certificate, Instant at) {
            return certificates.apply(certificate);
        }

        @Override
        public Issued issue(String user) {
            throw new AssertionError("sessions do not ask for this");
        }

        @Override
        public Optional<Issued> latest(String user) {
            return Optional.empty();
        }

        @Override
        public List<Profile> profiles(String user) {
            return List.of();
        }

        @Override
        public List<Profile> revoke(String user, String reason) {
            return List.of();
        }

        @Override
        public X509CRL crl() {
            throw new AssertionError("sessions do not ask for this");
        }
    }
}

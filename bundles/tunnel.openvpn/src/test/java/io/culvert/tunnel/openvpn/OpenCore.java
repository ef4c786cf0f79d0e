package io.culvert.tunnel.openvpn;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.network.Admission;
import io.culvert.api.packet.Outbox;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tls.TlsStep;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.HandoverException;
import io.culvert.api.tunnel.SessionHost;
import io.culvert.api.tunnel.TunnelHost;
import io.culvert.api.tunnel.TunnelSession;
import io.culvert.testsupport.TestAuthority;
import io.culvert.tunnel.openvpn.wrap.StaticKey;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Core for a listener whose TLS and ciphers hide nothing. Answers wait until they are asked for, so that anything can
 * happen before them.
 *
 * <p>Users by the first letter of their name: r refused, u unknown, p asked a question, n not admitted, d dismissed at a
 * recheck; all others are welcome.
 */
final class OpenCore implements TunnelHost {
    private static final TlsPolicy.Identity SERVER = new TestAuthority("open authority").server("server");
    private static final int MAX_SESSIONS = 8;
    private static final int MAX_ANSWERS = 10_000;
    /** More than the longest key exchange and a push reply. */
    private static final int MAX_TOLD_BYTES = 24 * 1024;

    private final boolean exports;
    private final Supplier<OpenVpnProtocol> listener;
    private final TestBuffers buffers;
    private final Random random = new Random(5);
    private final ArrayDeque<Runnable> answers = new ArrayDeque<>();
    private final Map<Long, OpenSession> byKey = new HashMap<>();
    private final Map<Long, SessionRecord> records = new LinkedHashMap<>();
    private final List<OpenSession> sessions = new ArrayList<>();
    private final Set<List<Object>> nonces = new HashSet<>();
    private OpenVpnProtocol protocol;
    private @Nullable StaticKey dynamicKey;
    private long nowNs = 1;
    private long nextId = 1;
    private int engines;
    private int toldBytes;
    boolean storeFails;

    OpenCore(Supplier<OpenVpnProtocol> listener, boolean exports, BiConsumer<byte[], Endpoint> link) {
        this.listener = listener;
        this.exports = exports;
        this.protocol = listener.get();
        this.buffers = new TestBuffers(link, inner -> {});
    }

    Collection<SessionRecord> records() {
        return records.values();
    }

    /** Of dynamic tls-crypt, as TLS last exported it: the base key of a plain listener is zero. */
    @Nullable StaticKey dynamicKey() {
        return dynamicKey;
    }

    // ---- what happens

    void onDatagram(byte[] bytes, Endpoint from) {
        PacketBuffer datagram = buffers.of(bytes);
        OpenSession session = byKey.get(protocol.sessionKey(datagram, from));
        if (session != null) {
            session.live().onDatagram(datagram, from, nowNs, buffers);
            session.settle();
            return;
        }
        if (sessions.size() >= MAX_SESSIONS) {
            buffers.consume(datagram);
            return;
        }
        int before = sessions.size();
        TunnelSession accepted = protocol.accept(datagram, from, this, nowNs, buffers);
        assertEquals(accepted == null ? before : before + 1, sessions.size());
        if (accepted != null) {
            sessions.getLast().session = accepted;
            sessions.getLast().settle();
        }
    }

    void toPeer(byte[] ip) {
        for (OpenSession session : List.copyOf(sessions)) {
            if (session.established) {
                session.live().onIpPacket(buffers.of(ip), nowNs, buffers);
                session.settle();
            }
        }
    }

    void end(int cause) {
        CloseCause.Kind[] kinds = CloseCause.Kind.values();
        for (OpenSession session : List.copyOf(sessions)) {
            session.live().end(new CloseCause(kinds[cause % kinds.length], "ended", "ended, by\nan operator"), nowNs, buffers);
            session.settle();
        }
    }

    void pass(long ns) {
        nowNs += ns;
        for (OpenSession session : List.copyOf(sessions)) {
            for (int i = 0; session.isLive() && session.live().nextTimeoutNs() <= nowNs; i++) {
                assertTrue(i < 20, "a timer that was served is due again");
                session.live().onTimer(nowNs, buffers);
                session.settle();
            }
        }
    }

    /** Forgets every live session, as kill -9 does, and goes on with the records. */
    void crash(boolean stream) {
        answers.clear();
        sessions.forEach(s -> s.closed = true);
        sessions.clear();
        byKey.clear();
        protocol = listener.get();
        List<SessionRecord> kept = List.copyOf(records.values());
        records.clear();
        for (SessionRecord record : kept) {
            var session = new OpenSession(record.sessionId());
            sessions.add(session);
            try {
                var end = new TestEndpoint(record.endpoint().transport(), record.endpoint().remote());
                session.session = protocol.thaw(record, end, this, session, nowNs);
                session.established = true;
                records.put(record.sessionId(), record);
                session.settle();
            } catch (HandoverException e) {
                assertTrue(stream, e::getMessage);
                session.closed = true;
                sessions.remove(session);
                byKey.values().removeIf(s -> s == session);
            }
        }
    }

    void answerOne() {
        Runnable answer = answers.poll();
        if (answer != null) {
            answer.run();
        }
    }

    void answerAll() {
        for (int i = 0; !answers.isEmpty(); i++) {
            assertTrue(i < MAX_ANSWERS, "answers do not end");
            answerOne();
        }
    }

    void check() {
        assertTrue(toldBytes <= MAX_TOLD_BYTES, "one step of a client makes the server queue " + toldBytes + " bytes");
        toldBytes = 0;
        assertEquals(0, buffers.kept(), "buffers that did not leave");
    }

    // ---- what the protocol asks

    @Override
    public SessionHost newSession(Endpoint remote) {
        var session = new OpenSession(nextId++);
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
        return Optional.of(new OpenTls());
    }

    @Override
    public Optional<CipherProvider> crypto(DataCipher cipher) {
        return Optional.of(new OpenCiphers());
    }

    @Override
    public List<DataCipher> ciphers() {
        return List.of(DataCipher.values());
    }

    @Override
    public Optional<CertificateAuthority> certificates() {
        return Optional.of((CertificateAuthority) Proxy.newProxyInstance(
                OpenCore.class.getClassLoader(),
                new Class<?>[] {CertificateAuthority.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "serverIdentity" -> SERVER;
                    case "authorities" -> List.of();
                    case "refusal" -> Optional.empty();
                    default -> throw new UnsupportedOperationException(method.getName());
                }));
    }

    @Override
    public long wallTimeSeconds() {
        return VirtualTime.WALL_SECONDS + TimeUnit.NANOSECONDS.toSeconds(nowNs);
    }

    @Override
    public void random(byte[] target) {
        random.nextBytes(target);
    }

    private final class OpenSession implements SessionHost {
        private final long id;
        private @Nullable TunnelSession session;
        private @Nullable CloseCause closing;
        private boolean established;
        private boolean closed;

        OpenSession(long id) {
            this.id = id;
        }

        TunnelSession live() {
            return java.util.Objects.requireNonNull(session);
        }

        boolean isLive() {
            return !closed && session != null;
        }

        /** After every call into the session. */
        void settle() {
            if (!isLive()) {
                return;
            }
            live().status();
            if (closing != null) {
                closed = true;
                byKey.values().removeIf(s -> s == this);
                sessions.remove(this);
                records.remove(id);
                live().closed();
            }
        }

        private void answer(Runnable action) {
            answers.add(() -> {
                if (isLive() && closing == null) {
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
            byKey.put(sessionKey, this);
        }

        @Override
        public void unbind(long sessionKey) {
            byKey.remove(sessionKey, this);
        }

        @Override
        public void floated(Endpoint to) {
            record();
        }

        private SessionRecord record() {
            SessionRecord record = live().freeze();
            try {
                byte[] again = SessionState.decode(record.version(), record.state()).encode();
                assertArrayEquals(record.state(), again);
            } catch (HandoverException e) {
                throw new AssertionError("a record that cannot be read", e);
            }
            if (established && !storeFails) {
                records.put(id, record);
            }
            return record;
        }

        @Override
        public <T> void offload(Callable<T> work, Completion<T> then) {
            answer(() -> {
                T value = null;
                Throwable error = null;
                try {
                    value = work.call();
                } catch (AssertionError e) {
                    throw e;
                } catch (Throwable t) {
                    error = t;
                }
                then.onCompletion(value, error, nowNs, buffers);
            });
        }

        @Override
        public void authenticate(Credentials credentials, Answer<AuthDecision> then) {
            AuthDecision decision = decision(credentials.username());
            credentials.zero();
            answer(() -> {
                then.onAnswer(decision, nowNs, buffers);
                if (decision instanceof AuthDecision.Pending pending) {
                    pending.answer().thenAccept(later -> answer(() -> then.onAnswer(later, nowNs, buffers)));
                }
            });
        }

        private AuthDecision decision(String user) {
            return switch (user.charAt(0)) {
                case 'r' -> new AuthDecision.Refused("refused", user);
                case 'u' -> new AuthDecision.Unknown();
                case 'p' -> {
                    var later = new CompletableFuture<AuthDecision>();
                    yield new AuthDecision.Pending(
                            Duration.ofSeconds(30),
                            new AuthDecision.Prompt.Question(
                                    "pet?",
                                    true,
                                    response -> later.complete(
                                            response.length > 0 && response[0] == 'y'
                                                    ? new AuthDecision.Accepted(Map.of())
                                                    : new AuthDecision.Refused("wrong", "wrong"))),
                            later);
                }
                default -> new AuthDecision.Accepted(Map.of());
            };
        }

        @Override
        public void admit(PeerIdentity peer, Answer<Admission> then) {
            Admission admission = peer.user().startsWith("n")
                    ? new Admission.Refused(new CloseCause(CloseCause.Kind.REFUSED, "full", "full, sorry"))
                    : new Admission.Granted(TestCore.addresses(), TestCore.network());
            answer(() -> then.onAnswer(admission, nowNs, buffers));
        }

        @Override
        public void recheck(PeerIdentity peer, Answer<@Nullable CloseCause> then) {
            CloseCause cause = peer.user().startsWith("d")
                    ? new CloseCause(CloseCause.Kind.REVOKED, "revoked", "revoked")
                    : null;
            answer(() -> then.onAnswer(cause, nowNs, buffers));
        }

        @Override
        public void save(Answer<Boolean> then) {
            SessionRecord record = record();
            boolean ok = !storeFails;
            answer(() -> {
                if (ok) {
                    records.put(id, record);
                }
                then.onAnswer(ok, nowNs, buffers);
            });
        }

        @Override
        public void established() {
            assertTrue(!established, "established twice");
            established = true;
        }

        @Override
        public void close(CloseCause cause) {
            if (closing == null) {
                closing = cause;
            }
        }
    }

    // ---- ciphers and TLS that hide nothing

    private static final int TAG = DataCipher.TAG_BYTES;
    private static final long MARK = 0x0fedcba987654321L;

    /** The tag of a packet-id. */
    static byte[] tag(int packetId) {
        return ByteBuffer.allocate(TAG).putLong(MARK ^ packetId).array();
    }

    private final class OpenCiphers implements CipherProvider {
        @Override
        public String name() {
            return "open";
        }

        @Override
        public Set<DataCipher> ciphers() {
            return EnumSet.allOf(DataCipher.class);
        }

        @Override
        public AeadKey openKey(DataCipher cipher, byte[] key, int offset) {
            List<Byte> identity = new ArrayList<>();
            for (int i = 0; i < cipher.keyBytes(); i++) {
                identity.add(key[offset + i]);
            }
            return new OpenKey(identity);
        }
    }

    private final class OpenKey implements AeadKey {
        private final List<Byte> key;
        private boolean closed;

        OpenKey(List<Byte> key) {
            this.key = key;
        }

        @Override
        public void seal(
                MemorySegment packet,
                int nonceHead,
                long nonceTail,
                int aadOffset,
                int aadLength,
                int textOffset,
                int textLength,
                int tagOffset) {
            assertTrue(!closed, "a closed key seals");
            assertTrue(nonces.add(List.of(key, nonceHead, nonceTail)), "a nonce seals twice");
            packet.asSlice(aadOffset, aadLength);
            packet.asSlice(textOffset, textLength);
            MemorySegment.copy(tag(nonceHead), 0, packet, JAVA_BYTE, tagOffset, TAG);
        }

        @Override
        public boolean open(
                MemorySegment packet,
                int nonceHead,
                long nonceTail,
                int aadOffset,
                int aadLength,
                int textOffset,
                int textLength,
                int tagOffset) {
            assertTrue(!closed, "a closed key opens");
            packet.asSlice(aadOffset, aadLength);
            packet.asSlice(textOffset, textLength);
            long tag = packet.get(JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN), tagOffset);
            return tag == (MARK ^ nonceHead);
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private final class OpenTls implements TlsProvider {
        @Override
        public String name() {
            return "open";
        }

        @Override
        public TlsEngine newServerEngine(TlsPolicy policy) {
            return new OpenEngine(++engines);
        }

        @Override
        public TlsEngine newClientEngine(TlsPolicy policy) {
            throw new UnsupportedOperationException();
        }
    }

    /** Records are a 16-bit length and their content; a length of 65,535 breaks the connection. */
    private final class OpenEngine implements TlsEngine {
        private static final int BROKEN = 0xFFFF;

        private final int number;
        private final ByteArrayOutputStream waiting = new ByteArrayOutputStream();
        private boolean broken;
        private boolean closed;

        OpenEngine(int number) {
            this.number = number;
        }

        @Override
        public TlsStep step(byte[] received, List<byte[]> messages) throws TlsException {
            assertTrue(!closed, "a closed engine steps");
            waiting.writeBytes(received);
            var toPeer = new ByteArrayOutputStream();
            for (byte[] message : messages) {
                assertTrue(message.length <= 16 * 1024, "a message does not fit a record");
                toldBytes += message.length;
                toPeer.write(message.length >> 8);
                toPeer.write(message.length);
                toPeer.writeBytes(message);
            }
            ByteBuffer in = ByteBuffer.wrap(waiting.toByteArray());
            waiting.reset();
            var records = new ArrayList<byte[]>();
            while (in.remaining() >= 2) {
                int length = in.getShort(in.position()) & 0xFFFF;
                if (broken || length == BROKEN) {
                    broken = true;
                    throw new TlsException("broken", null, new byte[] {21, 3, 3});
                }
                if (in.remaining() < 2 + length) {
                    break;
                }
                byte[] record = new byte[length];
                in.getShort();
                in.get(record);
                records.add(record);
            }
            waiting.write(in.array(), in.position(), in.remaining());
            return new TlsStep(toPeer.toByteArray(), records, false);
        }

        @Override
        public boolean handshakeComplete() {
            return true;
        }

        @Override
        public String description() {
            return "none";
        }

        @Override
        public List<X509Certificate> peerCertificates() {
            return List.of();
        }

        @Override
        public byte[] exportKeyingMaterial(String label, int lengthBytes) throws TlsException {
            if (!exports || broken) {
                throw new TlsException("no exporter");
            }
            byte[] material = new byte[lengthBytes];
            new Random(label.hashCode() * 31L + number).nextBytes(material);
            if (label.contains("dynamic")) {
                dynamicKey = new StaticKey(material);
            }
            return material;
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}

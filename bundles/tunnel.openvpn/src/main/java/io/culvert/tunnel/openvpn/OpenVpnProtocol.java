package io.culvert.tunnel.openvpn;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.BIG_ENDIAN;

import io.culvert.api.handover.SessionRecord;
import io.culvert.api.packet.DropReason;
import io.culvert.api.packet.Outbox;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.HandoverException;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.SessionHost;
import io.culvert.api.tunnel.Steering;
import io.culvert.api.tunnel.StreamFraming;
import io.culvert.api.tunnel.TunnelHost;
import io.culvert.api.tunnel.TunnelProtocol;
import io.culvert.api.tunnel.TunnelSession;
import io.culvert.tunnel.openvpn.control.AuthTokens;
import io.culvert.tunnel.openvpn.control.ControlChannel;
import io.culvert.tunnel.openvpn.control.OpenQuestions;
import io.culvert.tunnel.openvpn.control.Reliable;
import io.culvert.tunnel.openvpn.data.DataHeader;
import io.culvert.tunnel.openvpn.data.Framing;
import io.culvert.tunnel.openvpn.wire.ControlPacket;
import io.culvert.tunnel.openvpn.wire.EarlyNegotiation;
import io.culvert.tunnel.openvpn.wire.Opcode;
import io.culvert.tunnel.openvpn.wire.OptionsString;
import io.culvert.tunnel.openvpn.wrap.ControlWrap;
import io.culvert.tunnel.openvpn.wrap.ControlWrap.Unwrapped;
import io.culvert.tunnel.openvpn.wrap.ReplayCounter;
import io.culvert.tunnel.openvpn.wrap.ReplayGuard;
import io.culvert.tunnel.openvpn.wrap.ServerWrapKey;
import io.culvert.tunnel.openvpn.wrap.StaticKey;
import io.culvert.tunnel.openvpn.wrap.TlsCryptWrap;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One OpenVPN listener. First packets, in the order in which they are looked at:
 *
 * <ol>
 *   <li>the wrapping must authenticate; with tls-crypt-v2 the client's key comes with the packet
 *   <li>UDP, hard reset: answered with a cookie for a session-id; nothing is kept
 *   <li>UDP, third packet: a session, if it names a fresh cookie
 *   <li>TCP, hard reset: a session; the connection has proven the address
 * </ol>
 */
public final class OpenVpnProtocol implements TunnelProtocol {
    static final String NAME = "openvpn";

    /** Thawed sessions rekey one after the other: this far apart, on average. */
    private static final long SPREAD_NS_PER_SESSION = TimeUnit.MILLISECONDS.toNanos(10);

    private static final long SPREAD_FROM_NS = TimeUnit.SECONDS.toNanos(1);
    private static final byte[] EMPTY = {};

    static final int SECRET_BYTES = 44;

    /** Leaves 20 bits: peer-ids up to the highest that is used cost memory. */
    private static final int FIRST_PEER_ID_SHIFT = 12;

    private static final AuthTokens NO_TOKENS = new AuthTokens(new byte[32], Duration.ZERO, new AuthTokens.Attributes() {
        @Override
        public void keep(String id, long loginSeconds, Map<String, String> attributes) {}

        @Override
        public Optional<Map<String, String>> find(String id) {
            return Optional.empty();
        }
    });

    private final OpenVpnConfig config;
    private final WrapKeys wrapKeys;
    private final AuthTokens tokens;
    private final OpenQuestions questions = new OpenQuestions();
    private final SessionCookie cookie;
    private final DemuxKeys demux;
    private final PeerIds peerIds;
    private final RateLimit rateLimit = new RateLimit();
    private final HalfOpen halfOpen = new HalfOpen();

    /** Gives clients no tokens. */
    public OpenVpnProtocol(OpenVpnConfig config, WrapKeys wrapKeys, byte[] secret) {
        this(config, wrapKeys, NO_TOKENS, secret);
    }

    /** @param secret 40 random bytes of this process; {@value #SECRET_BYTES} where peer-ids begin somewhere, too */
    public OpenVpnProtocol(OpenVpnConfig config, WrapKeys wrapKeys, AuthTokens tokens, byte[] secret) {
        this.config = config;
        this.tokens = tokens;
        this.wrapKeys = wrapKeys;
        this.cookie = new SessionCookie(Arrays.copyOf(secret, 32), config.handshakeSeconds());
        this.demux = new DemuxKeys(ByteBuffer.wrap(secret).getLong(32));
        this.peerIds = new PeerIds(secret.length < SECRET_BYTES ? 0 : ByteBuffer.wrap(secret).getInt(40) >>> FIRST_PEER_ID_SHIFT);
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String instance() {
        return config.instance();
    }

    @Override
    public boolean carriesFrames() {
        return config.dev() == OpenVpnConfig.Dev.TAP;
    }

    @Override
    public List<ListenerClaim> listeners() {
        return List.of(new ListenerClaim(config.transport(), config.address()));
    }

    @Override
    public StreamFraming framing() {
        return LengthFraming.INSTANCE;
    }

    @Override
    public int headroomBytes() {
        return DataHeader.V2_LENGTH + Framing.MOST_BYTES;
    }

    @Override
    public int tailroomBytes() {
        return 0;
    }

    @Override
    public long sessionKey(PacketBuffer datagram, Endpoint from) {
        return demux.of(datagram, from);
    }

    @Override
    public void prepare() {
        WarmUp.run(config);
    }

    @Override
    public Optional<Steering> steering() {
        return Optional.of(DemuxKeys.STEERING);
    }

    @Override
    public int steeringByte(SessionRecord record) {
        try {
            return SessionState.decode(record.version(), record.state()).peerId() & 0xFF;
        } catch (HandoverException e) {
            return 0; // Thawing it says what is wrong.
        }
    }

    // ---- first packets

    @Override
    public @Nullable TunnelSession accept(
            PacketBuffer first, Endpoint from, TunnelHost host, long nowNs, Outbox out) {
        if (first.length() < ControlPacket.HEAD_BYTES) {
            out.drop(first, DropReason.MALFORMED);
            return null;
        }
        int opcode = Opcode.of(DataHeader.firstByte(first));
        if (Opcode.isData(opcode)) {
            out.drop(first, DropReason.UNKNOWN_SESSION);
            return null;
        }
        if (!Opcode.isControl(opcode)) {
            out.drop(first, DropReason.UNSUPPORTED);
            return null;
        }
        byte[] bytes = ControlChannel.copy(first);
        Opened opened = open(bytes, opcode);
        if (opened == null) {
            out.drop(first, DropReason.BAD_WRAPPING);
            return null;
        }
        ControlPacket packet = opened.packet();
        boolean reset = opcode == Opcode.CONTROL_HARD_RESET_CLIENT_V2 || opcode == Opcode.CONTROL_HARD_RESET_CLIENT_V3;
        boolean wellFormed = packet.keyId() == 0 && (!reset || packet.messageId() == 0);
        if (!wellFormed) {
            out.drop(first, DropReason.MALFORMED);
            return null;
        }
        if (config.transport().isStream()) {
            return reset ? begin(first, opened, from, host, nowNs, out) : unknown(first, out);
        }
        if (reset && (opened.clientKey() == null || EarlyNegotiation.announcedBy(opened.replayId()))) {
            offerCookie(first, opened, from, host, nowNs, out);
            return null;
        }
        if (reset) {
            // A client with a key of its own that cannot send it twice: its key is its proof.
            return begin(first, opened, from, host, nowNs, out);
        }
        if (opcode != Opcode.CONTROL_V1 && opcode != Opcode.ACK_V1 && opcode != Opcode.CONTROL_WKC_V1) {
            return unknown(first, out);
        }
        if (!cookie.admits(packet, from, host.wallTimeSeconds())) {
            out.drop(first, DropReason.BAD_COOKIE);
            return null;
        }
        return resume(first, opened, from, host, nowNs, out);
    }

    private static @Nullable TunnelSession unknown(PacketBuffer first, Outbox out) {
        out.drop(first, DropReason.UNKNOWN_SESSION);
        return null;
    }

    /**
     * A first packet whose wrapping authenticates.
     *
     * @param clientKey that came with it, for tls-crypt-v2
     */
    private record Opened(ControlWrap wrap, @Nullable StaticKey clientKey, int replayId, int replayTime, ControlPacket packet) {}

    private @Nullable Opened open(byte[] bytes, int opcode) {
        ControlWrap wrap = wrapKeys.shared();
        StaticKey clientKey = null;
        byte[] wrapped = bytes;
        if (wrapKeys instanceof WrapKeys.PerClient perClient) {
            ServerWrapKey.ClientKey unwrapped = Opcode.carriesWrappedKey(opcode) ? perClient.server().unwrap(bytes) : null;
            if (unwrapped == null) {
                return null;
            }
            clientKey = unwrapped.key();
            wrap = new TlsCryptWrap(clientKey, true);
            wrapped = Arrays.copyOf(bytes, bytes.length - ServerWrapKey.wrappedLength(bytes));
        } else if (Opcode.carriesWrappedKey(opcode)) {
            return null;
        }
        Unwrapped unwrapped = wrap == null ? null : wrap.unwrap(wrapped);
        ControlPacket packet = unwrapped == null
                ? null
                : ControlPacket.parse(unwrapped.firstByte(), unwrapped.sessionId(), unwrapped.rest());
        return packet == null || wrap == null
                ? null
                : new Opened(wrap, clientKey, unwrapped.replayId(), unwrapped.replayTime(), packet);
    }

    /** Answers a reset without keeping anything: the session-id is the cookie. */
    private void offerCookie(
            PacketBuffer first, Opened opened, Endpoint from, TunnelHost host, long nowNs, Outbox out) {
        if (!rateLimit.allows(from, nowNs)) {
            out.drop(first, DropReason.RATE_LIMITED);
            return;
        }
        out.consume(first);
        long wallSeconds = host.wallTimeSeconds();
        long sessionId = cookie.offer(from, opened.packet().sessionId(), wallSeconds);
        byte[] payload = opened.clientKey() == null ? EMPTY : EarlyNegotiation.resendWrappedKey();
        var reply = new ControlPacket(
                Opcode.CONTROL_HARD_RESET_SERVER_V2,
                0,
                sessionId,
                new int[] {0},
                opened.packet().sessionId(),
                0,
                payload);
        long replay = new ReplayCounter(wallSeconds, 0).next();
        ControlChannel.put(
                opened.wrap().wrap(reply.firstByte(), sessionId, replay, reply.encodeRest()), from, out);
    }

    /** A session for a client whose cookie has come back: both resets are done. */
    private @Nullable TunnelSession resume(
            PacketBuffer first, Opened opened, Endpoint from, TunnelHost host, long nowNs, Outbox out) {
        return newSession(first, opened, opened.packet().ackSessionId(), new Reliable(1, 1), 1, from, host, nowNs, out);
    }

    /** A session that answers the reset itself. */
    private @Nullable TunnelSession begin(
            PacketBuffer first, Opened opened, Endpoint from, TunnelHost host, long nowNs, Outbox out) {
        long sessionId = randomLong(host);
        var reliable = new Reliable();
        reliable.send(Opcode.CONTROL_HARD_RESET_SERVER_V2, EMPTY);
        return newSession(first, opened, sessionId == 0 ? 1 : sessionId, reliable, 0, from, host, nowNs, out);
    }

    private @Nullable TunnelSession newSession(
            PacketBuffer first,
            Opened opened,
            long sessionId,
            Reliable reliable,
            int replayIdsUsed,
            Endpoint from,
            TunnelHost host,
            long nowNs,
            Outbox out) {
        if (!halfOpen.enter(from)) {
            out.drop(first, DropReason.RATE_LIMITED);
            return null;
        }
        OpenVpnSession session = null;
        try {
            out.consume(first);
            var guard = new ReplayGuard();
            guard.accept(opened.replayId(), opened.replayTime());
            var channel = new ControlChannel(
                    sessionId,
                    opened.packet().sessionId(),
                    true,
                    opened.wrap(),
                    new ReplayCounter(host.wallTimeSeconds(), replayIdsUsed),
                    guard);
            session = new OpenVpnSession(
                    this, host, host.newSession(from), from, channel, opened.clientKey(), reliable, nowNs);
            session.onFirstPacket(opened.packet(), nowNs, out);
            return session;
        } catch (RuntimeException | Error e) {
            // Core closes only sessions that it was given.
            if (session == null) {
                halfOpen.leave(from);
            } else {
                session.closed();
            }
            throw e;
        }
    }

    // ---- hand-over

    @Override
    public TunnelSession thaw(
            SessionRecord record, Endpoint remote, TunnelHost host, SessionHost session, long nowNs)
            throws HandoverException {
        SessionState state = SessionState.decode(record.version(), record.state());
        if (host.crypto(state.cipher()).isEmpty()) {
            throw new HandoverException("there is no provider for " + state.cipher());
        }
        var dev = OptionsString.devType(state.options());
        if (dev.isPresent() && !dev.get().equals(config.dev().type())) {
            throw new HandoverException("the session began with dev " + dev.get() + ", and the listener has dev "
                    + config.dev().type() + " now: the client has to change, too");
        }
        StaticKey clientKey = state.clientKey();
        ControlWrap shared = wrapKeys.shared();
        if ((clientKey == null) != (shared != null)) {
            throw new HandoverException("the listener's wrap is another than the session began with");
        }
        if (state.peerId() >= 0 && !peerIds.restore(state.peerId())) {
            throw new HandoverException("peer-id " + state.peerId() + " is another session's");
        }
        try {
            // Later than any replay id under this key: the record's time may be the present second.
            long time = Math.max(host.wallTimeSeconds(), state.replayTimeSeconds() + 1);
            var channel = new ControlChannel(
                    state.localSessionId(),
                    state.remoteSessionId(),
                    true,
                    clientKey != null ? new TlsCryptWrap(clientKey, true) : java.util.Objects.requireNonNull(shared),
                    new ReplayCounter(time, 0),
                    new ReplayGuard());
            return OpenVpnSession.thawed(this, host, session, remote, record, state, channel, nowNs);
        } catch (RuntimeException | Error e) {
            if (state.peerId() >= 0) {
                peerIds.release(state.peerId());
            }
            throw e;
        }
    }

    // ---- for sessions

    /** A TLS engine of {@code tls} with the certificates of now. May block. */
    TlsEngine newEngine(TlsProvider tls, TunnelHost host) throws Exception {
        CertificateAuthority authority =
                host.certificates().orElseThrow(() -> new TlsException("there is no certificate authority"));
        return tls.newServerEngine(new TlsPolicy(
                Optional.of(authority.serverIdentity()),
                authority.authorities(),
                config.login().certificate(),
                config.minTls(),
                config.maxTls(),
                config.tlsSuites(),
                config.tlsGroups()));
    }

    OpenVpnConfig config() {
        return config;
    }

    AuthTokens tokens() {
        return tokens;
    }

    OpenQuestions questions() {
        return questions;
    }

    WrapKeys wrapKeys() {
        return wrapKeys;
    }

    DemuxKeys demux() {
        return demux;
    }

    PeerIds peerIds() {
        return peerIds;
    }

    HalfOpen halfOpen() {
        return halfOpen;
    }


    long randomLong(TunnelHost host) {
        byte[] bytes = new byte[8];
        host.random(bytes);
        return ByteBuffer.wrap(bytes).getLong();
    }

    /** When a session that lost its control channel starts to rekey: soon, and not all at once. */
    long spreadNs(TunnelHost host) {
        return SPREAD_FROM_NS + Math.floorMod(randomLong(host), (host.sessionCount() + 1) * SPREAD_NS_PER_SESSION);
    }

    /** Streams: a 16-bit length, itself not counted, before each packet. */
    private static final class LengthFraming implements StreamFraming {
        static final LengthFraming INSTANCE = new LengthFraming();

        private static final ValueLayout.OfShort U16 = JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);
        private static final int MAX_PACKET = 2048;

        @Override
        public int headerBytes() {
            return 2;
        }

        @Override
        public int datagramBytes(MemorySegment stream, long offset) {
            int length = stream.get(U16, offset) & 0xFFFF;
            return length == 0 || length > MAX_PACKET ? -1 : length;
        }

        @Override
        public void writeHeader(MemorySegment stream, long offset, int lengthBytes) {
            stream.set(U16, offset, (short) lengthBytes);
        }
    }
}

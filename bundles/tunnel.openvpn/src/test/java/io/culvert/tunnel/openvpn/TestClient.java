package io.culvert.tunnel.openvpn;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.network.Admission;
import io.culvert.api.packet.Outbox;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.SessionHost;
import io.culvert.tunnel.openvpn.control.KeyExchange;
import io.culvert.tunnel.openvpn.control.KeyState;
import io.culvert.tunnel.openvpn.control.Reliable;
import io.culvert.tunnel.openvpn.data.KeySlot;
import io.culvert.tunnel.openvpn.data.SlotTable;
import io.culvert.tunnel.openvpn.wire.ControlMessage;
import io.culvert.tunnel.openvpn.wire.ControlPacket;
import io.culvert.tunnel.openvpn.wire.EarlyNegotiation;
import io.culvert.tunnel.openvpn.wire.KeyMethod2;
import io.culvert.tunnel.openvpn.wire.Opcode;
import io.culvert.tunnel.openvpn.wrap.ClientWrapKey;
import io.culvert.tunnel.openvpn.wrap.ControlWrap;
import io.culvert.tunnel.openvpn.wrap.ReplayGuard;
import io.culvert.tunnel.openvpn.wrap.StaticKey;
import io.culvert.tunnel.openvpn.wrap.TlsCryptWrap;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A stock client's behaviour as the specification tells it, for sessions in memory. Starts anew when it gets nowhere. */
final class TestClient implements KeyState.Events {
    private static final long GIVE_UP_NS = 60_000_000_000L;
    private static final long TICK_NS = 100_000_000L;
    private static final String PEER_INFO = "IV_VER=2.6.14\nIV_PLAT=linux\nIV_MTU=1600\nIV_CIPHERS=";

    final VirtualTime time;
    final Random random;
    final Consumer<byte[]> link;
    final ControlWrap baseWrap;
    final StaticKey baseKey;
    final @Nullable ClientWrapKey clientKey;
    final List<String> messages = new ArrayList<>();
    final List<byte[]> received = new ArrayList<>();
    final TestBuffers buffers = new TestBuffers((b, e) -> {}, b -> {});
    Optional<TlsPolicy.Identity> identity = Optional.of(TestCore.AUTHORITY.client("alice"));
    TlsPolicy.Version tlsVersion = TlsPolicy.Version.TLS_1_3;
    int protocolBits = 990;
    String ciphers = "AES-256-GCM";
    @Nullable String username;
    byte @Nullable [] password;

    /** More lines for the peer info, each ended. */
    String devType = "tun";
    String moreInfo = "";

    /** Sent instead of a key-method-2 message. */
    byte @Nullable [] nonsense;

    int attempts;
    int rekeys;

    SlotTable slots = new SlotTable();
    @Nullable KeyState negotiating;
    @Nullable KeyState active;
    private long localSid;
    private long remoteSid;
    private @Nullable ControlWrap dynamic;
    private ReplayGuard baseGuard = new ReplayGuard();
    private ReplayGuard dynamicGuard = new ReplayGuard();
    private int replayId;
    private int dynamicReplayId;
    private boolean sendWrappedKey;
    private @Nullable KeyExchangeHalf half;
    private final Map<Integer, KeyMethod2> own = new HashMap<>();
    int peerId = -1;
    private boolean exported;
    private int nextKeyId = 1;
    private long startedNs;
    private boolean stopped;

    private record KeyExchangeHalf(KeyMethod2 client) {}

    TestClient(
            VirtualTime time,
            Random random,
            ControlWrap baseWrap,
            StaticKey baseKey,
            @Nullable ClientWrapKey clientKey,
            Consumer<byte[]> link) {
        this.time = time;
        this.random = random;
        this.baseWrap = baseWrap;
        this.baseKey = baseKey;
        this.clientKey = clientKey;
        this.link = link;
    }

    /** What it had before {@link #startWithin}, and whether it still sends under that. */
    private SlotTable former = new SlotTable();

    int formerPeerId = -1;
    boolean sendsFormer;

    boolean connected() {
        return slots.current() != null;
    }

    /** A new session from the first packet on, and a tick that looks after it. */
    void start() {
        attempts++;
        slots.close();
        slots = new SlotTable();
        active = null;
        dynamic = null;
        baseGuard = new ReplayGuard();
        localSid = random.nextLong() | 1;
        remoteSid = 0;
        replayId = clientKey == null ? 0 : EarlyNegotiation.REPLAY_ID_MARK << 24;
        sendWrappedKey = clientKey != null;
        peerId = -1;
        nextKeyId = 1;
        startedNs = time.nowNs();
        negotiating = newState(0);
        negotiating.sendReset(
                clientKey == null ? Opcode.CONTROL_HARD_RESET_CLIENT_V2 : Opcode.CONTROL_HARD_RESET_CLIENT_V3,
                new byte[0]);
        if (attempts == 1) {
            tick();
        }
    }

/** As {@link #start}, by a client that has a tunnel and keeps it: it sends what it sends under what it had. */
    void startWithin() {
        former = slots;
        formerPeerId = peerId;
        sendsFormer = true;
        slots = new SlotTable();
        start();
    }

        void stop() {
        stopped = true;
    }

    private void tick() {
        if (stopped) {
            return;
        }
        KeyState half = negotiating;
        if (!connected() && time.nowNs() - startedNs > GIVE_UP_NS
                || half != null && time.nowNs() - half.startedNs() > GIVE_UP_NS) {
            start();
        }
        transmit();
        time.after(TICK_NS, this::tick);
    }

    private KeyState newState(int keyId) {
        return new KeyState(
                keyId,
                time.nowNs(),
                new Reliable(),
                new InlineHost(),
                () -> TestCore.tlsProvider().newClientEngine(new TlsPolicy(
                        identity,
                        List.of(TestCore.AUTHORITY.certificate()),
                        TlsPolicy.PeerCertificate.REQUIRED,
                        tlsVersion,
                        tlsVersion,
                        List.of(),
                        List.of())),
                this);
    }

    // ---- receiving

    void onDatagram(byte[] bytes) {
        if (bytes.length == 0 || stopped) {
            return;
        }
        if (Opcode.isData(Opcode.of(bytes[0]))) {
            onData(bytes);
            return;
        }
        int keyId = Opcode.keyId(bytes[0]);
        boolean base = keyId == 0 || dynamic == null;
        ControlWrap wrap = base ? baseWrap : dynamic;
        var unwrapped = wrap.unwrap(bytes);
        if (unwrapped == null) {
            return;
        }
        var packet = ControlPacket.parse(unwrapped.firstByte(), unwrapped.sessionId(), unwrapped.rest());
        if (packet == null || packet.acks().length > 0 && packet.ackSessionId() != localSid) {
            return;
        }
        if (wrap.hasReplay()
                && !(base ? baseGuard : dynamicGuard).accept(unwrapped.replayId(), unwrapped.replayTime())) {
            return;
        }
        if (packet.opcode() == Opcode.CONTROL_HARD_RESET_SERVER_V2) {
            if (remoteSid != 0 || negotiating == null) {
                return;
            }
            remoteSid = packet.sessionId();
            sendWrappedKey = clientKey != null && EarlyNegotiation.asksForWrappedKey(packet.payload());
            negotiating.onPacket(packet, time.nowNs());
            // The client hello comes before anything else goes out, so that it can carry the wrapped key.
            negotiating.startTls(this);
            return;
        }
        if (packet.sessionId() != remoteSid) {
            return;
        }
        KeyState state = negotiating != null && negotiating.keyId() == keyId ? negotiating : null;
        if (state == null && active != null && active.keyId() == keyId) {
            state = active;
        }
        boolean fresh = packet.opcode() == Opcode.CONTROL_SOFT_RESET_V1 && negotiating == null && connected();
        if (fresh && keyId != (active == null ? -1 : active.keyId())) {
            // Under a key-id that it does not expect, too: then it waits in vain.
            state = begin();
        }
        if (state != null && state.keyId() == keyId) {
            state.onPacket(packet, time.nowNs());
            if (state == negotiating && keyId > 0 && state.reliable().allAcknowledged() && startedTls != state) {
                startedTls = state;
                state.startTls(this);
            }
            transmit();
        }
    }

    private @Nullable KeyState startedTls;

    private KeyState begin() {
        KeyState state = newState(nextKeyId);
        state.sendReset(Opcode.CONTROL_SOFT_RESET_V1, new byte[0]);
        negotiating = state;
        return state;
    }

    /** Asks for a new key. */
    void renegotiate() {
        begin();
        transmit();
    }

    /** Whether the negotiation under way can only be ended by the very TLS connection that it began with. */
    boolean bound() {
        return negotiating != null && negotiating.reliable().heardMore();
    }

    private void onData(byte[] bytes) {
        KeySlot slot = (connected() ? slots : former).receiving(Opcode.keyId(bytes[0]));
        PacketBuffer packet = buffers.of(bytes);
        if (slot != null && bytes.length > 8 && slot.open(packet) == null) {
            received.add(TestBuffers.bytes(packet));
        }
        buffers.consume(packet);
    }

    // ---- sending

    /** Seals {@code text} with the newest key. */
    void send(byte[] text) {
        KeySlot slot = (sendsFormer ? former : slots).sending(time.nowNs());
        if (slot == null) {
            return;
        }
        slot.reserved(slot.freezeReservation());
        PacketBuffer packet = buffers.of(text);
        int id = sendsFormer ? formerPeerId : peerId;
        slot.seal(packet, id >= 0, id);
        byte[] sealed = TestBuffers.bytes(packet);
        buffers.consume(packet);
        link.accept(sealed);
    }

    void sendMessage(String message) {
        java.util.Objects.requireNonNull(active).sendText(message);
        transmit();
    }

    private void transmit() {
        for (KeyState state : new KeyState[] {negotiating, active}) {
            if (state == null) {
                continue;
            }
            Reliable reliable = state.reliable();
            for (var m = reliable.poll(time.nowNs()); m != null; m = reliable.poll(time.nowNs())) {
                int opcode = m.opcode();
                if (sendWrappedKey && state.keyId() == 0 && opcode == Opcode.CONTROL_V1 && m.id() == 1) {
                    opcode = Opcode.CONTROL_WKC_V1;
                }
                int[] acks = remoteSid == 0 ? new int[0] : reliable.takeAcks(Reliable.ACKS_PER_CONTROL);
                emit(new ControlPacket(opcode, state.keyId(), localSid, acks, remoteSid, m.id(), m.payload()));
            }
            // A client hello is on its way: its packet carries the first ack, and with it the cookie.
            boolean mayAckAlone = remoteSid != 0 && (state.keyId() != 0 || state.reliable().queued() > 0 || helloSent(state));
            if (mayAckAlone && reliable.hasPendingAcks()) {
                emit(ControlPacket.ack(state.keyId(), localSid, reliable.takeAcks(8), remoteSid));
            }
        }
    }

    private boolean helloSent(KeyState state) {
        return connected() || state.reliable().nextTimeoutNs() != Long.MAX_VALUE;
    }

    private void emit(ControlPacket packet) {
        boolean base = packet.keyId() == 0 || dynamic == null;
        ControlWrap wrap = base ? baseWrap : dynamic;
        long id = base ? ++replayId : ++dynamicReplayId;
        byte[] bytes = wrap.wrap(
                packet.firstByte(),
                localSid,
                wrap.hasReplay() ? id << 32 | VirtualTime.WALL_SECONDS & 0xFFFF_FFFFL : 0,
                packet.encodeRest());
        if (Opcode.carriesWrappedKey(packet.opcode())) {
            byte[] wkc = java.util.Objects.requireNonNull(clientKey).wrapped();
            bytes = ByteBuffer.allocate(bytes.length + wkc.length).put(bytes).put(wkc).array();
        }
        link.accept(bytes);
    }

    // ---- negotiation

    @Override
    public void onOutput(KeyState state, long nowNs, Outbox out) {
        if (!own.containsKey(System.identityHashCode(state))) {
            byte[] preMaster = new byte[48];
            byte[] random1 = new byte[32];
            byte[] random2 = new byte[32];
            random.nextBytes(preMaster);
            random.nextBytes(random1);
            random.nextBytes(random2);
            var keys = new KeyMethod2(
                    preMaster,
                    random1,
                    random2,
                    "V4,dev-type " + devType + ",link-mtu 1549,tun-mtu 1500,proto UDPv4,cipher AES-256-GCM,auth [null-digest],"
                            + "keysize 256,key-method 2,tls-client",
                    username,
                    password,
                    PEER_INFO + ciphers + "\nIV_PROTO=" + protocolBits + "\n" + moreInfo);
            own.put(System.identityHashCode(state), keys);
            state.sendRecord(nonsense != null ? nonsense : keys.encode());
        }
        transmit();
    }

    @Override
    public void onRecord(KeyState state, byte[] record, long nowNs, Outbox out) {
        if (!state.keyExchangeDone()) {
            state.keyExchanged();
            KeyMethod2 server = KeyMethod2.parseServer(record);
            KeyMethod2 client = own.get(System.identityHashCode(state));
            if (server == null || client == null) {
                throw new AssertionError("the server's key exchange message is malformed");
            }
            half = new KeyExchangeHalf(client);
            serverKeys = server;
            if (state.keyId() > 0) {
                derive(state, client, server, false);
            }
            return;
        }
        for (String message : ControlMessage.parse(record)) {
            messages.add(message);
            if (message.startsWith("PUSH_REPLY") && !connected() && half != null) {
                var options = Arrays.asList(message.split(","));
                exported = message.contains("tls-ekm");
                peerId = options.stream()
                        .filter(o -> o.startsWith("peer-id "))
                        .map(o -> Integer.parseInt(o.substring(8)))
                        .findFirst()
                        .orElse(-1);
                derive(state, half.client(), java.util.Objects.requireNonNull(serverKeys), message.contains("dyn-tls-crypt"));
            }
        }
    }

    private @Nullable KeyMethod2 serverKeys;

    private void derive(KeyState state, KeyMethod2 client, KeyMethod2 server, boolean dyn) {
        var exchange = new KeyExchange(client, server.random1(), server.random2());
        state.withTls(
                engine -> exchange.derive(
                        engine,
                        exported ? KeyExchange.Derivation.EXPORT : KeyExchange.Derivation.PRF,
                        dyn,
                        localSid,
                        remoteSid),
                (keys, error, nowNs, out) -> {
                    if (keys == null) {
                        throw new AssertionError(error);
                    }
                    if (keys.dynamicKey() != null) {
                        dynamic = new TlsCryptWrap(baseKey.xor(keys.dynamicKey()), false);
                        dynamicGuard = new ReplayGuard();
                        dynamicReplayId = 0;
                    }
                    var slot = new KeySlot(
                            state.keyId(), DataCipher.AES_256_GCM, TestCore.cipherProvider(), keys.key2(), false, 0);
                    slot.reserved(slot.freezeReservation());
                    if (state.keyId() == 0) {
                        slots.installFirst(slot);
                    } else {
                        slots.install(slot, time.nowNs() + 5_000_000_000L, Long.MAX_VALUE);
                        nextKeyId = nextKeyId == 7 ? 1 : nextKeyId + 1;
                        rekeys++;
                    }
                    active = state;
                    negotiating = null;
                });
    }

    @Override
    public void onTlsFailure(KeyState state, String reason, long nowNs, Outbox out) {
        transmit();
    }

    /** Work done on the spot, its end a moment later. */
    private final class InlineHost implements SessionHost {
        @Override
        public <T> void offload(Callable<T> work, Completion<T> then) {
            T value = null;
            Throwable error = null;
            try {
                value = work.call();
            } catch (Throwable t) {
                error = t;
            }
            T result = value;
            Throwable failure = error;
            time.after(1_000_000, () -> {
                if (!stopped) {
                    then.onCompletion(result, failure, time.nowNs(), buffers);
                }
            });
        }

        @Override
        public long sessionId() {
            return 0;
        }

        @Override
        public void bind(long sessionKey) {}

        @Override
        public void unbind(long sessionKey) {}

        @Override
        public void floated(Endpoint to) {}

        @Override
        public void authenticate(Credentials credentials, Answer<AuthDecision> then) {}

        @Override
        public void admit(PeerIdentity peer, Answer<Admission> then) {}

        @Override
        public void recheck(PeerIdentity peer, Answer<@Nullable CloseCause> then) {}

        @Override
        public void save(Answer<Boolean> then) {}

        @Override
        public void established() {}

        @Override
        public void close(CloseCause cause) {}
    }
}

package io.culvert.it.peer;

import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsProvider;
import io.culvert.tunnel.openvpn.control.KeyExchange;
import io.culvert.tunnel.openvpn.control.Reliable;
import io.culvert.tunnel.openvpn.data.Ciphers;
import io.culvert.tunnel.openvpn.data.DataMessage;
import io.culvert.tunnel.openvpn.data.KeySlot;
import io.culvert.tunnel.openvpn.wire.ControlMessage;
import io.culvert.tunnel.openvpn.wire.ControlPacket;
import io.culvert.tunnel.openvpn.wire.EarlyNegotiation;
import io.culvert.tunnel.openvpn.wire.KeyMethod2;
import io.culvert.tunnel.openvpn.wire.Opcode;
import io.culvert.tunnel.openvpn.wrap.ControlWrap;
import io.culvert.tunnel.openvpn.wrap.ReplayCounter;
import io.culvert.tunnel.openvpn.wrap.TlsCryptWrap;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * One session in the client's role over a connected socket, in blocking calls: logged in with {@link #logIn}, kept with
 * {@link #idle}, left with {@link #exit}. It agrees on new keys when the server asks, and never asks itself.
 *
 * <p>Threads: one.
 */
final class ClientSession {
    /** Nobody goes on with this end's keys after a crash: all of their packet-ids are this process's. */
    static final long ALL_PACKET_IDS = 0xFFFF_FFFFL;

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int PROTOCOL_BITS = 990;
    private static final int MAX_DATAGRAM = 2048;
    /** Without a "ping" from the server, still often enough to be seen alive. */
    private static final int DEFAULT_PING_SECONDS = 10;

    /** How one packet of the control channel is wrapped, and its replay ids. */
    private record Layer(ControlWrap wrap, ReplayCounter replay) {}

    private final Profile profile;
    private final DatagramSocket socket;
    private final TlsProvider tls;
    private final CipherProvider ciphers;
    private final Layer base;
    private Layer dynamic;
    private long localSid;
    private long remoteSid;
    private boolean sendWrappedKey;
    private ClientNegotiation negotiating;
    private ClientNegotiation active;
    private int nextKeyId = 1;
    private String pushed = "";
    private KeySlot slot;
    private byte[] key2;
    private int peerId = -1;
    private String refusal;
    private boolean ended;
    private IntConsumer onNewKeys = keyId -> {};

    ClientSession(Profile profile, DatagramSocket socket, TlsProvider tls, CipherProvider ciphers) {
        this.profile = profile;
        this.socket = socket;
        this.tls = tls;
        this.ciphers = ciphers;
        this.base = new Layer(
                profile.wrap(),
                new ReplayCounter(
                        System.currentTimeMillis() / 1000,
                        profile.wrapKey().isPresent() ? (long) EarlyNegotiation.REPLAY_ID_MARK << 24 : 0));
    }

    /**
     * From the first packet to the server's options.
     *
     * @throws IOException when the server refuses, or does not answer in time
     */
    void logIn(Duration deadline) throws IOException, TlsException {
        long until = System.nanoTime() + deadline.toNanos();
        do {
            localSid = RANDOM.nextLong();
        } while (localSid == 0);
        negotiating = new ClientNegotiation(
                0,
                profile.wrapKey().isPresent() ? Opcode.CONTROL_HARD_RESET_CLIENT_V3 : Opcode.CONTROL_HARD_RESET_CLIENT_V2,
                keys());
        while (slot == null) {
            flush();
            receive(until);
            if (refusal != null) {
                throw new IOException("refused: " + refusal);
            }
            if (slot == null && System.nanoTime() - until >= 0) {
                throw new IOException("no session in " + deadline);
            }
        }
        flush();
    }

    KeySlot slot() {
        return slot;
    }

    /** The data keys of both directions, for a program that goes on with them in this one's place. */
    byte[] key2() {
        return key2.clone();
    }

    int peerId() {
        return peerId;
    }

    /** Whether the server has ended the session. */
    boolean ended() {
        return ended;
    }

    /** Called with the key-id whenever a renegotiation is complete. */
    void onNewKeys(IntConsumer listener) {
        onNewKeys = listener;
    }

    /** A pushed option's words behind its name. */
    Optional<String> option(String name) {
        for (String option : pushed.split(",")) {
            if (option.startsWith(name + " ")) {
                return Optional.of(option.substring(name.length() + 1));
            }
        }
        return Optional.empty();
    }

    int pingSeconds() {
        return option("ping").map(Integer::parseInt).orElse(DEFAULT_PING_SECONDS);
    }

    /** Answers what comes and sends a ping when it is due, until the session ends or {@code untilNs}. */
    void idle(long untilNs) throws IOException, TlsException {
        long interval = Duration.ofSeconds(pingSeconds()).toNanos();
        long nextPing = System.nanoTime() + RANDOM.nextLong(interval);
        while (!ended && System.nanoTime() - untilNs < 0) {
            receive(Math.min(nextPing, untilNs));
            flush();
            if (System.nanoTime() - nextPing >= 0) {
                nextPing += interval;
                var ping = new Scratch();
                DataMessage.writePing(ping);
                slot.seal(ping, peerId >= 0, peerId);
                send(ping.bytes());
            }
        }
    }

    /** Says good-bye the way that was agreed on, and does not wait. */
    void exit() throws IOException, TlsException {
        if (pushed.contains("cc-exit") && active != null) {
            active.sendText(ControlMessage.EXIT);
            flush();
        } else {
            var exit = new Scratch();
            DataMessage.writeOcc(exit, DataMessage.OCC_EXIT, "");
            slot.seal(exit, peerId >= 0, peerId);
            send(exit.bytes());
        }
        close();
    }

    void close() {
        if (negotiating != null) {
            negotiating.close();
        }
        if (active != null) {
            active.close();
        }
        if (slot != null) {
            slot.close();
        }
    }

    // ---- receiving

    private void receive(long untilNs) throws IOException, TlsException {
        long now = System.nanoTime();
        long timeout = Math.min(timeoutNs(negotiating), timeoutNs(active));
        long next = Math.min(untilNs - now, timeout == Long.MAX_VALUE ? Long.MAX_VALUE : timeout - now);
        if (next <= 0) {
            return;
        }
        socket.setSoTimeout((int) Math.max(1, Math.min(next / 1_000_000 + 1, Integer.MAX_VALUE)));
        var datagram = new DatagramPacket(new byte[MAX_DATAGRAM], MAX_DATAGRAM);
        try {
            socket.receive(datagram);
        } catch (SocketTimeoutException e) {
            return;
        }
        byte[] bytes = java.util.Arrays.copyOf(datagram.getData(), datagram.getLength());
        if (bytes.length > 0 && !Opcode.isData(Opcode.of(bytes[0]))) {
            onControl(bytes);
        }
    }

    private static long timeoutNs(ClientNegotiation state) {
        return state == null ? Long.MAX_VALUE : state.reliable().nextTimeoutNs();
    }

    private void onControl(byte[] bytes) throws TlsException {
        var unwrapped = layer(Opcode.keyId(bytes[0])).wrap().unwrap(bytes);
        ControlPacket packet = unwrapped == null
                ? null
                : ControlPacket.parse(unwrapped.firstByte(), unwrapped.sessionId(), unwrapped.rest());
        if (packet == null
                || packet.acks().length > 0 && packet.ackSessionId() != localSid
                || remoteSid != 0 && packet.sessionId() != remoteSid) {
            return;
        }
        if (remoteSid == 0) {
            if (packet.opcode() != Opcode.CONTROL_HARD_RESET_SERVER_V2) {
                return;
            }
            remoteSid = packet.sessionId();
            sendWrappedKey = profile.wrapKey().isPresent() && EarlyNegotiation.asksForWrappedKey(packet.payload());
        }
        if (negotiating == null && packet.opcode() == Opcode.CONTROL_SOFT_RESET_V1 && packet.keyId() == nextKeyId) {
            negotiating = new ClientNegotiation(nextKeyId, Opcode.CONTROL_SOFT_RESET_V1, keys());
        }
        ClientNegotiation state = find(packet.keyId());
        if (state == null) {
            return;
        }
        for (String message : state.onPacket(packet, () -> tls.newClientEngine(profile.policy()))) {
            onMessage(message);
        }
        if (state == negotiating && state.keyId() != 0 && state.exchanged()) {
            renew(state);
        }
    }

    private ClientNegotiation find(int keyId) {
        if (negotiating != null && negotiating.keyId() == keyId) {
            return negotiating;
        }
        return active != null && active.keyId() == keyId ? active : null;
    }

    private Layer layer(int keyId) {
        Layer other = dynamic;
        return keyId == 0 || other == null ? base : other;
    }

    // ---- sending

    private void flush() throws IOException {
        if (negotiating != null) {
            flush(negotiating);
        }
        if (active != null) {
            flush(active);
        }
    }

    private void flush(ClientNegotiation state) throws IOException {
        var reliable = state.reliable();
        long now = System.nanoTime();
        for (var message = reliable.poll(now); message != null; message = reliable.poll(now)) {
            int opcode = state.keyId() == 0 && sendWrappedKey && message.opcode() == Opcode.CONTROL_V1 && message.id() == 1
                    ? Opcode.CONTROL_WKC_V1
                    : message.opcode();
            int[] acks = remoteSid == 0 ? new int[0] : reliable.takeAcks(Reliable.ACKS_PER_CONTROL);
            emit(new ControlPacket(opcode, state.keyId(), localSid, acks, remoteSid, message.id(), message.payload()));
        }
        if (remoteSid != 0 && reliable.hasPendingAcks()) {
            emit(ControlPacket.ack(state.keyId(), localSid, reliable.takeAcks(ControlPacket.MAX_ACKS), remoteSid));
        }
    }

    private void emit(ControlPacket packet) throws IOException {
        var layer = layer(packet.keyId());
        byte[] bytes = layer.wrap().wrap(
                packet.firstByte(), localSid, layer.wrap().hasReplay() ? layer.replay().next() : 0, packet.encodeRest());
        if (Opcode.carriesWrappedKey(packet.opcode())) {
            byte[] wrapped = profile.wrapKey().orElseThrow().wrapped();
            bytes = ByteBuffer.allocate(bytes.length + wrapped.length).put(bytes).put(wrapped).array();
        }
        send(bytes);
    }

    private void send(byte[] bytes) throws IOException {
        socket.send(new DatagramPacket(bytes, bytes.length));
    }

    // ---- negotiation

    private KeyMethod2 keys() {
        return new KeyMethod2(
                random(KeyMethod2.PRE_MASTER_BYTES),
                random(KeyMethod2.RANDOM_BYTES),
                random(KeyMethod2.RANDOM_BYTES),
                "V4,dev-type tun,link-mtu 1549,tun-mtu 1500,proto UDPv4,cipher AES-256-GCM,auth [null-digest],"
                        + "keysize 256,key-method 2,tls-client",
                null,
                null,
                "IV_VER=2.6.14\nIV_PLAT=linux\nIV_MTU=1600\nIV_TCPNL=1\nIV_NCP=2\nIV_CIPHERS=" + profile.ciphers()
                        + "\nIV_PROTO=" + PROTOCOL_BITS + "\n");
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        RANDOM.nextBytes(bytes);
        return bytes;
    }

    private void onMessage(String message) throws TlsException {
        if (message.startsWith("PUSH_REPLY")) {
            pushed += message.substring("PUSH_REPLY".length());
            if (slot == null && !message.endsWith("push-continuation 2")) {
                install();
            }
        } else if (message.startsWith(ControlMessage.AUTH_FAILED)) {
            refusal = message;
            ended = true;
        } else if (message.startsWith(ControlMessage.HALT) || message.startsWith(ControlMessage.RESTART)) {
            ended = true;
        }
    }

    private void install() throws TlsException {
        peerId = option("peer-id").map(Integer::parseInt).orElse(-1);
        boolean wantsDynamic = pushed.contains("dyn-tls-crypt");
        var keys = use(negotiating, wantsDynamic);
        byte[] mixed = keys.dynamicKey();
        if (wantsDynamic && mixed != null) {
            dynamic = new Layer(
                    new TlsCryptWrap(profile.wrapBase().xor(mixed), false),
                    new ReplayCounter(System.currentTimeMillis() / 1000, 0));
        }
    }

    /** The server has sealed under the new keys at once, so this end may as well. */
    private void renew(ClientNegotiation state) throws TlsException {
        slot.close();
        use(state, false);
        nextKeyId = nextKeyId == Opcode.KEY_ID_MASK ? 1 : nextKeyId + 1;
        onNewKeys.accept(state.keyId());
    }

    private KeyExchange.Keys use(ClientNegotiation state, boolean wantsDynamic) throws TlsException {
        DataCipher cipher = Ciphers.named(option("cipher").orElse("AES-256-GCM"))
                .orElseThrow(() -> new TlsException("the server pushes an unknown cipher"));
        var keys = state.derive(
                pushed.contains("tls-ekm") ? KeyExchange.Derivation.EXPORT : KeyExchange.Derivation.PRF,
                wantsDynamic,
                localSid,
                remoteSid);
        key2 = keys.key2().clone();
        slot = new KeySlot(state.keyId(), cipher, ciphers, keys.key2(), false, 0);
        slot.reserved(ALL_PACKET_IDS);
        if (active != null) {
            active.close();
        }
        active = state;
        negotiating = null;
        return keys;
    }
}

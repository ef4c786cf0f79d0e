package io.culvert.tunnel.openvpn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.handover.SessionRecord;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.HandoverException;
import io.culvert.api.tunnel.Transport;
import io.culvert.tunnel.openvpn.wire.ControlPacket;
import io.culvert.tunnel.openvpn.wire.Opcode;
import io.culvert.tunnel.openvpn.wrap.ControlWrap;
import io.culvert.tunnel.openvpn.wrap.ControlWrap.Unwrapped;
import io.culvert.tunnel.openvpn.wrap.PlainWrap;
import io.culvert.tunnel.openvpn.wrap.ServerWrapKey;
import io.culvert.tunnel.openvpn.wrap.StaticKey;
import io.culvert.tunnel.openvpn.wrap.TlsCryptWrap;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A client that does what a script says, to a listener whose TLS hides nothing, so that bytes of a test's choice reach
 * every layer of a session. Whatever the script: no exception, each buffer leaves once, no nonce seals twice, and a
 * timer that was served is not due again.
 *
 * <p>The first byte of a script chooses the listener; each step is a byte, of which the low four bits say what happens,
 * and what {@link #step} reads behind it. Bit 7 leaves core's answers for later.
 */
public final class OpenPeer {
    /** Bits of the first byte. */
    public static final int TCP = 1;

    public static final int NO_EXPORT = 2;

    /** What happens in a step. */
    public static final int RAW = 0;
    public static final int HANDSHAKE = 1;
    public static final int CONTROL = 2;
    public static final int RECORD = 3;
    public static final int DATA = 4;
    public static final int TIME = 5;
    public static final int SOFT_RESET = 6;
    public static final int ANSWER = 7;
    public static final int ACKS = 8;
    public static final int DOWN = 9;
    public static final int END = 10;
    public static final int STORE = 11;
    public static final int CRASH = 12;
    public static final int MOVE = 13;

    private static final long CLIENT = 0x1122334455667788L;
    private static final int KEY_IDS = 8;
    private static final int MAX_STEPS = 200;
    private static final int MAX_PACKET = 2048;
    private static final int MAX_RECORD = 16 * 1024;

    private final OpenCore core;
    private final boolean stream;
    private boolean deaf;
    private TestEndpoint endpoint;
    private long serverSession;
    private int packetId;
    private final int[] nextMessage = new int[KEY_IDS];
    private final List<ArrayDeque<Integer>> toAck = new ArrayList<>();
    private int replayId;

    private OpenPeer(boolean stream, boolean exports) {
        this(stream, exports, () -> Listeners.open(stream ? Transport.TCP : Transport.UDP));
    }

    private OpenPeer(boolean stream, boolean exports, Supplier<OpenVpnProtocol> listener) {
        this.stream = stream;
        this.endpoint = stream ? TestEndpoint.tcp("198.51.100.7", 40000) : TestEndpoint.udp("198.51.100.7", 40000);
        this.core = new OpenCore(listener, exports, this::onDatagram);
        for (int i = 0; i < KEY_IDS; i++) {
            toAck.add(new ArrayDeque<>());
        }
    }

    /** Runs a script. */
    public static void play(byte[] script) {
        ByteBuffer in = ByteBuffer.wrap(script);
        int mode = u8(in);
        var peer = new OpenPeer((mode & TCP) != 0, (mode & NO_EXPORT) == 0);
        for (int i = 0; i < MAX_STEPS && in.hasRemaining(); i++) {
            int step = u8(in);
            peer.step(step & 0x0F, in);
            if ((step & 0x80) == 0) {
                peer.core.answerAll();
            }
            peer.core.check();
        }
        peer.core.answerAll();
        peer.core.check();
    }

    /** Datagrams, each behind a 16-bit length, to listeners of both transports. */
    public static void strange(byte[] stream) {
        for (boolean tcp : new boolean[] {false, true}) {
            var peer = new OpenPeer(tcp, true);
            ByteBuffer in = ByteBuffer.wrap(stream);
            for (int i = 0; i < MAX_STEPS && in.hasRemaining(); i++) {
                peer.core.onDatagram(bytes(in), peer.endpoint);
                peer.core.answerAll();
                peer.core.check();
            }
        }
        ownKey(stream);
    }

    /** The same to a listener with tls-crypt-v2, from somebody who has a client's key. */
    private static void ownKey(byte[] stream) {
        var serverKey = new ServerWrapKey(filled(ServerWrapKey.LENGTH));
        var clientKey = new StaticKey(filled(StaticKey.LENGTH));
        byte[] wrapped = serverKey.wrap(clientKey, new byte[] {0});
        ControlWrap wrap = new TlsCryptWrap(clientKey, false);
        var peer = new OpenPeer(false, true, () -> Listeners.perClient(Transport.UDP, serverKey));
        peer.deaf = true;
        ByteBuffer in = ByteBuffer.wrap(stream);
        for (int i = 0; i < MAX_STEPS && in.hasRemaining(); i++) {
            byte[] datagram = bytes(in);
            peer.core.onDatagram(datagram, peer.endpoint);
            if (datagram.length > 17) {
                ByteBuffer content = ByteBuffer.wrap(datagram);
                int first = content.get() & 0xFF;
                long sessionId = content.getLong();
                long replay = content.getLong();
                byte[] packet = wrap.wrap(first, sessionId, replay, Arrays.copyOfRange(datagram, 17, datagram.length));
                boolean withKey = Opcode.carriesWrappedKey(Opcode.of(first));
                peer.core.onDatagram(withKey ? joined(packet, wrapped) : packet, peer.endpoint);
            }
            peer.core.answerAll();
            peer.core.check();
        }
    }

    private static byte[] filled(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) 0x5A);
        return bytes;
    }

    private static byte[] joined(byte[] one, byte[] other) {
        return ByteBuffer.allocate(one.length + other.length).put(one).put(other).array();
    }

    /** Reads a session record's state; what can be read is written again to the same bytes. */
    public static void decode(byte[] bytes) {
        decode(1, bytes);
        decode(2, bytes);
    }

    private static void decode(int version, byte[] bytes) {
        SessionState state;
        try {
            state = SessionState.decode(version, bytes);
        } catch (HandoverException _) {
            return;
        }
        byte[] written = state.encode();
        try {
            assertArrayEquals(written, SessionState.decode(state.version(), written).encode());
        } catch (HandoverException e) {
            throw new AssertionError("what was written cannot be read", e);
        }
    }

    /** The state of a session that followed a script up to here; null when it has no record. */
    public static byte @Nullable [] stateAfter(byte[] script) {
        ByteBuffer in = ByteBuffer.wrap(script);
        int mode = u8(in);
        var peer = new OpenPeer((mode & TCP) != 0, (mode & NO_EXPORT) == 0);
        while (in.hasRemaining()) {
            peer.step(u8(in) & 0x0F, in);
            peer.core.answerAll();
        }
        return peer.core.records().stream().findFirst().map(SessionRecord::state).orElse(null);
    }

    private void step(int what, ByteBuffer in) {
        switch (what) {
            case RAW -> core.onDatagram(bytes(in), endpoint);
            case HANDSHAKE -> handshake();
            case CONTROL -> control(u8(in), (byte) u8(in), u8(in), bytes(in));
            case RECORD -> record(u8(in), bytes(in, MAX_RECORD));
            case DATA -> data(u8(in), bytes(in));
            case TIME -> core.pass(TimeUnit.MILLISECONDS.toNanos((long) u8(in) * u8(in) * 100));
            case SOFT_RESET -> softReset(u8(in));
            case ANSWER -> core.answerOne();
            case ACKS -> acks(u8(in));
            case DOWN -> core.toPeer(bytes(in));
            case END -> core.end(u8(in));
            case STORE -> core.storeFails = !core.storeFails;
            case CRASH -> core.crash(stream);
            case MOVE -> {
                if (!stream) {
                    endpoint = TestEndpoint.udp("198.51.100." + u8(in), 40000);
                }
            }
            default -> {
                // Not every value means something.
            }
        }
    }

    // ---- what the client sends

    private void handshake() {
        int opcode = Opcode.CONTROL_HARD_RESET_CLIENT_V2;
        var reset = new ControlPacket(opcode, 0, CLIENT, new int[0], 0, 0, new byte[0]);
        nextMessage[0] = 1;
        send(reset);
    }

    private void control(int firstByte, int messageOffset, int acks, byte[] payload) {
        int keyId = Opcode.keyId(firstByte);
        int id = nextMessage[keyId] + messageOffset;
        if (messageOffset == 0) {
            nextMessage[keyId]++;
        }
        send(new ControlPacket(
                Opcode.of(firstByte), keyId, CLIENT, takeAcks(keyId, acks), serverSession, id, payload));
    }

    /** One record of the TLS that hides nothing. */
    private void record(int keyId, byte[] content) {
        byte[] framed = ByteBuffer.allocate(2 + content.length)
                .putShort((short) content.length)
                .put(content)
                .array();
        for (int from = 0; from < framed.length; from += 1000) {
            int to = Math.min(framed.length, from + 1000);
            control(Opcode.firstByte(Opcode.CONTROL_V1, keyId & 7), 0, 4, Arrays.copyOfRange(framed, from, to));
        }
    }

    private void softReset(int keyId) {
        nextMessage[keyId & 7] = 0;
        control(Opcode.firstByte(Opcode.CONTROL_SOFT_RESET_V1, keyId & 7), 0, 0, new byte[0]);
    }

    private void acks(int keyId) {
        int[] acks = takeAcks(keyId & 7, ControlPacket.MAX_ACKS);
        if (acks.length > 0) {
            send(ControlPacket.ack(keyId & 7, CLIENT, acks, serverSession));
        }
    }

    private int[] takeAcks(int keyId, int most) {
        ArrayDeque<Integer> due = toAck.get(keyId);
        int[] acks = new int[Math.min(Math.min(most, ControlPacket.MAX_ACKS), due.size())];
        for (int i = 0; i < acks.length; i++) {
            acks[i] = due.poll();
        }
        return acks;
    }

    private void send(ControlPacket packet) {
        long replay = (long) ++replayId << 32 | VirtualTime.WALL_SECONDS;
        byte[] bytes = wrap(packet.keyId())
                .wrap(packet.firstByte(), packet.sessionId(), replay, packet.encodeRest());
        core.onDatagram(bytes, endpoint);
    }

    private ControlWrap wrap(int keyId) {
        StaticKey dynamic = core.dynamicKey();
        return keyId > 0 && dynamic != null ? new TlsCryptWrap(dynamic, false) : new PlainWrap();
    }

    /** Bit 3 of {@code how} chooses the format, bits 4 to 6 a packet-id that was used before or lies ahead. */
    private void data(int how, byte[] text) {
        boolean v1 = (how & 8) != 0;
        int jump = how >> 4 & 7;
        int id = jump < 4 ? ++packetId - jump : (packetId += 1 << 4 * jump);
        ByteBuffer packet = ByteBuffer.allocate((v1 ? 21 : 24) + text.length);
        if (v1) {
            packet.put((byte) Opcode.firstByte(Opcode.DATA_V1, how & 7));
        } else {
            packet.putInt(Opcode.firstByte(Opcode.DATA_V2, how & 7) << 24);
        }
        packet.putInt(id).put(OpenCore.tag(id)).put(text);
        core.onDatagram(packet.array(), endpoint);
    }

    // ---- what the server sends

    private void onDatagram(byte[] bytes, Endpoint to) {
        if (deaf || bytes.length == 0 || !Opcode.isControl(Opcode.of(bytes[0]))) {
            return;
        }
        Unwrapped unwrapped = wrap(Opcode.keyId(bytes[0])).unwrap(bytes);
        if (unwrapped == null) {
            return; // Under a key that this client does not have.
        }
        ControlPacket packet =
                ControlPacket.parse(unwrapped.firstByte(), unwrapped.sessionId(), unwrapped.rest());
        assertTrue(packet != null, "the server sends a malformed packet");
        assertTrue(bytes.length <= 1250, "a control packet of " + bytes.length + " bytes");
        if (packet.opcode() == Opcode.CONTROL_HARD_RESET_SERVER_V2) {
            serverSession = packet.sessionId();
        }
        if (packet.opcode() != Opcode.ACK_V1) {
            ArrayDeque<Integer> due = toAck.get(packet.keyId());
            if (due.size() < 1000 && !due.contains(packet.messageId())) {
                due.add(packet.messageId());
            }
        }
    }

    // ---- reading scripts

    private static int u8(ByteBuffer in) {
        return in.hasRemaining() ? in.get() & 0xFF : 0;
    }

    private static byte[] bytes(ByteBuffer in) {
        return bytes(in, MAX_PACKET);
    }

    private static byte[] bytes(ByteBuffer in, int most) {
        int length = Math.min(u8(in) << 8 | u8(in), most);
        byte[] bytes = new byte[Math.min(length, in.remaining())];
        in.get(bytes);
        return bytes;
    }
}

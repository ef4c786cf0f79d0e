package io.culvert.tunnel.openvpn.fuzz;

import io.culvert.testsupport.TestPacket;
import io.culvert.tunnel.openvpn.OpenPeer;
import io.culvert.tunnel.openvpn.data.DataMessage;
import io.culvert.tunnel.openvpn.vectors.Json;
import io.culvert.tunnel.openvpn.vectors.Vector.Packet;
import io.culvert.tunnel.openvpn.vectors.Vector;
import io.culvert.tunnel.openvpn.wire.ControlMessage;
import io.culvert.tunnel.openvpn.wire.ControlPacket;
import io.culvert.tunnel.openvpn.wire.EarlyNegotiation;
import io.culvert.tunnel.openvpn.wire.KeyMethod2;
import io.culvert.tunnel.openvpn.wire.Opcode;
import io.culvert.tunnel.openvpn.wrap.ControlWrap.Unwrapped;
import io.culvert.tunnel.openvpn.wrap.ServerWrapKey;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Writes the fuzz targets' first inputs, cut from the recorded sessions. Argument: {@code src/test/resources} of this
 * bundle.
 */
final class Seeds {
    private final Path root;
    private final Set<String> lengths = new HashSet<>();

    private Seeds(Path root) {
        this.root = root;
    }

    public static void main(String[] arguments) throws IOException {
        var seeds = new Seeds(Path.of(arguments[0], "io/culvert/tunnel/openvpn/fuzz"));
        seeds.recordings();
        seeds.scripts();
    }

    private void put(Class<?> test, String target, byte[] input) throws IOException {
        Path directory = root.resolve(test.getSimpleName() + "Inputs").resolve(target);
        // One of a length is enough to begin with: recordings repeat themselves.
        if (!target.equals("script") && !lengths.add(target + input.length)) {
            return;
        }
        Files.createDirectories(directory);
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(input);
            Files.write(directory.resolve("seed-" + HexFormat.of().formatHex(digest, 0, 6)), input);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private void recordings() throws IOException {
        for (Vector vector : Vector.all()) {
            for (Packet packet : vector.packets()) {
                int opcode = Opcode.of(packet.bytes()[0]);
                if (Opcode.isData(opcode)) {
                    if (packet.bytes().length < 160) {
                        put(DataFuzzTest.class, "keySlot", packet.bytes());
                    }
                } else if (packet.bytes().length < 700) {
                    control(vector, packet);
                }
            }
            for (Json message : vector.expected().list("messages")) {
                message(message);
            }
        }
        put(MessageFuzzTest.class, "earlyNegotiation", EarlyNegotiation.resendWrappedKey());
        put(MessageFuzzTest.class, "earlyNegotiation", HexFormat.of().parseHex("00090003aabbcc000100020003"));
        String stream = Vector.NAMES.stream().filter(n -> n.contains("tcp")).findFirst().orElseThrow();
        for (Packet segment : Vector.segments(stream)) {
            if (segment.bytes().length < 300) {
                put(DataFuzzTest.class, "streamFraming", segment.bytes());
            }
        }
    }

    private void control(Vector vector, Packet packet) throws IOException {
        if (Opcode.carriesWrappedKey(Opcode.of(packet.bytes()[0]))) {
            put(WrapFuzzTest.class, "wrappedClientKey", packet.bytes());
            byte[] clear = Arrays.copyOf(packet.bytes(), packet.bytes().length - ServerWrapKey.wrappedLength(packet.bytes()));
            Unwrapped own = Objects.requireNonNull(vector.wrap(true).unwrap(clear));
            byte[] datagram = ByteBuffer.allocate(2 + 17 + own.rest().length)
                    .putShort((short) (17 + own.rest().length))
                    .put((byte) own.firstByte())
                    .putLong(own.sessionId())
                    .putLong(own.replay())
                    .put(own.rest())
                    .array();
            put(SessionFuzzTest.class, "firstPackets", datagram);
            return;
        }
        Unwrapped unwrapped =
                vector.wrap(packet.toServer(), Opcode.keyId(packet.bytes()[0])).unwrap(packet.bytes());
        byte[] rest = Objects.requireNonNull(unwrapped).rest();
        put(
                MessageFuzzTest.class,
                "controlPacket",
                ByteBuffer.allocate(1 + rest.length).put(packet.bytes()[0]).put(rest).array());
        String mode = vector.secrets().object("wrap").text("mode");
        String target = switch (mode) {
            case "none" -> "plain";
            case "tls-auth" -> "tlsAuth";
            default -> "tlsCrypt";
        };
        if (packet.bytes().length < 120) {
            put(WrapFuzzTest.class, target, packet.bytes());
            byte[] clear = ByteBuffer.allocate(9 + rest.length)
                    .put(packet.bytes()[0])
                    .putLong(unwrapped.replay())
                    .put(rest)
                    .array();
            put(WrapFuzzTest.class, target, clear);
        }
        if (mode.equals("none") && packet.toServer()) {
            byte[] datagram = ByteBuffer.allocate(2 + packet.bytes().length)
                    .putShort((short) packet.bytes().length)
                    .put(packet.bytes())
                    .array();
            put(SessionFuzzTest.class, "firstPackets", datagram);
        }
    }

    private void message(Json message) throws IOException {
        if (message.has("key_method_2")) {
            Json parsed = message.object("key_method_2");
            put(MessageFuzzTest.class, "keyMethod2", message.hex("raw"));
            put(MessageFuzzTest.class, "optionsString", parsed.text("options").getBytes(StandardCharsets.UTF_8));
            if (!parsed.text("peer_info").isEmpty()) {
                put(MessageFuzzTest.class, "peerInfo", parsed.text("peer_info").getBytes(StandardCharsets.UTF_8));
            }
        } else if (message.has("text") && message.text("text").length() < 300) {
            put(MessageFuzzTest.class, "controlMessage", ControlMessage.encode(message.text("text")));
        }
    }

    // ---- scripts

    /** Scripts of {@link OpenPeer}. */
    private static final class Script {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Script(int mode) {
            bytes.write(mode);
        }

        Script step(int step, int... values) {
            bytes.write(step);
            for (int value : values) {
                bytes.write(value);
            }
            return this;
        }

        Script with(byte[] content) {
            bytes.write(content.length >> 8);
            bytes.write(content.length);
            bytes.writeBytes(content);
            return this;
        }

        Script says(int keyId, String text) {
            return step(OpenPeer.RECORD, keyId).with(ControlMessage.encode(text));
        }

        Script logsIn(int keyId, String user, int protocolBits, String ciphers) {
            return logsIn(keyId, user, protocolBits, ciphers, "V4,tls-client");
        }

        Script logsIn(int keyId, String user, int protocolBits, String ciphers, String options) {
            byte[] pattern = new byte[48];
            Arrays.fill(pattern, (byte) (keyId + 1));
            byte[] random = Arrays.copyOf(pattern, 32);
            String info = "IV_VER=2.6.14\nIV_PROTO=" + protocolBits + "\nIV_CIPHERS=" + ciphers + "\nIV_MTU=1600\n";
            byte[] password = "secret".getBytes(StandardCharsets.UTF_8);
            var message = new KeyMethod2(pattern, random, random, options, user, password, info);
            return step(OpenPeer.RECORD, keyId).with(message.encode());
        }

        byte[] bytes() {
            return bytes.toByteArray();
        }
    }

    private void script(Script script) throws IOException {
        put(SessionFuzzTest.class, "script", script.bytes());
        byte[] state = OpenPeer.stateAfter(script.bytes());
        if (state != null) {
            put(SessionFuzzTest.class, "state", state);
        }
    }

    private void scripts() throws IOException {
        TestPacket occ = TestPacket.empty(64);
        DataMessage.writeOcc(occ, DataMessage.OCC_REQUEST, "");
        TestPacket exit = TestPacket.empty(64);
        DataMessage.writeOcc(exit, DataMessage.OCC_EXIT, "");
        TestPacket ping = TestPacket.empty(64);
        DataMessage.writePing(ping);
        byte[] ip = HexFormat.of().parseHex("450000287b0040004006abcd0a0800020a0800010050005000000000000000005002200000000000");
        for (int mode : new int[] {0, OpenPeer.TCP, OpenPeer.NO_EXPORT}) {
            for (String user : List.of("alice", "refused", "unknown", "pending", "noroom", "dismissed")) {
                var script = new Script(mode)
                        .step(OpenPeer.HANDSHAKE)
                        .logsIn(0, user, 990, "AES-256-GCM:CHACHA20-POLY1305")
                        .says(0, "PUSH_REQUEST")
                        .step(OpenPeer.ACKS, 0)
                        .says(0, "CR_RESPONSE,eWVz")
                        .step(OpenPeer.DATA, 0).with(ip)
                        .step(OpenPeer.DOWN).with(ip)
                        .step(OpenPeer.TIME, 10, 20)
                        .step(OpenPeer.ACKS, 0)
                        .step(OpenPeer.SOFT_RESET, 1)
                        .logsIn(1, user, 990, "AES-256-GCM")
                        .step(OpenPeer.DATA, 1).with(ping.bytes())
                        .step(OpenPeer.TIME, 30, 30)
                        .step(OpenPeer.DOWN).with(ip);
                script(script);
            }
            script(new Script(mode)
                    .step(OpenPeer.HANDSHAKE)
                    .logsIn(0, "old", 0, "AES-128-GCM")
                    .says(0, "PUSH_REQUEST")
                    .step(OpenPeer.DATA, 8).with(occ.bytes())
                    .step(OpenPeer.MOVE, 9)
                    .step(OpenPeer.DATA, 8).with(ip)
                    .step(OpenPeer.CRASH)
                    .step(OpenPeer.DOWN).with(ip)
                    .step(OpenPeer.TIME, 30, 30)
                    .step(OpenPeer.DATA, 8).with(exit.bytes()));
            script(new Script(mode)
                    .step(OpenPeer.HANDSHAKE)
                    .logsIn(0, "alice", 990, "AES-256-GCM")
                    .step(OpenPeer.STORE)
                    .step(OpenPeer.MOVE, 10)
                    .step(OpenPeer.DATA, 0).with(ip)
                    .step(OpenPeer.CRASH)
                    .step(OpenPeer.TIME, 10, 10)
                    .step(OpenPeer.SOFT_RESET, 1)
                    .logsIn(1, "alice", 990, "AES-256-GCM")
                    .step(OpenPeer.CONTROL, Opcode.firstByte(Opcode.CONTROL_V1, 1), 5, 8).with(ip)
                    .step(OpenPeer.END, 8)
                    .step(OpenPeer.ANSWER));
            script(new Script(mode)
                    .step(OpenPeer.HANDSHAKE)
                    .logsIn(0, "alice", 990, "AES-256-GCM")
                    .says(0, "EXIT")
                    .step(OpenPeer.RAW)
                    .with(ControlPacket.ack(0, 1, new int[] {0}, 2).encodeRest()));
            // Answers that must not grow with what a client asks for.
            script(new Script(mode)
                    .step(OpenPeer.HANDSHAKE)
                    .logsIn(0, "alice", 990, "AES-256-GCM", "V4,tls-client," + "x".repeat(5000))
                    .step(OpenPeer.DATA, 0).with(occ.bytes())
                    .says(0, "PUSH_REQUEST\0".repeat(150)));
            script(new Script(mode)
                    .step(OpenPeer.HANDSHAKE)
                    .step(OpenPeer.RECORD, 0).with(HexFormat.of().parseHex("0000000002"))
                    .step(OpenPeer.TIME, 20, 20));
            script(new Script(mode)
                    .step(OpenPeer.HANDSHAKE)
                    .step(OpenPeer.CONTROL, Opcode.firstByte(Opcode.CONTROL_V1, 0), 0, 4)
                    .with(new byte[] {-1, -1})
                    .step(OpenPeer.TIME, 20, 20));
        }
    }
}

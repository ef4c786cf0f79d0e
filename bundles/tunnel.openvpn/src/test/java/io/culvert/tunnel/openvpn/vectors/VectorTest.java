package io.culvert.tunnel.openvpn.vectors;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.crypto.DataCipher;
import io.culvert.api.packet.DropReason;
import io.culvert.api.tunnel.Transport;
import io.culvert.crypto.jce.JceCipherProvider;
import io.culvert.testsupport.TestPacket;
import io.culvert.tunnel.openvpn.Listeners;
import io.culvert.tunnel.openvpn.control.ControlChannel.Received;
import io.culvert.tunnel.openvpn.control.ControlChannel;
import io.culvert.tunnel.openvpn.control.KeySource;
import io.culvert.tunnel.openvpn.control.PushReply;
import io.culvert.tunnel.openvpn.data.Ciphers;
import io.culvert.tunnel.openvpn.data.DataHeader;
import io.culvert.tunnel.openvpn.data.DataMessage;
import io.culvert.tunnel.openvpn.data.KeySlot;
import io.culvert.tunnel.openvpn.vectors.Vector.Packet;
import io.culvert.tunnel.openvpn.wire.ControlMessage;
import io.culvert.tunnel.openvpn.wire.ControlPacket;
import io.culvert.tunnel.openvpn.wire.EarlyNegotiation;
import io.culvert.tunnel.openvpn.wire.KeyMethod2;
import io.culvert.tunnel.openvpn.wire.Opcode;
import io.culvert.tunnel.openvpn.wire.PeerInfo;
import io.culvert.tunnel.openvpn.wrap.ControlWrap.Unwrapped;
import io.culvert.tunnel.openvpn.wrap.ControlWrap;
import io.culvert.tunnel.openvpn.wrap.ReplayCounter;
import io.culvert.tunnel.openvpn.wrap.ReplayGuard;
import io.culvert.tunnel.openvpn.wrap.ServerWrapKey;
import io.culvert.tunnel.openvpn.wrap.StaticKey;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reads and writes what stock peers sent one another, byte for byte. */
class VectorTest {
    private static final JceCipherProvider CRYPTO = new JceCipherProvider();
    private static final EnumSet<DropReason> DROPS =
            EnumSet.of(DropReason.BAD_TAG, DropReason.REPLAYED, DropReason.MALFORMED);

    static List<Vector> vectors() {
        return Vector.all();
    }

    static Stream<Vector> sessions() {
        return Vector.all().stream().filter(v -> v.expected().has("cipher"));
    }

    static Stream<Vector> aeadSessions() {
        return sessions().filter(v -> !v.isCbc() && !v.isEpoch());
    }

    static Stream<Vector> cbcSessions() {
        return sessions().filter(Vector::isCbc);
    }

    static Stream<Vector> epochSessions() {
        return sessions().filter(Vector::isEpoch);
    }

    // ---- control packets

    @ParameterizedTest
    @MethodSource("vectors")
    void shouldReadAndWriteEveryPacketOfTheControlChannel(Vector vector) {
        List<Json> expected = vector.expected().list("packets");
        assertEquals(expected.size(), vector.packets().size());
        for (int i = 0; i < expected.size(); i++) {
            Packet packet = vector.packets().get(i);
            Json e = expected.get(i);
            assertEquals(e.integer("n"), packet.n());
            assertEquals(e.text("dir").equals("c2s"), packet.toServer());
            assertEquals(e.integer("len"), packet.bytes().length);
            assertEquals(e.text("op"), opcodeName(Opcode.of(packet.bytes()[0])));
            assertEquals(e.integer("key_id"), Opcode.keyId(packet.bytes()[0]));
            if (Opcode.isData(Opcode.of(packet.bytes()[0]))) {
                checkDataHead(e, packet);
            } else {
                checkControl(vector, e, packet);
            }
        }
    }

    private static void checkDataHead(Json e, Packet packet) {
        assertEquals(e.has("peer_id"), Opcode.of(packet.bytes()[0]) == Opcode.DATA_V2);
        if (e.has("peer_id")) {
            assertEquals(e.integer("peer_id"), DataHeader.peerId(TestPacket.exactly(packet.bytes())));
        }
    }

    private static void checkControl(Vector vector, Json e, Packet packet) {
        byte[] wrapped = withoutWrappedKey(vector, e, packet.bytes());
        int keyId = e.integer("key_id");
        assertEquals(e.has("wrap"), keyId > 0 && vector.expected().has("dynamic_tls_crypt_key2"));
        ControlWrap receiver = vector.wrap(packet.toServer(), keyId);
        Unwrapped unwrapped = receiver.unwrap(wrapped);
        assertNotNull(unwrapped);
        assertEquals(e.has("replay_packet_id"), receiver.hasReplay());
        if (receiver.hasReplay()) {
            assertEquals(HexFormat.fromHexDigits(e.text("replay_packet_id").substring(2)), unwrapped.replayId());
            assertEquals(e.integer("replay_time"), unwrapped.replayTime());
        }
        assertEquals(e.u64("session_id"), unwrapped.sessionId());

        ControlPacket control =
                ControlPacket.parse(unwrapped.firstByte(), unwrapped.sessionId(), unwrapped.rest());
        assertNotNull(control);
        checkFields(e, control);
        if (packet.toServer() && e.has("wkc_len")) {
            assertTrue(EarlyNegotiation.announcedBy(unwrapped.replayId()));
        }
        if (control.opcode() == Opcode.CONTROL_HARD_RESET_SERVER_V2) {
            assertEquals(vector.wrapsKeys(), EarlyNegotiation.asksForWrappedKey(control.payload()));
        }

        ControlWrap sender = vector.wrap(!packet.toServer(), keyId);
        byte[] written = sender.wrap(
                control.firstByte(), control.sessionId(), unwrapped.replay(), control.encodeRest());
        assertArrayEquals(wrapped, written);
        assertEquals(
                ControlPacket.HEAD_BYTES + sender.overheadBytes() + unwrapped.rest().length, written.length);
    }

    private static void checkFields(Json e, ControlPacket control) {
        assertEquals(e.u64("session_id"), control.sessionId());
        assertArrayEquals(e.integers("acks"), control.acks());
        assertEquals(e.has("ack_session_id") ? e.u64("ack_session_id") : 0, control.ackSessionId());
        assertEquals(e.has("message_id"), control.opcode() != Opcode.ACK_V1);
        if (e.has("message_id")) {
            assertEquals(e.integer("message_id"), control.messageId());
            assertEquals(e.integer("payload_len"), control.payload().length);
        }
        if (e.has("payload")) {
            assertArrayEquals(e.hex("payload"), control.payload());
        }
    }

    private static byte[] withoutWrappedKey(Vector vector, Json e, byte[] packet) {
        assertEquals(e.has("wkc_len"), Opcode.carriesWrappedKey(Opcode.of(packet[0])));
        if (!e.has("wkc_len")) {
            return packet;
        }
        int length = e.integer("wkc_len");
        assertEquals(length, ServerWrapKey.wrappedLength(packet));
        ServerWrapKey.ClientKey client = vector.serverKey().unwrap(packet);
        assertNotNull(client);
        assertArrayEquals(vector.expected().hex("kc"), client.key().bytes());
        assertArrayEquals(e.hex("wkc_metadata"), client.metadata());
        byte[] wkc = Arrays.copyOfRange(packet, packet.length - length, packet.length);
        assertArrayEquals(wkc, vector.serverKey().wrap(client.key(), client.metadata()));
        assertArrayEquals(wkc, vector.clientKey().wrapped());
        return Arrays.copyOf(packet, packet.length - length);
    }

    private static String opcodeName(int opcode) {
        for (Field field : Opcode.class.getFields()) {
            try {
                if (!field.getName().endsWith("_MASK") && field.getInt(null) == opcode) {
                    return field.getName();
                }
            } catch (IllegalAccessException ex) {
                throw new AssertionError(ex);
            }
        }
        return "none";
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void shouldTakeEachControlPacketOnceAtBothEnds(Vector vector) {
        for (boolean server : new boolean[] {true, false}) {
            long local = vector.expected().u64(server ? "session_id_server" : "session_id_client");
            long remote = vector.expected().u64(server ? "session_id_client" : "session_id_server");
            var channel = new ControlChannel(
                    local, remote, server, vector.wrap(server), new ReplayCounter(0, 0), new ReplayGuard());
            if (vector.expected().has("dynamic_tls_crypt_key2")) {
                channel.useDynamic(new StaticKey(vector.expected().hex("dynamic_tls_crypt_key2")), 0);
            }
            for (Packet packet : vector.packets()) {
                if (packet.toServer() != server || Opcode.isData(Opcode.of(packet.bytes()[0]))) {
                    continue;
                }
                assertInstanceOf(Received.Accepted.class, channel.receive(packet.bytes()), "line " + packet.n());
                if (vector.wrap(server).hasReplay()) {
                    assertEquals(new Received.Refused(DropReason.REPLAYED), channel.receive(packet.bytes()));
                    byte[] forged = packet.bytes().clone();
                    forged[forged.length / 3] ^= 0x10;
                    assertInstanceOf(Received.Refused.class, channel.receive(forged));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void shouldCutAndFrameStreamsAsStockPeersDo(Vector vector) {
        if (!vector.secrets().text("transport").equals("tcp")) {
            return;
        }
        for (boolean toServer : new boolean[] {true, false}) {
            var stream = new ByteArrayOutputStream();
            Vector.segments(vector.name()).stream()
                    .filter(s -> s.toServer() == toServer).forEach(s -> stream.writeBytes(s.bytes()));
            var framing = Listeners.plain(Transport.TCP).framing();
            MemorySegment in = MemorySegment.ofArray(stream.toByteArray());
            var packets = new ArrayList<byte[]>();
            long at = 0;
            while (at < in.byteSize()) {
                int length = framing.datagramBytes(in, at);
                at += framing.headerBytes();
                packets.add(in.asSlice(at, length).toArray(JAVA_BYTE));
                at += length;
            }
            List<byte[]> expected = vector.packets().stream()
                    .filter(p -> p.toServer() == toServer).map(Packet::bytes).toList();
            assertEquals(expected.size(), packets.size());
            MemorySegment out = MemorySegment.ofArray(new byte[(int) in.byteSize()]);
            at = 0;
            for (int i = 0; i < packets.size(); i++) {
                assertArrayEquals(expected.get(i), packets.get(i));
                framing.writeHeader(out, at, packets.get(i).length);
                at += framing.headerBytes();
                MemorySegment.copy(packets.get(i), 0, out, JAVA_BYTE, at, packets.get(i).length);
                at += packets.get(i).length;
            }
            assertEquals(-1, in.mismatch(out));
        }
    }

    // ---- messages inside TLS

    @ParameterizedTest
    @MethodSource("vectors")
    void shouldReadAndWriteEveryMessageInsideTls(Vector vector) {
        for (Json message : vector.expected().list("messages")) {
            if (message.has("key_method_2")) {
                checkKeyMethod2(message);
            } else if (message.has("text")) {
                byte[] record = ControlMessage.encode(message.text("text"));
                assertEquals(message.integer("raw_len"), record.length);
                assertEquals(List.of(message.text("text")), ControlMessage.parse(record));
            }
        }
    }

    private static void checkKeyMethod2(Json message) {
        boolean client = message.text("dir").equals("c2s");
        Json e = message.object("key_method_2");
        byte[] raw = message.hex("raw");
        KeyMethod2 parsed = client ? KeyMethod2.parseClient(raw) : KeyMethod2.parseServer(raw);
        assertNotNull(parsed);
        assertArrayEquals(client ? e.hex("pre_master") : new byte[0], parsed.preMaster());
        assertArrayEquals(e.hex("random1"), parsed.random1());
        assertArrayEquals(e.hex("random2"), parsed.random2());
        assertEquals(e.text("options"), parsed.options());
        assertEquals(e.text("username"), parsed.username() == null ? "" : parsed.username());
        assertEquals(
                e.text("password"),
                parsed.password() == null ? "" : new String(parsed.password(), StandardCharsets.UTF_8));
        assertEquals(e.text("peer_info"), parsed.peerInfo());
        assertEquals(e.text("peer_info"), PeerInfo.parse(parsed.peerInfo()).encoded());
        assertArrayEquals(raw, parsed.encode());
    }

    @ParameterizedTest
    @MethodSource("sessions")
    void shouldNegotiateWhatTheProductKnowsOfTheClientsOffer(Vector vector) {
        KeyMethod2 client = exchange(vector, 0, true);
        PeerInfo info = PeerInfo.parse(client.peerInfo());
        assertTrue(info.ciphers().contains(vector.expected().text("cipher")));
        if (vector.isCbc()) {
            assertEquals(List.of(), info.ciphers().stream().filter(Ciphers.DEFAULT::contains).toList());
        } else {
            assertEquals(
                    Ciphers.named(vector.expected().text("cipher")),
                    Ciphers.negotiate(List.of(vector.expected().text("cipher")), info.ciphers()));
        }
        if (vector.expected().text("derivation").equals("tls-ekm")) {
            assertTrue(info.has(PeerInfo.TLS_KEY_EXPORT));
        }
    }

    @ParameterizedTest
    @MethodSource("sessions")
    void shouldDivideOptionsAmongPushRepliesAsStockServersDo(Vector vector) {
        List<String> texts = vector.expected().list("messages").stream()
                .filter(m -> m.has("text") && m.text("text").startsWith("PUSH_REPLY"))
                .map(m -> m.text("text"))
                .toList();
        var reply = new PushReply();
        for (String text : texts) {
            for (String option : text.substring("PUSH_REPLY,".length()).split(",")) {
                if (!option.startsWith("push-continuation ")) {
                    reply.option(option);
                }
            }
        }
        assertEquals(texts, reply.messages());
    }

    @ParameterizedTest
    @MethodSource("sessions")
    void shouldMakeTheSameKeysOfBothMessages(Vector vector) {
        if (!vector.expected().text("derivation").equals("openvpn-prf")) {
            return;
        }
        KeyMethod2 client = exchange(vector, 0, true);
        KeyMethod2 server = exchange(vector, 0, false);
        byte[] key2 = KeySource.key2(
                client.preMaster(),
                client.random1(),
                server.random1(),
                client.random2(),
                server.random2(),
                vector.expected().u64("session_id_client"),
                vector.expected().u64("session_id_server"));
        assertArrayEquals(vector.key2(0), key2);
    }

    private static KeyMethod2 exchange(Vector vector, int keyId, boolean client) {
        Json message = vector.expected().list("messages").stream()
                .filter(m -> m.has("key_method_2") && m.integer("key_id") == keyId)
                .filter(m -> m.text("dir").equals("c2s") == client)
                .findFirst()
                .orElseThrow();
        KeyMethod2 parsed =
                client ? KeyMethod2.parseClient(message.hex("raw")) : KeyMethod2.parseServer(message.hex("raw"));
        assertNotNull(parsed);
        return parsed;
    }

    // ---- data packets

    /** The data packets with what they hold. */
    private static void eachDataPacket(Vector vector, DataCheck check) throws GeneralSecurityException {
        List<Json> expected = vector.expected().list("data");
        List<Packet> packets = vector.packets().stream()
                .filter(p -> Opcode.isData(Opcode.of(p.bytes()[0])))
                .toList();
        assertEquals(packets.size(), expected.size());
        for (int i = 0; i < packets.size(); i++) {
            assertEquals(expected.get(i).integer("n"), packets.get(i).n());
            check.on(expected.get(i), packets.get(i));
        }
    }

    @FunctionalInterface
    private interface DataCheck {
        void on(Json expected, Packet packet) throws GeneralSecurityException;
    }

    @ParameterizedTest
    @MethodSource("aeadSessions")
    void shouldOpenAndSealEveryDataPacket(Vector vector) throws GeneralSecurityException {
        DataCipher cipher = Ciphers.named(vector.expected().text("cipher")).orElseThrow();
        eachDataPacket(vector, (e, packet) -> {
            int keyId = e.integer("key_id");
            var receiver = new KeySlot(keyId, cipher, CRYPTO, vector.key2(keyId), packet.toServer(), 0);
            TestPacket opened = TestPacket.exactly(packet.bytes());
            assertNull(receiver.open(opened));
            assertArrayEquals(e.hex("plaintext"), opened.bytes());
            assertEquals(e.number("packet_id"), receiver.highestReceived());
            checkKind(e, opened);
            assertEquals(DropReason.REPLAYED, receiver.open(TestPacket.exactly(packet.bytes())));

            boolean v2 = Opcode.of(packet.bytes()[0]) == Opcode.DATA_V2;
            long id = e.number("packet_id");
            var sender = new KeySlot(keyId, cipher, CRYPTO, vector.key2(keyId), !packet.toServer(), 0, id, 0);
            sender.reserved(id + 1);
            TestPacket sealed = TestPacket.of(e.hex("plaintext"));
            sender.seal(sealed, v2, v2 ? DataHeader.peerId(TestPacket.exactly(packet.bytes())) : 0);
            assertArrayEquals(packet.bytes(), sealed.bytes());
        });
    }

    @ParameterizedTest
    @MethodSource("aeadSessions")
    void shouldOpenEachDataPacketOnceWithOneSlotForEachKey(Vector vector) throws GeneralSecurityException {
        DataCipher cipher = Ciphers.named(vector.expected().text("cipher")).orElseThrow();
        for (boolean server : new boolean[] {true, false}) {
            KeySlot[] slots = new KeySlot[8];
            eachDataPacket(vector, (e, packet) -> {
                if (packet.toServer() != server) {
                    return;
                }
                int keyId = e.integer("key_id");
                if (slots[keyId] == null) {
                    slots[keyId] = new KeySlot(keyId, cipher, CRYPTO, vector.key2(keyId), server, 0);
                }
                byte[] forged = packet.bytes().clone();
                forged[forged.length - 1] ^= 1;
                assertEquals(DropReason.BAD_TAG, slots[keyId].open(TestPacket.exactly(forged)));
                TestPacket opened = TestPacket.exactly(packet.bytes());
                assertNull(slots[keyId].open(opened));
                assertArrayEquals(e.hex("plaintext"), opened.bytes());
            });
        }
    }

    @ParameterizedTest
    @MethodSource("cbcSessions")
    void shouldDropDataPacketsWithCbcCiphers(Vector vector) throws GeneralSecurityException {
        assertTrue(Ciphers.named(vector.expected().text("cipher")).isEmpty());
        eachDataPacket(vector, (e, packet) -> {
            Json keys = vector.expected().object("keys").object(Integer.toString(e.integer("key_id")));
            Json direction = keys.object(e.text("dir"));
            var codec = new CbcCodec(direction.hex("cipher_key"), direction.hex("hmac_key"));
            CbcCodec.Opened opened = codec.open(packet.bytes());
            assertEquals(e.number("packet_id"), opened.packetId());
            assertArrayEquals(e.hex("plaintext"), opened.text());
            checkKind(e, TestPacket.of(opened.text()));
            assertArrayEquals(packet.bytes(), codec.seal(opened));
            assertDropped(vector, e, packet, DataCipher.AES_256_GCM);
        });
    }

    @ParameterizedTest
    @MethodSource("epochSessions")
    void shouldDropDataPacketsOfTheEpochFormat(Vector vector) throws GeneralSecurityException {
        String cipher = vector.expected().text("cipher");
        eachDataPacket(vector, (e, packet) -> {
            Json keys = vector.expected().object("keys").object(Integer.toString(e.integer("key_id")));
            Json direction = keys.object(e.text("dir"));
            byte[] secret = Arrays.copyOfRange(keys.hex("key2"), packet.toServer() ? 0 : 128, packet.toServer() ? 32 : 160);
            assertArrayEquals(direction.hex("epoch1_secret"), secret);
            var codec = new EpochCodec(cipher, secret);
            assertArrayEquals(direction.hex("epoch1_key"), codec.keys(1).key());
            assertArrayEquals(direction.hex("epoch1_iv"), codec.keys(1).iv());
            EpochCodec.Opened opened = codec.open(packet.bytes());
            assertEquals(e.integer("epoch"), opened.epoch());
            assertEquals(e.number("packet_id"), opened.counter());
            assertArrayEquals(e.hex("plaintext"), opened.text());
            checkKind(e, TestPacket.of(opened.text()));
            assertArrayEquals(packet.bytes(), codec.seal(opened));
            assertDropped(vector, e, packet, Ciphers.named(cipher).orElseThrow());
        });
    }

    private static void assertDropped(Vector vector, Json e, Packet packet, DataCipher cipher) {
        int keyId = e.integer("key_id");
        var slot = new KeySlot(keyId, cipher, CRYPTO, vector.key2(keyId), packet.toServer(), 0);
        DropReason reason = slot.open(TestPacket.exactly(packet.bytes()));
        assertTrue(DROPS.contains(reason), "line " + packet.n() + ": " + reason);
    }

    private static void checkKind(Json e, TestPacket text) {
        String kind = e.text("kind");
        assertEquals(kind.equals("ping"), DataMessage.isPing(text));
        int operation = kind.startsWith("occ op ") ? Integer.parseInt(kind.substring(7)) : -1;
        assertEquals(operation, DataMessage.occOperation(text));
    }
}

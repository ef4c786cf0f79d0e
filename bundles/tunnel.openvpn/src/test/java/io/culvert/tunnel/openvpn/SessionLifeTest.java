package io.culvert.tunnel.openvpn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.packet.DropReason;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.CloseCause.Kind;
import io.culvert.api.tunnel.HandoverException;
import io.culvert.tunnel.openvpn.data.KeySlot;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of an established session: crash and hand-over, float, ends of all kinds, and packets to be dropped. */
class SessionLifeTest {
    private static final byte[] INNER = SessionPairTest.INNER;
    private final SessionPair.Settings settings = new SessionPair.Settings();

    private SessionPair connected() {
        var pair = new SessionPair(11, settings);
        assertTrue(pair.connect(10), () -> pair.core.closes.toString());
        assertTrue(pair.time.runUntil(() -> pair.client.messages.size() >= 1, 5));
        return pair;
    }

    private static void out(SessionPair pair) {
        var session = pair.core.sessions.getFirst();
        session.live().onIpPacket(pair.core.buffers.of(INNER), pair.time.nowNs(), pair.core.buffers);
        session.settle();
    }

    private static void assertFlows(SessionPair pair) {
        int inbound = pair.core.inbound.size();
        int received = pair.client.received.size();
        pair.client.send(INNER);
        assertTrue(pair.time.runUntil(() -> pair.core.inbound.size() > inbound, 2));
        out(pair);
        assertTrue(pair.time.runUntil(() -> pair.client.received.size() > received, 2));
        assertArrayEquals(INNER, pair.client.received.getLast());
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "tls-auth", "tls-crypt", "tls-crypt-v2"})
    void shouldGoOnAfterACrashWithoutTheClientNoticing(String wrap) throws Exception {
        settings.wrap = wrap;
        var pair = connected();
        for (int i = 0; i < 10; i++) {
            assertFlows(pair);
        }
        pair.core.crashInto(pair.newProtocol());
        // The first packets wait for the new reservation to be durable: rather a drop than a nonce twice.
        out(pair);
        assertEquals(1, pair.core.buffers.drops(DropReason.RESERVATION_EXHAUSTED));
        pair.time.run(1);
        assertFlows(pair);
        assertTrue(pair.time.runUntil(() -> pair.client.rekeys == 1, 10), "a soft reset rebuilds the control channel");
        assertFlows(pair);
        assertEquals(1, pair.client.attempts, "the client never started anew");
    }

    @Test
    void shouldGoOnAfterManyCrashesInARow() throws Exception {
        var pair = connected();
        for (int i = 0; i < 20; i++) {
            pair.core.crashInto(pair.newProtocol());
            pair.time.run(i % 5);
            pair.client.send(INNER);
            pair.time.run(1);
        }
        pair.time.run(70);
        assertFlows(pair);
        assertEquals(1, pair.client.attempts);
    }

    @Test
    void shouldKeepNothingOfASessionThatFailsWhileItIsThawed() throws Exception {
        var pair = connected();
        var keys = new CountedKeys();
        pair.core.ciphers = keys;
        OpenVpnProtocol next = pair.newProtocol();
        pair.core.randomFails = true;
        assertThrows(IllegalStateException.class, () -> pair.core.crashInto(next));
        assertEquals(2, keys.opened);
        assertEquals(0, keys.open);
        pair.core.randomFails = false;
        keys.failsAt = 4;
        assertThrows(IllegalStateException.class, () -> pair.core.crashInto(next));
        assertEquals(0, keys.open);
        pair.core.crashInto(next);
        assertEquals(2, keys.open);
        pair.time.run(1);
        assertFlows(pair);
    }

    /** Counts the keys that are open, and fails when it is asked for the one with this number. */
    private static final class CountedKeys implements CipherProvider {
        private final CipherProvider real = TestCore.cipherProvider();
        private int opened;
        private int open;
        private int failsAt;

        @Override
        public String name() {
            return real.name();
        }

        @Override
        public Set<DataCipher> ciphers() {
            return real.ciphers();
        }

        @Override
        public AeadKey openKey(DataCipher cipher, byte[] key, int offset) {
            if (++opened == failsAt) {
                throw new IllegalStateException("asked for");
            }
            AeadKey made = real.openKey(cipher, key, offset);
            open++;
            return new AeadKey() {
                @Override
                public void seal(MemorySegment p, int head, long tail, int aad, int aadLength, int text, int length, int tag) {
                    made.seal(p, head, tail, aad, aadLength, text, length, tag);
                }

                @Override
                public boolean open(
                        MemorySegment p, int head, long tail, int aad, int aadLength, int text, int length, int tag) {
                    return made.open(p, head, tail, aad, aadLength, text, length, tag);
                }

                @Override
                public void close() {
                    open--;
                    made.close();
                }
            };
        }
    }

    @Test
    void shouldRefuseARecordThatItCannotRead() {
        var pair = connected();
        SessionRecord record = pair.core.records.values().iterator().next();
        for (int length = 0; length < record.state().length; length++) {
            byte[] cut = Arrays.copyOf(record.state(), length);
            assertThrows(HandoverException.class, () -> SessionState.decode(1, cut));
        }
        assertThrows(HandoverException.class, () -> SessionState.decode(3, record.state()));
        byte[] longer = Arrays.copyOf(record.state(), record.state().length + 1);
        assertThrows(HandoverException.class, () -> SessionState.decode(1, longer));
        assertFalse(record.toString().contains(HexFormat.of().formatHex(record.state(), 0, 8)));
    }

    @Test
    void shouldNotGoOnWithAnotherDeviceThanTheClientHas() {
        var pair = connected();
        settings.dev = "tap";
        OpenVpnProtocol other = new SessionPair(12, settings).newProtocol();
        var refused = assertThrows(HandoverException.class, () -> pair.core.crashInto(other));
        assertTrue(refused.getMessage().contains("dev tun"), refused.getMessage());
    }

    @Test
    void shouldFollowAClientThatMovesWithAuthenticTraffic() {
        var pair = connected();
        pair.clientAt = TestEndpoint.udp("203.0.113.9", 55555);
        assertFlows(pair);
        assertEquals(
                pair.clientAt.remote(),
                pair.core.records.values().iterator().next().endpoint().remote());
        pair.client.sendMessage("PUSH_REQUEST");
        assertTrue(pair.time.runUntil(() -> pair.client.messages.size() >= 2, 5), "control packets follow");
    }

    @Test
    void shouldRebindOnceASecondAClientThatMovesWithEveryPacket() {
        var pair = connected();
        pair.maxDelayNs = 1;
        var ports = new TestEndpoint[] {
            TestEndpoint.udp("203.0.113.9", 1), TestEndpoint.udp("203.0.113.9", 2), TestEndpoint.udp("203.0.113.9", 3)
        };
        int before = pair.core.rebound;
        long beganNs = pair.time.nowNs();
        for (int i = 0; i < 200; i++) {
            pair.clientAt = ports[i % 3];
            assertFlows(pair);
        }
        long seconds = (pair.time.nowNs() - beganNs) / 1_000_000_000L;
        int rebound = pair.core.rebound - before;
        assertTrue(rebound <= 2 * (seconds + 1), () -> rebound + " times in " + seconds + " s");
        pair.time.run(2);
        assertEquals(
                pair.clientAt.remote(),
                pair.core.records.values().iterator().next().endpoint().remote());
        int messages = pair.client.messages.size();
        pair.client.sendMessage("PUSH_REQUEST");
        assertTrue(
                pair.time.runUntil(() -> pair.client.messages.size() > messages, 5),
                "control packets follow to where it was last");
    }

    @Test
    void shouldNotFollowAReplayedOrForgedPacketToAnotherAddress() {
        var pair = connected();
        pair.client.send(INNER);
        pair.time.run(1);
        var stranger = TestEndpoint.udp("203.0.113.66", 6666);
        byte[] forged = HexFormat.of().parseHex("48000000" + "00000099" + "00".repeat(40));
        pair.core.onDatagram(forged, stranger);
        assertEquals(1, pair.core.buffers.drops(DropReason.BAD_TAG));
        assertFlows(pair);
        assertEquals(
                pair.clientAt.remote(),
                pair.core.records.values().iterator().next().endpoint().remote());
    }

    @Test
    void shouldDropEveryPacketThatComesTwice() {
        var pair = connected();
        pair.time.run(5);
        int before = pair.core.buffers.drops(DropReason.REPLAYED);
        pair.duplication = 1;
        assertFlows(pair);
        pair.time.run(1);
        assertEquals(before + 1, pair.core.buffers.drops(DropReason.REPLAYED));
        assertEquals(1, pair.core.inbound.size());
    }

    @Test
    void shouldDropWhatNamesNoSessionOrNoKey() {
        var pair = connected();
        pair.core.onDatagram(HexFormat.of().parseHex("48000007" + "00000001" + "00".repeat(40)), pair.clientAt);
        assertEquals(1, pair.core.buffers.drops(DropReason.UNKNOWN_SESSION));
        pair.core.onDatagram(HexFormat.of().parseHex("4d000000" + "00000001" + "00".repeat(40)), pair.clientAt);
        assertEquals(1, pair.core.buffers.drops(DropReason.NO_KEY));
        pair.core.onDatagram(HexFormat.of().parseHex("48000000" + "00000001"), pair.clientAt);
        assertEquals(1, pair.core.buffers.drops(DropReason.MALFORMED));
    }

    @Test
    void shouldEndWhenTheClientSaysGoodBye() {
        var pair = connected();
        pair.client.sendMessage("EXIT");
        assertTrue(pair.time.runUntil(() -> !pair.core.closes.isEmpty(), 5));
        assertEquals(Kind.PEER_EXIT, pair.core.closes.getFirst().kind());
        assertTrue(pair.core.records.isEmpty());
        assertEquals(0, pair.core.buffers.kept());

        var old = connected();
        old.client.send(HexFormat.of().parseHex("287f346bd4ef7a812d56b8d3afc5459c" + "06"));
        assertTrue(old.time.runUntil(() -> !old.core.closes.isEmpty(), 5));
        assertEquals(Kind.PEER_EXIT, old.core.closes.getFirst().kind());
    }

    @Test
    void shouldAnswerTheOptionsRequest() {
        var pair = connected();
        pair.client.send(HexFormat.of().parseHex("287f346bd4ef7a812d56b8d3afc5459c" + "00"));
        assertTrue(pair.time.runUntil(() -> !pair.client.received.isEmpty(), 5));
        String reply = new String(pair.client.received.getFirst(), java.nio.charset.StandardCharsets.ISO_8859_1);
        assertTrue(reply.contains("V4,dev-type tun") && reply.contains("tls-server"), reply);
        assertTrue(pair.core.inbound.isEmpty(), "never forwarded");
    }

    @Test
    void shouldPingWhenIdleAndEndWhenNothingIsHeard() {
        var pair = connected();
        pair.time.run(61);
        assertTrue(pair.client.received.size() >= 3, "three pings before a client would give up");
        assertEquals("2a187bf3641eb4cb07ed2d0a981fc748", HexFormat.of().formatHex(pair.client.received.getFirst()));
        pair.client.stop();
        assertTrue(pair.time.runUntil(() -> !pair.core.closes.isEmpty(), 200));
        assertEquals(Kind.PEER_SILENT, pair.core.closes.getFirst().kind());
    }

    @Test
    void shouldEndAHandshakeThatDoesNotComplete() {
        var pair = new SessionPair(5, settings);
        pair.client.start();
        assertTrue(pair.time.runUntil(() -> pair.protocol.halfOpen().count() == 1, 5));
        pair.client.stop();
        assertTrue(pair.time.runUntil(() -> !pair.core.closes.isEmpty(), 61));
        assertEquals(Kind.HANDSHAKE_TIMEOUT, pair.core.closes.getFirst().kind());
        assertEquals(0, pair.protocol.halfOpen().count());
    }

    @Test
    void shouldTellTheClientWhySomebodyEndsItsSession() {
        assertEquals("AUTH_FAILED,revoked", ended(new CloseCause(Kind.REVOKED, "revoked by an operator", "revoked")));
        assertEquals("RESTART", ended(CloseCause.silently(Kind.SHUTDOWN, "stop")));
        assertEquals("HALT,bye", ended(new CloseCause(Kind.KILLED, "killed", "bye")));
        assertTrue(ended(CloseCause.silently(Kind.REPLACED, "newer")).startsWith("PUSH_REPLY"), "told nothing");
    }

    private String ended(CloseCause cause) {
        var pair = connected();
        var session = pair.core.sessions.getFirst();
        session.live().end(cause, pair.time.nowNs(), pair.core.buffers);
        session.settle();
        assertTrue(pair.time.runUntil(() -> !pair.core.closes.isEmpty(), 1), "within a second");
        assertEquals(cause, pair.core.closes.getFirst());
        pair.time.run(1);
        return pair.client.messages.getLast();
    }

    @Test
    void shouldBeginASecondSessionBesideTheFirstOfTheSameAddress() {
        var pair = connected();
        var first = pair.core.sessions.getFirst();
        pair.client.start();
        assertTrue(pair.time.runUntil(pair.client::connected, 10));
        assertEquals(2, pair.core.sessions.size());
        assertTrue(pair.core.sessions.contains(first), "the first is core's to replace");
        pair.client.send(INNER);
        assertTrue(pair.time.runUntil(() -> !pair.core.inbound.isEmpty(), 1));
    }

    @Test
    void shouldGoOnWithTheFormerKeyWhileItsClientBeginsAnew() throws Exception {
        var pair = connected();
        for (int i = 0; i < 10; i++) {
            assertFlows(pair);
        }
        pair.core.inherits = true;
        pair.client.startWithin();
        while (!pair.client.connected()) {
            assertInFlows(pair);
        }
        for (int i = 0; i < 5; i++) {
            assertFlows(pair);
        }
        assertEquals(1, pair.core.sessions.size());
        assertEquals(pair.client.formerPeerId, pair.client.peerId, "it is told the one that it uses");
        pair.client.sendsFormer = false;
        for (int i = 0; i < 20; i++) {
            assertInFlows(pair);
        }
        pair.core.crashInto(pair.newProtocol());
        pair.time.run(1);
        assertInFlows(pair);
        assertEquals(0, pair.core.buffers.drops(DropReason.BAD_TAG));
        assertEquals(0, pair.core.buffers.kept());
    }

    /** Packet-ids that do not lie in the record's reservation could be used twice. */
    @Test
    void shouldBeginWithoutAFormerKeyWhoseCountersAreNotItsRecords() throws Exception {
        var pair = connected();
        assertFlows(pair);
        int former = pair.client.peerId;
        pair.core.inherits = true;
        pair.core.bequest = live -> {
            var state = LiveState.decode(live);
            var key = state.keys().getFirst();
            var ahead = new KeySlot.Live(1L << 31, 1L << 31, key.highest(), key.seen(), key.blocks(), key.packets(),
                    key.bytes(), key.failedTags());
            return new LiveState(state.sendCurrentFromNs(), state.previousEndsNs(), state.lastHeardNs(), state.lastSentNs(),
                            state.tls(), List.of(ahead))
                    .encode();
        };
        pair.client.startWithin();
        assertTrue(pair.time.runUntil(pair.client::connected, 10));
        assertTrue(pair.core.notInherited.getMessage().contains("reservation"), pair.core.notInherited.getMessage());
        pair.client.sendsFormer = false;
        assertFlows(pair);
        assertTrue(pair.protocol.peerIds().restore(former), "nobody holds the former one's peer-id");
    }

    private static void assertInFlows(SessionPair pair) {
        int inbound = pair.core.inbound.size();
        pair.client.send(INNER);
        assertTrue(pair.time.runUntil(() -> pair.core.inbound.size() > inbound, 2));
    }

    @Test
    void shouldServeAClientThatKnowsNeitherPeerIdsNorExporters() {
        var pair = new SessionPair(6, settings);
        pair.client.protocolBits = 0;
        pair.client.start();
        // Such a client asks for its options instead of being pushed them.
        assertTrue(pair.time.runUntil(() -> !pair.core.sessions.isEmpty() && pair.core.sessions.getFirst().established, 10));
        pair.client.active = pair.client.negotiating;
        pair.client.sendMessage("PUSH_REQUEST");
        assertTrue(pair.time.runUntil(pair.client::connected, 10));
        String reply = pair.client.messages.getFirst();
        assertFalse(reply.contains("peer-id") || reply.contains("tls-ekm"), reply);
        assertFlows(pair);
    }

    @Test
    void shouldSplitLongRepliesWithoutLosingAnOption() {
        var routes = new String[60];
        for (int i = 0; i < routes.length; i++) {
            routes[i] = "route 172.16." + i + ".0 255.255.255.0";
        }
        settings.push = routes;
        var pair = new SessionPair(8, settings);
        pair.client.start();
        assertTrue(pair.time.runUntil(
                () -> pair.client.messages.stream().anyMatch(m -> m.endsWith("push-continuation 1")), 10));
        List<String> all = pair.client.messages;
        for (String route : routes) {
            assertTrue(all.stream().anyMatch(m -> Arrays.asList(m.split(",")).contains(route)), route);
        }
        assertTrue(all.stream().allMatch(m -> m.length() < 1024));
        assertNotEquals(1, all.size());
    }

    @Test
    void shouldAskForRoomForABatchOnDatagramsOnly() {
        for (String transport : List.of("udp", "tcp")) {
            settings.transport = transport;
            var pair = new SessionPair(9, settings);
            pair.client.start();
            assertTrue(pair.time.runUntil(() -> !pair.client.messages.isEmpty(), 10));
            boolean asked = pair.client.messages.stream().anyMatch(m -> m.contains(",rcvbuf 1048576,"));
            assertEquals(transport.equals("udp"), asked, transport);
        }
    }

    @Test
    void shouldRekeyAfterPackets() {
        settings.renegotiatePackets = 50;
        var pair = connected();
        for (int i = 0; i < 60; i++) {
            pair.client.send(INNER);
        }
        assertTrue(pair.time.runUntil(() -> pair.client.rekeys == 1, 10));
        assertFlows(pair);
    }
}

package io.culvert.tunnel.openvpn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.packet.DropReason;
import io.culvert.tunnel.openvpn.wire.ControlPacket;
import io.culvert.tunnel.openvpn.wire.Opcode;
import io.culvert.tunnel.openvpn.wrap.PlainWrap;
import io.culvert.tunnel.openvpn.wrap.StaticKey;
import io.culvert.tunnel.openvpn.wrap.TlsCryptWrap;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What strangers can send, and what it costs. */
class FirstPacketTest {
    private final SessionPair.Settings settings = new SessionPair.Settings();
    private final PlainWrap plain = new PlainWrap();
    private final List<byte[]> answers = new ArrayList<>();
    private final TestEndpoint stranger = TestEndpoint.udp("203.0.113.5", 5000);
    private VirtualTime time;
    private OpenVpnProtocol protocol;
    private TestCore core;

    @BeforeEach
    void open() {
        settings.wrap = "plain";
        open(settings);
    }

    private void open(SessionPair.Settings with) {
        time = new VirtualTime();
        var config = OpenVpnConfig.of("test", with);
        var random = new Random(1);
        byte[] key = new byte[256];
        random.nextBytes(key);
        protocol = new OpenVpnProtocol(config, WrapKeys.parse(config, WrapKeys.generate(config, key)), new byte[40]);
        core = new TestCore(time, random, protocol, (bytes, to) -> answers.add(bytes));
    }

    private byte[] packet(int opcode, long sid, int[] acks, long ackSid, int id, int payload) {
        var packet = new ControlPacket(opcode, 0, sid, acks, ackSid, id, new byte[payload]);
        return plain.wrap(packet.firstByte(), sid, 0, packet.encodeRest());
    }

    private byte[] reset(long sid) {
        return packet(Opcode.CONTROL_HARD_RESET_CLIENT_V2, sid, new int[0], 0, 0, 0);
    }

    private long offered() {
        return plain.unwrap(answers.getLast()).sessionId();
    }

    @Test
    void shouldOfferTheSameCookieForTheSameResetAndKeepNothing() {
        core.onDatagram(reset(7), stranger);
        core.onDatagram(reset(7), stranger);
        assertEquals(2, answers.size());
        assertEquals(java.util.HexFormat.of().formatHex(answers.get(0)), java.util.HexFormat.of().formatHex(answers.get(1)));
        core.onDatagram(reset(8), stranger);
        assertTrue(offered() != plain.unwrap(answers.get(0)).sessionId(), "another session-id, another cookie");
        assertEquals(0, core.sessions.size());
        assertEquals(0, core.buffers.kept());
    }

    @Test
    void shouldBeginASessionOnlyForAFreshCookieOfTheSameAddress() {
        core.onDatagram(reset(7), stranger);
        long cookie = offered();
        byte[] third = packet(Opcode.CONTROL_V1, 7, new int[] {0}, cookie, 1, 20);
        core.onDatagram(third, TestEndpoint.udp("203.0.113.5", 5001));
        core.onDatagram(third, TestEndpoint.udp("203.0.113.6", 5000));
        core.onDatagram(packet(Opcode.CONTROL_V1, 8, new int[] {0}, cookie, 1, 20), stranger);
        core.onDatagram(packet(Opcode.CONTROL_V1, 7, new int[] {0}, cookie + 1, 1, 20), stranger);
        core.onDatagram(packet(Opcode.CONTROL_V1, 7, new int[0], 0, 1, 20), stranger);
        core.onDatagram(packet(Opcode.CONTROL_V1, 7, new int[] {0, 2}, cookie, 1, 20), stranger);
        core.onDatagram(packet(Opcode.CONTROL_V1, 7, new int[] {0}, cookie, 2, 20), stranger);
        assertEquals(7, core.buffers.drops(DropReason.BAD_COOKIE));
        assertEquals(0, core.sessions.size());
        core.onDatagram(third, stranger);
        assertEquals(1, core.sessions.size());
    }

    @Test
    void shouldForgetACookieAfterItsTime() {
        core.onDatagram(reset(7), stranger);
        byte[] third = packet(Opcode.CONTROL_V1, 7, new int[] {0}, offered(), 1, 20);
        time.run(95);
        core.onDatagram(third, stranger);
        assertEquals(1, core.buffers.drops(DropReason.BAD_COOKIE));
    }

    @Test
    void shouldLimitAnswersToOneAddressAndKeepAnsweringOthers() {
        for (int i = 0; i < 1000; i++) {
            core.onDatagram(reset(i + 1), stranger);
        }
        assertEquals(40, answers.size());
        assertEquals(960, core.buffers.drops(DropReason.RATE_LIMITED));
        core.onDatagram(reset(1), TestEndpoint.udp("198.51.100.99", 5000));
        assertEquals(41, answers.size());
        time.run(1);
        core.onDatagram(reset(1), stranger);
        assertEquals(42, answers.size());
    }

    @Test
    void shouldBoundWhatIsHalfOpen() {
        for (int i = 0; i < 300; i++) {
            var from = TestEndpoint.udp("10." + i / 250 + "." + i % 250 + ".1", 5000);
            core.onDatagram(reset(7), from);
            core.onDatagram(packet(Opcode.CONTROL_V1, 7, new int[] {0}, offered(), 1, 20), from);
        }
        assertEquals(256, core.sessions.size());
        assertEquals(44, core.buffers.drops(DropReason.RATE_LIMITED));
        time.run(70);
        assertEquals(0, core.sessions.size(), "none stays beyond its handshake time");
        assertEquals(0, protocol.halfOpen().count());
    }

    @Test
    void shouldGiveBackThePlaceOfASessionThatCannotBeMade() {
        core.onDatagram(reset(7), stranger);
        byte[] third = packet(Opcode.CONTROL_V1, 7, new int[] {0}, offered(), 1, 20);
        core.placesFail = true;
        assertThrows(IllegalStateException.class, () -> core.onDatagram(third, stranger));
        assertEquals(0, protocol.halfOpen().count());
        core.placesFail = false;
        core.workFails = true;
        assertThrows(IllegalStateException.class, () -> core.onDatagram(third, stranger));
        assertEquals(0, protocol.halfOpen().count());
    }

    @Test
    void shouldLeavePlacesForOthersWhenOneSiteBeginsHandshakesWithoutEnd() {
        for (int i = 0; i < 40; i++) {
            var from = TestEndpoint.udp("203.0.113.5", 5000 + i);
            core.onDatagram(reset(7), from);
            core.onDatagram(packet(Opcode.CONTROL_V1, 7, new int[] {0}, offered(), 1, 20), from);
        }
        assertEquals(HalfOpen.MAX_PER_SITE, core.sessions.size());
        var other = TestEndpoint.udp("198.51.100.99", 5000);
        core.onDatagram(reset(7), other);
        core.onDatagram(packet(Opcode.CONTROL_V1, 7, new int[] {0}, offered(), 1, 20), other);
        assertEquals(HalfOpen.MAX_PER_SITE + 1, core.sessions.size());
    }

    @Test
    void shouldDropWhatIsNoFirstPacket() {
        core.onDatagram(new byte[] {0x38, 1, 2}, stranger);
        core.onDatagram(packet(Opcode.CONTROL_HARD_RESET_CLIENT_V2, 0, new int[0], 0, 0, 0), stranger);
        core.onDatagram(packet(Opcode.CONTROL_HARD_RESET_CLIENT_V2, 5, new int[0], 0, 3, 0), stranger);
        core.onDatagram(new byte[20], stranger);
        core.onDatagram(packet(Opcode.CONTROL_SOFT_RESET_V1, 5, new int[0], 0, 0, 0), stranger);
        core.onDatagram(packet(Opcode.CONTROL_HARD_RESET_CLIENT_V3, 5, new int[0], 0, 0, 300), stranger);
        assertEquals(2, core.buffers.drops(DropReason.MALFORMED));
        assertEquals(2, core.buffers.drops(DropReason.BAD_WRAPPING), "a zero session-id, a key that nobody wants");
        assertEquals(1, core.buffers.drops(DropReason.UNSUPPORTED));
        assertEquals(1, core.buffers.drops(DropReason.UNKNOWN_SESSION));
        assertTrue(answers.isEmpty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"tls-auth", "tls-crypt", "tls-crypt-v2"})
    void shouldStaySilentToWhoHasNoKey(String wrap) {
        settings.wrap = wrap;
        open(settings);
        var foreign = new TlsCryptWrap(new StaticKey(new byte[256]), false);
        core.onDatagram(foreign.wrap(0x38, 7, 1L << 32 | 5, new byte[5]), stranger);
        core.onDatagram(foreign.wrap(0x50, 7, 1L << 32 | 5, new byte[5]), stranger);
        core.onDatagram(reset(7), stranger);
        assertEquals(3, core.buffers.drops(DropReason.BAD_WRAPPING));
        assertTrue(answers.isEmpty());
        assertEquals(0, core.sessions.size());
    }

    @Test
    void shouldBeginATcpSessionAtTheReset() {
        settings.transport = "tcp";
        open(settings);
        core.onDatagram(reset(7), TestEndpoint.tcp("203.0.113.5", 5000));
        assertEquals(1, core.sessions.size());
        assertEquals(Opcode.CONTROL_HARD_RESET_SERVER_V2, Opcode.of(answers.getFirst()[0]));
        core.onDatagram(packet(Opcode.CONTROL_V1, 9, new int[] {0}, 1, 1, 20), TestEndpoint.tcp("203.0.113.5", 5001));
        assertEquals(1, core.buffers.drops(DropReason.UNKNOWN_SESSION));
    }
}

package io.culvert.core.handover;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.api.tunnel.HandoverException;
import io.culvert.api.tunnel.Transport;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RecordCodecTest {
    @Test
    void shouldReadBackEverything() throws Exception {
        SessionRecord record = record("10.8.0.7", "fd00:8::7", Transport.TCP, "2001:db8::5");
        same(record, RecordCodec.decode(RecordCodec.encode(record)));
    }

    @Test
    void shouldReadBackWhatLacksAFamily() throws Exception {
        SessionRecord record = record("", "fd00:8::7", Transport.UDP, "192.0.2.5");
        same(record, RecordCodec.decode(RecordCodec.encode(record)));
        record = record("", "", Transport.UDP, "192.0.2.5");
        same(record, RecordCodec.decode(RecordCodec.encode(record)));
    }

    @Test
    void shouldKeepTheScopeOfALinkLocalAddress() throws Exception {
        byte[] bytes = InetAddress.ofLiteral("fe80::1").getAddress();
        var remote = new InetSocketAddress(Inet6Address.getByAddress(null, bytes, 3), 5000);
        SessionRecord whole = record("10.8.0.7", "", Transport.UDP, "192.0.2.5");
        var record = new SessionRecord(whole.protocol(), whole.instance(), 1, 1, whole.peer(), whole.addresses(),
                new SessionRecord.RemoteEnd(Transport.UDP, remote, remote.getAddress(), 1), new byte[0]);
        var read = (Inet6Address) RecordCodec.decode(RecordCodec.encode(record)).endpoint().remote().getAddress();
        assertEquals(3, read.getScopeId());
    }

    @Test
    void shouldGiveEqualBytesForEqualRecords() {
        assertArrayEquals(
                RecordCodec.encode(record("10.8.0.7", "", Transport.UDP, "192.0.2.5")),
                RecordCodec.encode(record("10.8.0.7", "", Transport.UDP, "192.0.2.5")));
    }

    @Test
    void shouldRefuseWhatIsCutShortOrTooLong() {
        byte[] whole = RecordCodec.encode(record("10.8.0.7", "fd00:8::7", Transport.TCP, "2001:db8::5"));
        for (int length = 0; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThrows(HandoverException.class, () -> RecordCodec.decode(part), "at " + length);
        }
        assertThrows(HandoverException.class, () -> RecordCodec.decode(Arrays.copyOf(whole, whole.length + 1)));
    }

    @Test
    void shouldNameAnotherFormat() {
        byte[] bytes = RecordCodec.encode(record("10.8.0.7", "", Transport.UDP, "192.0.2.5"));
        bytes[0] = 2;
        var failure = assertThrows(HandoverException.class, () -> RecordCodec.decode(bytes));
        assertTrue(failure.getMessage().contains("format 2"), failure.getMessage());
    }

    @Test
    void shouldSurviveAnyBytes() {
        var random = new Random(7);
        byte[] whole = RecordCodec.encode(record("10.8.0.7", "fd00:8::7", Transport.TCP, "2001:db8::5"));
        for (int round = 0; round < 50_000; round++) {
            byte[] bytes = round % 2 == 0 ? whole.clone() : new byte[random.nextInt(200)];
            if (round % 2 == 0) {
                for (int i = random.nextInt(6); i >= 0; i--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
            } else {
                random.nextBytes(bytes);
            }
            try {
                RecordCodec.decode(bytes);
            } catch (HandoverException e) {
                // What it is for.
            }
        }
    }

    @Test
    void shouldRefuseToWriteWhatCannotBeRead() {
        SessionRecord whole = record("10.8.0.7", "", Transport.UDP, "192.0.2.5");
        var name = new SessionRecord(whole.protocol(), whole.instance(), 1, 1, whole.peer(), whole.addresses(),
                new SessionRecord.RemoteEnd(Transport.UDP, InetSocketAddress.createUnresolved("host", 1),
                        InetAddress.getLoopbackAddress(), 1), new byte[0]);
        assertThrows(IllegalArgumentException.class, () -> RecordCodec.encode(name));
        var longName = new SessionRecord("p".repeat(70_000), "udp", 1, 1, whole.peer(), whole.addresses(),
                whole.endpoint(), new byte[0]);
        assertThrows(IllegalArgumentException.class, () -> RecordCodec.encode(longName));
    }

    private static void same(SessionRecord expected, SessionRecord actual) {
        assertArrayEquals(expected.state(), actual.state());
        assertEquals(expected.protocol(), actual.protocol());
        assertEquals(expected.instance(), actual.instance());
        assertEquals(expected.version(), actual.version());
        assertEquals(expected.sessionId(), actual.sessionId());
        assertEquals(expected.peer(), actual.peer());
        assertEquals(expected.addresses(), actual.addresses());
        assertEquals(expected.endpoint(), actual.endpoint());
    }

    static SessionRecord record(String ipv4, String ipv6, Transport transport, String remote) {
        return new SessionRecord(
                "openvpn",
                "udp",
                3,
                0xfedc_ba98_7654_3210L,
                new PeerIdentity("älice", "7f3a", Map.of("group", "staff", "address", "10.8.0.7")),
                new TunnelAddresses(
                        ipv4.isEmpty() ? Optional.empty() : Optional.of((Inet4Address) InetAddress.ofLiteral(ipv4)),
                        ipv6.isEmpty() ? Optional.empty() : Optional.of((Inet6Address) InetAddress.ofLiteral(ipv6))),
                new SessionRecord.RemoteEnd(
                        transport,
                        new InetSocketAddress(InetAddress.ofLiteral(remote), 65_000),
                        InetAddress.ofLiteral("198.51.100.1"),
                        1194),
                new byte[] {1, 2, 3, -1});
    }
}

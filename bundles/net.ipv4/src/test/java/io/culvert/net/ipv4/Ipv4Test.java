package io.culvert.net.ipv4;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.net.PacketAddresses;
import io.culvert.testsupport.TestPacket;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

final class Ipv4Test {
    /** RFC 791 figure 4's fields: version and length, total length 24, TTL 2, UDP, 10.8.0.2 to 192.0.2.1, payload. */
    private static final byte[] PACKET = HexFormat.ofDelimiter(" ").parseHex(
            "45 00 00 18 00 01 00 00 02 11 e4 bb 0a 08 00 02 c0 00 02 01 01 02 03 04");

    private final Ipv4 ipv4 = new Ipv4();
    private final PacketAddresses addresses = new PacketAddresses();

    @Test
    void shouldReadWhomAPacketIsFromAndFor() {
        assertEquals(NetworkProtocol.IPV4, ipv4.etherType());
        var packet = TestPacket.of(PACKET);
        assertTrue(ipv4.read(packet, addresses));
        assertEquals(0, addresses.sourceHigh());
        assertEquals(0xFFFF_0A08_0002L, addresses.sourceLow());
        assertEquals(0, addresses.destinationHigh());
        assertEquals(0xFFFF_C000_0201L, addresses.destinationLow());
    }

    @Test
    void shouldCutOffWhatFollowsThePacket() {
        byte[] longer = Arrays.copyOf(PACKET, PACKET.length + 9);
        var packet = TestPacket.of(longer);
        assertTrue(ipv4.read(packet, addresses));
        assertEquals(PACKET.length, packet.length());
    }

    @Test
    void shouldRefuseEveryTruncation() {
        for (int length = 0; length < PACKET.length; length++) {
            assertFalse(ipv4.read(TestPacket.exactly(Arrays.copyOf(PACKET, length)), addresses), "length " + length);
        }
    }

    @Test
    void shouldCountHopsDownToOne() {
        var packet = TestPacket.of(PACKET);
        assertTrue(ipv4.hop(packet));
        assertEquals(1, packet.segment().get(ValueLayout.JAVA_BYTE, packet.offset() + 8));
        assertFalse(ipv4.hop(packet));
    }

    @FuzzTest
    void shouldAnswerAnyBytes(byte[] data) {
        var packet = TestPacket.exactly(data);
        if (ipv4.read(packet, addresses)) {
            assertTrue(packet.length() <= data.length && packet.length() >= 20);
            ipv4.hop(packet);
            assertTrue(ipv4.read(packet, addresses));
        }
    }
}

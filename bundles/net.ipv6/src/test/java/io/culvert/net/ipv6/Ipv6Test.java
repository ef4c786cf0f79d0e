package io.culvert.net.ipv6;

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

final class Ipv6Test {
    /** RFC 8200 section 3's fields: version, payload length 4, UDP, hop limit 2, fd00::2 to 2001:db8::1, payload. */
    private static final byte[] PACKET = HexFormat.ofDelimiter(" ").parseHex(
            "60 00 00 00 00 04 11 02 fd 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02"
                    + " 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01 01 02 03 04");

    private final Ipv6 ipv6 = new Ipv6();
    private final PacketAddresses addresses = new PacketAddresses();

    @Test
    void shouldReadWhomAPacketIsFromAndFor() {
        assertEquals(NetworkProtocol.IPV6, ipv6.etherType());
        var packet = TestPacket.of(PACKET);
        assertTrue(ipv6.read(packet, addresses));
        assertEquals(0xFD00_0000_0000_0000L, addresses.sourceHigh());
        assertEquals(2, addresses.sourceLow());
        assertEquals(0x2001_0DB8_0000_0000L, addresses.destinationHigh());
        assertEquals(1, addresses.destinationLow());
    }

    @Test
    void shouldCutOffWhatFollowsThePacket() {
        byte[] longer = Arrays.copyOf(PACKET, PACKET.length + 9);
        var packet = TestPacket.of(longer);
        assertTrue(ipv6.read(packet, addresses));
        assertEquals(PACKET.length, packet.length());
    }

    @Test
    void shouldRefuseEveryTruncation() {
        for (int length = 0; length < PACKET.length; length++) {
            assertFalse(ipv6.read(TestPacket.exactly(Arrays.copyOf(PACKET, length)), addresses), "length " + length);
        }
    }

    @Test
    void shouldRefuseAnIpv4AddressInDisguise() {
        for (int at : new int[] {8, 24}) {
            byte[] mapped = PACKET.clone();
            System.arraycopy(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 10, 8, 0, 2}, 0, mapped, at, 16);
            assertFalse(ipv6.read(TestPacket.of(mapped), addresses));
        }
    }

    @Test
    void shouldCountHopsDownToOne() {
        var packet = TestPacket.of(PACKET);
        assertTrue(ipv6.hop(packet));
        assertEquals(1, packet.segment().get(ValueLayout.JAVA_BYTE, packet.offset() + 7));
        assertFalse(ipv6.hop(packet));
    }

    @FuzzTest
    void shouldAnswerAnyBytes(byte[] data) {
        var packet = TestPacket.exactly(data);
        if (ipv6.read(packet, addresses)) {
            assertTrue(packet.length() <= data.length && packet.length() >= 40);
            ipv6.hop(packet);
            assertTrue(ipv6.read(packet, addresses));
        }
    }
}

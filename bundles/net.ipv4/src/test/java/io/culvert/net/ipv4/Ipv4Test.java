package io.culvert.net.ipv4;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.net.PacketAddresses;
import io.culvert.api.packet.PacketBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

final class Ipv4Test {
    /** RFC 791 figure 4's fields: version and length, total length 24, TTL 2, UDP, 10.8.0.2 to 192.0.2.1, payload. */
    private static final byte[] PACKET = HexFormat.ofDelimiter(" ").parseHex(
            "45 00 00 18 00 01 00 00 02 11 e4 bb 0a 08 00 02 c0 00 02 01 01 02 03 04");

    private final Ipv4 ipv4 = new Ipv4();
    private final PacketAddresses addresses = new PacketAddresses();

    private static final class Packet implements PacketBuffer {
        private static final int HEADROOM = 5;
        private final MemorySegment segment;
        private int offset = HEADROOM;
        private int length;

        Packet(byte[] bytes, int length) {
            segment = Arena.ofAuto().allocate(HEADROOM + length);
            MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, HEADROOM, length);
            this.length = length;
        }

        @Override
        public MemorySegment segment() {
            return segment;
        }

        @Override
        public int offset() {
            return offset;
        }

        @Override
        public int length() {
            return length;
        }

        @Override
        public void bounds(int offset, int length) {
            this.offset = offset;
            this.length = length;
        }
    }

    @Test
    void shouldReadWhomAPacketIsFromAndFor() {
        assertEquals(NetworkProtocol.IPV4, ipv4.etherType());
        var packet = new Packet(PACKET, PACKET.length);
        assertTrue(ipv4.read(packet, addresses));
        assertEquals(0, addresses.sourceHigh());
        assertEquals(0xFFFF_0A08_0002L, addresses.sourceLow());
        assertEquals(0, addresses.destinationHigh());
        assertEquals(0xFFFF_C000_0201L, addresses.destinationLow());
    }

    @Test
    void shouldCutOffWhatFollowsThePacket() {
        byte[] longer = java.util.Arrays.copyOf(PACKET, PACKET.length + 9);
        var packet = new Packet(longer, longer.length);
        assertTrue(ipv4.read(packet, addresses));
        assertEquals(PACKET.length, packet.length());
    }

    @Test
    void shouldRefuseEveryTruncation() {
        for (int length = 0; length < PACKET.length; length++) {
            assertFalse(ipv4.read(new Packet(PACKET, length), addresses), "length " + length);
        }
    }

    @Test
    void shouldCountHopsDownToOne() {
        var packet = new Packet(PACKET, PACKET.length);
        assertTrue(ipv4.hop(packet));
        assertEquals(1, packet.segment().get(ValueLayout.JAVA_BYTE, packet.offset() + 8));
        assertFalse(ipv4.hop(packet));
    }

    @FuzzTest
    void shouldAnswerAnyBytes(byte[] data) {
        var packet = new Packet(data, data.length);
        if (ipv4.read(packet, addresses)) {
            assertTrue(packet.length() <= data.length && packet.length() >= 20);
            ipv4.hop(packet);
            assertTrue(ipv4.read(packet, addresses));
        }
    }
}

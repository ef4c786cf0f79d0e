package io.culvert.core.bus;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.link.IpAddress;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The fields of an inner packet that the bus looks at: RFC 791, section 3.1; RFC 8200, section 3. */
final class IpPacket {
    static final int IPV4_HEADER = 20;
    static final int IPV6_HEADER = 40;

    private static final ValueLayout.OfShort SHORT_BE = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT_BE = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG_BE = JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private IpPacket() {}

    /** 4, 6, or what else the first four bits say; 0 for an empty packet. */
    static int version(PooledBuffer packet) {
        return packet.length() == 0 ? 0 : (packet.segment().get(JAVA_BYTE, packet.offset()) & 0xf0) >>> 4;
    }

    /**
     * Checks the lengths of a packet of {@code version}, and cuts off what follows the packet proper.
     *
     * @return whether the packet is well-formed
     */
    static boolean trim(PooledBuffer packet, int version) {
        MemorySegment memory = packet.segment();
        int at = packet.offset();
        int header = version == 4 ? IPV4_HEADER : IPV6_HEADER;
        if (packet.length() < header) {
            return false;
        }
        int total;
        if (version == 4) {
            header = (memory.get(JAVA_BYTE, at) & 0xf) * 4;
            total = memory.get(SHORT_BE, at + 2) & 0xffff;
        } else {
            total = IPV6_HEADER + (memory.get(SHORT_BE, at + 4) & 0xffff);
        }
        if (header < IPV4_HEADER || total < header || total > packet.length()) {
            return false;
        }
        if (total < packet.length()) {
            packet.bounds(at, total);
        }
        return true;
    }

    static long sourceHigh(PooledBuffer packet, int version) {
        return version == 4 ? 0 : packet.segment().get(LONG_BE, packet.offset() + 8);
    }

    static long sourceLow(PooledBuffer packet, int version) {
        return version == 4
                ? IpAddress.mapped(packet.segment().get(INT_BE, packet.offset() + 12))
                : packet.segment().get(LONG_BE, packet.offset() + 16);
    }

    static long destinationHigh(PooledBuffer packet, int version) {
        return version == 4 ? 0 : packet.segment().get(LONG_BE, packet.offset() + 24);
    }

    static long destinationLow(PooledBuffer packet, int version) {
        return version == 4
                ? IpAddress.mapped(packet.segment().get(INT_BE, packet.offset() + 16))
                : packet.segment().get(LONG_BE, packet.offset() + 32);
    }

    /** Counts one hop down; false when the packet must not go on. */
    static boolean hop(PooledBuffer packet, int version) {
        MemorySegment memory = packet.segment();
        int at = packet.offset() + (version == 4 ? 8 : 7);
        int limit = memory.get(JAVA_BYTE, at) & 0xff;
        if (limit <= 1) {
            return false;
        }
        memory.set(JAVA_BYTE, at, (byte) (limit - 1));
        if (version == 4) {
            // RFC 1624: the time to live is the high byte of its word, so the complement sum grows by 0x0100.
            int sum = (memory.get(SHORT_BE, packet.offset() + 10) & 0xffff) + 0x0100;
            memory.set(SHORT_BE, packet.offset() + 10, (short) (sum >= 0xffff ? sum + 1 : sum));
        }
        return true;
    }
}

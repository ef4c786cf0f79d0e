package io.culvert.net.ethernet;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.culvert.api.packet.PacketBuffer;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The header of a MAC frame, IEEE 802.3-2018 section 3.2: |destination 48|source 48|length or type 16|. Addresses are in
 * the low 48 bits of a long, the first byte on the wire highest.
 */
final class EthernetHeader {
    static final int LENGTH = 14;

    private static final int SOURCE = 6;
    private static final ValueLayout.OfInt U32 = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort U16 = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    /** The individual/group bit: the lowest one of the first byte. */
    private static final long GROUP = 1L << 40;

    /** 01-80-C2-00-00-00 to 01-80-C2-00-00-0F, IEEE 802.1D-2004 table 7-10: not for beyond one link. */
    private static final long RESERVED = 0x0180_C200_0000L;

    private EthernetHeader() {}

    /** True when both accessors are in bounds. */
    static boolean fits(PacketBuffer frame) {
        return frame.length() >= LENGTH;
    }

    static long destination(PacketBuffer frame) {
        return address(frame.segment(), frame.offset());
    }

    static long source(PacketBuffer frame) {
        return address(frame.segment(), frame.offset() + SOURCE);
    }

    private static long address(MemorySegment segment, int at) {
        return (segment.get(U32, at) & 0xFFFF_FFFFL) << 16 | segment.get(U16, at + 4) & 0xFFFFL;
    }

    /** Whether it stands for several stations: multicast and broadcast. */
    static boolean isGroup(long address) {
        return (address & GROUP) != 0;
    }

    static boolean isReserved(long address) {
        return (address & ~0xFL) == RESERVED;
    }
}

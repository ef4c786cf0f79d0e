package io.culvert.core.tun;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * {@code struct virtio_net_hdr}: what is before each packet of a TUN with IFF_VNET_HDR, in the host's byte order; OASIS
 * virtio 1.2 section 5.1.6.
 */
final class VnetHeader {
    static final int LENGTH = 10;

    /** The checksum is to be completed: at {@code csum_start + csum_offset}, over everything from csum_start on. */
    static final int NEEDS_CSUM = 1;

    /** The kernel has seen that the checksum is right. */
    static final int DATA_VALID = 2;

    static final int GSO_NONE = 0;
    static final int GSO_TCPV4 = 1;
    static final int GSO_TCPV6 = 4;
    static final int GSO_UDP_L4 = 5;

    private static final int GSO_ECN = 0x80;

    private static final int FLAGS = 0;
    private static final int GSO_TYPE = 1;
    private static final int HDR_LEN = 2;
    private static final int GSO_SIZE = 4;
    private static final int CSUM_START = 6;
    private static final int CSUM_OFFSET = 8;

    private VnetHeader() {}

    static boolean needsChecksum(MemorySegment p, long at) {
        return (p.get(JAVA_BYTE, at + FLAGS) & NEEDS_CSUM) != 0;
    }

    static boolean isDataValid(MemorySegment p, long at) {
        return (p.get(JAVA_BYTE, at + FLAGS) & DATA_VALID) != 0;
    }

    /** Without the bit that says that the flow uses ECN. */
    static int gsoType(MemorySegment p, long at) {
        return p.get(JAVA_BYTE, at + GSO_TYPE) & 0xFF & ~GSO_ECN;
    }

    /** Payload bytes of each segment but the last. */
    static int gsoSize(MemorySegment p, long at) {
        return u16(p, at + GSO_SIZE);
    }

    static int csumStart(MemorySegment p, long at) {
        return u16(p, at + CSUM_START);
    }

    static int csumOffset(MemorySegment p, long at) {
        return u16(p, at + CSUM_OFFSET);
    }

    /** A packet as it is. */
    static void setNone(MemorySegment p, long at) {
        p.set(JAVA_LONG_UNALIGNED, at, 0);
        p.set(JAVA_SHORT_UNALIGNED, at + CSUM_OFFSET, (short) 0);
    }

    /** Several segments as one; the packet's checksum field has the sum of the pseudo-header. */
    static void setGso(
            MemorySegment p, long at, int gsoType, int headerLength, int gsoSize, int csumStart, int csumOffset) {
        p.set(JAVA_BYTE, at + FLAGS, (byte) NEEDS_CSUM);
        p.set(JAVA_BYTE, at + GSO_TYPE, (byte) gsoType);
        p.set(JAVA_SHORT_UNALIGNED, at + HDR_LEN, (short) headerLength);
        p.set(JAVA_SHORT_UNALIGNED, at + GSO_SIZE, (short) gsoSize);
        p.set(JAVA_SHORT_UNALIGNED, at + CSUM_START, (short) csumStart);
        p.set(JAVA_SHORT_UNALIGNED, at + CSUM_OFFSET, (short) csumOffset);
    }

    private static int u16(MemorySegment p, long at) {
        return p.get(JAVA_SHORT_UNALIGNED, at) & 0xFFFF;
    }
}

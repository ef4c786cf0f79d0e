package io.culvert.wire;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.BIG_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The header of a MAC frame, IEEE 802.3-2018 section 3.2: |destination 48|source 48|length or type 16|, with at most one
 * tag of IEEE 802.1Q before the type. Addresses are in the low 48 bits of a long, the first byte on the wire highest.
 */
public final class EthernetHeader {
    public static final int LENGTH = 14;

    /** With a tag. */
    public static final int TAGGED_LENGTH = 18;

    private static final int SOURCE = 6;
    private static final int IPV4 = 0x0800;
    private static final int IPV6 = 0x86DD;
    private static final int TAG = 0x8100;
    private static final ValueLayout.OfInt U32 = JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN);
    private static final ValueLayout.OfShort U16 = JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);

    /** The individual/group bit: the lowest one of the first byte. */
    private static final long GROUP = 1L << 40;

    /** 01-80-C2-00-00-00 to 01-80-C2-00-00-0F, IEEE 802.1D-2004 table 7-10: not for beyond one link. */
    private static final long RESERVED = 0x0180_C200_0000L;

    private EthernetHeader() {}

    /** True when {@code length} bytes hold the addresses and the type. */
    public static boolean fits(int length) {
        return length >= LENGTH;
    }

    public static long destination(MemorySegment p, long at) {
        return address(p, at);
    }

    public static long source(MemorySegment p, long at) {
        return address(p, at + SOURCE);
    }

    private static long address(MemorySegment p, long at) {
        return (p.get(U32, at) & 0xFFFF_FFFFL) << 16 | p.get(U16, at + 4) & 0xFFFFL;
    }

    /** Whether it stands for several stations: multicast and broadcast. */
    public static boolean isGroup(long address) {
        return (address & GROUP) != 0;
    }

    public static boolean isReserved(long address) {
        return (address & ~0xFL) == RESERVED;
    }

    /** How many bytes are before the IP packet in a frame of {@code length} bytes, or -1 when it carries none. */
    public static int beforeIp(MemorySegment p, long at, int length) {
        int type = type(p, at, length, LENGTH);
        if (type == IPV4 || type == IPV6) {
            return LENGTH;
        }
        int tagged = type == TAG ? type(p, at, length, TAGGED_LENGTH) : -1;
        return tagged == IPV4 || tagged == IPV6 ? TAGGED_LENGTH : -1;
    }

    /** The last two of the first {@code header} bytes, or -1 when there are fewer. */
    private static int type(MemorySegment p, long at, int length, int header) {
        return length < header ? -1 : p.get(U16, at + header - 2) & 0xFFFF;
    }
}

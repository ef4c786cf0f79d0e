package io.culvert.wire;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.BIG_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The IPv6 header, RFC 8200 section 3. Addresses are two 64-bit big-endian halves. */
public final class Ipv6Header {
    public static final int LENGTH = 40;

    private static final int PAYLOAD_LENGTH = 4;
    private static final int NEXT_HEADER = 6;
    private static final int HOP_LIMIT = 7;
    private static final int SOURCE = 8;
    private static final int DESTINATION = 24;

    private static final ValueLayout.OfShort U16 = JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);
    private static final ValueLayout.OfLong U64 = JAVA_LONG_UNALIGNED.withOrder(BIG_ENDIAN);

    private Ipv6Header() {}

    /** True when {@code length} bytes hold a whole IPv6 header of version 6 whose payload they cover. */
    public static boolean fits(MemorySegment p, long at, int length) {
        return length >= LENGTH && Ipv4Header.version(p, at) == 6 && LENGTH + payloadLength(p, at) <= length;
    }

    public static int payloadLength(MemorySegment p, long at) {
        return p.get(U16, at + PAYLOAD_LENGTH) & 0xFFFF;
    }

    public static int nextHeader(MemorySegment p, long at) {
        return p.get(JAVA_BYTE, at + NEXT_HEADER) & 0xFF;
    }

    public static int hopLimit(MemorySegment p, long at) {
        return p.get(JAVA_BYTE, at + HOP_LIMIT) & 0xFF;
    }

    /** One hop less. The hop limit must not be 0. */
    public static void decrementHopLimit(MemorySegment p, long at) {
        p.set(JAVA_BYTE, at + HOP_LIMIT, (byte) (hopLimit(p, at) - 1));
    }

    public static long sourceHigh(MemorySegment p, long at) {
        return p.get(U64, at + SOURCE);
    }

    public static long sourceLow(MemorySegment p, long at) {
        return p.get(U64, at + SOURCE + 8);
    }

    public static long destinationHigh(MemorySegment p, long at) {
        return p.get(U64, at + DESTINATION);
    }

    public static long destinationLow(MemorySegment p, long at) {
        return p.get(U64, at + DESTINATION + 8);
    }
}

package io.culvert.wire;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.BIG_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The IPv4 header, RFC 791 section 3.1. Addresses are 32-bit big-endian integers. */
public final class Ipv4Header {
    public static final int MIN_LENGTH = 20;

    private static final int TOTAL_LENGTH = 2;
    private static final int FRAGMENT = 6;
    private static final int TTL = 8;
    private static final int PROTOCOL = 9;
    private static final int CHECKSUM = 10;
    private static final int SOURCE = 12;
    private static final int DESTINATION = 16;

    private static final ValueLayout.OfShort U16 = JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);
    private static final ValueLayout.OfInt U32 = JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN);

    private Ipv4Header() {}

    /** The version field of any IP packet of at least one byte. */
    public static int version(MemorySegment p, long at) {
        return (p.get(JAVA_BYTE, at) & 0xFF) >> 4;
    }

    /** True when {@code length} bytes hold a whole IPv4 header of version 4 whose total length they cover exactly. */
    public static boolean fits(MemorySegment p, long at, int length) {
        if (length < MIN_LENGTH || version(p, at) != 4) {
            return false;
        }
        int header = headerLength(p, at);
        return header >= MIN_LENGTH && header <= length && totalLength(p, at) >= header && totalLength(p, at) <= length;
    }

    public static int headerLength(MemorySegment p, long at) {
        return (p.get(JAVA_BYTE, at) & 0x0F) * 4;
    }

    public static int totalLength(MemorySegment p, long at) {
        return p.get(U16, at + TOTAL_LENGTH) & 0xFFFF;
    }

    /** Whether this is the first or only fragment. */
    public static boolean startsPayload(MemorySegment p, long at) {
        return (p.get(U16, at + FRAGMENT) & 0x1FFF) == 0;
    }

    public static int ttl(MemorySegment p, long at) {
        return p.get(JAVA_BYTE, at + TTL) & 0xFF;
    }

    /** One hop less; the checksum follows (RFC 1624 equation 3). The hop limit must not be 0. */
    public static void decrementTtl(MemorySegment p, long at) {
        int before = p.get(U16, at + TTL) & 0xFFFF;
        int after = before - 0x100;
        p.set(U16, at + TTL, (short) after);
        int sum = p.get(U16, at + CHECKSUM) & 0xFFFF;
        p.set(U16, at + CHECKSUM, (short) InternetChecksum.updated(sum, before, after));
    }

    public static int protocol(MemorySegment p, long at) {
        return p.get(JAVA_BYTE, at + PROTOCOL) & 0xFF;
    }

    public static int source(MemorySegment p, long at) {
        return p.get(U32, at + SOURCE);
    }

    public static int destination(MemorySegment p, long at) {
        return p.get(U32, at + DESTINATION);
    }
}

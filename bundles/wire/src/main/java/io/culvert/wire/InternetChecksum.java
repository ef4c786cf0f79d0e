package io.culvert.wire;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.BIG_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The checksum of IP, TCP and UDP, RFC 1071. */
public final class InternetChecksum {
    private static final ValueLayout.OfShort U16 = JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);

    private InternetChecksum() {}

    /** {@code initial} plus the 16-bit words of the bytes, not folded; an odd last byte is padded with zero. */
    public static long sum(MemorySegment p, long at, int length, long initial) {
        long sum = initial;
        long end = at + (length & ~1);
        long i = at;
        for (; i < end; i += 2) {
            sum += p.get(U16, i) & 0xFFFF;
        }
        if ((length & 1) != 0) {
            sum += (p.get(JAVA_BYTE, i) & 0xFF) << 8;
        }
        return sum;
    }

    /** The 16-bit checksum of a {@link #sum}. */
    public static int fold(long sum) {
        while (sum >>> 16 != 0) {
            sum = (sum & 0xFFFF) + (sum >>> 16);
        }
        return (int) ~sum & 0xFFFF;
    }

    /** {@code checksum} after one 16-bit word changed, RFC 1624 equation 3: HC' = ~(~HC + ~m + m'). */
    public static int updated(int checksum, int before, int after) {
        long sum = (~checksum & 0xFFFF) + (~before & 0xFFFF) + (after & 0xFFFF);
        return fold(sum);
    }
}

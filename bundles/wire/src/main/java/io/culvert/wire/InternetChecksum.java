package io.culvert.wire;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The checksum of IP, TCP and UDP, RFC 1071. */
public final class InternetChecksum {
    private static final ValueLayout.OfShort U16 = JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);
    private static final ValueLayout.OfLong NATIVE_64 = JAVA_LONG_UNALIGNED;
    private static final boolean LITTLE = ByteOrder.nativeOrder() == LITTLE_ENDIAN;

    private InternetChecksum() {}

    /**
     * {@code initial} plus a number that has the same {@link #fold} as the 16-bit words of the bytes together; an odd
     * last byte is padded with zero.
     *
     * @param initial not negative; sums may be chained through it
     */
    public static long sum(MemorySegment p, long at, int length, long initial) {
        int whole = length & ~7;
        // One load and two additions each, in a shape that the compiler makes vector instructions of. The halves leave
        // room for their carries, and the order of the bytes is made right once, at the end: RFC 1071 section 2 (B).
        long low = 0;
        long high = 0;
        for (int i = 0; i < whole; i += 8) {
            long eight = p.get(NATIVE_64, at + i);
            low += eight & 0xFFFF_FFFFL;
            high += eight >>> 32;
        }
        int words = folded(low + high);
        long sum = initial + (LITTLE ? Short.toUnsignedInt(Short.reverseBytes((short) words)) : words);
        for (int i = whole; i + 1 < length; i += 2) {
            sum += p.get(U16, at + i) & 0xFFFF;
        }
        if ((length & 1) != 0) {
            sum += (p.get(JAVA_BYTE, at + length - 1) & 0xFF) << 8;
        }
        return sum;
    }

    /** The 16-bit checksum of a {@link #sum}. */
    public static int fold(long sum) {
        return ~folded(sum) & 0xFFFF;
    }

    private static int folded(long sum) {
        long left = sum;
        while (left >>> 16 != 0) {
            left = (left & 0xFFFF) + (left >>> 16);
        }
        return (int) left;
    }

    /** {@code checksum} after one 16-bit word changed, RFC 1624 equation 3: HC' = ~(~HC + ~m + m'). */
    public static int updated(int checksum, int before, int after) {
        long sum = (~checksum & 0xFFFF) + (~before & 0xFFFF) + (after & 0xFFFF);
        return fold(sum);
    }
}

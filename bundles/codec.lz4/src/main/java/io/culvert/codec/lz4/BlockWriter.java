package io.culvert.codec.lz4;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Writes LZ4 blocks, see {@link BlockReader}: takes the newest place with the same hash as the match. */
final class BlockWriter {
    private static final int HASH_BITS = 12;
    private static final int MORE = 15;
    private static final int LEAST_MATCH = 4;

    /** The block format's end: the last match begins so many bytes before it, and so many are literals. */
    private static final int MATCH_LIMIT = 12;

    private static final int LAST_LITERALS = 5;
    private static final int FARTHEST = 65_535;

    /** After so many bytes without a match, as a power of two, every second place is looked at, and so on. */
    private static final int SKIP_SHIFT = 6;

    private static final ValueLayout.OfInt U32 = JAVA_INT_UNALIGNED.withOrder(LITTLE_ENDIAN);

    /** Places by hash, counted from {@link #base}, which makes those of earlier packets too far away. */
    private final int[] places = new int[1 << HASH_BITS];

    private int base;

    /** @return the block's length at the beginning of {@code to}; -1 when it would be longer than {@code room} */
    int write(MemorySegment from, long at, int length, MemorySegment to, int room) {
        if (base > Integer.MAX_VALUE - 2 * (FARTHEST + 1) - length) {
            Arrays.fill(places, 0);
            base = 0;
        }
        // Nothing that was remembered is within reach of this packet, nor is the table's initial 0.
        base += FARTHEST + 1;
        int out = 0;
        int literalsFrom = 0;
        int in = 0;
        int lastMatchAt = length - MATCH_LIMIT;
        while (in <= lastMatchAt) {
            int word = from.get(U32, at + in);
            int hash = word * -1640531535 >>> 32 - HASH_BITS;
            int place = places[hash] - base;
            places[hash] = base + in;
            if (place < 0 || in - place > FARTHEST || from.get(U32, at + place) != word) {
                in += 1 + (in - literalsFrom >>> SKIP_SHIFT);
                continue;
            }
            int match = LEAST_MATCH;
            int most = length - LAST_LITERALS - in;
            while (match < most && from.get(JAVA_BYTE, at + in + match) == from.get(JAVA_BYTE, at + place + match)) {
                match++;
            }
            out = sequence(from, at + literalsFrom, in - literalsFrom, in - place, match, to, out, room);
            if (out < 0) {
                return -1;
            }
            in += match;
            literalsFrom = in;
        }
        out = literals(from, at + literalsFrom, length - literalsFrom, 0, to, out, room);
        base += length;
        return out;
    }

    private static int sequence(
            MemorySegment from, long literalsAt, int literals, int offset, int match, MemorySegment to, int at, int room) {
        int extra = match - LEAST_MATCH;
        int out = literals(from, literalsAt, literals, Math.min(extra, MORE), to, at, room);
        if (out < 0 || room - out < 2 + 1 + extra / 255) {
            return -1;
        }
        to.set(JAVA_BYTE, out, (byte) offset);
        to.set(JAVA_BYTE, out + 1, (byte) (offset >>> 8));
        return extra < MORE ? out + 2 : more(extra - MORE, to, out + 2);
    }

    /** A token with its literals; -1 when there is no room. */
    private static int literals(
            MemorySegment from, long literalsAt, int literals, int matchBits, MemorySegment to, int at, int room) {
        if (room - at < 1 + 1 + literals / 255 + literals) {
            return -1;
        }
        to.set(JAVA_BYTE, at, (byte) (Math.min(literals, MORE) << 4 | matchBits));
        int out = literals < MORE ? at + 1 : more(literals - MORE, to, at + 1);
        MemorySegment.copy(from, literalsAt, to, out, literals);
        return out + literals;
    }

    private static int more(int length, MemorySegment to, int at) {
        int out = at;
        int left = length;
        while (left >= 255) {
            to.set(JAVA_BYTE, out++, (byte) 255);
            left -= 255;
        }
        to.set(JAVA_BYTE, out++, (byte) left);
        return out;
    }
}

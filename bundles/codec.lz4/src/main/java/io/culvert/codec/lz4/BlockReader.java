package io.culvert.codec.lz4;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/**
 * Reads an LZ4 block: sequences of {@code |literal length 4|match length 4|more literal length|literals|offset 16|more
 * match length|}, of which the last one ends with its literals.
 */
final class BlockReader {
    private static final int MORE = 15;
    private static final int LEAST_MATCH = 4;

    private BlockReader() {}

    /** @return the bytes written at the beginning of {@code to}, at most {@code room}; -1 for anything that is no block */
    static int read(MemorySegment from, long at, int length, MemorySegment to, int room) {
        int in = 0;
        int out = 0;
        while (in < length) {
            int token = from.get(JAVA_BYTE, at + in++) & 0xFF;
            int literals = token >>> 4;
            if (literals == MORE) {
                int more;
                do {
                    if (in == length) {
                        return -1;
                    }
                    more = from.get(JAVA_BYTE, at + in++) & 0xFF;
                    literals += more;
                } while (more == 255);
            }
            if (literals > length - in || literals > room - out) {
                return -1;
            }
            MemorySegment.copy(from, at + in, to, out, literals);
            in += literals;
            out += literals;
            if (in == length) {
                return (token & MORE) == 0 ? out : -1;
            }
            if (length - in < 2) {
                return -1;
            }
            int offset = from.get(JAVA_BYTE, at + in) & 0xFF | (from.get(JAVA_BYTE, at + in + 1) & 0xFF) << 8;
            in += 2;
            int match = token & MORE;
            if (match == MORE) {
                int more;
                do {
                    if (in == length) {
                        return -1;
                    }
                    more = from.get(JAVA_BYTE, at + in++) & 0xFF;
                    match += more;
                } while (more == 255);
            }
            match += LEAST_MATCH;
            if (offset == 0 || offset > out || match > room - out) {
                return -1;
            }
            if (offset >= match) {
                MemorySegment.copy(to, out - offset, to, out, match);
            } else {
                // The match repeats what it writes itself.
                for (int i = 0; i < match; i++) {
                    to.set(JAVA_BYTE, out + i, to.get(JAVA_BYTE, out - offset + i));
                }
            }
            out += match;
        }
        return -1; // without a last sequence
    }
}

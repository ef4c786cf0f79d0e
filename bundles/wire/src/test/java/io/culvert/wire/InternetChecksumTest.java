package io.culvert.wire;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InternetChecksumTest {
    private static final int BYTES = 1 << 16;

    private final Random random = new Random(1071);

    @Test
    void shouldAgreeWithTheDefinitionAtAnyOffsetAndLength() {
        try (var arena = Arena.ofConfined()) {
            byte[] bytes = new byte[BYTES];
            random.nextBytes(bytes);
            MemorySegment p = arena.allocate(BYTES, 64);
            MemorySegment.copy(bytes, 0, p, JAVA_BYTE, 0, BYTES);
            for (int length = 0; length < 200; length++) {
                for (int at = 0; at < 17; at++) {
                    check(bytes, p, at, length);
                }
            }
            for (int i = 0; i < 300; i++) {
                int length = random.nextInt(BYTES);
                check(bytes, p, random.nextInt(BYTES - length + 1), length);
            }
        }
    }

    @Test
    void shouldCarryWhatOverflows() {
        byte[] ones = new byte[65_535];
        java.util.Arrays.fill(ones, (byte) 0xFF);
        check(ones, MemorySegment.ofArray(ones), 0, ones.length);
        check(ones, MemorySegment.ofArray(ones), 1, 1400);
    }

    /** Zero and all ones are the same number, but only nothing adds up to zero. */
    @Test
    void shouldKeepTheTwoZerosApart() {
        byte[] zeros = new byte[1024];
        assertEquals(0, InternetChecksum.sum(MemorySegment.ofArray(zeros), 0, 1024, 0));
        byte[] cancelling = new byte[1024];
        cancelling[0] = (byte) 0xFF;
        cancelling[513] = (byte) 0xFF;
        assertEquals(0, InternetChecksum.fold(InternetChecksum.sum(MemorySegment.ofArray(cancelling), 0, 1024, 0)));
        assertEquals(0xFFFF, InternetChecksum.fold(InternetChecksum.sum(MemorySegment.ofArray(zeros), 0, 1024, 0)));
    }

    @Test
    void shouldChainPieces() {
        byte[] bytes = new byte[301];
        random.nextBytes(bytes);
        MemorySegment p = MemorySegment.ofArray(bytes);
        long chained = InternetChecksum.sum(p, 0, 100, 0);
        chained = InternetChecksum.sum(p, 100, 18, chained);
        chained = InternetChecksum.sum(p, 118, 183, chained);
        assertEquals(definition(bytes, 0, 301, 0), InternetChecksum.fold(chained));
    }

    private void check(byte[] bytes, MemorySegment p, int at, int length) {
        long initial = random.nextInt(1 << 20);
        assertEquals(
                definition(bytes, at, length, initial),
                InternetChecksum.fold(InternetChecksum.sum(p, at, length, initial)),
                () -> "at " + at + ", " + length + " bytes");
    }

    private static int definition(byte[] bytes, int at, int length, long initial) {
        long sum = initial;
        for (int i = 0; i < length; i++) {
            sum += (long) (bytes[at + i] & 0xFF) << (i % 2 == 0 ? 8 : 0);
        }
        while (sum > 0xFFFF) {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }
        return (int) (~sum & 0xFFFF);
    }
}

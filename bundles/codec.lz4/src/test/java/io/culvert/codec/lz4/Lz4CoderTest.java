package io.culvert.codec.lz4;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.culvert.testsupport.TestPacket;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import org.junit.jupiter.api.Test;

/** Against lz4-java, another implementation. */
final class Lz4CoderTest {
    private static final LZ4Factory OTHER = LZ4Factory.safeInstance();
    private static final int ROOM = 2048;

    private final Lz4Coder coder = new Lz4Coder();

    /** Packets as they are: runs, text, noise, and mixtures. */
    private static byte[] packet(int seed) {
        var random = new Random(seed);
        byte[] packet = new byte[random.nextInt(1500)];
        for (int i = 0; i < packet.length; ) {
            int run = Math.min(packet.length - i, 1 + random.nextInt(90));
            switch (random.nextInt(3)) {
                case 0 -> Arrays.fill(packet, i, i + run, (byte) random.nextInt());
                case 1 -> {
                    for (int j = 0; j < run; j++) {
                        packet[i + j] = (byte) random.nextInt();
                    }
                }
                default -> {
                    int back = i == 0 ? 0 : 1 + random.nextInt(i);
                    for (int j = 0; j < run; j++) {
                        packet[i + j] = back == 0 ? (byte) 'x' : packet[i + j - back];
                    }
                }
            }
            i += run;
        }
        return packet;
    }

    @Test
    void shouldWriteWhatAnotherImplementationReads() {
        int compressed = 0;
        for (int seed = 0; seed < 5_000; seed++) {
            byte[] bytes = packet(seed);
            var packet = TestPacket.within(bytes, ROOM);
            if (!coder.encode(packet, 2)) {
                assertArrayEquals(bytes, packet.bytes(), "left alone, seed " + seed);
                continue;
            }
            compressed++;
            assertTrue(packet.length() <= bytes.length - 2);
            assertArrayEquals(bytes, OTHER.safeDecompressor().decompress(packet.bytes(), bytes.length), "seed " + seed);
            assertTrue(coder.decode(packet));
            assertArrayEquals(bytes, packet.bytes(), "seed " + seed);
        }
        assertTrue(compressed > 2_500, "of 5,000 packets " + compressed + " became shorter");
    }

    @Test
    void shouldReadWhatAnotherImplementationWrites() {
        for (int seed = 0; seed < 5_000; seed++) {
            byte[] bytes = packet(seed);
            var packet = TestPacket.within(OTHER.fastCompressor().compress(bytes), ROOM);
            assertTrue(coder.decode(packet), "seed " + seed);
            assertArrayEquals(bytes, packet.bytes(), "seed " + seed);
        }
    }

    /** Token with 1 literal and a match of 4 + 6, the literal, offset 1, then the last sequence with 5 literals. */
    @Test
    void shouldReadTheSpecificationsSequences() {
        var packet = TestPacket.within(HexFormat.ofDelimiter(" ").parseHex("16 61 01 00 50 62 63 64 65 66"), ROOM);
        assertTrue(coder.decode(packet));
        assertEquals("aaaaaaaaaaabcdef", new String(packet.bytes()));
    }

    @Test
    void shouldRefuseEveryTruncationAndWhatIsTooLong() {
        byte[] bytes = new byte[1400];
        new Random(7).nextBytes(bytes);
        Arrays.fill(bytes, 100, 900, (byte) 'a');
        var whole = TestPacket.within(bytes, ROOM);
        assertTrue(coder.encode(whole, 2));
        byte[] block = whole.bytes();
        for (int length = 0; length < block.length; length++) {
            var cut = TestPacket.within(Arrays.copyOf(block, length), ROOM);
            assertFalse(coder.decode(cut) && Arrays.equals(cut.bytes(), bytes), "length " + length);
        }
        assertFalse(coder.decode(TestPacket.within(block, 1399)), "larger than the buffer");
        assertTrue(coder.decode(TestPacket.within(block, 1400)));
    }

    @Test
    void shouldForgetEarlierPackets() {
        byte[] bytes = packet(3);
        for (int i = 0; i < 40_000; i++) {
            var packet = TestPacket.within(bytes, ROOM);
            coder.encode(packet, 2);
        }
        var packet = TestPacket.within(bytes, ROOM);
        assertTrue(coder.encode(packet, 2));
        assertArrayEquals(bytes, OTHER.safeDecompressor().decompress(packet.bytes(), bytes.length));
    }

    @FuzzTest
    void shouldAgreeWithAnotherImplementationOnAnyBytes(byte[] block) {
        if (block.length > ROOM) {
            return;
        }
        var packet = TestPacket.within(block, ROOM);
        boolean read = coder.decode(packet);
        byte[] theirs;
        try {
            theirs = OTHER.safeDecompressor().decompress(block, ROOM);
        } catch (LZ4Exception e) {
            return; // it is stricter about a block's end
        }
        if (read) {
            assertArrayEquals(theirs, packet.bytes());
        }
    }
}

package io.culvert.core.tun;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.core.tun.SuperPackets.Flow;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SegmenterTest {
    private static final int MTU = 1500;

    private final Random random = new Random(793);

    @Test
    void shouldMakeTheSegmentsThatTheKernelWouldHaveMade() {
        for (int round = 0; round < 500; round++) {
            Flow flow = flow();
            int gsoSize = 1 + random.nextInt(1300);
            byte[] payload = SuperPackets.random(random, 1 + random.nextInt(Math.min(20_000, 40 * gsoSize)));
            int flags = SuperPackets.ACK
                    | random.nextInt(2) * SuperPackets.PSH
                    | random.nextInt(2) * SuperPackets.FIN
                    | random.nextInt(2) * SuperPackets.CWR;
            byte[] whole = flow.packet(flags, payload);
            List<byte[]> segments = SuperPackets.split(SuperPackets.gso(whole, flow.headers(), gsoSize), MTU);
            int count = Math.ceilDiv(payload.length, gsoSize);
            assertEquals(count, segments.size());
            for (int i = 0; i < count; i++) {
                byte[] part = Arrays.copyOfRange(payload, i * gsoSize, Math.min(payload.length, (i + 1) * gsoSize));
                int own = flags
                        & ~(i == 0 ? 0 : SuperPackets.CWR)
                        & ~(i == count - 1 ? 0 : SuperPackets.PSH | SuperPackets.FIN);
                assertArrayEquals(flow.take(own, part), segments.get(i));
            }
        }
    }

    @Test
    void shouldCompleteTheChecksumOfASinglePacket() {
        for (int round = 0; round < 100; round++) {
            Flow flow = flow();
            byte[] packet = flow.packet(SuperPackets.ACK, SuperPackets.random(random, random.nextInt(1300)));
            byte[] partial = SuperPackets.gso(packet, 0, 0);
            partial[1] = 0;
            assertArrayEquals(packet, SuperPackets.split(partial, MTU).getFirst());
        }
    }

    @Test
    void shouldPassWhatNeedsNothing() {
        byte[] packet = flow().packet(SuperPackets.ACK, new byte[77]);
        packet[packet.length - 1] = 1;
        List<byte[]> same = SuperPackets.split(SuperPackets.vnet(0, 0, 0, 0, 0, 0, packet), MTU);
        assertArrayEquals(packet, same.getFirst());
        assertEquals(1, same.size());
    }

    /** Never zero, which would say that there is no checksum. */
    @Test
    void shouldWriteAZeroChecksumAsAllOnes() {
        Flow flow = new Flow(random, 4, 17);
        byte[] payload = new byte[2];
        byte[] packet = flow.packet(0, payload);
        // With its own checksum for payload the sum is zero.
        payload[0] = packet[26];
        payload[1] = packet[27];
        packet = flow.packet(0, payload);
        assertEquals(-1, ByteBuffer.wrap(packet).getShort(26));
        assertArrayEquals(packet, SuperPackets.split(SuperPackets.gso(packet, 28, 2), MTU).getFirst());
    }

    @Test
    void shouldRefuseWhatThePacketDoesNotBearOut() {
        Flow flow = new Flow(random, 4, 6);
        byte[] whole = flow.packet(SuperPackets.ACK, new byte[5000]);
        byte[] good = SuperPackets.gso(whole, 40, 1000);
        assertEquals(5, SuperPackets.split(good, MTU).size());
        assertNull(SuperPackets.split(good, 1039), "segments larger than wanted");
        assertNull(SuperPackets.split(with(good, 0, 0), MTU), "no checksum that is right or to be completed");
        assertEquals(5, SuperPackets.split(with(good, 0, 2), MTU).size());
        assertEquals(5, SuperPackets.split(with(good, 1, 0x81), MTU).size(), "the ECN bit");
        for (int type : new int[] {2, 3, 4, 5, 6, 0x7f}) {
            assertNull(SuperPackets.split(with(good, 1, type), MTU), "type " + type);
        }
        assertNull(SuperPackets.split(with(with(good, 4, 0), 5, 0), MTU), "no segment size");
        assertNull(SuperPackets.split(with(good, 6, 24), MTU), "the checksum starts elsewhere");
        assertNull(SuperPackets.split(with(good, 8, 6), MTU), "the checksum is elsewhere");
        assertNull(SuperPackets.split(with(good, 10, 0x46), MTU), "an IP header that is longer");
        assertNull(SuperPackets.split(with(good, 10, 0x44), MTU), "an IP header that is too short");
        assertNull(SuperPackets.split(with(good, 13, 0), MTU), "another total length");
        assertNull(SuperPackets.split(with(good, 16, 0x20), MTU), "a fragment");
        assertNull(SuperPackets.split(with(good, 17, 1), MTU), "a later fragment");
        assertNull(SuperPackets.split(with(good, 19, 17), MTU), "not TCP");
        assertNull(SuperPackets.split(with(good, 42, 0x40), MTU), "a TCP header that is too short");
        for (int length = 0; length < good.length; length++) {
            assertNull(SuperPackets.split(Arrays.copyOf(good, length), MTU), "cut to " + length);
        }
        byte[] none = SuperPackets.gso(flow.packet(SuperPackets.ACK, new byte[0]), 40, 1000);
        assertNull(SuperPackets.split(none, MTU), "no payload");
    }

    @Test
    void shouldRefuseAChecksumOutsideOfThePacket() {
        byte[] packet = new Flow(random, 6, 17).packet(0, new byte[10]);
        byte[] good = SuperPackets.vnet(1, 0, 0, 0, 40, 6, packet);
        assertEquals(1, SuperPackets.split(good, MTU).size());
        for (int[] at : new int[][] {{40, 17}, {65_535, 65_535}, {0, 6}, {57, 0}, {40, 65_535}}) {
            assertNull(SuperPackets.split(SuperPackets.vnet(1, 0, 0, 0, at[0], at[1], packet), MTU), at[0] + "+" + at[1]);
        }
        assertNull(SuperPackets.split(good, 57), "larger than wanted");
    }

    @Test
    void shouldSkip() {
        Flow flow = new Flow(random, 6, 6);
        byte[] whole = flow.packet(SuperPackets.ACK, SuperPackets.random(random, 2500));
        byte[] packet = SuperPackets.gso(whole, 60, 1000);
        var segmenter = new Segmenter();
        assertTrue(segmenter.load(java.lang.foreign.MemorySegment.ofArray(packet), 0, packet.length, MTU));
        assertTrue(segmenter.isSeveral());
        segmenter.skip();
        byte[] second = new byte[segmenter.nextLength()];
        segmenter.take(java.lang.foreign.MemorySegment.ofArray(second), 0);
        assertArrayEquals(SuperPackets.split(packet, MTU).get(1), second);
        assertEquals(560, segmenter.nextLength());
        segmenter.skip();
        assertTrue(segmenter.isEmpty());
    }

    private static byte[] with(byte[] bytes, int at, int value) {
        byte[] copy = bytes.clone();
        copy[at] = (byte) value;
        return copy;
    }

    private Flow flow() {
        Flow flow = new Flow(random, random.nextBoolean() ? 4 : 6, random.nextBoolean() ? 6 : 17);
        flow.options = SuperPackets.random(random, random.nextInt(11) * 4);
        flow.dontFragment = random.nextBoolean();
        if (flow.version == 6 && random.nextInt(4) == 0) {
            flow.extension = new byte[8 + 8 * random.nextInt(3)];
            flow.extension[0] = (byte) flow.protocol;
            flow.extension[1] = (byte) (flow.extension.length / 8 - 1);
        }
        return flow;
    }
}

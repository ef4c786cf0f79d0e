package io.culvert.tunnel.openvpn.control;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.tunnel.openvpn.wire.ControlPacket;
import io.culvert.tunnel.openvpn.wire.Opcode;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReliableTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final Reliable reliable = new Reliable();

    private static ControlPacket control(int id) {
        return new ControlPacket(Opcode.CONTROL_V1, 0, 1, new int[0], 0, id, new byte[] {(byte) id});
    }

    private void send(int messages) {
        for (int i = 0; i < messages; i++) {
            reliable.send(Opcode.CONTROL_V1, new byte[] {(byte) i});
        }
    }

    /** The ids that are due now. */
    private List<Integer> due(long nowNs) {
        var ids = new ArrayList<Integer>();
        for (Reliable.Outgoing m = reliable.poll(nowNs); m != null; m = reliable.poll(nowNs)) {
            ids.add(m.id());
        }
        return ids;
    }

    private static List<Integer> deliver(Reliable receiver) {
        var ids = new ArrayList<Integer>();
        for (ControlPacket p = receiver.deliver(); p != null; p = receiver.deliver()) {
            ids.add(p.messageId());
        }
        return ids;
    }

    // ---- sending

    @Test
    void shouldSendNoMoreThanTheWindowUntilTheLowestIsAcknowledged() {
        send(10);
        assertEquals(List.of(0, 1, 2, 3, 4, 5), due(0));
        assertEquals(4, reliable.queued());
        reliable.onAcks(new int[] {1, 2});
        assertEquals(List.of(), due(0));
        reliable.onAcks(new int[] {0});
        assertEquals(List.of(6, 7, 8), due(0));
        assertFalse(reliable.allAcknowledged());
        reliable.onAcks(new int[] {3, 4, 5, 6, 7, 8});
        assertEquals(List.of(9), due(0));
        reliable.onAcks(new int[] {9});
        assertTrue(reliable.allAcknowledged());
        assertEquals(Long.MAX_VALUE, reliable.nextTimeoutNs());
    }

    @Test
    void shouldSendAgainAfterTwoSecondsAndThenDoubleUpToSixteen() {
        send(1);
        assertEquals(List.of(0), due(0));
        long now = 0;
        for (long wait : new long[] {2, 4, 8, 16, 16, 16}) {
            assertEquals(now + wait * SECOND, reliable.nextTimeoutNs());
            assertEquals(List.of(), due(now + wait * SECOND - 1));
            now += wait * SECOND;
            assertEquals(List.of(0), due(now));
        }
    }

    @Test
    void shouldSendAgainAtOnceWhenThreeHigherIdsWereAcknowledged() {
        send(5);
        due(0);
        reliable.onAcks(new int[] {1, 2});
        assertEquals(List.of(), due(1));
        reliable.onAcks(new int[] {2, 1});
        assertEquals(List.of(), due(1), "the same acks again are no news");
        reliable.onAcks(new int[] {4});
        assertEquals(List.of(0), due(1));
        assertEquals(List.of(), due(1));
    }

    @Test
    void shouldIgnoreAcksOfWhatItNeverSent() {
        send(8);
        due(0);
        reliable.onAcks(new int[] {6, 7, 99, -1, Integer.MIN_VALUE});
        assertFalse(reliable.allAcknowledged());
        assertEquals(2, reliable.queued());
        assertEquals(List.of(), due(1));
    }

    @Test
    void shouldSendWhatThePeerMayHaveMissedWhenItIsFirstHeard() {
        send(1);
        due(0);
        reliable.onPeerHeard();
        assertEquals(List.of(0), due(1));
        reliable.onPeerHeard();
        assertEquals(List.of(), due(1));
    }

    @Test
    void shouldGoOnBehindAStartThatKeptNoState() {
        var resumed = new Reliable(1, 1);
        resumed.send(Opcode.CONTROL_V1, new byte[0]);
        Reliable.Outgoing first = resumed.poll(0);
        assertNotNull(first);
        assertEquals(1, first.id());
        assertTrue(resumed.receive(control(0)));
        assertNull(resumed.deliver());
        assertTrue(resumed.receive(control(1)));
        assertEquals(List.of(1), deliver(resumed));
    }

    // ---- receiving

    @Test
    void shouldDeliverInOrderWhateverOrderMessagesComeIn() {
        for (int id : new int[] {3, 1, 2}) {
            assertTrue(reliable.receive(control(id)));
            assertEquals(List.of(), deliver(reliable));
        }
        assertTrue(reliable.receive(control(0)));
        assertEquals(List.of(0, 1, 2, 3), deliver(reliable));
    }

    @Test
    void shouldAcknowledgeADuplicateAgainAndDeliverItOnce() {
        assertTrue(reliable.receive(control(0)));
        assertEquals(List.of(0), deliver(reliable));
        assertArrayEquals(new int[] {0}, reliable.takeAcks(4));
        assertFalse(reliable.hasPendingAcks());
        assertTrue(reliable.receive(control(0)));
        assertEquals(List.of(), deliver(reliable));
        assertTrue(reliable.hasPendingAcks());
        assertArrayEquals(new int[] {0}, reliable.takeAcks(4));
    }

    @ParameterizedTest
    @ValueSource(ints = {12, 13, 1000, Integer.MAX_VALUE, -1, Integer.MIN_VALUE})
    void shouldNeitherStoreNorAcknowledgeIdsOutsideOfTheWindow(int id) {
        assertFalse(reliable.receive(control(id)));
        assertFalse(reliable.hasPendingAcks());
        assertNull(reliable.deliver());
    }

    @Test
    void shouldTakeTheLastIdOfTheWindow() {
        for (int id = 11; id >= 0; id--) {
            assertTrue(reliable.receive(control(id)));
        }
        assertEquals(IntStream.range(0, 12).boxed().toList(), deliver(reliable));
        assertTrue(reliable.receive(control(23)));
        assertFalse(reliable.receive(control(24)));
    }

    @Test
    void shouldFillAcksWithRecentOnesMostRecentFirst() {
        for (int id = 0; id < 6; id++) {
            reliable.receive(control(id));
        }
        assertArrayEquals(new int[] {0, 1, 2, 3}, reliable.takeAcks(Reliable.ACKS_PER_CONTROL));
        assertTrue(reliable.hasPendingAcks());
        int[] next = reliable.takeAcks(ControlPacket.MAX_ACKS);
        assertEquals(List.of(4, 5), IntStream.of(next).limit(2).boxed().toList());
        assertEquals(6, IntStream.of(next).distinct().count());
        assertFalse(reliable.hasPendingAcks());
        assertEquals(4, reliable.takeAcks(4).length);
    }

    @Test
    void shouldBoundTheAcksThatAFloodOfDuplicatesAsksFor() {
        for (int id = 0; id < 1000; id++) {
            reliable.receive(control(id));
            reliable.deliver();
        }
        int taken = 0;
        while (reliable.hasPendingAcks()) {
            assertTrue(reliable.takeAcks(ControlPacket.MAX_ACKS).length <= ControlPacket.MAX_ACKS);
            taken++;
        }
        assertTrue(taken <= 3, taken + " packets of acks");
    }

    // ---- both ends

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void shouldBringEverythingOverAWireThatLosesDoublesAndReorders(long seed) {
        var random = new Random(seed);
        var receiver = new Reliable();
        send(100);
        var wire = new ArrayList<ControlPacket>();
        var back = new ArrayList<int[]>();
        var got = new ArrayList<Integer>();
        long now = 0;
        while (!reliable.allAcknowledged()) {
            assertTrue(now < 4000 * SECOND, "stuck after " + got.size());
            for (Reliable.Outgoing m = reliable.poll(now); m != null; m = reliable.poll(now)) {
                for (int copies = random.nextInt(3); copies > 0; copies--) {
                    wire.add(random.nextInt(wire.size() + 1), control(m.id()));
                }
            }
            while (!wire.isEmpty() && random.nextInt(8) > 0) {
                receiver.receive(wire.removeLast());
                got.addAll(deliver(receiver));
            }
            while (receiver.hasPendingAcks()) {
                int[] acks = receiver.takeAcks(ControlPacket.MAX_ACKS);
                if (random.nextInt(3) > 0) {
                    back.add(random.nextInt(back.size() + 1), acks);
                }
            }
            while (!back.isEmpty() && random.nextInt(8) > 0) {
                reliable.onAcks(back.removeLast());
            }
            now += SECOND / 2;
        }
        assertEquals(IntStream.range(0, 100).boxed().toList(), got);
    }
}

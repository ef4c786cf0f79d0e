package io.culvert.core.tun;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.core.buffer.BufferPool;
import io.culvert.core.tun.SuperPackets.Flow;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class CoalescerTest {
    private static final int MTU = 1500;
    private static final int BUFFERS = 2048;

    private final Random random = new Random(3168);
    private final BufferPool pool = new BufferPool(BUFFERS, 64, MTU);
    private final RecordingSink sink = new RecordingSink();
    private final Coalescer coalescer = new Coalescer(sink, true, true);

    @Test
    void shouldJoinWhatTheKernelTookApart() {
        for (int round = 0; round < 500; round++) {
            Flow flow = flow();
            int gsoSize = 1 + random.nextInt(1300);
            int payload = gsoSize + 1 + random.nextInt(Math.min(60_000, 63 * gsoSize));
            int flags = SuperPackets.ACK | random.nextInt(2) * SuperPackets.PSH;
            byte[] whole = flow.packet(flags, SuperPackets.random(random, payload));
            byte[] superPacket = SuperPackets.gso(whole, flow.headers(), gsoSize);
            List<byte[]> segments = SuperPackets.split(superPacket, MTU);
            List<byte[]> written = write(segments);
            assertEquals(1, written.size());
            assertArrayEquals(superPacket, written.getFirst());
        }
    }

    @Test
    void shouldChangeNothingWhateverTheOrder() {
        for (int round = 0; round < 300; round++) {
            List<Flow> flows = new ArrayList<>();
            for (int i = random.nextInt(Coalescer.FLOWS + 4); i >= 0; i--) {
                flows.add(flow());
            }
            List<byte[]> packets = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                Flow flow = flows.get(random.nextInt(flows.size()));
                byte[] payload = SuperPackets.random(random, random.nextInt(8) == 0 ? random.nextInt(900) : 900);
                if (random.nextInt(20) == 0) {
                    disturb(flow);
                }
                int flags = random.nextInt(20) == 0 ? random.nextInt(256) : SuperPackets.ACK;
                byte[] packet = flow.take(flags, payload);
                if (random.nextInt(20) == 0) {
                    packet[random.nextInt(packet.length)] ^= (byte) (1 << random.nextInt(8));
                }
                packets.add(packet);
                if (random.nextInt(10) == 0) {
                    int other = random.nextInt(packets.size());
                    packets.add(packets.get(other));
                }
            }
            List<byte[]> back = apart(write(packets));
            // Flows may overtake each other, but not their own packets.
            for (Flow flow : flows) {
                assertEquals(of(flow, packets), of(flow, back));
            }
            assertEquals(sorted(packets), sorted(back));
        }
        assertTrue(sink.runs > 1000, "runs: " + sink.runs);
    }

    /** What must be joined with nothing: each change is made to the second of three. */
    @Test
    void shouldNotJoinWhatDiffers() {
        for (int version : new int[] {4, 6}) {
            int tcp = version == 4 ? 20 : 40;
            refuses(version, "sequence", packet -> plus(packet, tcp + 7, 1));
            refuses(version, "acknowledgement", packet -> plus(packet, tcp + 11, 1));
            refuses(version, "window", packet -> plus(packet, tcp + 15, 1));
            refuses(version, "urgent pointer", packet -> plus(packet, tcp + 19, 1));
            refuses(version, "options", packet -> plus(packet, tcp + 24, 1));
            refuses(version, "reserved bits", packet -> plus(packet, tcp + 12, 1));
            refuses(version, "address", packet -> plus(packet, 12, 1));
            refuses(version, "port", packet -> plus(packet, tcp + 1, 1));
            for (int flags : new int[] {0, 0x11, 0x12, 0x14, 0x30, 0x50, 0x90}) {
                refuses(version, "flags " + flags, packet -> plus(packet, tcp + 13, flags - 0x10));
            }
        }
        refuses(4, "type of service", packet -> plus(packet, 1, 1));
        refuses(4, "time to live", packet -> plus(packet, 8, 1));
        refuses(4, "may be fragmented", packet -> plus(packet, 6, -0x40));
        refuses(4, "more fragments", packet -> plus(packet, 6, 0x20));
        refuses(6, "flow label", packet -> plus(packet, 3, 1));
        refuses(6, "traffic class", packet -> plus(packet, 1, 0x10));
        refuses(6, "hop limit", packet -> plus(packet, 7, 1));
    }

    @Test
    void shouldNeverMakeABadChecksumGood() {
        for (int protocol : new int[] {6, 17}) {
            for (int bad = 0; bad < 3; bad++) {
                Flow flow = new Flow(random, 4, protocol);
                List<byte[]> packets = packets(flow, 3);
                packets.get(bad)[50] ^= 1;
                assertNotEquals(0, SuperPackets.transportChecksum(packets.get(bad)));
                List<byte[]> written = write(packets);
                assertEquals(bad == 1 ? 3 : 2, written.size());
                assertArrayEquals(packets.get(bad), bare(written.get(bad == 2 ? 1 : bad)));

                packets = packets(flow, 3);
                packets.get(bad)[10] ^= 1;
                assertEquals(bad == 1 ? 3 : 2, write(packets).size(), "the checksum of the IP header");
            }
        }
    }

    @Test
    void shouldNotJoinUdpWithoutAChecksum() {
        Flow flow = new Flow(random, 4, 17);
        List<byte[]> packets = packets(flow, 3);
        packets.forEach(packet -> ByteBuffer.wrap(packet).putShort(26, (short) 0));
        assertEquals(3, write(packets).size());
    }

    @Test
    void shouldJoinNothingThatTheKernelDoesNotTake() {
        var plain = new Coalescer(sink, true, false);
        for (byte[] packet : packets(new Flow(random, 4, 17), 3)) {
            plain.add(RecordingSink.buffer(pool, packet));
        }
        assertEquals(3, sink.written.size());
    }

    @Test
    void shouldNotJoinAcknowledgementsAndKeepThemInOrder() {
        Flow flow = new Flow(random, 4, 6);
        List<byte[]> packets = packets(flow, 2);
        packets.add(flow.take(SuperPackets.ACK, new byte[0]));
        packets.addAll(packets(flow, 2));
        List<byte[]> written = write(packets);
        assertEquals(3, written.size());
        assertArrayEquals(packets.get(2), bare(written.get(1)));
    }

    @Test
    void shouldKeepOnlyTheNewestOfAcknowledgementsThatSayTheSame() {
        for (int version : new int[] {4, 6}) {
            Flow flow = new Flow(random, version, 6);
            flow.options = new byte[] {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};
            List<byte[]> packets = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                flow.acknowledgement += 2800;
                packets.add(flow.take(SuperPackets.ACK, new byte[0]));
            }
            packets.addAll(packets(flow, 1));
            List<byte[]> written = write(packets);
            assertEquals(2, written.size());
            assertArrayEquals(packets.get(9), bare(written.get(0)));
            assertArrayEquals(packets.get(10), bare(written.get(1)));
        }
    }

    @Test
    void shouldKeepAcknowledgementsThatSaySomethingElse() {
        Flow flow = new Flow(random, 4, 6);
        List<UnaryOperator<byte[]>> changes = List.of(
                same -> same, // the same byte again: a sign of loss
                moves -> {
                    flow.acknowledgement += 1400;
                    return flow.take(SuperPackets.ACK | 0x40, new byte[0]); // ECE
                },
                moves -> {
                    flow.acknowledgement += 1400;
                    flow.options = new byte[] {1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2}; // SACK
                    return flow.take(SuperPackets.ACK, new byte[0]);
                },
                moves -> {
                    flow.acknowledgement += 1400;
                    flow.sequence += 1;
                    return flow.take(SuperPackets.ACK, new byte[0]);
                },
                moves -> {
                    flow.acknowledgement += 1400;
                    flow.trafficClass = 1;
                    return flow.take(SuperPackets.ACK, new byte[0]);
                },
                moves -> {
                    flow.acknowledgement += 1400;
                    byte[] bad = flow.take(SuperPackets.ACK, new byte[0]);
                    bad[bad.length - 1] ^= 1;
                    return bad;
                },
                moves -> {
                    flow.acknowledgement -= 1400;
                    return flow.take(SuperPackets.ACK, new byte[0]);
                });
        for (var change : changes) {
            byte[] first = flow.take(SuperPackets.ACK, new byte[0]);
            byte[] second = change.apply(first);
            List<byte[]> written = write(List.of(first, second));
            assertEquals(2, written.size());
            assertArrayEquals(first, bare(written.get(0)));
            assertArrayEquals(second, bare(written.get(1)));
            flow.options = new byte[0];
            flow.trafficClass = 0;
        }
    }

    @Test
    void shouldEndARunWithPushOrAShorterSegment() {
        Flow flow = new Flow(random, 6, 6);
        List<byte[]> packets = packets(flow, 2);
        packets.add(flow.take(SuperPackets.ACK | SuperPackets.PSH, SuperPackets.random(random, 100)));
        packets.addAll(packets(flow, 2));
        packets.add(flow.take(SuperPackets.ACK, SuperPackets.random(random, 99)));
        packets.addAll(packets(flow, 2));
        packets.add(flow.take(SuperPackets.ACK, SuperPackets.random(random, 101)));
        List<byte[]> written = write(packets);
        assertEquals(4, written.size());
        assertEquals(SuperPackets.ACK | SuperPackets.PSH, written.getFirst()[10 + 40 + 13]);
        assertEquals(sorted(packets), sorted(apart(written)));
    }

    @Test
    void shouldFollowTheIdentificationWhereItMeansSomething() {
        Flow flow = new Flow(random, 4, 6);
        flow.dontFragment = false;
        List<byte[]> packets = packets(flow, 3);
        flow.id++;
        packets.addAll(packets(flow, 2));
        assertEquals(2, write(packets).size());
        flow.dontFragment = true;
        packets = packets(flow, 1);
        flow.id += 77;
        packets.addAll(packets(flow, 1));
        assertEquals(1, write(packets).size());
    }

    @Test
    void shouldKeepFragmentsBehindWhatCameBefore() {
        Flow flow = new Flow(random, 4, 17);
        List<byte[]> packets = packets(flow, 2);
        byte[] fragment = flow.packet(0, new byte[100]);
        fragment[6] = 0x20;
        packets.add(fragment);
        List<byte[]> written = write(packets);
        assertArrayEquals(fragment, bare(written.get(1)));
    }

    @Test
    void shouldLetTheOldestFlowGoWhenThereAreTooMany() {
        List<Flow> flows = new ArrayList<>();
        List<byte[]> packets = new ArrayList<>();
        for (int i = 0; i <= Coalescer.FLOWS; i++) {
            flows.add(new Flow(random, 4, 6));
            packets.add(flows.get(i).take(SuperPackets.ACK, new byte[100]));
        }
        packets.forEach(packet -> coalescer.add(RecordingSink.buffer(pool, packet)));
        assertEquals(1, sink.written.size());
        assertArrayEquals(packets.getFirst(), bare(sink.written.getFirst()));
        coalescer.flush();
        assertEquals(Coalescer.FLOWS + 1, sink.written.size());
        assertEquals(BUFFERS, pool.free());
    }

    @Test
    void shouldStayWithinOnePacket() {
        Flow flow = new Flow(random, 4, 6);
        List<byte[]> packets = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            packets.add(flow.take(SuperPackets.ACK, SuperPackets.random(random, 1400)));
        }
        List<byte[]> written = write(packets);
        assertEquals(2, written.size());
        assertTrue(written.getFirst().length <= 10 + 65_535);
        assertEquals(10 + 40 + 46 * 1400, written.getFirst().length);
    }

    private void refuses(int version, String what, UnaryOperator<byte[]> change) {
        Flow flow = new Flow(random, version, 6);
        flow.options = SuperPackets.random(random, 12);
        List<byte[]> packets = packets(flow, 3);
        byte[] changed = change.apply(packets.get(1));
        if (version == 4) {
            ByteBuffer.wrap(changed).putShort(10, (short) 0);
            ByteBuffer.wrap(changed).putShort(10, (short) SuperPackets.checksum(changed, 0, 20, 0));
        }
        SuperPackets.complete(changed);
        packets.set(1, changed);
        List<byte[]> written = write(packets);
        assertEquals(sorted(packets), sorted(apart(written)), what);
        assertTrue(written.stream().anyMatch(each -> Arrays.equals(changed, bare(each))), what);
    }

    private static byte[] plus(byte[] packet, int at, int value) {
        packet[at] += (byte) value;
        return packet;
    }

    private List<byte[]> packets(Flow flow, int count) {
        List<byte[]> packets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            packets.add(flow.take(SuperPackets.ACK, SuperPackets.random(random, 100)));
        }
        return packets;
    }

    private List<byte[]> write(List<byte[]> packets) {
        sink.written.clear();
        for (byte[] packet : packets) {
            coalescer.add(RecordingSink.buffer(pool, packet));
        }
        coalescer.flush();
        assertEquals(BUFFERS, pool.free());
        return List.copyOf(sink.written);
    }

    private static List<byte[]> apart(List<byte[]> written) {
        List<byte[]> packets = new ArrayList<>();
        for (byte[] each : written) {
            List<byte[]> some = SuperPackets.split(each, MTU);
            assertNotNull(some);
            packets.addAll(some);
        }
        return packets;
    }

    private static byte[] bare(byte[] written) {
        return Arrays.copyOfRange(written, 10, written.length);
    }

    private static List<String> sorted(List<byte[]> packets) {
        return packets.stream().map(SuperPackets::comparable).sorted().toList();
    }

    private static List<String> of(Flow flow, List<byte[]> packets) {
        byte[] sample = flow.packet(0, new byte[0]);
        int addresses = flow.version == 4 ? 12 : 8;
        int ports = flow.network() + 4;
        int protocol = flow.version == 4 ? 9 : 6;
        return packets.stream()
                .filter(packet -> packet.length >= ports
                        && packet[0] == sample[0]
                        && packet[protocol] == sample[protocol]
                        && Arrays.equals(packet, addresses, ports, sample, addresses, ports))
                .map(SuperPackets::comparable)
                .toList();
    }

    private void disturb(Flow flow) {
        switch (random.nextInt(6)) {
            case 0 -> flow.sequence += random.nextInt(1000) - 500;
            case 1 -> flow.acknowledgement++;
            case 2 -> flow.window--;
            case 3 -> flow.hopLimit ^= 1;
            case 4 -> flow.trafficClass ^= 1;
            default -> flow.id += 3;
        }
    }

    private Flow flow() {
        Flow flow = new Flow(random, random.nextBoolean() ? 4 : 6, random.nextBoolean() ? 6 : 17);
        flow.options = SuperPackets.random(random, random.nextInt(11) * 4);
        flow.dontFragment = random.nextBoolean();
        return flow;
    }
}

package io.culvert.core.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.culvert.core.buffer.BufferPool;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Packets of authenticated peers, any bytes: what is put together is what came when it is taken apart again, a wrong
 * checksum included.
 */
class CoalescerFuzzTest {
    private static final int LARGEST = 600;
    private static final int PACKETS = 100;
    private static final int COMPLETE = 0x8000;
    private static final int FOLLOWS = 0x4000;

    private final BufferPool pool = new BufferPool(PACKETS, 64, LARGEST);

    /**
     * Each packet: a length, of which the highest bit says that the checksums are to be made right, and the second that
     * the headers are those of the packet before, one segment further.
     */
    @FuzzTest
    void join(byte[] data) {
        List<byte[]> packets = packets(ByteBuffer.wrap(data));
        var sink = new RecordingSink();
        var coalescer = new Coalescer(sink, true, true);
        for (byte[] packet : packets) {
            coalescer.add(RecordingSink.buffer(pool, packet));
        }
        coalescer.flush();
        assertEquals(PACKETS, pool.free());
        List<byte[]> back = new ArrayList<>();
        for (byte[] written : sink.written) {
            if (written[1] == 0) {
                back.add(Arrays.copyOfRange(written, VnetHeader.LENGTH, written.length));
            } else {
                List<byte[]> some = SuperPackets.split(written, LARGEST);
                assertNotNull(some);
                back.addAll(some);
            }
        }
        assertEquals(sorted(packets), sorted(back));
    }

    private static List<String> sorted(List<byte[]> packets) {
        return packets.stream().map(SuperPackets::comparable).sorted().toList();
    }

    private static List<byte[]> packets(ByteBuffer data) {
        List<byte[]> packets = new ArrayList<>();
        byte[] before = {};
        while (data.remaining() > 2 && packets.size() < PACKETS) {
            int shape = data.getShort();
            byte[] packet;
            if ((shape & FOLLOWS) != 0 && before.length > 0) {
                packet = following(before);
            } else {
                packet = new byte[Math.min(Math.min(shape & 0x3FFF, LARGEST), data.remaining())];
                data.get(packet);
            }
            if ((shape & COMPLETE) != 0) {
                complete(packet);
            }
            packets.add(packet);
            before = packet;
        }
        return packets;
    }

    private static byte[] following(byte[] before) {
        byte[] packet = before.clone();
        var header = new TransportPacket();
        if (header.look(MemorySegment.ofArray(packet), 0, packet.length) == TransportPacket.Kind.TRANSPORT) {
            ByteBuffer p = ByteBuffer.wrap(packet);
            if (header.version() == 4) {
                p.putShort(4, (short) (p.getShort(4) + 1));
            }
            if (header.protocol() == 6) {
                int sequence = header.transport() + 4;
                p.putInt(sequence, p.getInt(sequence) + header.payloadLength());
            }
        }
        return packet;
    }

    private static void complete(byte[] packet) {
        var header = new TransportPacket();
        if (header.look(MemorySegment.ofArray(packet), 0, packet.length) == TransportPacket.Kind.TRANSPORT
                && header.isPlain()) {
            if (header.version() == 4) {
                ByteBuffer.wrap(packet).putShort(10, (short) 0);
                ByteBuffer.wrap(packet).putShort(10, (short) SuperPackets.checksum(packet, 0, 20, 0));
            }
            SuperPackets.complete(packet);
        }
    }
}

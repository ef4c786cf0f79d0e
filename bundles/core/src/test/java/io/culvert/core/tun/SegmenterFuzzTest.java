package io.culvert.core.tun;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.culvert.core.tun.TransportPacket.Kind;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** A vnet header and a packet, any bytes: memory outside of them is not touched, and every segment is right. */
class SegmenterFuzzTest {
    private static final int LARGEST = 1500;

    @FuzzTest
    void split(byte[] data) {
        var segmenter = new Segmenter();
        if (!segmenter.load(MemorySegment.ofArray(data.clone()), 0, data.length, LARGEST)) {
            assertTrue(segmenter.isEmpty());
            return;
        }
        var payload = new ByteArrayOutputStream();
        boolean several = data[1] != 0 && (data[1] & 0x7F) != 0;
        int count = 0;
        while (!segmenter.isEmpty()) {
            int length = segmenter.nextLength();
            assertTrue(length > 0 && length <= LARGEST);
            byte[] packet = new byte[length];
            segmenter.take(MemorySegment.ofArray(packet), 0);
            count++;
            if (several) {
                var header = new TransportPacket();
                assertEquals(Kind.TRANSPORT, header.look(MemorySegment.ofArray(packet), 0, length));
                assertTrue(header.isChecksumRight());
                payload.write(packet, header.headerLength(), header.payloadLength());
            } else {
                payload.writeBytes(packet);
            }
        }
        byte[] all = payload.toByteArray();
        if (several) {
            assertArrayEquals(Arrays.copyOfRange(data, data.length - all.length, data.length), all);
        } else {
            assertEquals(1, count);
            assertEquals(data.length - VnetHeader.LENGTH, all.length);
        }
        assertFalse(several && count == 0);
    }

    /** The look at a packet stays within it, wherever it lies. */
    @FuzzTest
    void look(byte[] data) {
        var header = new TransportPacket();
        Kind kind = header.look(MemorySegment.ofArray(data), 0, data.length);
        byte[] amid = new byte[data.length + 14];
        Arrays.fill(amid, (byte) 6);
        System.arraycopy(data, 0, amid, 7, data.length);
        assertEquals(kind, new TransportPacket().look(MemorySegment.ofArray(amid), 7, data.length));
        if (kind == Kind.TRANSPORT) {
            assertTrue(header.headerLength() + header.payloadLength() == data.length && header.payloadLength() >= 0);
            header.isChecksumRight();
            assertArrayEquals(data, MemorySegment.ofArray(data).toArray(JAVA_BYTE));
        }
    }
}

package io.culvert.core.bus;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.api.tunnel.StreamFraming;
import java.lang.foreign.MemorySegment;

/** A big-endian 16-bit length before each datagram; 0 is impossible. */
final class ToyFraming implements StreamFraming {
    @Override
    public int headerBytes() {
        return 2;
    }

    @Override
    public int datagramBytes(MemorySegment stream, long offset) {
        int length = (stream.get(JAVA_BYTE, offset) & 0xff) << 8 | stream.get(JAVA_BYTE, offset + 1) & 0xff;
        return length == 0 ? -1 : length;
    }

    @Override
    public void writeHeader(MemorySegment stream, long offset, int lengthBytes) {
        stream.set(JAVA_BYTE, offset, (byte) (lengthBytes >> 8));
        stream.set(JAVA_BYTE, offset + 1, (byte) lengthBytes);
    }
}

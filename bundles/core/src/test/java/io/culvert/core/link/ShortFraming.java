package io.culvert.core.link;

import io.culvert.api.tunnel.StreamFraming;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** A 16-bit length, as long as the length is not 0. */
final class ShortFraming implements StreamFraming {
    private static final ValueLayout.OfShort U16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    @Override
    public int headerBytes() {
        return 2;
    }

    @Override
    public int datagramBytes(MemorySegment stream, long offset) {
        int length = stream.get(U16, offset) & 0xffff;
        return length == 0 ? -1 : length;
    }

    @Override
    public void writeHeader(MemorySegment stream, long offset, int lengthBytes) {
        stream.set(U16, offset, (short) lengthBytes);
    }
}

package io.culvert.it.peer;

import io.culvert.api.packet.PacketBuffer;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** A packet of its own, for what is rare. */
final class Scratch implements PacketBuffer {
    private static final int HEADROOM = 64;

    private final MemorySegment segment = MemorySegment.ofArray(new byte[512]);
    private int offset = HEADROOM;
    private int length;

    @Override
    public MemorySegment segment() {
        return segment;
    }

    @Override
    public int offset() {
        return offset;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public void bounds(int offset, int length) {
        Objects.checkFromIndexSize(offset, length, (int) segment.byteSize());
        this.offset = offset;
        this.length = length;
    }

    byte[] bytes() {
        return segment.asSlice(offset, length).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE);
    }
}

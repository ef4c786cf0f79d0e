package io.culvert.codec.lz4;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.api.packet.PacketBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** A packet behind some headroom, in a buffer with {@code room} bytes for it. */
final class Packet implements PacketBuffer {
    private static final int HEADROOM = 3;

    private final MemorySegment segment;
    private int offset = HEADROOM;
    private int length;

    Packet(byte[] bytes, int room) {
        segment = Arena.ofAuto().allocate(HEADROOM + room);
        length = bytes.length;
        MemorySegment.copy(bytes, 0, segment, JAVA_BYTE, HEADROOM, length);
    }

    byte[] bytes() {
        return segment.asSlice(offset, length).toArray(JAVA_BYTE);
    }

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
        this.offset = offset;
        this.length = length;
    }
}

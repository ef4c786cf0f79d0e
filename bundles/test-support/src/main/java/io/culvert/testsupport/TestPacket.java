package io.culvert.testsupport;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.api.packet.PacketBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** A packet in memory of its own. */
public final class TestPacket implements PacketBuffer {
    private final MemorySegment segment;
    private int offset;
    private int length;

    private TestPacket(int headroom, byte[] bytes, int tailroom) {
        this.segment = Arena.ofAuto().allocate((long) headroom + bytes.length + tailroom);
        this.offset = headroom;
        this.length = bytes.length;
        MemorySegment.copy(bytes, 0, segment, JAVA_BYTE, headroom, bytes.length);
    }

    /** With room for every header before it. */
    public static TestPacket of(byte[] bytes) {
        return new TestPacket(64, bytes, 0);
    }

    /** Without a byte of room on either side: reading beyond the packet throws. */
    public static TestPacket exactly(byte[] bytes) {
        return new TestPacket(0, bytes, 0);
    }

    /** Room for a packet of {@code most} bytes, nothing in it. */
    public static TestPacket empty(int most) {
        return new TestPacket(64, new byte[0], most);
    }

    /** With room for every header before it, and for a longer packet in its place. */
    public static TestPacket within(byte[] bytes, int room) {
        return new TestPacket(64, bytes, room - bytes.length);
    }

    public byte[] bytes() {
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
        Objects.checkFromIndexSize(offset, length, (int) segment.byteSize());
        this.offset = offset;
        this.length = length;
    }
}

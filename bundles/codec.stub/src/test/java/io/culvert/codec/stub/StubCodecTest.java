package io.culvert.codec.stub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.culvert.api.packet.PacketBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

final class StubCodecTest {
    @Test
    void shouldLeaveEveryPacketAlone() {
        MemorySegment memory = Arena.ofAuto().allocate(64);
        var packet = new PacketBuffer() {
            @Override
            public MemorySegment segment() {
                return memory;
            }

            @Override
            public int offset() {
                return 0;
            }

            @Override
            public int length() {
                return 64;
            }

            @Override
            public void bounds(int offset, int length) {
                throw new AssertionError("moved");
            }
        };
        var codec = new StubCodec();
        assertEquals("stub", codec.name());
        assertFalse(codec.newCoder().encode(packet, 2));
        assertFalse(codec.newCoder().decode(packet));
    }
}

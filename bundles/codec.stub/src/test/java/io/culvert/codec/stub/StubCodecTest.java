package io.culvert.codec.stub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.culvert.testsupport.TestPacket;
import org.junit.jupiter.api.Test;

final class StubCodecTest {
    @Test
    void shouldLeaveEveryPacketAlone() {
        var packet = TestPacket.of(new byte[64]);
        var codec = new StubCodec();
        assertEquals("stub", codec.name());
        assertFalse(codec.newCoder().encode(packet, 2));
        assertFalse(codec.newCoder().decode(packet));
        assertArrayEquals(new byte[64], packet.bytes());
        assertEquals(64, packet.offset());
    }
}

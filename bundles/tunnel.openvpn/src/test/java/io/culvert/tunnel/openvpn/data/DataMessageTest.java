package io.culvert.tunnel.openvpn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.testsupport.TestPacket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class DataMessageTest {
    @Test
    void shouldWriteThePingThatStockPeersKnow() {
        TestPacket ping = TestPacket.empty(16);
        DataMessage.writePing(ping);
        assertArrayEquals(HexFormat.of().parseHex("2a187bf3641eb4cb07ed2d0a981fc748"), ping.bytes());
        assertTrue(DataMessage.isPing(ping));
        assertEquals(-1, DataMessage.occOperation(ping));
    }

    @Test
    void shouldWriteAndReadOccMessages() {
        TestPacket reply = TestPacket.empty(64);
        DataMessage.writeOcc(reply, DataMessage.OCC_REPLY, "V4,tls-server");
        assertEquals(DataMessage.OCC_REPLY, DataMessage.occOperation(reply));
        byte[] bytes = reply.bytes();
        assertEquals("V4,tls-server\0", new String(bytes, 17, bytes.length - 17, StandardCharsets.ISO_8859_1));
        TestPacket exit = TestPacket.empty(64);
        DataMessage.writeOcc(exit, DataMessage.OCC_EXIT, "");
        assertEquals(17, exit.length());
        assertEquals(DataMessage.OCC_EXIT, DataMessage.occOperation(exit));
    }

    @Test
    void shouldLeaveOptionsOutThatThePacketHasNoRoomFor() {
        TestPacket fits = TestPacket.empty(17 + 5 + 1);
        DataMessage.writeOcc(fits, DataMessage.OCC_REPLY, "V4,tl");
        assertEquals(17 + 5 + 1, fits.length());
        TestPacket small = TestPacket.empty(17 + 5);
        DataMessage.writeOcc(small, DataMessage.OCC_REPLY, "V4,tl");
        assertEquals(17, small.length());
        assertEquals(DataMessage.OCC_REPLY, DataMessage.occOperation(small));
    }

    @Test
    void shouldTakeNothingShorterOrDifferentForAMessage() {
        TestPacket exit = TestPacket.empty(17);
        DataMessage.writeOcc(exit, DataMessage.OCC_EXIT, "");
        for (int length = 0; length < 17; length++) {
            TestPacket cut = TestPacket.exactly(Arrays.copyOf(exit.bytes(), length));
            assertEquals(-1, DataMessage.occOperation(cut));
            assertFalse(DataMessage.isPing(cut));
        }
        TestPacket ping = TestPacket.empty(16);
        DataMessage.writePing(ping);
        assertFalse(DataMessage.isPing(TestPacket.exactly(Arrays.copyOf(ping.bytes(), 17))));
    }
}

package io.culvert.tunnel.openvpn.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ControlPacketTest {
    private static final long SID = 0x0102030405060708L;

    private static ControlPacket control(int acks, int payload) {
        int[] ids = new int[acks];
        Arrays.setAll(ids, i -> i * 3);
        return new ControlPacket(Opcode.CONTROL_V1, 5, SID, ids, acks == 0 ? 0 : ~SID, 77, new byte[payload]);
    }

    private static ControlPacket parse(int firstByte, byte[] rest) {
        return ControlPacket.parse(firstByte, SID, rest);
    }

    @Test
    void shouldReadBackWhatItWrites() {
        for (int acks = 0; acks <= ControlPacket.MAX_ACKS; acks++) {
            ControlPacket packet = control(acks, 10);
            ControlPacket read = parse(packet.firstByte(), packet.encodeRest());
            assertNotNull(read);
            assertEquals(5, read.keyId());
            assertArrayEquals(packet.acks(), read.acks());
            assertEquals(packet.ackSessionId(), read.ackSessionId());
            assertEquals(77, read.messageId());
            assertEquals(10, read.payload().length);
            assertEquals(acks > 1, read.acknowledges(3));
        }
    }

    @Test
    void shouldRefuseEveryTruncationBeforeThePayload() {
        for (int acks = 0; acks <= ControlPacket.MAX_ACKS; acks++) {
            ControlPacket packet = control(acks, 3);
            byte[] rest = packet.encodeRest();
            for (int length = 0; length < rest.length; length++) {
                ControlPacket read = parse(packet.firstByte(), Arrays.copyOf(rest, length));
                if (length < rest.length - 3) {
                    assertNull(read, "of " + length + " bytes");
                } else {
                    assertNotNull(read);
                    assertEquals(length - (rest.length - 3), read.payload().length);
                }
            }
        }
    }

    @Test
    void shouldRefuseAcknowledgementsThatAreTruncatedOrTooLong() {
        for (int acks = 1; acks <= ControlPacket.MAX_ACKS; acks++) {
            ControlPacket packet = ControlPacket.ack(1, SID, new int[acks], 9);
            byte[] rest = packet.encodeRest();
            assertNotNull(parse(packet.firstByte(), rest));
            for (int length = 0; length < rest.length; length++) {
                assertNull(parse(packet.firstByte(), Arrays.copyOf(rest, length)));
            }
            for (int extra = 1; extra < 9; extra++) {
                assertNull(parse(packet.firstByte(), Arrays.copyOf(rest, rest.length + extra)));
            }
        }
        assertNull(parse(Opcode.firstByte(Opcode.ACK_V1, 0), new byte[1]), "an acknowledgement of nothing");
    }

    @Test
    void shouldRefuseMoreAcksThanAPacketHas() {
        for (int count = ControlPacket.MAX_ACKS + 1; count < 256; count++) {
            byte[] rest = new byte[2000];
            rest[0] = (byte) count;
            assertNull(parse(Opcode.firstByte(Opcode.CONTROL_V1, 0), rest));
        }
        assertThrows(IllegalArgumentException.class, () -> control(ControlPacket.MAX_ACKS + 1, 0));
    }

    @Test
    void shouldRefuseOpcodesThatAreNoControlPackets() {
        byte[] rest = control(0, 0).encodeRest();
        for (int opcode = 0; opcode < 32; opcode++) {
            boolean known = opcode >= 3 && opcode <= 11 && opcode != 6 && opcode != 9 && opcode != 5;
            assertEquals(known, parse(Opcode.firstByte(opcode, 0), rest) != null, "opcode " + opcode);
            assertEquals(known || opcode == 5, Opcode.isControl(opcode));
            assertTrue(!Opcode.isControl(opcode) || !Opcode.isData(opcode));
        }
    }

    @Test
    void shouldRefuseASessionIdOfZero() {
        assertNull(ControlPacket.parse(Opcode.firstByte(Opcode.CONTROL_V1, 0), 0, control(0, 0).encodeRest()));
    }

    @Test
    void shouldSplitTheFirstByteWhateverItsSign() {
        for (int b = -128; b < 256; b++) {
            assertEquals((byte) b, (byte) Opcode.firstByte(Opcode.of(b), Opcode.keyId(b)));
        }
    }
}

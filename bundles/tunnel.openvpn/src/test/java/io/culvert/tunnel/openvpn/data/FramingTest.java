package io.culvert.tunnel.openvpn.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.culvert.api.codec.PayloadCodec;
import io.culvert.api.packet.DropReason;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.testsupport.TestPacket;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class FramingTest {
    /** Halves packets of one value, and doubles them again. */
    private static final class Halves implements PayloadCodec.Coder {
        @Override
        public boolean encode(PacketBuffer packet, int gain) {
            packet.bounds(packet.offset(), packet.length() / 2);
            return true;
        }

        @Override
        public boolean decode(PacketBuffer packet) {
            if (packet.length() > 40) {
                packet.segment().asSlice(packet.offset(), packet.length() * 2L).fill((byte) 7);
                packet.bounds(packet.offset(), packet.length() * 2);
                return true;
            }
            return false;
        }
    }

    private static byte[] bytes(@Nullable String hex) {
        return HexFormat.of().parseHex(hex == null ? "" : hex);
    }

    @ParameterizedTest
    @CsvSource({
        "NONE, 450000, 450000",
        "NONE, 500000, 500000",
        "COMP_LZO, 450000, fa450000",
        "V2, 450000, 450000",
        "V2, 500000, 5000500000",
        "V2, 50, 500050"
    })
    void shouldFrameAsTheWireHasIt(Framing framing, String clear, String framed) {
        var packet = TestPacket.of(bytes(clear));
        framing.close(packet, null);
        assertArrayEquals(bytes(framed), packet.bytes());
        assertNull(framing.open(packet, null));
        assertArrayEquals(bytes(clear), packet.bytes());
    }

    @ParameterizedTest
    @CsvSource({
        "COMP_LZO, 66450000, UNSUPPORTED",
        "COMP_LZO, 45, UNSUPPORTED",
        "COMP_LZO, , MALFORMED",
        "V2, , MALFORMED",
        "V2, 50, MALFORMED",
        "V2, 500245, UNSUPPORTED",
        "V2, 500145, UNSUPPORTED"
    })
    void shouldDropWhatIsNotServed(Framing framing, @Nullable String framed, DropReason reason) {
        assertEquals(reason, framing.open(TestPacket.of(bytes(framed)), null));
    }

    @Test
    void shouldLeaveCompressionToTheCodec() {
        byte[] seven = new byte[100];
        Arrays.fill(seven, (byte) 7);
        var packet = TestPacket.of(seven);
        Framing.V2.close(packet, new Halves());
        assertEquals(52, packet.length());
        assertArrayEquals(bytes("5001"), Arrays.copyOf(packet.bytes(), 2));
        assertNull(Framing.V2.open(packet, new Halves()));
        assertArrayEquals(seven, packet.bytes());
        assertEquals(DropReason.MALFORMED, Framing.V2.open(TestPacket.of(bytes("500107")), new Halves()));
        var small = TestPacket.of(new byte[99]);
        Framing.V2.close(small, new Halves());
        assertEquals(99, small.length());
    }
}

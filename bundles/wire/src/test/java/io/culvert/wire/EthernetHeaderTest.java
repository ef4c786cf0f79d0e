package io.culvert.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class EthernetHeaderTest {
    private static final int AT = 3;

    private static int beforeIp(byte[] frame) {
        byte[] moved = new byte[AT + frame.length];
        System.arraycopy(frame, 0, moved, AT, frame.length);
        return EthernetHeader.beforeIp(MemorySegment.ofArray(moved), AT, frame.length);
    }

    @ParameterizedTest
    @CsvSource({
        "0800, 14",
        "86dd, 14",
        "0806, -1",
        "8100 0007 0800, 18",
        "8100 0007 86dd, 18",
        "8100 0007 0806, -1",
        "8100 0007 8100 0008 0800, -1",
        "88a8 0007 8100 0008 0800, -1"
    })
    void shouldFindTheIpPacketBehindAtMostOneTag(String types, int before) {
        byte[] frame = HexFormat.of().parseHex("0200000000010200000000" + "02" + types.replace(" ", ""));
        assertEquals(before, beforeIp(Arrays.copyOf(frame, 60)));
    }

    @Test
    void shouldFindNothingInWhatIsTooShort() {
        byte[] frame = HexFormat.of().parseHex("020000000001020000000002" + "810000070800");
        for (int length = 0; length < frame.length; length++) {
            assertEquals(-1, beforeIp(Arrays.copyOf(frame, length)), "length " + length);
        }
    }

    @Test
    void shouldReadAddressesAsTheyAreOnTheWire() {
        var frame = MemorySegment.ofArray(
                HexFormat.ofDelimiter(" ").parseHex("ff 01 80 c2 00 00 0e fe dc ba 98 76 54 88 cc"));
        assertFalse(EthernetHeader.fits(EthernetHeader.LENGTH - 1));
        assertTrue(EthernetHeader.fits(EthernetHeader.LENGTH));
        assertEquals(0x0180_C200_000EL, EthernetHeader.destination(frame, 1));
        assertEquals(0xFEDC_BA98_7654L, EthernetHeader.source(frame, 1));
        assertTrue(EthernetHeader.isReserved(EthernetHeader.destination(frame, 1)));
        assertTrue(EthernetHeader.isGroup(EthernetHeader.destination(frame, 1)));
        assertFalse(EthernetHeader.isGroup(EthernetHeader.source(frame, 1)));
        assertFalse(EthernetHeader.isReserved(0x0180_C200_0010L));
    }
}

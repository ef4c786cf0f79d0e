package io.culvert.tunnel.openvpn.data;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.culvert.testsupport.TestPacket;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class EthernetHeaderTest {
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
        assertEquals(before, EthernetHeader.beforeIp(TestPacket.exactly(Arrays.copyOf(frame, 60))));
    }

    @Test
    void shouldFindNothingInWhatIsTooShort() {
        byte[] frame = HexFormat.of().parseHex("020000000001020000000002" + "810000070800");
        for (int length = 0; length < frame.length; length++) {
            assertEquals(-1, EthernetHeader.beforeIp(TestPacket.exactly(Arrays.copyOf(frame, length))), "length " + length);
        }
    }
}

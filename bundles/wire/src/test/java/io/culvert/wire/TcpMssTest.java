package io.culvert.wire;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.Test;

class TcpMssTest {
    private static final ValueLayout.OfShort U16 = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    /** The MSS option at an even offset, and behind one NOP at an odd one. */
    @ParameterizedTest
    @ValueSource(strings = {"020405b401010101", "01020405b4010101", "0101020405b40101"})
    void shouldLowerTheMssOfASynAndKeepTheChecksumRight(String options) {
        MemorySegment p = syn(options);
        assertTrue(TcpMss.clamp(p, 0, (int) p.byteSize(), 1400, 1380));
        assertEquals(options.replace("05b4", "0578"), HexFormat.of().formatHex(p.asSlice(40, 8).toArray(JAVA_BYTE)));
        assertEquals(0, tcpChecksum(p));
        assertFalse(TcpMss.clamp(p, 0, (int) p.byteSize(), 1400, 1380));
    }

    @Test
    void shouldLeaveOtherPacketsAndBrokenOptionsAlone() {
        MemorySegment ack = syn("020405b401010101");
        ack.set(JAVA_BYTE, 33, (byte) 0x10);
        assertFalse(TcpMss.clamp(ack, 0, 48, 1400, 1380));
        for (String broken : new String[] {"0200000000000000", "02ff05b401010101", "0101010101010102", "0004020405b40000"}) {
            assertFalse(TcpMss.clamp(syn(broken), 0, 48, 1400, 1380), broken);
        }
        for (int length = 0; length < 48; length++) {
            assertFalse(TcpMss.clamp(syn("020405b401010101"), 0, length, 1400, 1380));
        }
    }

    private static MemorySegment syn(String options) {
        var p = MemorySegment.ofArray(HexFormat.of()
                .parseHex("45000030000040004006" + "0000" + "0a0800020a080001"
                        + "c35000500000000100000000" + "7002ffff" + "0000" + "0000" + options));
        p.set(U16, 36, (short) tcpChecksum(p));
        return p;
    }

    private static int tcpChecksum(MemorySegment p) {
        long pseudo = InternetChecksum.sum(p, 12, 8, 6 + 28);
        return InternetChecksum.fold(InternetChecksum.sum(p, 20, 28, pseudo));
    }
}

package io.culvert.net.ethernet;

import io.culvert.testsupport.TestPacket;
import java.util.Arrays;
import java.util.HexFormat;

/** Ethernet frames and their addresses. */
final class Frames {
    static final long ALICE = 0x02_00_00_00_00_0AL;
    static final long BOB = 0x02_00_00_00_00_0BL;
    static final long CAROL = 0x02_00_00_00_00_0CL;
    static final long BROADCAST = 0xFFFF_FFFF_FFFFL;

    private Frames() {}

    /** Of the least length, with an experimental ether type (RFC 5342). */
    static TestPacket frame(long destination, long source) {
        return TestPacket.exactly(bytes(destination, source));
    }

    static byte[] bytes(long destination, long source) {
        String header = HexFormat.of().toHexDigits(destination, 12) + HexFormat.of().toHexDigits(source, 12) + "88b5";
        return Arrays.copyOf(HexFormat.of().parseHex(header), 60);
    }
}

package io.culvert.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class IpHeadersTest {
    /** ICMP echo 10.8.0.2 to 10.8.0.1, TTL 64. */
    private static final String IPV4 = "4500001c" + "00004000" + "400126cf" + "0a080002" + "0a080001" + "0800f7ff" + "00000000";

    private static final String IPV6 = "6000000000083a40" + "fd080000000000000000000000000002"
            + "fd080000000000000000000000000001" + "8000000000000000";

    @Test
    void shouldReadIpv4Fields() {
        MemorySegment p = bytes(IPV4);
        assertTrue(Ipv4Header.fits(p, 0, 28));
        assertEquals(28, Ipv4Header.totalLength(p, 0));
        assertEquals(1, Ipv4Header.protocol(p, 0));
        assertEquals(0x0a080002, Ipv4Header.source(p, 0));
        assertEquals(0x0a080001, Ipv4Header.destination(p, 0));
        assertEquals(0, InternetChecksum.fold(InternetChecksum.sum(p, 0, 20, 0)));
    }

    @Test
    void shouldRefuseEveryTruncationAndFalseLength() {
        MemorySegment v4 = bytes(IPV4);
        for (int length = 0; length < 28; length++) {
            assertFalse(Ipv4Header.fits(v4, 0, length), "length " + length);
        }
        v4.set(ValueLayout.JAVA_BYTE, 0, (byte) 0x44);
        assertFalse(Ipv4Header.fits(v4, 0, 28));
        MemorySegment v6 = bytes(IPV6);
        assertTrue(Ipv6Header.fits(v6, 0, 48));
        for (int length = 0; length < 48; length++) {
            assertFalse(Ipv6Header.fits(v6, 0, length), "length " + length);
        }
    }

    @Test
    void shouldKeepTheChecksumRightWhenTheHopLimitFalls() {
        MemorySegment p = bytes(IPV4);
        for (int ttl = 63; ttl >= 0; ttl--) {
            Ipv4Header.decrementTtl(p, 0);
            assertEquals(ttl, Ipv4Header.ttl(p, 0));
            assertEquals(0, InternetChecksum.fold(InternetChecksum.sum(p, 0, 20, 0)));
        }
    }

    @Test
    void shouldReadIpv6Fields() {
        MemorySegment p = bytes(IPV6);
        assertEquals(0x3a, Ipv6Header.nextHeader(p, 0));
        assertEquals(0xfd08000000000000L, Ipv6Header.sourceHigh(p, 0));
        assertEquals(2, Ipv6Header.sourceLow(p, 0));
        assertEquals(1, Ipv6Header.destinationLow(p, 0));
        Ipv6Header.decrementHopLimit(p, 0);
        assertEquals(63, Ipv6Header.hopLimit(p, 0));
    }

    private static MemorySegment bytes(String hex) {
        return MemorySegment.ofArray(HexFormat.of().parseHex(hex));
    }
}

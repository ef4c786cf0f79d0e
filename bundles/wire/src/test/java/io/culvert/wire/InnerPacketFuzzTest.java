package io.culvert.wire;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.MemorySegment;

/** Inner packets of authenticated peers: any bytes; memory outside of the packet is neither read nor written. */
class InnerPacketFuzzTest {
    private static final int MAX_IPV4 = 1360;
    private static final int MAX_IPV6 = 1340;
    private static final int MARGIN = 7;

    @FuzzTest
    void clamp(byte[] data) {
        MemorySegment exact = MemorySegment.ofArray(data.clone());
        boolean changed = TcpMss.clamp(exact, 0, data.length, MAX_IPV4, MAX_IPV6);
        byte[] after = exact.toArray(JAVA_BYTE);
        int differences = 0;
        for (int i = 0; i < data.length; i++) {
            differences += data[i] == after[i] ? 0 : 1;
        }
        assertTrue(differences <= 4, "the option and the checksum");
        assertTrue(changed || differences == 0);
        assertFalse(TcpMss.clamp(exact, 0, data.length, MAX_IPV4, MAX_IPV6), "what was clamped fits");

        // The same amid other packets: the answer depends on this one only.
        byte[] amid = new byte[data.length + 2 * MARGIN];
        java.util.Arrays.fill(amid, (byte) 2);
        System.arraycopy(data, 0, amid, MARGIN, data.length);
        MemorySegment among = MemorySegment.ofArray(amid);
        assertEquals(changed, TcpMss.clamp(among, MARGIN, data.length, MAX_IPV4, MAX_IPV6));
        assertArrayEquals(after, among.asSlice(MARGIN, data.length).toArray(JAVA_BYTE));
        for (int i = 0; i < MARGIN; i++) {
            assertEquals(2, amid[i]);
            assertEquals(2, amid[amid.length - 1 - i]);
        }
    }

    @FuzzTest
    void headers(byte[] data) {
        MemorySegment p = MemorySegment.ofArray(data);
        if (Ipv4Header.fits(p, 0, data.length)) {
            int header = Ipv4Header.headerLength(p, 0);
            assertTrue(header >= Ipv4Header.MIN_LENGTH && header <= Ipv4Header.totalLength(p, 0));
            Ipv4Header.source(p, 0);
            Ipv4Header.destination(p, 0);
            Ipv4Header.protocol(p, 0);
            Ipv4Header.startsPayload(p, 0);
            int ttl = Ipv4Header.ttl(p, 0);
            long sum = InternetChecksum.sum(p, 0, header, 0);
            if (ttl > 0) {
                Ipv4Header.decrementTtl(p, 0);
                assertEquals(ttl - 1, Ipv4Header.ttl(p, 0));
                if (InternetChecksum.fold(sum) == 0) {
                    assertEquals(0, InternetChecksum.fold(InternetChecksum.sum(p, 0, header, 0)));
                }
            }
        }
        if (Ipv6Header.fits(p, 0, data.length)) {
            assertTrue(Ipv6Header.LENGTH + Ipv6Header.payloadLength(p, 0) <= data.length);
            Ipv6Header.sourceHigh(p, 0);
            Ipv6Header.sourceLow(p, 0);
            Ipv6Header.destinationHigh(p, 0);
            Ipv6Header.destinationLow(p, 0);
            Ipv6Header.nextHeader(p, 0);
            int hops = Ipv6Header.hopLimit(p, 0);
            if (hops > 0) {
                Ipv6Header.decrementHopLimit(p, 0);
                assertEquals(hops - 1, Ipv6Header.hopLimit(p, 0));
            }
        }
        InternetChecksum.fold(InternetChecksum.sum(p, 0, data.length, 0));
    }
}

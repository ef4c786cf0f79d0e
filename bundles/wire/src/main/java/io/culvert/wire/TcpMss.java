package io.culvert.wire;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.BIG_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Lowers the maximum segment size that a TCP SYN announces (RFC 9293 section 3.7.1), so that segments fit the tunnel
 * without fragmentation of the outer datagram.
 */
public final class TcpMss {
    private static final ValueLayout.OfShort U16 = JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);
    private static final int TCP = 6;
    private static final int TCP_HEADER = 20;
    private static final int SYN = 0x02;
    private static final int OPTION_END = 0;
    private static final int OPTION_NOP = 1;
    private static final int OPTION_MSS = 2;
    private static final int OPTION_MSS_LENGTH = 4;
    private static final int CHECKSUM = 16;

    private TcpMss() {}

    /**
     * Clamps the MSS option of an IP packet that is a TCP SYN; leaves every other packet alone.
     *
     * @param maxIpv4 the largest segment in an IPv4 packet, in bytes
     * @param maxIpv6 the largest segment in an IPv6 packet, in bytes
     * @return whether the packet was changed
     */
    public static boolean clamp(MemorySegment p, long at, int length, int maxIpv4, int maxIpv6) {
        if (Ipv4Header.fits(p, at, length)) {
            if (Ipv4Header.protocol(p, at) != TCP || !Ipv4Header.startsPayload(p, at)) {
                return false;
            }
            int header = Ipv4Header.headerLength(p, at);
            return clampSegment(p, at + header, Ipv4Header.totalLength(p, at) - header, maxIpv4);
        }
        if (Ipv6Header.fits(p, at, length) && Ipv6Header.nextHeader(p, at) == TCP) {
            return clampSegment(p, at + Ipv6Header.LENGTH, Ipv6Header.payloadLength(p, at), maxIpv6);
        }
        return false;
    }

    private static boolean clampSegment(MemorySegment p, long tcp, int length, int max) {
        if (length < TCP_HEADER || (p.get(JAVA_BYTE, tcp + 13) & SYN) == 0) {
            return false;
        }
        int header = ((p.get(JAVA_BYTE, tcp + 12) & 0xF0) >> 4) * 4;
        if (header > length) {
            return false;
        }
        int i = TCP_HEADER;
        while (i < header) {
            int kind = p.get(JAVA_BYTE, tcp + i) & 0xFF;
            if (kind == OPTION_END) {
                return false;
            }
            if (kind == OPTION_NOP) {
                i++;
                continue;
            }
            int size = i + 1 < header ? p.get(JAVA_BYTE, tcp + i + 1) & 0xFF : 0;
            if (size < 2 || i + size > header) {
                return false;
            }
            if (kind == OPTION_MSS && size == OPTION_MSS_LENGTH) {
                return lower(p, tcp, i + 2, max);
            }
            i += size;
        }
        return false;
    }

    private static boolean lower(MemorySegment p, long tcp, int value, int max) {
        int mss = p.get(U16, tcp + value) & 0xFFFF;
        if (mss <= max) {
            return false;
        }
        p.set(U16, tcp + value, (short) max);
        int sum = p.get(U16, tcp + CHECKSUM) & 0xFFFF;
        // At an odd offset the value's bytes belong to two words of the checksum, each in the other half.
        int updated = (value & 1) == 0
                ? InternetChecksum.updated(sum, mss, max)
                : InternetChecksum.updated(sum, swap(mss), swap(max));
        p.set(U16, tcp + CHECKSUM, (short) updated);
        return true;
    }

    private static int swap(int u16) {
        return (u16 & 0xFF) << 8 | u16 >> 8;
    }
}

package io.culvert.core.tun;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.BIG_ENDIAN;

import io.culvert.wire.InternetChecksum;
import io.culvert.wire.Ipv4Header;
import io.culvert.wire.Ipv6Header;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Where things are in a TCP or UDP packet. One object looks at many packets, one after the other; nothing is copied.
 *
 * <p>Offsets count from the packet's first byte.
 */
final class TransportPacket {
    static final ValueLayout.OfShort U16 = JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);
    static final ValueLayout.OfInt U32 = JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN);

    static final int TCP = 6;
    static final int UDP = 17;
    static final int UDP_HEADER = 8;
    static final int TCP_HEADER = 20;

    // Of the IPv4 header.
    static final int IPV4_LENGTH = 2;
    static final int IPV4_ID = 4;
    static final int IPV4_FRAGMENT = 6;
    static final int IPV4_CHECKSUM = 10;
    static final int IPV6_LENGTH = 4;

    // Of the TCP and the UDP header.
    static final int SEQUENCE = 4;
    static final int DATA_OFFSET = 12;
    static final int FLAGS = 13;
    static final int TCP_CHECKSUM = 16;
    static final int UDP_LENGTH = 4;
    static final int UDP_CHECKSUM = 6;

    static final int FIN = 0x01;
    static final int PSH = 0x08;
    static final int ACK = 0x10;
    static final int CWR = 0x80;

    /** No operation, twice, then the kind and the length of the option. */
    private static final int TIMESTAMPS = 0x01_01_08_0A;

    private static final int MORE_FRAGMENTS = 0x2000;
    private static final int HOP_BY_HOP = 0;
    private static final int ROUTING = 43;
    private static final int DESTINATION_OPTIONS = 60;
    private static final int FRAGMENT = 44;

    /** What {@link #look} found. */
    enum Kind {
        /** TCP or UDP, whole and well formed: everything here may be asked. */
        TRANSPORT,
        /** Neither of them. */
        OTHER,
        /** Perhaps one of them: a fragment, or malformed. */
        UNCLEAR
    }

    private MemorySegment memory = MemorySegment.NULL;
    private long at;
    private int length;
    private int version;
    private int protocol;
    private int transport;
    private int headerLength;

    /** Looks at the packet of {@code length} bytes at {@code at}. */
    Kind look(MemorySegment memory, long at, int length) {
        this.memory = memory;
        this.at = at;
        this.length = length;
        if (length < Ipv4Header.MIN_LENGTH) {
            return Kind.UNCLEAR;
        }
        version = Ipv4Header.version(memory, at);
        Kind network = version == 4 ? lookIpv4() : version == 6 ? lookIpv6() : Kind.OTHER;
        return network == Kind.TRANSPORT ? lookTransport() : network;
    }

    private Kind lookIpv4() {
        if (!Ipv4Header.fits(memory, at, length) || Ipv4Header.totalLength(memory, at) != length) {
            return Kind.UNCLEAR;
        }
        protocol = Ipv4Header.protocol(memory, at);
        transport = Ipv4Header.headerLength(memory, at);
        if (protocol != TCP && protocol != UDP) {
            return Kind.OTHER;
        }
        boolean whole = Ipv4Header.startsPayload(memory, at)
                && (memory.get(U16, at + IPV4_FRAGMENT) & MORE_FRAGMENTS) == 0;
        return whole ? Kind.TRANSPORT : Kind.UNCLEAR;
    }

    private Kind lookIpv6() {
        if (!Ipv6Header.fits(memory, at, length)
                || Ipv6Header.LENGTH + Ipv6Header.payloadLength(memory, at) != length) {
            return Kind.UNCLEAR;
        }
        protocol = Ipv6Header.nextHeader(memory, at);
        transport = Ipv6Header.LENGTH;
        while (protocol == HOP_BY_HOP || protocol == ROUTING || protocol == DESTINATION_OPTIONS) {
            if (transport + 8 > length) {
                return Kind.UNCLEAR;
            }
            protocol = memory.get(JAVA_BYTE, at + transport) & 0xFF;
            transport += ((memory.get(JAVA_BYTE, at + transport + 1) & 0xFF) + 1) * 8;
        }
        if (protocol == FRAGMENT) {
            return Kind.UNCLEAR;
        }
        return protocol == TCP || protocol == UDP ? Kind.TRANSPORT : Kind.OTHER;
    }

    private Kind lookTransport() {
        int left = length - transport;
        if (protocol == TCP) {
            if (left < TCP_HEADER) {
                return Kind.UNCLEAR;
            }
            int header = (memory.get(JAVA_BYTE, at + transport + DATA_OFFSET) >> 4 & 0x0F) * 4;
            headerLength = transport + header;
            return header >= TCP_HEADER && header <= left ? Kind.TRANSPORT : Kind.UNCLEAR;
        }
        headerLength = transport + UDP_HEADER;
        boolean fits = left >= UDP_HEADER && (memory.get(U16, at + transport + UDP_LENGTH) & 0xFFFF) == left;
        return fits ? Kind.TRANSPORT : Kind.UNCLEAR;
    }

    int version() {
        return version;
    }

    int protocol() {
        return protocol;
    }

    /** Offset of the TCP or UDP header. */
    int transport() {
        return transport;
    }

    /** Bytes of all headers together: offset of the payload. */
    int headerLength() {
        return headerLength;
    }

    int payloadLength() {
        return length - headerLength;
    }

    /** Whether nothing is between the IP header in its shortest form and the transport header. */
    boolean isPlain() {
        return transport == (version == 4 ? Ipv4Header.MIN_LENGTH : Ipv6Header.LENGTH);
    }

    /** Offset of the checksum in the transport header. */
    int checksumOffset() {
        return protocol == TCP ? TCP_CHECKSUM : UDP_CHECKSUM;
    }

    int tcpFlags() {
        return memory.get(JAVA_BYTE, at + transport + FLAGS) & 0xFF;
    }

    /** Whether this is TCP with nothing but an acknowledgement, and at most timestamps (RFC 7323 appendix A) beside it. */
    boolean isPureAck() {
        if (protocol != TCP
                || payloadLength() != 0
                || tcpFlags() != ACK
                || (memory.get(JAVA_BYTE, at + transport + DATA_OFFSET) & 0x0F) != 0) {
            return false;
        }
        int options = headerLength - transport - TCP_HEADER;
        return options == 0 || options == 12 && memory.get(U32, at + transport + TCP_HEADER) == TIMESTAMPS;
    }

    int sequence() {
        return memory.get(U32, at + transport + SEQUENCE);
    }

    /** Whether the checksums are right, the IPv4 header's too; one that is left out is not. */
    boolean isChecksumRight() {
        boolean none = protocol == UDP && memory.get(U16, at + transport + UDP_CHECKSUM) == 0;
        return !none && isChecksumRight(memory, at, length, version, protocol, transport);
    }

    static boolean isChecksumRight(
            MemorySegment memory, long at, int length, int version, int protocol, int transport) {
        int header = version == 4 ? Ipv4Header.headerLength(memory, at) : 0;
        if (version == 4 && InternetChecksum.fold(sumIpv4(memory, at, header)) != 0) {
            return false;
        }
        int bytes = length - transport;
        long pseudo = pseudoHeader(memory, at, version) + protocol + bytes;
        return InternetChecksum.fold(InternetChecksum.sum(memory, at + transport, bytes, pseudo)) == 0;
    }

    /** The sum of the addresses; protocol and length make the pseudo-header complete. */
    static long pseudoHeader(MemorySegment memory, long at, int version) {
        return version == 4
                ? u32(memory, at + 12) + u32(memory, at + 16)
                : sum16(memory, at + 8) + sum16(memory, at + 24);
    }

    /** The sum of an IPv4 header; nearly every one is 20 bytes, which are faster read than looped over. */
    static long sumIpv4(MemorySegment memory, long at, int header) {
        return header == Ipv4Header.MIN_LENGTH
                ? sum16(memory, at) + u32(memory, at + 16)
                : InternetChecksum.sum(memory, at, header, 0);
    }

    /** Of 16 bytes; that the words are twice as wide changes nothing, RFC 1071 section 2 (C). */
    private static long sum16(MemorySegment memory, long at) {
        return u32(memory, at) + u32(memory, at + 4) + u32(memory, at + 8) + u32(memory, at + 12);
    }

    private static long u32(MemorySegment memory, long at) {
        return memory.get(U32, at) & 0xFFFF_FFFFL;
    }
}

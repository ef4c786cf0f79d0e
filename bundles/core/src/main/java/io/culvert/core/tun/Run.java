package io.culvert.core.tun;

import static io.culvert.core.tun.TransportPacket.DATA_OFFSET;
import static io.culvert.core.tun.TransportPacket.FLAGS;
import static io.culvert.core.tun.TransportPacket.IPV4_CHECKSUM;
import static io.culvert.core.tun.TransportPacket.IPV4_FRAGMENT;
import static io.culvert.core.tun.TransportPacket.IPV4_ID;
import static io.culvert.core.tun.TransportPacket.IPV4_LENGTH;
import static io.culvert.core.tun.TransportPacket.IPV6_LENGTH;
import static io.culvert.core.tun.TransportPacket.PSH;
import static io.culvert.core.tun.TransportPacket.TCP;
import static io.culvert.core.tun.TransportPacket.TCP_HEADER;
import static io.culvert.core.tun.TransportPacket.U16;
import static io.culvert.core.tun.TransportPacket.U32;
import static io.culvert.core.tun.TransportPacket.UDP_LENGTH;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.culvert.core.buffer.PooledBuffer;
import io.culvert.wire.InternetChecksum;
import io.culvert.wire.Ipv6Header;
import java.lang.foreign.MemorySegment;

/**
 * Packets of one flow that follow each other and are going to the kernel as one. The rules are those of Linux GRO
 * ({@code inet_gro_receive}, {@code tcp_gro_receive}): what is taken apart again is what came, byte for byte, apart
 * from the IPv4 identification of packets that must not be fragmented, which means nothing (RFC 6864 section 4.1).
 */
final class Run {
    /** As many as Linux puts into one UDP super-packet. */
    static final int MAX_SEGMENTS = 64;

    /** Of the packet as one. */
    private static final int MAX_BYTES = 65_535;

    private static final int ACKNOWLEDGEMENT = 8;
    private static final int DONT_FRAGMENT = 0x4000;

    private final PooledBuffer[] packets = new PooledBuffer[MAX_SEGMENTS];
    private int count;
    private MemorySegment memory = MemorySegment.NULL;
    private long at;
    private int version;
    private int protocol;
    private int transport;
    private int headerLength;
    private int gsoSize;
    private int bytes;
    private int nextSequence;
    private int lastFlags;
    private boolean full;
    private boolean isFirstRight;

    /** Begins with {@code first}, whose checksum is not looked at before there is a second. */
    void begin(PooledBuffer first, TransportPacket header) {
        packets[0] = first;
        count = 1;
        memory = first.segment();
        at = first.offset();
        version = header.version();
        protocol = header.protocol();
        transport = header.transport();
        headerLength = header.headerLength();
        gsoSize = header.payloadLength();
        bytes = first.length();
        if (protocol == TCP) {
            nextSequence = header.sequence() + gsoSize;
            lastFlags = header.tcpFlags();
        }
        full = false;
        isFirstRight = false;
    }

    /** Whether the packet has the same addresses and ports; the payload of both begins at the same place or not. */
    boolean isOfThisFlow(PooledBuffer packet, TransportPacket header) {
        if (header.version() != version || header.protocol() != protocol) {
            return false;
        }
        MemorySegment other = packet.segment();
        long otherAt = packet.offset();
        if (same32(other, otherAt, transport)) {
            return version == 4
                    ? same64(other, otherAt, 12)
                    : same64(other, otherAt, 8)
                            && same64(other, otherAt, 16)
                            && same64(other, otherAt, 24)
                            && same64(other, otherAt, 32);
        }
        return false;
    }

    /**
     * Takes a packet of this flow, if it goes on where the last one ended, differs in nothing that would be lost, and
     * has a right checksum: a wrong one would be made right by whoever takes the run apart.
     *
     * @return whether it was taken; {@link #isFull} may have changed
     */
    boolean join(PooledBuffer packet, TransportPacket header) {
        int payload = header.payloadLength();
        MemorySegment other = packet.segment();
        long otherAt = packet.offset();
        if (header.headerLength() != headerLength
                || payload > gsoSize
                || bytes + payload > MAX_BYTES
                || !isSameNetwork(other, otherAt)
                || protocol == TCP && !isNextSegment(other, otherAt, header)
                || !isFirstRight()
                || !header.isChecksumRight()) {
            return false;
        }
        packets[count++] = packet;
        bytes += payload;
        boolean push = false;
        if (protocol == TCP) {
            nextSequence += payload;
            lastFlags = header.tcpFlags();
            push = (lastFlags & PSH) != 0;
        }
        full = push || payload < gsoSize || count == MAX_SEGMENTS || bytes + gsoSize > MAX_BYTES;
        return true;
    }

    private boolean isSameNetwork(MemorySegment other, long otherAt) {
        if (version == 6) {
            // Version, traffic class and flow label; hop limit.
            return same32(other, otherAt, 0) && same8(other, otherAt, 7);
        }
        if (!same16(other, otherAt, 0) || !same8(other, otherAt, 8) || !same16(other, otherAt, IPV4_FRAGMENT)) {
            return false;
        }
        return (memory.get(U16, at + IPV4_FRAGMENT) & DONT_FRAGMENT) != 0
                || other.get(U16, otherAt + IPV4_ID) == (short) (memory.get(U16, at + IPV4_ID) + count);
    }

    private boolean isNextSegment(MemorySegment other, long otherAt, TransportPacket header) {
        if (header.sequence() != nextSequence
                || !same32(other, otherAt, transport + 8)
                || !same8(other, otherAt, transport + DATA_OFFSET)
                || !same16(other, otherAt, transport + 14)
                || !same16(other, otherAt, transport + 18)) {
            return false;
        }
        for (int i = transport + TCP_HEADER; i < headerLength; i += 4) {
            if (!same32(other, otherAt, i)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether the packet, a right acknowledgement of this flow, makes needless what was begun with: it acknowledges more
     * at the same place of the stream, and neither says anything else. Acknowledgements of the same byte are signals of
     * loss, and stay; so do those with SACK blocks, whose options have another shape.
     */
    boolean isReplacedBy(PooledBuffer packet, TransportPacket header) {
        if (count != 1 || gsoSize != 0 || protocol != TCP || !header.isPureAck()) {
            return false;
        }
        MemorySegment other = packet.segment();
        long otherAt = packet.offset();
        return header.headerLength() == headerLength
                && (version == 4 ? same16(other, otherAt, 0) : same32(other, otherAt, 0))
                && header.sequence() == nextSequence
                && other.get(U32, otherAt + transport + ACKNOWLEDGEMENT) - memory.get(U32, at + transport + ACKNOWLEDGEMENT) > 0
                && header.isChecksumRight();
    }

    /** Goes on with {@code packet} alone. */
    void replace(PooledBuffer packet) {
        packets[0].release();
        packets[0] = packet;
        memory = packet.segment();
        at = packet.offset();
    }

    private boolean isFirstRight() {
        if (!isFirstRight) {
            isFirstRight = TransportPacket.isChecksumRight(
                    memory, at, headerLength + gsoSize, version, protocol, transport);
        }
        return isFirstRight;
    }

    /** Whether nothing can join any more. */
    boolean isFull() {
        return full;
    }

    int count() {
        return count;
    }

    PooledBuffer packet(int index) {
        return packets[index];
    }

    /** Bytes of all headers of a packet; in those after the first, the payload begins there. */
    int headerLength() {
        return headerLength;
    }

    /**
     * Makes the headers of the first packet those of the whole: lengths, flags, and the sum of the pseudo-header in
     * place of the checksum. Writes the vnet header.
     */
    void seal(MemorySegment vnet, long vnetAt) {
        if (version == 4) {
            memory.set(U16, at + IPV4_LENGTH, (short) bytes);
            memory.set(U16, at + IPV4_CHECKSUM, (short) 0);
            int sum = InternetChecksum.fold(TransportPacket.sumIpv4(memory, at, transport));
            memory.set(U16, at + IPV4_CHECKSUM, (short) sum);
        } else {
            memory.set(U16, at + IPV6_LENGTH, (short) (bytes - Ipv6Header.LENGTH));
        }
        int length = bytes - transport;
        long pseudo = TransportPacket.pseudoHeader(memory, at, version) + protocol + length;
        int checksum = protocol == TCP ? TransportPacket.TCP_CHECKSUM : TransportPacket.UDP_CHECKSUM;
        if (protocol == TCP) {
            memory.set(JAVA_BYTE, at + transport + FLAGS, (byte) lastFlags);
        } else {
            memory.set(U16, at + transport + UDP_LENGTH, (short) length);
        }
        memory.set(U16, at + transport + checksum, (short) ~InternetChecksum.fold(pseudo));
        int type = protocol != TCP
                ? VnetHeader.GSO_UDP_L4
                : version == 4 ? VnetHeader.GSO_TCPV4 : VnetHeader.GSO_TCPV6;
        VnetHeader.setGso(vnet, vnetAt, type, headerLength, gsoSize, transport, checksum);
    }

    /** Gives every packet back to its pool. */
    void release() {
        for (int i = 0; i < count; i++) {
            packets[i].release();
        }
        count = 0;
    }

    private boolean same8(MemorySegment other, long otherAt, int offset) {
        return memory.get(JAVA_BYTE, at + offset) == other.get(JAVA_BYTE, otherAt + offset);
    }

    private boolean same16(MemorySegment other, long otherAt, int offset) {
        return memory.get(JAVA_SHORT_UNALIGNED, at + offset) == other.get(JAVA_SHORT_UNALIGNED, otherAt + offset);
    }

    private boolean same32(MemorySegment other, long otherAt, int offset) {
        return memory.get(JAVA_INT_UNALIGNED, at + offset) == other.get(JAVA_INT_UNALIGNED, otherAt + offset);
    }

    private boolean same64(MemorySegment other, long otherAt, int offset) {
        return memory.get(JAVA_LONG_UNALIGNED, at + offset) == other.get(JAVA_LONG_UNALIGNED, otherAt + offset);
    }
}

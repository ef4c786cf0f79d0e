package io.culvert.core.tun;

import static io.culvert.core.tun.TransportPacket.CWR;
import static io.culvert.core.tun.TransportPacket.FIN;
import static io.culvert.core.tun.TransportPacket.FLAGS;
import static io.culvert.core.tun.TransportPacket.IPV4_CHECKSUM;
import static io.culvert.core.tun.TransportPacket.IPV4_ID;
import static io.culvert.core.tun.TransportPacket.IPV4_LENGTH;
import static io.culvert.core.tun.TransportPacket.IPV6_LENGTH;
import static io.culvert.core.tun.TransportPacket.PSH;
import static io.culvert.core.tun.TransportPacket.SEQUENCE;
import static io.culvert.core.tun.TransportPacket.TCP;
import static io.culvert.core.tun.TransportPacket.U16;
import static io.culvert.core.tun.TransportPacket.U32;
import static io.culvert.core.tun.TransportPacket.UDP;
import static io.culvert.core.tun.TransportPacket.UDP_LENGTH;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.wire.InternetChecksum;
import io.culvert.wire.Ipv4Header;
import io.culvert.wire.Ipv6Header;
import java.lang.foreign.MemorySegment;

/**
 * Makes the packets again that the kernel left together, or whose checksum it left to us: what the last network card
 * would do (Linux {@code tcp_gso_segment}, {@code __udp_gso_segment}). No field of the vnet header is believed that the
 * packet does not bear out.
 */
final class Segmenter {
    private final TransportPacket packet = new TransportPacket();
    private MemorySegment memory = MemorySegment.NULL;
    private long at;
    private int length;

    /** Payload bytes for each segment; 0 for a packet that goes as it is. */
    private int gsoSize;

    /** Offset of the payload that is next; {@link #length} when there is none. */
    private int next;

    /** Of the next segment, from 0 on. */
    private int index;

    /** The sum of addresses and protocol. */
    private long pseudo;

    private int firstSequence;
    private int firstId;
    private int flags;

    /**
     * Takes what one read gave; the memory must stay as it is until {@link #isEmpty}. What was left of the former one
     * is forgotten.
     *
     * @param header where the vnet header begins; the packet is behind it
     * @param bytes of both
     * @param largest IP packet that is wanted, in bytes
     * @return false when it is malformed, or larger: then there is nothing to take
     */
    boolean load(MemorySegment memory, long header, int bytes, int largest) {
        this.memory = memory;
        this.at = header + VnetHeader.LENGTH;
        this.length = bytes - VnetHeader.LENGTH;
        this.next = length;
        if (length < Ipv4Header.MIN_LENGTH) {
            return false;
        }
        int type = VnetHeader.gsoType(memory, header);
        return type == VnetHeader.GSO_NONE ? loadWhole(header, largest) : loadSeveral(header, type, largest);
    }

    private boolean loadWhole(long header, int largest) {
        if (length > largest) {
            return false;
        }
        if (VnetHeader.needsChecksum(memory, header)) {
            int start = VnetHeader.csumStart(memory, header);
            int field = start + VnetHeader.csumOffset(memory, header);
            if (start < Ipv4Header.MIN_LENGTH || field + 2 > length) {
                return false;
            }
            int checksum = InternetChecksum.fold(InternetChecksum.sum(memory, at + start, length - start, 0));
            memory.set(U16, at + field, (short) notZero(checksum));
        }
        gsoSize = 0;
        next = 0;
        return true;
    }

    private boolean loadSeveral(long header, int type, int largest) {
        gsoSize = VnetHeader.gsoSize(memory, header);
        if (gsoSize == 0
                || packet.look(memory, at, length) != TransportPacket.Kind.TRANSPORT
                || !fits(type)
                || packet.payloadLength() == 0
                || packet.headerLength() + Math.min(gsoSize, packet.payloadLength()) > largest) {
            return false;
        }
        // hdr_len is not looked at: a packet that the kernel forwards has the length of its first buffer there.
        if (VnetHeader.needsChecksum(memory, header)) {
            if (VnetHeader.csumStart(memory, header) != packet.transport()
                    || VnetHeader.csumOffset(memory, header) != packet.checksumOffset()) {
                return false;
            }
        } else if (!VnetHeader.isDataValid(memory, header)) {
            return false;
        }
        pseudo = TransportPacket.pseudoHeader(memory, at, packet.version()) + packet.protocol();
        if (packet.protocol() == TCP) {
            firstSequence = packet.sequence();
            flags = packet.tcpFlags();
        }
        firstId = packet.version() == 4 ? memory.get(U16, at + IPV4_ID) : 0;
        index = 0;
        next = packet.headerLength();
        return true;
    }

    private boolean fits(int type) {
        return switch (type) {
            case VnetHeader.GSO_TCPV4 -> packet.protocol() == TCP && packet.version() == 4;
            case VnetHeader.GSO_TCPV6 -> packet.protocol() == TCP && packet.version() == 6;
            case VnetHeader.GSO_UDP_L4 -> packet.protocol() == UDP;
            default -> false;
        };
    }

    /** Whether what was loaded was more than one packet. */
    boolean isSeveral() {
        return gsoSize != 0 && packet.payloadLength() > gsoSize;
    }

    /** Whether everything was taken. */
    boolean isEmpty() {
        return next >= length;
    }

    /** Bytes of the next packet; not when {@link #isEmpty}. */
    int nextLength() {
        return gsoSize == 0 ? length : packet.headerLength() + Math.min(gsoSize, length - next);
    }

    /** Passes over the next packet. */
    void skip() {
        next = gsoSize == 0 ? length : next + Math.min(gsoSize, length - next);
        index++;
    }

    /** Writes the next packet, {@link #nextLength} bytes, to {@code to}. */
    void take(MemorySegment into, long to) {
        if (gsoSize == 0) {
            MemorySegment.copy(memory, at, into, to, length);
            next = length;
            return;
        }
        int header = packet.headerLength();
        int payload = Math.min(gsoSize, length - next);
        MemorySegment.copy(memory, at, into, to, header);
        MemorySegment.copy(memory, at + next, into, to + header, payload);
        writeNetwork(into, to, header + payload);
        writeTransport(into, to + packet.transport(), header + payload - packet.transport());
        next += payload;
        index++;
    }

    private void writeNetwork(MemorySegment into, long to, int bytes) {
        if (packet.version() == 6) {
            into.set(U16, to + IPV6_LENGTH, (short) (bytes - Ipv6Header.LENGTH));
            return;
        }
        into.set(U16, to + IPV4_LENGTH, (short) bytes);
        into.set(U16, to + IPV4_ID, (short) (firstId + index));
        into.set(U16, to + IPV4_CHECKSUM, (short) 0);
        int sum = InternetChecksum.fold(TransportPacket.sumIpv4(into, to, packet.transport()));
        into.set(U16, to + IPV4_CHECKSUM, (short) sum);
    }

    private void writeTransport(MemorySegment into, long to, int bytes) {
        if (packet.protocol() == TCP) {
            int own = flags;
            if (next + gsoSize < length) {
                own &= ~(FIN | PSH);
            }
            if (index > 0) {
                own &= ~CWR;
            }
            into.set(U32, to + SEQUENCE, firstSequence + next - packet.headerLength());
            into.set(JAVA_BYTE, to + FLAGS, (byte) own);
        } else {
            into.set(U16, to + UDP_LENGTH, (short) bytes);
        }
        long field = to + packet.checksumOffset();
        into.set(U16, field, (short) 0);
        int checksum = InternetChecksum.fold(InternetChecksum.sum(into, to, bytes, pseudo + bytes));
        into.set(U16, field, (short) (packet.protocol() == UDP ? notZero(checksum) : checksum));
    }

    /** In UDP zero would say that there is no checksum; its twin is the same number. */
    private static int notZero(int checksum) {
        return checksum == 0 ? 0xFFFF : checksum;
    }
}

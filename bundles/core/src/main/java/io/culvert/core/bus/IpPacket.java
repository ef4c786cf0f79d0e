package io.culvert.core.bus;

import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.link.IpAddress;
import io.culvert.wire.Ipv4Header;
import io.culvert.wire.Ipv6Header;

/** The fields of an inner packet that the bus looks at, alike for both families: IPv4 addresses are mapped. */
final class IpPacket {
    private IpPacket() {}

    /** 4, 6, or what else the first four bits say; 0 for an empty packet. */
    static int version(PooledBuffer packet) {
        return packet.length() == 0 ? 0 : Ipv4Header.version(packet.segment(), packet.offset());
    }

    /**
     * Checks the lengths of a packet of {@code version}, and cuts off what follows the packet proper.
     *
     * @return whether the packet is well-formed
     */
    static boolean trim(PooledBuffer packet, int version) {
        int at = packet.offset();
        int total;
        if (version == 4) {
            if (!Ipv4Header.fits(packet.segment(), at, packet.length())) {
                return false;
            }
            total = Ipv4Header.totalLength(packet.segment(), at);
        } else {
            if (!Ipv6Header.fits(packet.segment(), at, packet.length())) {
                return false;
            }
            total = Ipv6Header.LENGTH + Ipv6Header.payloadLength(packet.segment(), at);
        }
        if (total < packet.length()) {
            packet.bounds(at, total);
        }
        return true;
    }

    static long sourceHigh(PooledBuffer packet, int version) {
        return version == 4 ? 0 : Ipv6Header.sourceHigh(packet.segment(), packet.offset());
    }

    static long sourceLow(PooledBuffer packet, int version) {
        return version == 4
                ? IpAddress.mapped(Ipv4Header.source(packet.segment(), packet.offset()))
                : Ipv6Header.sourceLow(packet.segment(), packet.offset());
    }

    static long destinationHigh(PooledBuffer packet, int version) {
        return version == 4 ? 0 : Ipv6Header.destinationHigh(packet.segment(), packet.offset());
    }

    static long destinationLow(PooledBuffer packet, int version) {
        return version == 4
                ? IpAddress.mapped(Ipv4Header.destination(packet.segment(), packet.offset()))
                : Ipv6Header.destinationLow(packet.segment(), packet.offset());
    }

    /** Counts one hop down; false when the packet must not go on. */
    static boolean hop(PooledBuffer packet, int version) {
        int at = packet.offset();
        if (version == 4) {
            if (Ipv4Header.ttl(packet.segment(), at) <= 1) {
                return false;
            }
            Ipv4Header.decrementTtl(packet.segment(), at);
        } else {
            if (Ipv6Header.hopLimit(packet.segment(), at) <= 1) {
                return false;
            }
            Ipv6Header.decrementHopLimit(packet.segment(), at);
        }
        return true;
    }
}

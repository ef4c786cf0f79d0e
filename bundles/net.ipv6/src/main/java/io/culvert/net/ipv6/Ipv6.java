package io.culvert.net.ipv6;

import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.net.PacketAddresses;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.wire.Ipv6Header;
import java.lang.foreign.MemorySegment;
import org.osgi.service.component.annotations.Component;

/** IPv6, RFC 8200. */
@Component
public final class Ipv6 implements NetworkProtocol {
    @Override
    public String name() {
        return "ipv6";
    }

    @Override
    public int etherType() {
        return IPV6;
    }

    @Override
    public boolean read(PacketBuffer packet, PacketAddresses into) {
        MemorySegment segment = packet.segment();
        int at = packet.offset();
        if (!Ipv6Header.fits(segment, at, packet.length())) {
            return false;
        }
        int total = Ipv6Header.LENGTH + Ipv6Header.payloadLength(segment, at);
        if (total < packet.length()) {
            packet.bounds(at, total);
        }
        into.set(
                Ipv6Header.sourceHigh(segment, at),
                Ipv6Header.sourceLow(segment, at),
                Ipv6Header.destinationHigh(segment, at),
                Ipv6Header.destinationLow(segment, at));
        return !isMapped(into.sourceHigh(), into.sourceLow()) && !isMapped(into.destinationHigh(), into.destinationLow());
    }

    /** A mapped IPv4 address never goes over a wire (RFC 4942 section 2.2); taken for one, it would lead to an IPv4 peer. */
    private static boolean isMapped(long high, long low) {
        return high == 0 && low >>> 32 == 0xFFFF;
    }

    @Override
    public boolean hop(PacketBuffer packet) {
        if (Ipv6Header.hopLimit(packet.segment(), packet.offset()) <= 1) {
            return false;
        }
        Ipv6Header.decrementHopLimit(packet.segment(), packet.offset());
        return true;
    }
}

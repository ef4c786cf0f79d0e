package io.culvert.net.ipv4;

import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.net.PacketAddresses;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.wire.Ipv4Header;
import java.lang.foreign.MemorySegment;
import org.osgi.service.component.annotations.Component;

/** IPv4, RFC 791. */
@Component
public final class Ipv4 implements NetworkProtocol {
    @Override
    public String name() {
        return "ipv4";
    }

    @Override
    public int etherType() {
        return IPV4;
    }

    @Override
    public boolean read(PacketBuffer packet, PacketAddresses into) {
        MemorySegment segment = packet.segment();
        int at = packet.offset();
        if (!Ipv4Header.fits(segment, at, packet.length())) {
            return false;
        }
        int total = Ipv4Header.totalLength(segment, at);
        if (total < packet.length()) {
            packet.bounds(at, total);
        }
        into.setMapped(Ipv4Header.source(segment, at), Ipv4Header.destination(segment, at));
        return true;
    }

    @Override
    public boolean hop(PacketBuffer packet) {
        if (Ipv4Header.ttl(packet.segment(), packet.offset()) <= 1) {
            return false;
        }
        Ipv4Header.decrementTtl(packet.segment(), packet.offset());
        return true;
    }
}

package io.culvert.core.bus;

import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.net.PacketAddresses;
import io.culvert.api.packet.DropReason;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.tun.Tun;

/** What a decapsulated packet meets on its way from its session to the TUN, or to another session. */
final class InboundPath {
    private final RouteTable<LoopSession> routes;
    private final OutboundPath outbound;
    private final Tun tun;
    private final Drops drops;
    private final Networks networks;
    private final boolean clientToClient;
    private final FramePath frames;

    InboundPath(
            RouteTable<LoopSession> routes,
            OutboundPath outbound,
            Tun tun,
            Drops drops,
            Networks networks,
            boolean clientToClient,
            FramePath frames) {
        this.routes = routes;
        this.outbound = outbound;
        this.tun = tun;
        this.drops = drops;
        this.networks = networks;
        this.clientToClient = clientToClient;
        this.frames = frames;
    }

    /** Takes the packet. */
    void accept(PooledBuffer packet, LoopSession from) {
        FramePort port = from.framePort();
        if (port != null) {
            frames.accept(packet, port);
            return;
        }
        NetworkProtocol network = networks.of(packet);
        if (network == null) {
            drops.drop(packet, packet.length() == 0 ? DropReason.MALFORMED : DropReason.UNSUPPORTED);
            return;
        }
        if (!networks.read(network, packet)) {
            drops.drop(packet, DropReason.MALFORMED);
            return;
        }
        if (!from.isEstablished()) {
            drops.drop(packet, DropReason.NOT_ESTABLISHED);
            return;
        }
        PacketAddresses addresses = networks.addresses;
        if (!from.owns(addresses.sourceHigh(), addresses.sourceLow())) {
            drops.drop(packet, DropReason.SOURCE_ADDRESS);
            return;
        }
        from.countIn(packet.length());
        from.loop().pacing().carried();
        LoopSession peer = routes.find(addresses.destinationHigh(), addresses.destinationLow());
        if (peer == null) {
            tun.write(packet);
        } else if (!clientToClient) {
            // Not to the TUN: the kernel would forward it straight back.
            drops.drop(packet, DropReason.NO_ROUTE);
        } else if (!networks.hop(network, packet)) {
            drops.drop(packet, DropReason.HOP_LIMIT);
        } else {
            outbound.defer(packet, peer);
        }
    }
}

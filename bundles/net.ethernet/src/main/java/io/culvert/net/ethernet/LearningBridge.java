package io.culvert.net.ethernet;

import io.culvert.api.net.FrameBridge;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.wire.EthernetHeader;

/**
 * A transparent bridge, IEEE 802.1D-2004 clause 7: it learns from sources (7.8), filters and forwards by destinations
 * (7.7), and leaves reserved ones alone (7.12.6). Tags of 802.1Q are payload to it: stations are told apart by their
 * addresses alone, whatever their VLAN. There is no spanning tree; a client that bridges, too, must not close a loop.
 */
final class LearningBridge implements FrameBridge {
    private static final long NOBODY = 0;

    private final FilteringDatabase stations;
    private volatile int known;

    LearningBridge(EthernetConfig config) {
        this.stations =
                new FilteringDatabase(config.ageingNs(), config.stationsOfTap(), config.stationsPerSession());
    }

    @Override
    public void own(long address) {
        stations.fix(address, TAP);
        known = stations.size();
    }

    @Override
    public int forward(PacketBuffer frame, int port, long nowNs) {
        if (!EthernetHeader.fits(frame.length())) {
            return MALFORMED;
        }
        long source = EthernetHeader.source(frame.segment(), frame.offset());
        if (EthernetHeader.isGroup(source) || source == NOBODY) {
            return MALFORMED;
        }
        long destination = EthernetHeader.destination(frame.segment(), frame.offset());
        if (EthernetHeader.isReserved(destination)) {
            return FILTERED;
        }
        switch (stations.learn(source, port, nowNs)) {
            case YES -> publish();
            case STATIC -> {
                return SPOOFED;
            }
            case NO_ROOM -> {
                // Behind the TAP is the operator's own network: what is not remembered of it is flooded.
                if (port != TAP) {
                    return ADDRESS_LIMIT;
                }
            }
        }
        if (EthernetHeader.isGroup(destination)) {
            return FLOOD;
        }
        int to = stations.find(destination, nowNs);
        if (to == FilteringDatabase.NO_PORT) {
            return FLOOD;
        }
        return to == port ? FILTERED : to;
    }

    private void publish() {
        int now = stations.size();
        if (now != known) {
            known = now;
        }
    }

    @Override
    public void portClosed(int port) {
        stations.forget(port);
        publish();
    }

    @Override
    public int stations() {
        return known;
    }
}

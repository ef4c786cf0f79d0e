package io.culvert.api.status;

import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.api.tunnel.Transport;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.Optional;

/**
 * One session at one moment.
 *
 * @param id as {@code SessionHost.sessionId}
 * @param peer empty until the peer is known
 * @param addresses empty until it is admitted
 * @param since when it was accepted, hand-overs included
 * @param bytesIn from the peer, inner packets
 * @param bytesOut to the peer, inner packets
 */
public record SessionStatus(
        long id,
        String protocol,
        String instance,
        Optional<PeerIdentity> peer,
        Optional<TunnelAddresses> addresses,
        Transport transport,
        InetSocketAddress remote,
        Instant since,
        boolean established,
        long packetsIn,
        long bytesIn,
        long packetsOut,
        long bytesOut,
        TunnelStatus tunnel) {}

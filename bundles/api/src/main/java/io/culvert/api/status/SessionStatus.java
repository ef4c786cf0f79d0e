package io.culvert.api.status;

import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.api.tunnel.Transport;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.Map;
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
 * @param modules which module serves the session, by kind: {@code tunnel}, {@code tls} of the control channel that is in
 *     use, {@code cipher} of the key that is sent with; each as {@code ID/VERSION}, such as {@code tls.jsse/0.1.0}. A
 *     kind is absent while nothing of it is in use, as TLS is between a hand-over and the next negotiation
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
        TunnelStatus tunnel,
        Map<String, String> modules) {
    public SessionStatus {
        modules = Map.copyOf(modules);
    }

    /** A session of which it is not known what serves it. */
    public SessionStatus(
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
            TunnelStatus tunnel) {
        this(id, protocol, instance, peer, addresses, transport, remote, since, established, packetsIn, bytesIn,
                packetsOut, bytesOut, tunnel, Map.of());
    }
}

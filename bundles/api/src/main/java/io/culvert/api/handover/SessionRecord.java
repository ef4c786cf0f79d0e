package io.culvert.api.handover;

import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.api.tunnel.Transport;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;

/**
 * A session as data. Written by {@code TunnelSession.freeze}, made live again by {@code TunnelProtocol.thaw}, in
 * another version of the code, another process or on another node.
 *
 * <p>Counters are never in it: the opaque state holds <em>reservations</em>. The owner uses only packet-ids below the
 * end of its durable reservation; whoever thaws starts at that end.
 *
 * @param protocol {@code TunnelProtocol.name}
 * @param instance {@code TunnelProtocol.instance}
 * @param version of the format of {@code state}, 1 and up
 * @param sessionId constant over hand-overs
 * @param peer who it is
 * @param addresses the peer's addresses inside the tunnel
 * @param endpoint where the peer is
 * @param state keys, reservations and options in the protocol's own format; sealed by the store
 */
public record SessionRecord(
        String protocol,
        String instance,
        int version,
        long sessionId,
        PeerIdentity peer,
        TunnelAddresses addresses,
        RemoteEnd endpoint,
        byte[] state) {

    /**
     * An endpoint without its socket.
     *
     * @param local the address that the peer sends to
     */
    public record RemoteEnd(Transport transport, InetSocketAddress remote, InetAddress local, int localPort) {
        public RemoteEnd {
            Objects.requireNonNull(transport, "transport");
            Objects.requireNonNull(remote, "remote");
            Objects.requireNonNull(local, "local");
        }
    }

    public SessionRecord {
        Objects.requireNonNull(protocol, "protocol");
        Objects.requireNonNull(instance, "instance");
        Objects.requireNonNull(peer, "peer");
        Objects.requireNonNull(addresses, "addresses");
        Objects.requireNonNull(endpoint, "endpoint");
        Objects.requireNonNull(state, "state");
    }

    @Override
    public String toString() {
        return "SessionRecord[" + protocol + "/" + instance + " v" + version + ", session="
                + Long.toHexString(sessionId) + ", user=" + peer.user() + ", " + state.length + " bytes redacted]";
    }
}

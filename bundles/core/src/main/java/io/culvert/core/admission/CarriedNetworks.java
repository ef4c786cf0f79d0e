package io.culvert.core.admission;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.net.FrameProtocol;
import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.network.Admission;
import io.culvert.api.network.NetworkSettings;
import io.culvert.api.network.Prefix;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.api.tunnel.CloseCause;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Admission into what the network carries at the moment: peers are told nothing of a family without a network protocol,
 * and a network without any lets nobody in.
 */
public final class CarriedNetworks implements Admissions {
    private final Admissions all;
    private final Supplier<? extends Collection<NetworkProtocol>> networks;
    private final Supplier<? extends Collection<FrameProtocol>> frames;

    /**
     * @param all grants of both families
     * @param networks those in force; called for each admission
     * @param frames those that bridge Ethernet frames; called for each admission
     */
    public CarriedNetworks(
            Admissions all,
            Supplier<? extends Collection<NetworkProtocol>> networks,
            Supplier<? extends Collection<FrameProtocol>> frames) {
        this.all = all;
        this.networks = networks;
        this.frames = frames;
    }

    @Override
    public AuthDecision authenticate(Credentials credentials) {
        return all.authenticate(credentials);
    }

    @Override
    public Admission admit(PeerIdentity peer, long sessionId, InetSocketAddress from) {
        Admission answer = all.admit(peer, sessionId, from);
        if (!(answer instanceof Admission.Granted granted)) {
            return answer;
        }
        boolean ipv4 = carries(NetworkProtocol.IPV4);
        boolean ipv6 = carries(NetworkProtocol.IPV6);
        if (ipv4 && ipv6) {
            return granted;
        }
        TunnelAddresses addresses = granted.addresses();
        var left = new TunnelAddresses(
                ipv4 ? addresses.ipv4() : Optional.empty(), ipv6 ? addresses.ipv6() : Optional.empty());
        if (left.ipv4().isEmpty() && left.ipv6().isEmpty()) {
            all.release(sessionId);
            return new Admission.Refused(new CloseCause(
                    CloseCause.Kind.REFUSED,
                    "no network protocol for the network's addresses is there: install or start net.ipv4 or net.ipv6",
                    "no network"));
        }
        return new Admission.Granted(left, without(granted.network(), ipv4, ipv6));
    }

    @Override
    public Admission admitFrames(PeerIdentity peer, long sessionId, InetSocketAddress from) {
        if (frames.get().isEmpty()) {
            return new Admission.Refused(new CloseCause(
                    CloseCause.Kind.REFUSED,
                    "no network protocol for Ethernet frames is there: install or start net.ethernet",
                    "no network"));
        }
        return all.admitFrames(peer, sessionId, from);
    }

    private boolean carries(int etherType) {
        return networks.get().stream().anyMatch(each -> each.etherType() == etherType);
    }

    private static NetworkSettings without(NetworkSettings network, boolean ipv4, boolean ipv6) {
        return new NetworkSettings(
                ipv4 ? network.ipv4() : Optional.<Prefix>empty(),
                ipv4 ? network.ipv4Gateway() : Optional.<InetAddress>empty(),
                ipv6 ? network.ipv6() : Optional.<Prefix>empty(),
                ipv6 ? network.ipv6Gateway() : Optional.<InetAddress>empty(),
                network.mtu(),
                network.routes().stream().filter(route -> kept(route.address(), ipv4, ipv6)).toList(),
                network.redirectGateway(),
                network.nameServers().stream().filter(server -> kept(server, ipv4, ipv6)).toList(),
                network.searchDomains());
    }

    private static boolean kept(InetAddress address, boolean ipv4, boolean ipv6) {
        return address.getAddress().length == 4 ? ipv4 : ipv6;
    }

    @Override
    public @Nullable CloseCause recheck(PeerIdentity peer) {
        return all.recheck(peer);
    }

    @Override
    public void moved(long sessionId, InetSocketAddress to) {
        all.moved(sessionId, to);
    }

    @Override
    public void release(long sessionId) {
        all.release(sessionId);
    }

    @Override
    public boolean restore(SessionRecord record) {
        return all.restore(record);
    }

    @Override
    public boolean restoreFrames(SessionRecord record) {
        return all.restoreFrames(record);
    }
}

package io.culvert.api.network;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/**
 * What every peer of a network is told, whatever its protocol.
 *
 * @param ipv4 the tunnels' IPv4 prefix, if the network has IPv4
 * @param ipv4Gateway the appliance's address in it
 * @param ipv6 the tunnels' IPv6 prefix, if the network has IPv6
 * @param ipv6Gateway the appliance's address in it
 * @param mtu of the tunnel, in bytes
 * @param routes prefixes that peers send into the tunnel
 * @param redirectGateway whether peers send everything into the tunnel
 * @param nameServers that peers use
 * @param searchDomains that peers complete names with
 */
public record NetworkSettings(
        Optional<Prefix> ipv4,
        Optional<InetAddress> ipv4Gateway,
        Optional<Prefix> ipv6,
        Optional<InetAddress> ipv6Gateway,
        int mtu,
        List<Prefix> routes,
        boolean redirectGateway,
        List<InetAddress> nameServers,
        List<String> searchDomains) {

    public NetworkSettings {
        routes = List.copyOf(routes);
        nameServers = List.copyOf(nameServers);
        searchDomains = List.copyOf(searchDomains);
    }
}

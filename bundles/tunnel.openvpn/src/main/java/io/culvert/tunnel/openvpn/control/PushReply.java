package io.culvert.tunnel.openvpn.control;

import io.culvert.api.network.NetworkSettings;
import io.culvert.api.network.Prefix;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.tunnel.openvpn.wire.PeerInfo;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The options that a client is sent: its place in the network, and what both have agreed on. No option holds a comma,
 * as there is no way to quote one.
 */
public final class PushReply {
    private static final String NAME = "PUSH_REPLY";
    /** A message above this length is continued in another. */
    private static final int MAX_LENGTH = 1024 - 84;

    private final List<String> options = new ArrayList<>();

    /**
     * The network's part.
     *
     * @param client what the client can read
     * @param frames whether the client carries Ethernet frames, where there is but one topology
     */
    public PushReply network(TunnelAddresses addresses, NetworkSettings network, PeerInfo client, boolean frames) {
        network.ipv4Gateway().ifPresent(gateway -> {
            options.add("route-gateway " + gateway.getHostAddress());
            if (!frames) {
                options.add("topology subnet");
            }
        });
        addresses.ipv4().ifPresent(address -> options.add("ifconfig " + address.getHostAddress() + " "
                + netmask(network.ipv4().orElseThrow().length())));
        addresses.ipv6().ifPresent(address -> options.add("ifconfig-ipv6 " + address.getHostAddress() + "/"
                + network.ipv6().orElseThrow().length() + " "
                + network.ipv6Gateway().orElseThrow().getHostAddress()));
        for (Prefix route : network.routes()) {
            options.add(
                    route.address() instanceof Inet4Address
                            ? "route " + route.address().getHostAddress() + " " + netmask(route.length())
                            : "route-ipv6 " + route);
        }
        if (network.redirectGateway()) {
            options.add(addresses.ipv6().isPresent() ? "redirect-gateway def1 ipv6" : "redirect-gateway def1");
        }
        names(network, client);
        if (client.takesMtu()) {
            options.add("tun-mtu " + network.mtu());
        }
        return this;
    }

    /** Both spellings: the old one for clients that know no other, the new one where it is announced. */
    private void names(NetworkSettings network, PeerInfo client) {
        for (InetAddress server : network.nameServers()) {
            options.add("dhcp-option " + (server instanceof Inet4Address ? "DNS " : "DNS6 ") + server.getHostAddress());
        }
        for (String domain : network.searchDomains()) {
            options.add("dhcp-option DOMAIN-SEARCH " + domain);
        }
        if (!network.nameServers().isEmpty()
                && (client.has(PeerInfo.DNS_OPTION) || client.has(PeerInfo.DNS_OPTION_V2))) {
            var addresses = new StringBuilder();
            for (InetAddress server : network.nameServers()) {
                addresses.append(' ').append(server.getHostAddress());
            }
            if (!network.searchDomains().isEmpty()) {
                options.add("dns search-domains " + String.join(" ", network.searchDomains()));
            }
            options.add("dns server 0 address" + addresses);
        }
        if (network.redirectGateway()
                && !network.nameServers().isEmpty()
                && "win".equals(client.variables().get("IV_PLAT"))) {
            options.add("block-outside-dns");
        }
    }

    public PushReply keepalive(long pingSeconds, long pingRestartSeconds) {
        if (pingSeconds > 0) {
            options.add("ping " + pingSeconds);
        }
        if (pingRestartSeconds > 0) {
            options.add("ping-restart " + pingRestartSeconds);
        }
        return this;
    }

    /** What was agreed on; {@code tlsEkm} and {@code dynamic} only when the client announced them. */
    public PushReply agreed(int peerId, boolean v2, String cipher, boolean tlsEkm, boolean ccExit, boolean dynamic) {
        if (v2) {
            options.add("peer-id " + peerId);
        }
        options.add("cipher " + cipher);
        if (tlsEkm && ccExit) {
            options.add("protocol-flags cc-exit tls-ekm" + (dynamic ? " dyn-tls-crypt" : ""));
        } else if (tlsEkm) {
            options.add("key-derivation tls-ekm");
        }
        return this;
    }

    /** An operator's own option, as it is typed. */
    public PushReply option(String option) {
        options.add(option);
        return this;
    }

    /** The messages to send, in order. */
    public List<String> messages() {
        var messages = new ArrayList<String>();
        var text = new StringBuilder(NAME);
        for (String option : options) {
            if (text.length() > NAME.length() && bytes(text) + 1 + bytes(option) > MAX_LENGTH) {
                messages.add(text + ",push-continuation 2");
                text = new StringBuilder(NAME);
            }
            text.append(',').append(option);
        }
        messages.add(messages.isEmpty() ? text.toString() : text + ",push-continuation 1");
        return messages;
    }

    private static int bytes(CharSequence text) {
        return text.toString().getBytes(StandardCharsets.UTF_8).length;
    }

    private static String netmask(int length) {
        long mask = length == 0 ? 0 : 0xFFFF_FFFFL << 32 - length;
        return (mask >> 24 & 0xFF) + "." + (mask >> 16 & 0xFF) + "." + (mask >> 8 & 0xFF) + "." + (mask & 0xFF);
    }
}

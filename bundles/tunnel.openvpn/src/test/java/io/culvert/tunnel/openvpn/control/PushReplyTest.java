package io.culvert.tunnel.openvpn.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.network.NetworkSettings;
import io.culvert.api.network.Prefix;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.tunnel.openvpn.wire.PeerInfo;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PushReplyTest {
    private static final TunnelAddresses ADDRESSES = new TunnelAddresses(
            Optional.of((Inet4Address) InetAddress.ofLiteral("10.8.0.2")),
            Optional.of((Inet6Address) InetAddress.ofLiteral("fd08::2")));

    private static NetworkSettings network(
            List<String> routes, boolean redirect, List<String> nameServers, List<String> searchDomains) {
        return new NetworkSettings(
                Optional.of(Prefix.parse("10.8.0.0/24")),
                Optional.of(InetAddress.ofLiteral("10.8.0.1")),
                Optional.of(Prefix.parse("fd08::/64")),
                Optional.of(InetAddress.ofLiteral("fd08::1")),
                1420,
                routes.stream().map(Prefix::parse).toList(),
                redirect,
                nameServers.stream().map(InetAddress::ofLiteral).toList(),
                searchDomains);
    }

    private static PeerInfo client(String... lines) {
        return PeerInfo.parse(String.join("\n", lines));
    }

    private static List<String> options(NetworkSettings network, PeerInfo client) {
        return options(new PushReply().network(ADDRESSES, network, client, false));
    }

    private static List<String> options(PushReply reply) {
        var options = new ArrayList<String>();
        for (String message : reply.messages()) {
            List<String> parts = Arrays.asList(message.split(","));
            assertEquals("PUSH_REPLY", parts.getFirst());
            options.addAll(parts.subList(1, parts.size()));
        }
        return options;
    }

    @Test
    void shouldTellTheClientItsAddressesInBothFamilies() {
        List<String> options = options(network(List.of(), false, List.of(), List.of()), client());
        assertTrue(options.contains("ifconfig 10.8.0.2 255.255.255.0"), options::toString);
        assertTrue(options.contains("route-gateway 10.8.0.1"));
        assertTrue(options.contains("topology subnet"));
        assertTrue(
                options.stream().anyMatch(o -> o.matches("ifconfig-ipv6 fd08:[0:]*2/64 fd08:[0:]*1")), options::toString);
        assertFalse(options.stream().anyMatch(o -> o.startsWith("tun-mtu")));
    }

    @Test
    void shouldPushNoTopologyToClientsThatCarryFrames() {
        List<String> options = options(new PushReply()
                .network(ADDRESSES, network(List.of(), false, List.of(), List.of()), client(), true));
        assertTrue(options.contains("ifconfig 10.8.0.2 255.255.255.0"), options::toString);
        assertTrue(options.contains("route-gateway 10.8.0.1"), options::toString);
        assertFalse(options.stream().anyMatch(o -> o.startsWith("topology")), options::toString);
    }

    @Test
    void shouldPushTheMtuToClientsThatTakeIt() {
        assertTrue(options(network(List.of(), false, List.of(), List.of()), client("IV_MTU=1600"))
                .contains("tun-mtu 1420"));
    }

    @ParameterizedTest
    @CsvSource({
        "0.0.0.0/0, 0.0.0.0 0.0.0.0",
        "128.0.0.0/1, 128.0.0.0 128.0.0.0",
        "10.0.0.0/8, 10.0.0.0 255.0.0.0",
        "192.168.64.0/19, 192.168.64.0 255.255.224.0",
        "192.0.2.4/31, 192.0.2.4 255.255.255.254",
        "192.0.2.7/32, 192.0.2.7 255.255.255.255"
    })
    void shouldWriteRoutesWithNetmasks(String route, String expected) {
        assertTrue(options(network(List.of(route), false, List.of(), List.of()), client())
                .contains("route " + expected));
    }

    @Test
    void shouldWriteRoutesOfIpv6WithTheirLength() {
        List<String> options = options(network(List.of("2001:db8::/32"), false, List.of(), List.of()), client());
        assertTrue(options.stream().anyMatch(o -> o.matches("route-ipv6 2001:db8:[0:]*/32")), options::toString);
    }

    @Test
    void shouldSpellNameServersTheOldWayForOldClients() {
        NetworkSettings network = network(List.of(), false, List.of("10.8.0.1", "fd08::53"), List.of("corp.example"));
        List<String> options = options(network, client("IV_PROTO=2"));
        assertTrue(options.contains("dhcp-option DNS 10.8.0.1"));
        assertTrue(options.stream().anyMatch(o -> o.matches("dhcp-option DNS6 fd08:[0:]*53")));
        assertTrue(options.contains("dhcp-option DOMAIN-SEARCH corp.example"));
        assertFalse(options.stream().anyMatch(o -> o.startsWith("dns ")), options::toString);
    }

    @ParameterizedTest
    @CsvSource({"64", "2048", "990"})
    void shouldSpellNameServersBothWaysForClientsThatAnnounceTheNewOne(int bits) {
        NetworkSettings network =
                network(List.of(), false, List.of("10.8.0.1", "10.8.0.9"), List.of("corp.example", "lab.example"));
        List<String> options = options(network, client("IV_PROTO=" + bits));
        assertTrue(options.contains("dhcp-option DNS 10.8.0.1"));
        assertTrue(options.contains("dns search-domains corp.example lab.example"));
        assertTrue(options.contains("dns server 0 address 10.8.0.1 10.8.0.9"), options::toString);
    }

    @Test
    void shouldRedirectTheGatewayAndShutOtherNameServersOutOnWindows() {
        NetworkSettings network = network(List.of(), true, List.of("10.8.0.1"), List.of());
        assertTrue(options(network, client("IV_PLAT=win")).contains("block-outside-dns"));
        assertFalse(options(network, client("IV_PLAT=linux")).contains("block-outside-dns"));
        assertTrue(options(network, client()).contains("redirect-gateway def1 ipv6"));
    }

    @Test
    void shouldSayWhatWasAgreedOn() {
        assertEquals(
                List.of("peer-id 7", "cipher AES-256-GCM", "protocol-flags cc-exit tls-ekm dyn-tls-crypt"),
                options(new PushReply().agreed(7, true, "AES-256-GCM", true, true, true)));
        assertEquals(
                List.of("peer-id 7", "cipher AES-256-GCM", "protocol-flags cc-exit tls-ekm"),
                options(new PushReply().agreed(7, true, "AES-256-GCM", true, true, false)));
        assertEquals(
                List.of("peer-id 0", "cipher AES-128-GCM", "key-derivation tls-ekm"),
                options(new PushReply().agreed(0, true, "AES-128-GCM", true, false, false)));
        assertEquals(
                List.of("cipher AES-128-GCM"),
                options(new PushReply().agreed(-1, false, "AES-128-GCM", false, false, false)));
    }

    @Test
    void shouldPushKeepaliveOnlyWhereItIsSet() {
        assertEquals(List.of("ping 10", "ping-restart 60"), options(new PushReply().keepalive(10, 60)));
        assertEquals(List.of("PUSH_REPLY"), new PushReply().keepalive(0, 0).messages());
    }

    @Test
    void shouldContinueLongRepliesInMessagesThatStockClientsRead() {
        var reply = new PushReply();
        var options = new ArrayList<String>();
        for (int i = 0; i < 300; i++) {
            String option = "route 10.1." + i % 256 + ".0 255.255.255.0" + " ".repeat(i % 7) + "\u00e9".repeat(i % 5);
            options.add(option);
            reply.option(option);
        }
        List<String> messages = reply.messages();
        assertTrue(messages.size() > 5);
        for (int i = 0; i < messages.size(); i++) {
            boolean last = i == messages.size() - 1;
            String end = last ? ",push-continuation 1" : ",push-continuation 2";
            assertTrue(messages.get(i).endsWith(end), messages.get(i));
            String text = messages.get(i).substring(0, messages.get(i).length() - end.length());
            assertTrue(text.getBytes(StandardCharsets.UTF_8).length <= 1024 - 84);
        }
        List<String> back = options(reply);
        back.removeIf(o -> o.startsWith("push-continuation "));
        assertEquals(options, back);
    }

    @Test
    void shouldNotSpeakOfContinuationWhenOneMessageHoldsAll() {
        assertEquals(List.of("PUSH_REPLY,ping 10"), new PushReply().option("ping 10").messages());
    }
}

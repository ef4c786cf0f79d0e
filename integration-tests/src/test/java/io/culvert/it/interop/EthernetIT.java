package io.culvert.it.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.Netns;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.Proc;
import io.culvert.it.lab.RequiresRoot;
import io.culvert.it.swap.BundleCopy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Two stock clients with a TAP each, over UDP and TCP: what they send each other and the appliance, while the bridge is exchanged. */
@RequiresRoot
class EthernetIT {
    private static final Duration SOON = Duration.ofSeconds(20);

    /** Sends a frame of an ether type that is nobody's (IEEE 802, local experimental), or waits for one. */
    private static final String RAW =
            """
            import socket, sys
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88b5))
            s.bind(("tap0", 0x88b5))
            if sys.argv[1] == "wait":
                print("waits", flush=True)
                s.settimeout(20)
                print("got", s.recv(2000)[14:].rstrip(b"\\0").decode(), flush=True)
            else:
                s.send(b"\\xff" * 6 + s.getsockname()[4] + b"\\x88\\xb5" + sys.argv[2].encode().ljust(46, b"\\0"))
            """;

    private static Lab lab;
    private static Appliance appliance;
    private static OpenVpnClient alice;
    private static OpenVpnClient bob;

    @BeforeAll
    static void start() throws Exception {
        lab = Lab.open("ethernet", 2);
        appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
        appliance.configure(
                List.of("redirectGateway: false", "clientToClient: true", "tap: cvtap", "tapIpv4: 10.9.0.0/24",
                        "tapIpv6: 'fd09::/64'"),
                List.of(
                        "lan: { transport: udp, port: 1194, dev: tap }",
                        "lan-tcp: { transport: tcp, port: 1194, dev: tap }",
                        "routed: { transport: udp, port: 1195 }"),
                "net.ethernet");
        appliance.up("--allow-unsigned");
        for (String user : List.of("alice", "bob", "carol")) {
            appliance.cli("user", "add", user).ok();
        }
        assertTrue(
                appliance.profile("carol", Lab.serverIpv4(1), "udp", "").contains("\ndev tun\n"),
                "what every client can is chosen, unless the other is asked for");
        alice = lab.with(connect(1, "alice", "udp", "lan").awaitConnected());
        bob = lab.with(connect(2, "bob", "tcp", "lan-tcp").awaitConnected());
    }

    @AfterAll
    static void stop() {
        if (lab != null) {
            lab.close();
        }
    }

    private static OpenVpnClient connect(int host, String user, String transport, String listener) {
        String profile = appliance.profile(user, Lab.serverIpv4(host), transport, listener);
        assertTrue(profile.contains("\ndev tap\n"), "the profile says what the listener carries");
        return OpenVpnClient.start(lab, lab.client(host), user, profile);
    }

    private static String pushed(OpenVpnClient client, String pattern) {
        String options = client.line("PUSH_REPLY.*");
        Matcher found = Pattern.compile(pattern).matcher(options);
        assertTrue(found.find(), options);
        return found.group(1);
    }

    private static Map<?, ?> core() {
        return (Map<?, ?>) appliance.json("status").get("core");
    }

    private static long drops(String reason) {
        return ((Map<?, ?>) core().get("drops")).get(reason) instanceof Number count ? count.longValue() : 0;
    }

    private static boolean answers(Netns host, String target) {
        return !host.exec(Duration.ofSeconds(15), "ping", "-n", "-c", "3", "-i", "0.2", "-W", "1", target)
                .output()
                .contains(" 0 received");
    }

    /** Pings on and on. */
    private static Proc pinging(Netns host, String target) {
        Proc ping = host.start("ping", List.of("ping", "-n", "-i", "0.05", target));
        ping.await("icmp_seq=3 ", SOON);
        return ping;
    }

    /** Waits for so many more answers. */
    private static void goesOn(Proc ping) {
        int from = ping.lineCount();
        for (int i = 0; i < 3; i++) {
            ping.await("bytes from", from + i, SOON);
        }
    }

    @Test
    void shouldJoinClientsAndTheApplianceToOneNetwork() {
        String options = alice.line("PUSH_REPLY.*");
        assertTrue(options.contains("route-gateway 10.9.0.1"), options);
        assertFalse(options.contains("topology"), options);
        String other = pushed(bob, "ifconfig (10\\.9\\.0\\.\\d+) 255\\.255\\.255\\.0");
        String otherIpv6 = pushed(bob, "ifconfig-ipv6 ([0-9a-f:]+)/64");

        Netns host = lab.client(1);
        assertEquals(3, host.ping("10.9.0.1", 3));
        assertEquals(3, host.ping("fd09::1", 3));
        assertEquals(3, host.ping(other, 3), "client to client");
        assertEquals(3, host.ping(otherIpv6, 3));
        assertTrue(host.exec("ip", "neigh", "show", "dev", "tap0").ok().contains(other + " lladdr "), "resolved by ARP");
        assertTrue(
                host.exec("ip", "-6", "neigh", "show", "dev", "tap0").ok().matches("(?s).*fd09:.*lladdr .*"),
                "resolved by neighbour discovery");
        assertEquals(
                3,
                Integer.parseInt(host.exec("ping", "-n", "-c", "3", "-i", "0.2", "-M", "do", "-s", "1472", other)
                        .ok()
                        .replaceAll("(?s).* (\\d+) received.*", "$1")),
                "as large as the MTU");
        assertTrue(lab.server.exec("ip", "addr", "show", "cvtap").ok().contains("10.9.0.1/24"));
        assertEquals(
                "0",
                lab.server.exec("cat", "/proc/sys/net/ipv6/conf/cvtap/accept_ra").ok().strip(),
                "no client is the appliance's router");
        var bridge = (Map<?, ?>) core().get("bridge");
        assertEquals("ethernet", bridge.get("protocol"));
        assertTrue(((Number) bridge.get("stations")).intValue() >= 3, bridge.toString());
        assertEquals(1, alice.connectionAttempts());
    }

    @Test
    void shouldCarryFramesThatAreNotIp() {
        Proc waits = lab.client(2).start("raw-wait", List.of("python3", "-c", RAW, "wait"));
        waits.await("waits", SOON);
        lab.client(1).exec("python3", "-c", RAW, "send", "no-ip-in-here").ok();
        waits.await("got no-ip-in-here", SOON);
    }

    @Test
    void shouldRefuseAClientWithTheOtherDevice() {
        String wrong = appliance.profile("carol", Lab.serverIpv4(1), "udp", "lan").replace("\ndev tap\n", "\ndev tun\n");
        try (var client = OpenVpnClient.start(lab, lab.client(1), "carol-tun", wrong)) {
            client.process().await("AUTH_FAILED,the client has dev tun and this listener serves dev tap", SOON);
        }
        String reverse = appliance.profile("carol", Lab.serverIpv4(1), "udp", "routed").replace("\ndev tun\n", "\ndev tap\n");
        try (var client = OpenVpnClient.start(lab, lab.client(1), "carol-tap", reverse)) {
            client.process().await("AUTH_FAILED,the client has dev tap and this listener serves dev tun", SOON);
        }
    }

    @Test
    void shouldCarryNothingWithoutItsModuleAndGoOnWithTheNext() {
        Netns host = lab.client(1);
        String other = pushed(bob, "ifconfig (10\\.9\\.0\\.\\d+) ");
        try (Proc ping = pinging(host, other)) {
            var newer = BundleCopy.of("net.ethernet").version("0.1.7").to(lab.directory().resolve("ethernet-0.1.7.jar"));
            appliance.cli("module", "update", "net.ethernet", newer.toString(), "--watch", "0").ok();
            goesOn(ping);

            appliance.cli("module", "stop", "net.ethernet").ok();
            assertFalse(answers(host, other), "no frame without its module");
            assertFalse(answers(host, "10.9.0.1"), "nor to the appliance");
            assertTrue(drops("UNSUPPORTED") > 0, "each is counted");
            String doctor = appliance.cli("doctor").output();
            assertTrue(doctor.contains("install or start net.ethernet"), doctor);
            try (var carol = connect(1, "carol", "udp", "lan")) {
                carol.process().await("AUTH_FAILED,no network", SOON);
            }
            appliance.cli("module", "start", "net.ethernet").ok();
            goesOn(ping);

            appliance.cli("module", "remove", "net.ethernet").ok();
            assertFalse(answers(host, other), "no frame without its module");
            appliance.cli("module", "install", "net.ethernet", "--watch", "0").ok();
            goesOn(ping);
        }
        assertEquals(3, host.ping("10.9.0.1", 3));
        assertEquals(1, alice.connectionAttempts());
        assertEquals(1, bob.connectionAttempts());
    }
}

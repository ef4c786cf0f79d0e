package io.culvert.it.hotplug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each bundle is replaced while a stock client pings a host behind the appliance every {@value #INTERVAL_MS} ms. The
 * client never connects anew and keeps its address, its session goes on, and both agree on new keys afterwards.
 *
 * <p>Here the old bundle is gone before the new one comes, which is the harder case: packets wait in the kernel meanwhile,
 * and none is lost on a host that has time for them; those sent while no net.ipv4 is there at all are dropped. Side by side,
 * as an operator changes modules, none may be lost at all: see {@link SideBySideIT}.
 */
@RequiresRoot
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HotPlugUnderTrafficIT {
    private static final int INTERVAL_MS = 20;
    private static final int PINGS = 200;
    private static final int RENEGOTIATE_S = 8;

    /** On a host that has little time; as many as are sent in a tenth of a second. */
    private static final int SEVERAL = 100 / INTERVAL_MS;

    /** By bundle: through these every packet goes, or what they need. */
    private static final Map<String, Integer> MOST_LOST = Map.of(
            "io.culvert.tunnel.openvpn", SEVERAL,
            "io.culvert.core", SEVERAL,
            "io.culvert.store.local", SEVERAL,
            "io.culvert.store.front", SEVERAL,
            "io.culvert.net.ipv4", SEVERAL);

    /** No packet goes through the others; one may be lost on the way. */
    private static final int ELSEWHERE = 1;

    private static Lab lab;
    private static Appliance cli;
    private static HotPlugAppliance appliance;
    private static OpenVpnClient client;
    private static String address;

    @BeforeAll
    static void connect() {
        lab = Lab.open("hot-plug", 1);
        var home = lab.directory().resolve("home");
        cli = new Appliance(lab.server, home)
                .configure(
                        List.of("redirectGateway: false", "routes: [10.77.0.0/24]"),
                        List.of("udp: { transport: udp, port: 1194 }"),
                        "web.rest",
                        "web.ui",
                        "web.watch");
        appliance = lab.with(HotPlugAppliance.start(lab.server, home));
        cli.cli("user", "add", "alice").ok();
        var profile = cli.profile("alice", Lab.serverIpv4(1), "udp", "");
        client = lab.with(OpenVpnClient.start(lab, lab.client(1), "alice", profile, "reneg-sec " + RENEGOTIATE_S)).awaitConnected();
        address = address();
    }

    @AfterAll
    static void disconnect() {
        if (lab != null) {
            lab.close();
        }
    }

    static List<String> modules() {
        return BuiltBundle.modules();
    }

    @ParameterizedTest
    @MethodSource("modules")
    @Order(1)
    void shouldCarryTheSessionOverAReinstallation(String name) {
        swap("reinstall " + name);
        client.process()
                .await("Outgoing Data Channel: Cipher", client.process().lineCount(), Duration.ofSeconds(3 * RENEGOTIATE_S));
        goesOn();
    }

    @ParameterizedTest
    @MethodSource("modules")
    @Order(2)
    void shouldCarryTheSessionOverARestart(String name) {
        swap("restart " + name);
    }

    private static void swap(String line) {
        var traffic = lab.client(1).start(
                "ping", List.of("ping", "-n", "-i", "0.02", "-W", "1", "-c", "" + PINGS, Lab.LAN_IPV4));
        traffic.await("icmp_seq=40 ", Duration.ofSeconds(10));
        var done = appliance.tell(line);
        var received = Pattern.compile("(\\d+) received").matcher(traffic.join(Duration.ofSeconds(20)).output());
        assertTrue(received.find());
        int lost = PINGS - Integer.parseInt(received.group(1));
        System.out.println(line + ": " + done.end() + ", lost " + lost);
        goesOn();
        int most = MOST_LOST.getOrDefault(line.substring(line.indexOf(' ') + 1), ELSEWHERE);
        assertTrue(lost <= most, line + " lost " + lost + " packets, " + done.end());
    }

    private static void goesOn() {
        assertEquals(5, lab.client(1).ping(Lab.LAN_IPV4, 5), "the session goes on");
        assertEquals(1, client.connectionAttempts(), "the client never connected anew");
        assertTrue(client.process().lines().stream().noneMatch(l -> l.contains("SIGUSR1") || l.contains("Restart")));
        assertEquals(address, address(), "same address");
    }

    private static String address() {
        String sessions = cli.cli("sessions", "--json").ok();
        var matcher = Pattern.compile("10\\.8\\.0\\.\\d+").matcher(sessions);
        assertTrue(matcher.find(), sessions);
        return matcher.group();
    }
}

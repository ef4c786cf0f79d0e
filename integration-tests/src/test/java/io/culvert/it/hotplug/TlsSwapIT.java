package io.culvert.it.hotplug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.Proc;
import io.culvert.it.lab.RequiresRoot;
import io.culvert.it.perf.Load;
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

/**
 * Many sessions move to another provider of TLS: each agrees on new keys with it within the window, none ends, pings
 * through a stock client's tunnel go on, and nothing of the provider that went stays. {@code -Dculvert.sessions=5000} for
 * more of them.
 */
@RequiresRoot
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class TlsSwapIT {
    private static final int SESSIONS = Integer.getInteger("culvert.sessions", 500);
    private static final int WINDOW_S = 8;
    private static final int PARALLEL = 16;

    /** For the last handshakes of the window, on a host that has little time. */
    private static final int GRACE_S = 30;

    private static final int COLLECTED_S = 20;
    private static final String OPENSSL = "io.culvert.tls.openssl";
    private static final String JSSE = "io.culvert.tls.jsse";

    private static Lab lab;
    private static Appliance cli;
    private static HotPlugAppliance appliance;
    private static Load load;
    private static OpenVpnClient client;
    private static Proc ping;

    @BeforeAll
    static void connect() {
        lab = Lab.open("tls-swap", 2);
        var home = lab.directory().resolve("home");
        cli = new Appliance(lab.server, home).configure("""
                modules:
                  core:
                    ipv4: 10.8.0.0/16
                    tun: cvtun
                    redirectGateway: false
                    maxSessions: 20000
                    duplicateLogins: true
                    tlsSwapWindowSeconds: %d
                  store.local: {}
                  net.ipv4: {}
                  pki: {}
                  tls.openssl: {}
                  tls.jsse: {}
                  crypto.jce: {}
                  crypto.openssl: {}
                  crypto.ipsecmb: {}
                  auth.file: {}
                  log.console: {}
                  tunnel.openvpn:
                    udp: { transport: udp, port: 1194 }
                """.formatted(WINDOW_S));
        appliance = lab.with(HotPlugAppliance.start(lab.server, home));
        cli.cli("user", "add", "load").ok();
        cli.cli("user", "add", "alice").ok();
        load = lab.with(Load.start(lab, 1, "load", cli.profile("load", Lab.serverIpv4(1), "udp", "")));
        client = lab.with(OpenVpnClient.start(
                        lab, lab.client(2), "alice", cli.profile("alice", Lab.serverIpv4(2), "udp", "")))
                .awaitConnected();
        load.logIn(SESSIONS, PARALLEL);
        ping = lab.client(2).start("ping", List.of("ping", "-n", "-i", "0.05", "-W", "2", "10.8.0.1"));
        assertEquals(Map.of("tls.openssl/0.1.0", SESSIONS + 1), providers());
    }

    @AfterAll
    static void disconnect() {
        if (lab != null) {
            lab.close();
        }
    }

    /** How many sessions' control channels are with which version of which provider. */
    private static Map<String, Integer> providers() {
        var counts = new java.util.TreeMap<String, Integer>();
        var tls = Pattern.compile("\"(tls\\.[a-z]+/[^\"]+)\"").matcher(cli.cli("sessions", "--json").ok());
        while (tls.find()) {
            counts.merge(tls.group(1), 1, Integer::sum);
        }
        return counts;
    }

    @Test
    @Order(1)
    void shouldMoveAllSessionsToANewerVersionWithinTheWindow() {
        int before = client.process().lineCount();
        int lines = appliance.process().lineCount();
        appliance.tell("beside " + OPENSSL);
        awaitRekeyed(lines, "tls.openssl/0.1.1");
        client.process().await("Outgoing Data Channel: Cipher", before, Duration.ofSeconds(GRACE_S));
        assertEquals(Map.of("tls.openssl/0.1.1", SESSIONS + 1), providers());
        assertEquals(List.of(), appliance.tell("retire " + OPENSSL + " " + COLLECTED_S).left());
        allGoOn();
    }

    @Test
    @Order(2)
    void shouldMoveAllSessionsToAnotherProviderWhenItsModuleIsRemoved() {
        int lines = appliance.process().lineCount();
        var gone = appliance.tell("retire " + OPENSSL + " " + COLLECTED_S);
        awaitRekeyed(lines, JSSE.substring("io.culvert.".length()) + "/0.1.0");
        System.out.println("TlsSwapIT: " + OPENSSL + " gone " + gone.end());
        assertEquals(List.of(), gone.left());
        assertEquals(Map.of("tls.jsse/0.1.0", SESSIONS + 1), providers());
        allGoOn();
    }

    @Test
    @Order(3)
    void shouldLoseNoPingOverAll() {
        lab.client(2).exec("kill", "-INT", "" + ping.pid()).ok();
        var counted = Pattern.compile("(\\d+) packets transmitted, (\\d+) received")
                .matcher(ping.join(Duration.ofSeconds(10)).output());
        assertTrue(counted.find());
        System.out.println("TlsSwapIT: " + counted.group());
        assertTrue(
                Integer.parseInt(counted.group(1)) - Integer.parseInt(counted.group(2)) <= 1,
                "one may be under way at the end: " + counted.group());
    }

    private static void awaitRekeyed(int lines, String to) {
        var rekeyed = load.ask(
                "rekeyed " + SESSIONS + " " + (WINDOW_S + GRACE_S),
                "rekeyed (\\d+) of.*",
                Duration.ofSeconds(WINDOW_S + 2 * GRACE_S));
        System.out.println("TlsSwapIT: " + to + ": " + rekeyed.group());
        assertEquals(SESSIONS, Integer.parseInt(rekeyed.group(1)), rekeyed.group());
        var said = appliance.process().await(
                "tls: (\\d+) sessions moved to " + to + " in (\\d+) s", lines, Duration.ofSeconds(GRACE_S));
        System.out.println("TlsSwapIT: " + said.group());
        assertEquals(SESSIONS + 1, Integer.parseInt(said.group(1)));
    }

    private static void allGoOn() {
        assertEquals(SESSIONS, load.alive());
        assertEquals(1, client.connectionAttempts(), "the client never connected anew");
    }
}

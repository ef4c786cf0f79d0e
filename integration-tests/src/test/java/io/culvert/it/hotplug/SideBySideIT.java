package io.culvert.it.hotplug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.Proc;
import io.culvert.it.lab.RequiresRoot;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A newer version of a bundle is started beside the one in force, which then goes, and later comes back the same way,
 * while numbered datagrams pass through a stock client's tunnel in both directions: none is lost.
 */
@RequiresRoot
class SideBySideIT {
    private static final int PORT = 7007;
    private static final int EACH_MS = 1;
    private static final int SECONDS = 6;

    private static Lab lab;
    private static Appliance cli;
    private static HotPlugAppliance appliance;
    private static OpenVpnClient client;

    @BeforeAll
    static void connect() {
        lab = Lab.open("side-by-side", 1);
        var home = lab.directory().resolve("home");
        cli = new Appliance(lab.server, home)
                .configure(
                        List.of("redirectGateway: false", "routes: [10.77.0.0/24]", "tlsSwapWindowSeconds: 1"),
                        List.of("udp: { transport: udp, port: 1194 }"));
        appliance = lab.with(HotPlugAppliance.start(lab.server, home));
        cli.cli("user", "add", "alice").ok();
        var profile = cli.profile("alice", Lab.serverIpv4(1), "udp", "");
        client = lab.with(OpenVpnClient.start(lab, lab.client(1), "alice", profile, "verb 3")).awaitConnected();
        lab.lan.start("echo", java("echo", "" + PORT)).await("echo up", Duration.ofSeconds(20));
    }

    @AfterAll
    static void disconnect() {
        if (lab != null) {
            lab.close();
        }
    }

    private static List<String> java(String... arguments) {
        var command = new java.util.ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xmx32m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                SequenceMain.class.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "io.culvert.tunnel.openvpn",
        "io.culvert.tls.jsse",
        "io.culvert.crypto.jce",
        "io.culvert.crypto.openssl",
        "io.culvert.crypto.ipsecmb",
        "io.culvert.auth.file"
    })
    void shouldLoseNothingWhenANewerVersionTakesOver(String name) {
        Proc probe = lab.client(1).start("probe", java("probe", Lab.LAN_IPV4, "" + PORT, "" + EACH_MS, "" + SECONDS));
        probe.await("probe up", Duration.ofSeconds(20));
        String there = appliance.tell("update " + name).end();
        String back = appliance.tell("update " + name).end();
        String end = probe.join(Duration.ofSeconds(30)).output();
        var counted = Pattern.compile("sent (\\d+) lost (\\d+) twice (\\d+) longest (\\d+) ms").matcher(end);
        assertTrue(counted.find(), end);
        System.out.println(name + ": " + counted.group() + "; " + there + "; " + back);
        assertEquals("0", counted.group(2), name + ": lost of " + counted.group());
        assertEquals("0", counted.group(3), name + ": twice of " + counted.group());
        assertEquals(1, client.connectionAttempts(), "the client never connected anew");
        assertTrue(client.process().lines().stream().noneMatch(l -> l.contains("SIGUSR1") || l.contains("Restart")));
    }

    @Test
    void shouldSayWhichModulesServeASession() {
        String sessions = cli.cli("sessions", "--json").ok();
        assertTrue(sessions.contains("tunnel.openvpn/"), sessions);
        assertTrue(sessions.contains("\"cipher\""), sessions);
    }
}

package io.culvert.it.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** 100,000 forged first packets from spoofed addresses: no session, no memory, and a real client still connects. */
@RequiresRoot
class HandshakeFloodIT {
    private static final int PACKETS = 100_000;
    private static final long MAX_GROWTH_KIB = 16 * 1024;

    @ParameterizedTest
    @ValueSource(strings = {"plain", "tls-crypt-v2"})
    void shouldSpendNoMemoryOnForgedFirstPackets(String wrap) throws Exception {
        try (var lab = Lab.open("flood-" + wrap, 2)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(
                    List.of("redirectGateway: false"), List.of("udp: { transport: udp, port: 1194, wrap: " + wrap + " }"));
            appliance.up();
            appliance.cli("user", "add", "alice").ok();
            var profile = appliance.profile("alice", Lab.serverIpv4(2), "udp", "");

            var attacker = lab.client(1);
            attacker.exec("ip", "route", "add", "local", "10.66.0.0/16", "dev", "lo").ok();
            lab.server.exec("ip", "route", "add", "10.66.0.0/16", "via", "10.99.1.2").ok();
            flood(attacker, 30_000);
            long before = residentKib(appliance);
            flood(attacker, PACKETS);
            var sessions = appliance.cli("sessions", "--json").ok();
            assertTrue(!sessions.contains("\"id\""), "no session came of it: " + sessions);
            long growth = residentKib(appliance) - before;
            assertTrue(growth < MAX_GROWTH_KIB, "resident memory grew by " + growth + " KiB");

            var during = startFlood(attacker, PACKETS);
            try (var client = OpenVpnClient.start(lab, lab.client(2), "alice", profile).awaitConnected()) {
                assertEquals(3, lab.client(2).ping("10.8.0.1", 3));
                assertEquals(1, client.connectionAttempts());
            }
            during.join(Duration.ofSeconds(120)).ok();
        }
    }

    private static io.culvert.it.lab.Proc startFlood(io.culvert.it.lab.Netns attacker, int packets) {
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        return attacker.start(
                "flood",
                List.of(java, "-Xmx64m", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"),
                        ForgedPackets.class.getName(), Lab.serverIpv4(1), "1194", "" + packets, "10.66"));
    }

    private static void flood(io.culvert.it.lab.Netns attacker, int packets) {
        startFlood(attacker, packets).join(Duration.ofSeconds(120)).ok();
    }

    private static long residentKib(Appliance appliance) throws IOException {
        return Files.readAllLines(Path.of("/proc", "" + appliance.process().pid(), "status")).stream()
                .filter(l -> l.startsWith("VmRSS:"))
                .mapToLong(l -> Long.parseLong(l.replaceAll("[^0-9]", "")))
                .findFirst()
                .orElseThrow();
    }
}

package io.culvert.it.survival;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Iperf;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A TCP transfer runs through the tunnel to a host behind the appliance while the appliance's process ends, by kill -9
 * and by an orderly stop that keeps the sessions, and a new one starts: the transfer goes on, and the client never
 * connects anew.
 */
@RequiresRoot
class RestartIT {
    private static final int SECONDS = 20;

    @ParameterizedTest
    @ValueSource(strings = {"plain", "tls-auth", "tls-crypt", "tls-crypt-v2"})
    void shouldCarryOnAfterKill9(String wrap) throws Exception {
        carriesOn("kill9-" + wrap, wrap, Appliance::kill9);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tls-crypt-v2"})
    void shouldCarryOnAfterAnOrderlyStopThatKeeps(String wrap) throws Exception {
        carriesOn("keep-" + wrap, wrap, appliance -> {
            appliance.cli("stop", "--keep").ok();
            assertEquals(0, appliance.process().join(Duration.ofSeconds(6)).exit());
        });
    }

    private void carriesOn(String name, String wrap, Consumer<Appliance> end) throws Exception {
        try (var lab = Lab.open(name, 1)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(
                    List.of("redirectGateway: false", "routes: [10.77.0.0/24]"),
                    List.of("udp: { transport: udp, port: 1194, wrap: " + wrap + " }"));
            appliance.up();
            appliance.cli("user", "add", "alice").ok();
            var profile = appliance.profile("alice", Lab.serverIpv4(1), "udp", "");
            try (var client = OpenVpnClient.start(lab, lab.client(1), "alice", profile).awaitConnected();
                    var server = Iperf.server(lab.lan, Lab.LAN_IPV4)) {
                var before = appliance.cli("sessions", "--json").ok();
                var transfer = Iperf.startClient(lab.client(1), Lab.LAN_IPV4, SECONDS);
                server.await("Accepted connection", Duration.ofSeconds(10));
                server.await("\\s3\\.00-4\\.00\\s+sec", Duration.ofSeconds(15));
                int linesBefore = client.process().lineCount();
                end.accept(appliance);
                appliance.up();
                client.process().await("TLS: soft reset|Data Channel: cipher|Outgoing Data Channel", linesBefore, Duration.ofSeconds(20));

                var run = Iperf.result(transfer, Duration.ofSeconds(SECONDS + 20));
                var last = run.bitsPerSecond().subList(run.bitsPerSecond().size() - 4, run.bitsPerSecond().size());
                assertTrue(last.stream().allMatch(b -> b > 1e6), "the transfer goes on to its end: " + run.bitsPerSecond());
                assertEquals(1, client.connectionAttempts(), "the client never connected anew");
                assertTrue(client.process().lines().stream().noneMatch(l -> l.contains("SIGUSR1") || l.contains("Restart")));
                assertEquals(3, lab.client(1).ping("10.8.0.1", 3));
                assertEquals(addresses(before), addresses(appliance.cli("sessions", "--json").ok()), "same addresses");
            }
        }
    }

    private static String addresses(String sessions) {
        var matcher = java.util.regex.Pattern.compile("10\\.8\\.0\\.\\d+").matcher(sessions);
        assertTrue(matcher.find(), sessions);
        return matcher.group();
    }
}

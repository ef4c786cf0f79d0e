package io.culvert.it.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Iperf;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A new key every few seconds, asked for by either side, while iperf3 runs: no packet is lost. */
@RequiresRoot
class RenegotiationIT {
    @ParameterizedTest(name = "{0} renegotiates, client option {2}")
    @CsvSource({"server, 4, reneg-sec 0", "client, 0, reneg-sec 4"})
    void shouldLoseNoPacketWhenKeysChange(String side, int serverSeconds, String clientOption) throws Exception {
        try (var lab = Lab.open("renegotiation-" + side, 1)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(
                    List.of("redirectGateway: false"),
                    List.of("udp: { transport: udp, port: 1194, renegotiateSeconds: " + serverSeconds + " }"));
            appliance.up();
            appliance.cli("user", "add", "alice").ok();
            var host = lab.client(1);
            try (var client = OpenVpnClient.start(
                                    lab, host, "alice", appliance.profile("alice", Lab.serverIpv4(1), "udp", ""), clientOption)
                            .awaitConnected();
                    var server = Iperf.server(lab.server, "10.8.0.1")) {
                for (var direction : List.of("--forceflush", "-R")) {
                    var run = Iperf.run(host, "10.8.0.1", 15, "-u", "-b", "10M", "-l", "1200", "-w", "1M", direction);
                    assertTrue(run.packets() > 10_000, "traffic flowed: " + run);
                    assertEquals(0, run.lostPackets(), () -> "packets lost over renegotiations, " + direction
                            + ": the server counts " + appliance.json("status").get("core")
                            + ", the client's host " + host.exec("nstat", "-az", "UdpRcvbufErrors").output());
                }
                long keys = client.process().lines().stream()
                        .filter(l -> l.contains("Outgoing Data Channel: Cipher"))
                        .count();
                assertTrue(keys >= 5, keys + " keys in 30 s");
                assertEquals(1, client.connectionAttempts());
                assertTrue(server.alive());
            }
        }
    }
}

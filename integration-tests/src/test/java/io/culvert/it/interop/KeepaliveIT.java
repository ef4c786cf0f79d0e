package io.culvert.it.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A session without traffic lives on keepalives alone; a client that vanishes is forgotten. */
@RequiresRoot
class KeepaliveIT {
    @Test
    void shouldStayConnectedThrough100SecondsOfSilenceAndForgetAVanishedClient() throws Exception {
        try (var lab = Lab.open("keepalive", 1)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(
                    List.of("redirectGateway: false", "nameServers: []"),
                    List.of("udp: { transport: udp, port: 1194, pingSeconds: 5, pingRestartSeconds: 20 }"));
            appliance.up();
            appliance.cli("user", "add", "alice").ok();
            var host = lab.client(1);
            try (var client = OpenVpnClient.start(
                            lab, host, "alice", appliance.profile("alice", Lab.serverIpv4(1), "udp", ""))
                    .awaitConnected()) {
                // The idle time itself is what is tested; a program measures it, so that an early end is seen at once.
                var idle = host.start("idle", List.of("timeout", "100", "tail", "--pid", "" + client.process().pid(), "-f", "/dev/null"));
                assertEquals(124, idle.join(Duration.ofSeconds(110)).exit(), "the client lived through it");
                assertEquals(3, host.ping("10.8.0.1", 3));
                assertEquals(1, client.connectionAttempts());
                client.process().kill9();
                var gone = lab.server.start(
                        "gone",
                        List.of("sh", "-c", "for i in $(seq 120); do " + appliance.command("sessions")
                                + " | grep -q alice || { echo GONE; exit 0; }; sleep 0.5; done"));
                gone.await("GONE", Duration.ofSeconds(70));
                assertTrue(appliance.cli("status", "--json").ok().contains("PEER_SILENT"));
            }
        }
    }
}

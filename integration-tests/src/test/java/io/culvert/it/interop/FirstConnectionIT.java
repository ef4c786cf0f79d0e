package io.culvert.it.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Iperf;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What the README promises a newcomer: a user, a profile, a stock client; traffic both ways over IPv4 and IPv6, a host
 * behind the appliance, name servers, and the end of it all by a revocation.
 */
@RequiresRoot
class FirstConnectionIT {
    @Test
    void shouldServeAStockClientFromProfileToRevocation() throws Exception {
        try (var lab = Lab.open("first-connection", 1)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(
                    List.of("redirectGateway: false", "routes: [10.77.0.0/24, \"fd77::/64\"]",
                            "nameServers: [10.77.0.2]", "searchDomains: [lab.example]"),
                    List.of("udp: { transport: udp, port: 1194 }", "tcp: { transport: tcp, port: 1194 }"));
            appliance.up();
            appliance.cli("user", "add", "alice").ok();
            var profile = appliance.profile("alice", Lab.serverIpv4(1), "udp", "");
            assertTrue(profile.contains("<tls-crypt-v2>"), "tls-crypt-v2 is the default");

            var up = lab.directory().resolve("up.sh");
            var seen = lab.directory().resolve("up.env");
            Files.writeString(up, "#!/bin/sh\nenv > " + seen + "\n");
            Files.setPosixFilePermissions(up, java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
            var host = lab.client(1);
            try (var client = OpenVpnClient.start(lab, host, "alice", profile, "script-security 2", "up " + up)) {
                client.awaitConnected();
                assertTrue(Files.readString(seen).contains("dhcp-option DNS 10.77.0.2")
                                || Files.readString(seen).contains("dns_server_1_address_1=10.77.0.2"),
                        "name server pushed");

                assertEquals(5, host.ping("10.8.0.1", 5));
                assertEquals(5, host.ping("fd08::1", 5));
                assertEquals(5, host.ping(Lab.LAN_IPV4, 5), "a host behind the appliance, through masquerade");
                assertEquals(5, host.ping(Lab.LAN_IPV6, 5), "the same over IPv6");

                for (var address : List.of("10.8.0.1", "fd08::1")) {
                    try (var server = Iperf.server(lab.server, address)) {
                        var toServer = Iperf.run(host, address, 2);
                        var fromServer = Iperf.run(host, address, 2, "-R");
                        assertTrue(toServer.megabits() > 0 && fromServer.megabits() > 0,
                                address + ": " + toServer.megabits() + " up, " + fromServer.megabits() + " down");
                    }
                }

                var sessions = appliance.cli("sessions", "--json").ok();
                assertTrue(sessions.contains("\"alice\""), sessions);

                appliance.cli("revoke", "alice").ok();
                assertEquals(0, host.ping("10.8.0.1", 2), "revoked: nothing passes");
                client.process().await("AUTH_FAILED|SIGTERM|Restart|RESTART|SIGUSR1", Duration.ofSeconds(10));
            }
            try (var again = OpenVpnClient.start(
                    lab, host, "alice-again", profile, "connect-retry-max 1", "hand-window 8", "tls-timeout 1")) {
                var end = again.process().join(Duration.ofSeconds(40));
                assertTrue(!end.output().contains(OpenVpnClient.CONNECTED), "a revoked profile gets in no more");
            }
            var stop = appliance.stop();
            assertEquals(0, stop.exit(), stop.output());
        }
    }
}

package io.culvert.it.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.Netns;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** IPv6 goes while clients are connected, and comes back: without net.ipv6 none passes, and none is pushed. */
@RequiresRoot
class NetworksIT {
    @Test
    void shouldCarryIpv6OnlyWhileItsModuleIsThere() throws Exception {
        try (var lab = Lab.open("networks", 2)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(
                    List.of("redirectGateway: false", "routes: [10.77.0.0/24, 'fd77::/64']"),
                    List.of("udp: { transport: udp, port: 1194 }"));
            appliance.up();
            appliance.cli("user", "add", "alice").ok();
            appliance.cli("user", "add", "bob").ok();
            var first = lab.client(1);
            try (var alice = connect(lab, appliance, 1, "alice")) {
                assertTrue(alice.line("PUSH_REPLY.*").contains("ifconfig-ipv6 "));
                assertEquals(3, first.ping("10.8.0.1", 3));
                assertEquals(3, first.ping("fd08::1", 3));

                appliance.cli("module", "stop", "net.ipv6").ok();
                assertFalse(answers(first, "fd08::1"), "no IPv6 without its module");
                assertEquals(3, first.ping("10.8.0.1", 3));
                try (var bob = connect(lab, appliance, 2, "bob")) {
                    String pushed = bob.line("PUSH_REPLY.*");
                    assertFalse(pushed.contains("ipv6"), pushed);
                    assertTrue(pushed.contains("ifconfig 10.8.0."), pushed);
                }

                appliance.cli("module", "start", "net.ipv6").ok();
                assertEquals(3, first.ping("fd08::1", 3));
                assertEquals(1, alice.connectionAttempts());
            }
        }
    }

    private static OpenVpnClient connect(Lab lab, Appliance appliance, int host, String user) {
        return OpenVpnClient.start(
                        lab, lab.client(host), user, appliance.profile(user, Lab.serverIpv4(host), "udp", ""))
                .awaitConnected();
    }

    private static boolean answers(Netns host, String target) {
        return !host.exec(Duration.ofSeconds(15), "ping", "-n", "-c", "3", "-i", "0.2", "-W", "1", target)
                .output()
                .contains(" 0 received");
    }
}

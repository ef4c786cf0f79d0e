package io.culvert.it.survival;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What an operator takes away is gone when the command returns, for live sessions too, and stays gone when the process
 * is killed right after: the answer was given, so it holds.
 */
@RequiresRoot
class RevocationIT {
    @ParameterizedTest
    @ValueSource(strings = {"revoke alice", "user disable alice", "user remove alice"})
    void shouldEndTheSessionAndHoldAfterKill9(String command) throws Exception {
        try (var lab = Lab.open("revocation-" + command.replace(' ', '-'), 1)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(List.of("redirectGateway: false"), List.of("udp: { transport: udp, port: 1194 }"));
            appliance.up();
            appliance.cli("user", "add", "alice").ok();
            String profile = appliance.profile("alice", Lab.serverIpv4(1), "udp", "");
            try (var client = OpenVpnClient.start(lab, lab.client(1), "alice", profile).awaitConnected()) {
                assertEquals(3, lab.client(1).ping("10.8.0.1", 3));
                appliance.cli(command.split(" ")).ok();
                assertFalse(appliance.cli("sessions", "--json").ok().contains("alice"), "the session is gone");
                assertTrue(appliance.process().alive());
                appliance.kill9();
                client.process().await("AUTH_FAILED", Duration.ofSeconds(5));
            }
            appliance.up();
            assertFalse(appliance.cli("sessions", "--json").ok().contains("alice"), "and no record brings it back");
            try (var again = OpenVpnClient.start(
                    lab, lab.client(1), "alice-again", profile, "connect-retry-max 1", "hand-window 10")) {
                var end = again.process().join(Duration.ofSeconds(40));
                assertFalse(end.output().contains(OpenVpnClient.CONNECTED), "nor lets her in again");
            }
        }
    }
}

package io.culvert.it.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients whose way to the appliance is IPv6, over listeners that take both families, beside a client with IPv4. */
@RequiresRoot
class OuterIpv6IT {
    @ParameterizedTest
    @ValueSource(strings = {"udp", "tcp"})
    void shouldServeClientsOverIpv6BesideIpv4(String transport) {
        try (var lab = Lab.open("outer-ipv6-" + transport, 2)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(
                    List.of("redirectGateway: false", "clientToClient: true"),
                    List.of(transport + ": { transport: " + transport + ", port: 1194 }"));
            appliance.up();
            appliance.cli("user", "add", "six").ok();
            appliance.cli("user", "add", "four").ok();
            String overSix = appliance.profile("six", "[" + Lab.serverIpv6(1) + "]:1194", transport, "");
            String overFour = appliance.profile("four", Lab.serverIpv4(2), transport, "");
            try (var six = OpenVpnClient.start(lab, lab.client(1), "six", overSix).awaitConnected();
                    var four = OpenVpnClient.start(lab, lab.client(2), "four", overFour).awaitConnected()) {
                assertEquals(3, lab.client(1).ping("10.8.0.1", 3));
                assertEquals(3, lab.client(1).ping("fd08::1", 3));
                assertEquals(3, lab.client(2).ping("10.8.0.1", 3));
                assertTrue(appliance.cli("sessions").ok().contains("fd99:1"), "the session's remote end is IPv6");
                String other = four.line("ifconfig 10\\.8\\.0\\.\\d+").substring("ifconfig ".length());
                assertEquals(3, lab.client(1).ping(other, 3), "from client to client");
                assertEquals(1, six.connectionAttempts());
            }
        }
    }
}

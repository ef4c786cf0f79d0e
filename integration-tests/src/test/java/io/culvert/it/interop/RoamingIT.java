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

/** The client's source port and then its address change under traffic; the session floats. */
@RequiresRoot
class RoamingIT {
    @Test
    void shouldFloatToANewPortAndToANewAddress() throws Exception {
        try (var lab = Lab.open("roaming", 1)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(List.of("redirectGateway: false"), List.of("udp: { transport: udp, port: 1194 }"));
            appliance.up();
            appliance.cli("user", "add", "alice").ok();
            var host = lab.client(1);
            try (var client = OpenVpnClient.start(
                            lab, host, "alice", appliance.profile("alice", Lab.serverIpv4(1), "udp", ""))
                    .awaitConnected()) {
                assertEquals(3, host.ping("10.8.0.1", 3));
                var traffic = host.start("ping", List.of("ping", "-n", "-i", "0.05", "-c", "160", "10.8.0.1"));
                traffic.await("icmp_seq=20 ", Duration.ofSeconds(10));

                host.exec("nft", "add table ip nat; add chain ip nat out { type nat hook postrouting priority 100; };"
                                + " add rule ip nat out udp dport 1194 snat to 10.99.1.2:40404")
                        .ok();
                host.exec("conntrack", "-F").ok();
                traffic.await("icmp_seq=60 ", Duration.ofSeconds(10));
                assertTrue(appliance.cli("sessions").ok().contains("10.99.1.2:40404"), "floated to the new port");

                host.exec("nft", "delete table ip nat").ok();
                // Without it, the new address would go together with the old one, the first of its subnet.
                host.exec("sysctl", "-qw", "net.ipv4.conf.eth0.promote_secondaries=1").ok();
                host.exec("ip", "addr", "add", "10.99.1.77/24", "dev", "eth0").ok();
                host.exec("ip", "addr", "del", "10.99.1.2/24", "dev", "eth0").ok();
                host.exec("conntrack", "-F");
                traffic.await("icmp_seq=155 ", Duration.ofSeconds(20));
                assertTrue(appliance.cli("sessions").ok().contains("10.99.1.77:"), "floated to the new address");

                var received = java.util.regex.Pattern.compile("(\\d+) received")
                        .matcher(traffic.join(Duration.ofSeconds(20)).output());
                assertTrue(received.find());
                assertTrue(Integer.parseInt(received.group(1)) >= 155, "at most a moment's packets are lost: " + received.group());
                assertEquals(1, client.connectionAttempts());
            }
        }
    }
}

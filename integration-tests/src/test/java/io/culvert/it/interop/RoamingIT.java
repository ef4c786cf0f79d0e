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
    private static final java.util.regex.Pattern REPLY = java.util.regex.Pattern.compile("icmp_seq=(\\d+) ");

    /** Waits for that many answers from now on. */
    private static void awaitReplies(io.culvert.it.lab.Proc ping, int count) {
        int from = ping.lineCount();
        for (int i = 0; i < count; i++) {
            ping.await("icmp_seq=\\d+ ", from + i, Duration.ofSeconds(10));
        }
    }

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
                var traffic = host.start("ping", List.of("ping", "-n", "-i", "0.05", "10.8.0.1"));
                awaitReplies(traffic, 20);

                host.exec("nft", "add table ip nat; add chain ip nat out { type nat hook postrouting priority 100; };"
                                + " add rule ip nat out udp dport 1194 snat to 10.99.1.2:40404")
                        .ok();
                host.exec("conntrack", "-F").ok();
                awaitReplies(traffic, 40);
                assertTrue(appliance.cli("sessions").ok().contains("10.99.1.2:40404"), "floated to the new port");

                host.exec("nft", "delete table ip nat").ok();
                // Without it, the new address would go together with the old one, the first of its subnet.
                host.exec("sysctl", "-qw", "net.ipv4.conf.eth0.promote_secondaries=1").ok();
                host.exec("ip", "addr", "add", "10.99.1.77/24", "dev", "eth0").ok();
                host.exec("ip", "addr", "del", "10.99.1.2/24", "dev", "eth0").ok();
                host.exec("conntrack", "-F");
                awaitReplies(traffic, 40);
                assertTrue(appliance.cli("sessions").ok().contains("10.99.1.77:"), "floated to the new address");

                var replies = traffic.lines().stream()
                        .map(REPLY::matcher)
                        .filter(java.util.regex.Matcher::find)
                        .map(m -> Integer.parseInt(m.group(1)))
                        .sorted()
                        .toList();
                int lost = replies.getLast() - replies.getFirst() + 1 - replies.size();
                assertTrue(lost <= 6, "a moment's packets are lost at most, not " + lost);
                assertEquals(1, client.connectionAttempts());
            }
        }
    }
}

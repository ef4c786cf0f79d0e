package io.culvert.it.survival;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.Netns;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import io.culvert.it.lab.Sequence;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/**
 * The process dies between its TLS flight and the client's answer. Nothing of a TLS handshake can be saved: the client
 * gives the negotiation up and begins a new one, with a reset, inside of its process. Meanwhile the former key carries its
 * traffic, and in one direction for some time after. Between its end of the handshake and its new keys, some ten
 * milliseconds, the client drops what is under the former key if both have the key-id 0.
 */
@RequiresRoot
class KilledNegotiationIT {
    private static final int PER_SECOND = 200;
    private static final int MOST_LOST = PER_SECOND / 2;
    private static final int HAND_WINDOW_S = 20;
    private static final Duration SOON = Duration.ofSeconds(30);

    @Test
    void shouldCarryTheTrafficUntilTheClientHasNewKeys() throws Exception {
        try (var lab = Lab.open("killed-negotiation", 1)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(
                    List.of("redirectGateway: false"),
                    List.of("udp: { transport: udp, port: 1194 }"));
            appliance.up();
            appliance.cli("user", "add", "alice").ok();
            var profile = appliance.profile("alice", Lab.serverIpv4(1), "udp", "");
            try (var client = OpenVpnClient.start(lab, lab.client(1), "alice", profile, "hand-window " + HAND_WINDOW_S).awaitConnected()) {
                var host = lab.client(1);
                var address = client.line("ifconfig 10\\.8\\.0\\.\\d+").substring("ifconfig ".length());
                // Of the client's next negotiation the hello passes, and nothing after it.
                host.exec("nft", "add table ip cut; add chain ip cut out { type filter hook output priority 0; };"
                        + " add rule ip cut out udp dport 1194 @th,64,5 4 limit rate over 1/hour burst 1 packets counter drop").ok();
                appliance.kill9();
                appliance.up();
                awaitDrops(host, Duration.ofSeconds(20));
                appliance.kill9();
                host.exec("nft", "delete table ip cut").ok();
                int lines = client.process().lineCount();
                appliance.up();
                try (var up = Sequence.start(host, lab.server, "10.8.0.1", 5001, PER_SECOND, 200);
                        var down = Sequence.start(lab.server, host, address, 5002, PER_SECOND, 200)) {
                    up.look(PER_SECOND, SOON);
                    down.look(PER_SECOND, SOON);
                    client.process().await("Control Channel: TLSv1.*", lines, Duration.ofSeconds(60));
                    // So long the client sends under the former key at most.
                    var lostUp = up.look((HAND_WINDOW_S + 5) * PER_SECOND, SOON.plusSeconds(HAND_WINDOW_S));
                    var lostDown = down.look(PER_SECOND, SOON);
                    assertTrue(lostUp.lost() < MOST_LOST, "up: " + lostUp);
                    assertTrue(lostDown.lost() < MOST_LOST, "down: " + lostDown);
                }
                assertEquals(2, client.connectionAttempts(), "it began anew");
                assertEquals(0, client.restarts(), "inside of its process");
            }
        }
    }

    private static void awaitDrops(Netns host, Duration deadline) {
        long until = System.nanoTime() + deadline.toNanos();
        while (host.exec("nft", "list", "table", "ip", "cut").output().contains("packets 0 ")) {
            assertTrue(System.nanoTime() < until, "the client did not answer a TLS flight");
            LockSupport.parkNanos(50_000_000);
        }
    }
}

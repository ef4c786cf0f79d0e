package io.culvert.it.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.culvert.it.hotplug.ControlSocket;
import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/**
 * A stock client asks for a new key every two seconds, while its session goes from one version of the protocol to the
 * next, from one core to the next, and from one provider of TLS to another: it never connects anew, and has nothing to
 * say about any of it. {@code -Dculvert.handovers=200} for more of them, {@code -Dculvert.seed=N} to repeat one run.
 */
@RequiresRoot
class RekeyHandOverIT {
    private static final int HAND_OVERS = Integer.getInteger("culvert.handovers", 8);
    private static final long SEED = Long.getLong("culvert.seed", System.nanoTime());
    private static final List<String> MODULES = List.of("tunnel.openvpn", "core", "tls.openssl");
    private static final int REKEY_MS = 2_000;
    private static final Duration NEXT_KEY = Duration.ofSeconds(20);
    private static final String NEW_KEY = "Outgoing Data Channel: Cipher";

    @Test
    void shouldLetARekeyEndBeforeTheSessionGoesOnElsewhere() throws Exception {
        System.out.println("RekeyHandOverIT: seed " + SEED);
        var random = new Random(SEED);
        try (var lab = Lab.open("rekey-hand-over", 1)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(
                    List.of("redirectGateway: false", "tlsSwapWindowSeconds: 1"),
                    List.of("udp: { transport: udp, port: 1194, renegotiateSeconds: 0 }"));
            appliance.up("--allow-unsigned");
            appliance.cli("user", "add", "alice").ok();
            var profile = appliance.profile("alice", Lab.serverIpv4(1), "udp", "");
            var host = lab.client(1);
            try (var client = OpenVpnClient.start(lab, host, "alice", profile, "reneg-sec " + REKEY_MS / 1000)
                    .awaitConnected()) {
                for (int i = 0; i < HAND_OVERS; i++) {
                    String module = MODULES.get(i % MODULES.size());
                    String version = "0.1." + (100 + i);
                    var file = BundleCopy.of(module)
                            .version(version)
                            .to(lab.directory().resolve(module + "-" + version + ".jar"));
                    LockSupport.parkNanos(random.nextInt(REKEY_MS) * 1_000_000L);
                    ControlSocket.ask(
                            lab.directory().resolve("home/run/control.sock"),
                            "module update",
                            Map.of("module", module, "target", file.toString(), "watch", 0));
                    String round = "change " + i + " of seed " + SEED + ", " + module;
                    assertEquals(3, host.ping("10.8.0.1", 3), round);
                    assertEquals(1, client.connectionAttempts(), round + ": the client never connected anew");
                    var complaints = client.process().lines().stream()
                            .filter(line -> line.contains("TLS Error") || line.contains("TLS ERROR"))
                            .toList();
                    assertEquals(List.of(), complaints, round);
                    // Whoever has the session now can make the next key, and each hand-over has one of its own.
                    client.process().await(NEW_KEY, client.process().lineCount(), NEXT_KEY);
                }
            }
        }
    }
}

package io.culvert.it.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.culvert.it.hotplug.ControlSocket;
import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/**
 * The process dies at random moments of changes to modules. Every time, the old or the new version runs after the next
 * start, and the client's session goes on. {@code -Dculvert.kills=200} for more of them, {@code -Dculvert.seed=N} to
 * repeat one run, {@code -Dculvert.readySeconds=300} where starts are slow.
 */
@RequiresRoot
class KilledSwapIT {
    private static final int KILLS = Integer.getInteger("culvert.kills", 6);
    private static final long SEED = Long.getLong("culvert.seed", System.nanoTime());
    private static final List<String> MODULES =
            List.of("tunnel.openvpn", "tls.openssl", "crypto.jce", "auth.file", "log.file", "net.ipv4", "core", "store.local");

    /** A change without a watch takes about so long. */
    private static final int LONGEST_MS = 4_000;

    private Appliance appliance;

    @Test
    void shouldRunTheOldOrTheNewVersionWheneverItDies() throws Exception {
        System.out.println("KilledSwapIT: seed " + SEED);
        var random = new Random(SEED);
        try (var lab = Lab.open("killed-swap", 1)) {
            appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(
                    List.of("redirectGateway: false"),
                    // The client waits for as long as a start may take here.
                    List.of("udp: { transport: udp, port: 1194, pingRestartSeconds: " + 2 * Appliance.READY.toSeconds() + " }"));
            appliance.up("--allow-unsigned");
            appliance.cli("user", "add", "alice").ok();
            var profile = appliance.profile("alice", Lab.serverIpv4(1), "udp", "");
            try (var client = OpenVpnClient.start(lab, lab.client(1), "alice", profile).awaitConnected()) {
                Map<String, String> running = new HashMap<>(versions());
                for (int i = 0; i < KILLS; i++) {
                    String module = MODULES.get(random.nextInt(MODULES.size()));
                    String version = "0.1." + (100 + i);
                    Path file = BundleCopy.of(module).version(version).to(lab.directory().resolve(module + "-" + version + ".jar"));
                    var change = Thread.ofVirtual().start(() -> update(lab.directory(), module, file));
                    LockSupport.parkNanos(random.nextInt(LONGEST_MS) * 1_000_000L);
                    appliance.kill9();
                    change.join(Duration.ofSeconds(20));
                    appliance.up("--allow-unsigned");

                    var now = versions();
                    String round = "kill " + i + " of seed " + SEED + " while " + module + " became " + version;
                    assertTrue(
                            List.of(running.get(module), version).contains(now.get(module)),
                            round + ": " + now.get(module) + " runs, it was " + running.get(module));
                    running.put(module, now.get(module));
                    assertEquals(running, now, round);
                    assertEquals(3, lab.client(1).ping("10.8.0.1", 3), round);
                    assertEquals(0, client.restarts(), round + ": the client never connected anew");
                    assertEquals(
                            1 + client.failedNegotiations(),
                            client.connectionAttempts(),
                            round + ": it begins anew only what died within a negotiation");
                }
            }
        }
    }

    private static void update(Path directory, String module, Path file) {
        try {
            ControlSocket.ask(
                    directory.resolve("home/run/control.sock"),
                    "module update",
                    Map.of("module", module, "target", file.toString(), "watch", 0));
        } catch (IOException e) {
            // It was killed.
        }
    }

    /** Of what runs; a module that does not run is missing. */
    private Map<String, String> versions() throws IOException {
        Map<String, String> versions = new HashMap<>();
        var all = new ArrayList<Object>(JSON.std.listFrom(appliance.cli("module", "list", "--json").ok()));
        for (Object each : all) {
            Map<?, ?> module = (Map<?, ?>) each;
            if ("running".equals(module.get("state"))) {
                versions.put(String.valueOf(module.get("id")), String.valueOf(module.get("version")));
            }
        }
        return versions;
    }
}

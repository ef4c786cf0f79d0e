package io.culvert.it.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import io.culvert.it.lab.Sequence;
import io.culvert.it.swap.broken.Hanging;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * The core itself is changed while a stock client's packets pass in a tunnel over TCP, in both directions: the next core
 * goes on with the very connection, in the middle of a packet if need be.
 */
@RequiresRoot
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CoreSwapIT {
    private static final int PER_SECOND = 500;
    private static final int BYTES = 1000;
    private static final Duration SOON = Duration.ofSeconds(60);

    /** On a host that has little time: as many as are sent in a hundredth of a second. */
    private static final int FEW = PER_SECOND / 100;

    private static Lab lab;
    private static Appliance appliance;
    private static OpenVpnClient client;
    private static String connection;

    @BeforeAll
    static void connect() {
        lab = Lab.open("core-swap", 1);
        appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
        appliance.configure(
                List.of("redirectGateway: false", "routes: [10.77.0.0/24]"), List.of("tcp: { transport: tcp, port: 1194 }"));
        appliance.up("--allow-unsigned");
        appliance.cli("user", "add", "alice").ok();
        var profile = appliance.profile("alice", Lab.serverIpv4(1), "tcp", "");
        client = lab.with(OpenVpnClient.start(lab, lab.client(1), "alice", profile)).awaitConnected();
        connection = connections();
    }

    @AfterAll
    static void disconnect() {
        if (lab != null) {
            lab.close();
        }
    }

    /** Both ends' addresses and ports of the client's connection. */
    private static String connections() {
        return lab.client(1)
                .exec("ss", "-tnH", "state", "established", "dport", "=", ":1194")
                .ok()
                .replaceAll("(?m)^\\s*\\d+\\s+\\d+", "")
                .strip();
    }

    private static Object version() {
        try {
            return JSON.std.listFrom(appliance.cli("module", "list", "--json").ok()).stream()
                    .map(each -> (Map<?, ?>) each)
                    .filter(row -> "core".equals(row.get("id")) && "running".equals(row.get("state")))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no core runs"))
                    .get("version");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void goesOn() {
        assertEquals(5, lab.client(1).ping(Lab.LAN_IPV4, 5), "the session goes on");
        assertEquals(connection, connections(), "in the same connection");
        assertEquals(1, client.connectionAttempts(), "the client never connected anew");
        assertTrue(client.process().lines().stream().noneMatch(l -> l.contains("Connection reset") || l.contains("SIGUSR1")));
    }

    @Test
    @Order(1)
    void shouldHandTheConnectionToTheNextCoreAndBack() {
        String file = BundleCopy.of("core").version("0.1.7").to(lab.directory().resolve("core-0.1.7.jar")).toString();
        String address = String.valueOf(lab.client(1).exec("ip", "-4", "-o", "addr", "show", "dev", "tun0").ok())
                .replaceFirst("(?s).*inet ([0-9.]+).*", "$1");
        try (var up = Sequence.start(lab.client(1), lab.lan, Lab.LAN_IPV4, 7101, PER_SECOND, BYTES);
                var down = Sequence.start(lab.server, lab.client(1), address, 7102, PER_SECOND, BYTES)) {
            up.look(PER_SECOND, SOON);
            down.look(PER_SECOND, SOON);
            appliance.cli("module", "update", "core", file, "--watch", "1").ok();
            assertEquals("0.1.7", version());
            appliance.cli("module", "rollback", "core").ok();
            assertEquals("0.1.0", version());
            for (var each : Map.of("up", up, "down", down).entrySet()) {
                var window = each.getValue().look(PER_SECOND, SOON);
                System.out.println("CoreSwapIT: " + each.getKey() + ": " + window);
                assertTrue(window.lost() <= FEW, each.getKey() + " lost " + window.lost() + " over two changes of the core");
            }
        }
        goesOn();
    }

    /** It is at work before anybody can know; the next one takes over all the same, and is told why. */
    @Test
    @Order(2)
    void shouldLeaveACoreThatHangsInItsStop() {
        Path hanging = BundleCopy.of("core").version("0.1.8").activator(Hanging.class).to(lab.directory().resolve("hanging.jar"));
        appliance.cli("module", "update", "core", hanging.toString(), "--watch", "0").ok();
        assertEquals("0.1.8", version());
        goesOn();

        String file = BundleCopy.of("core").version("0.1.9").to(lab.directory().resolve("core-0.1.9.jar")).toString();
        String said = appliance.cli("module", "update", "core", file, "--watch", "0").ok();
        assertTrue(said.matches("(?s).*core 0\\.1\\.8: its stop did not end within \\d+ s.*"), said);
        assertEquals("0.1.9", version());
        goesOn();
    }
}

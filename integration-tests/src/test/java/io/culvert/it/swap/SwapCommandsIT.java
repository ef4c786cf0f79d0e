package io.culvert.it.swap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import io.culvert.it.swap.broken.Doubting;
import io.culvert.it.swap.broken.Failing;
import io.culvert.it.swap.broken.Hanging;
import io.culvert.it.swap.broken.Leaking;
import io.culvert.it.swap.broken.Throwing;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an operator types to change modules; a stock client keeps its one session through all of it. */
@RequiresRoot
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SwapCommandsIT {
    private static final String OLD = "0.1.0";
    private static final String NEW = "0.1.7";

    private static Lab lab;
    private static Appliance appliance;
    private static OpenVpnClient client;

    @BeforeAll
    static void connect() {
        lab = Lab.open("swap-commands", 1);
        appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
        appliance.configure(
                List.of("redirectGateway: false", "routes: [10.77.0.0/24]"),
                List.of("udp: { transport: udp, port: 1194 }"));
        appliance.up("--allow-unsigned");
        appliance.cli("user", "add", "alice").ok();
        var profile = appliance.profile("alice", Lab.serverIpv4(1), "udp", "");
        client = lab.with(OpenVpnClient.start(lab, lab.client(1), "alice", profile)).awaitConnected();
    }

    @AfterAll
    static void disconnect() {
        if (lab != null) {
            lab.close();
        }
    }

    private static Path copy(String module) {
        return BundleCopy.of(module).version(NEW).to(file(module + "-" + NEW));
    }

    private static Path file(String name) {
        return lab.directory().resolve(name + ".jar");
    }

    private static Map<String, Object> module(String id) {
        return modules().get(id);
    }

    private static Map<String, Map<String, Object>> modules() {
        try {
            return JSON.std.listFrom(appliance.cli("module", "list", "--json").ok()).stream()
                    .map(SwapCommandsIT::row)
                    .collect(Collectors.toMap(row -> String.valueOf(row.get("id")), row -> row));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Map<String, Object> row(Object each) {
        return ((Map<?, ?>) each).entrySet().stream()
                .collect(Collectors.toMap(field -> String.valueOf(field.getKey()), field -> (Object) field.getValue()));
    }

    private static void goesOn() {
        assertEquals(3, lab.client(1).ping(Lab.LAN_IPV4, 3), "the session goes on");
        assertEquals(1, client.connectionAttempts(), "the client never connected anew");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tls.jsse", "crypto.jce", "auth.file", "log.file", "tunnel.openvpn"})
    @Order(1)
    void shouldUpdateAModuleAndKeepTheOldVersion(String id) {
        String output = appliance.cli(
                        "module", "update", id, copy(id).toString(), "--watch", "1", "--limit", "errors=20",
                        "--limit", "handshakes=30", "--note", "a try")
                .ok();
        assertTrue(output.contains("0.1.0 runs, 0.1.7 would run, side by side"), output);
        assertTrue(output.contains(": kept"), output);
        assertEquals(NEW, module(id).get("version"));
        assertEquals(OLD, module(id).get("kept"));
        assertEquals("running", module(id).get("state"));
        goesOn();
    }

    @Test
    @Order(2)
    void shouldRollBackByCommand() {
        appliance.cli("module", "rollback", "tls.jsse").ok();
        assertEquals(OLD, module("tls.jsse").get("version"));
        assertEquals(NEW, module("tls.jsse").get("kept"));
        goesOn();
    }

    @Test
    @Order(3)
    void shouldRefuseWhatDoesNotResolveByName() {
        Path file = BundleCopy.of("tls.jsse").version(NEW).importing("io.culvert.api.nowhere").to(file("unresolved"));
        assertRefused(file, "tls.jsse", "package io.culvert.api.nowhere");
    }

    @Test
    @Order(3)
    void shouldKeepTheOldVersionWhenTheNewOneThrowsAtStart() {
        assertRefused(
                BundleCopy.of("tls.jsse").version(NEW).activator(Throwing.class).to(file("throwing")),
                "tls.jsse",
                "no good today");
    }

    @Test
    @Order(3)
    void shouldKeepTheOldVersionWhenTheNewOneFailsItsSelfTest() {
        assertRefused(
                BundleCopy.of("tls.jsse").version(NEW).importing("io.culvert.api.status").activator(Doubting.class)
                        .to(file("doubting")),
                "tls.jsse",
                "self-test 'doubt' failed: it does not work");
    }

    @Test
    @Order(3)
    void shouldKeepTheOldVersionWhenTheNewOneLeaks() {
        assertRefused(
                BundleCopy.of("tls.jsse").version(NEW).activator(Leaking.class).to(file("leaking")),
                "tls.jsse",
                "leaks: after its stop there is still the thread 'leaking'");
    }

    @Test
    @Order(4)
    void shouldKeepTheOldVersionWhenTheNewOneHangsInItsStop() {
        assertRefused(
                BundleCopy.of("tls.jsse").version(NEW).activator(Hanging.class).to(file("hanging")),
                "tls.jsse",
                "its stop did not end within");
    }

    /** The self-test passes; only real clients tell. */
    @Test
    @Order(4)
    void shouldGoBackByItselfWhenOneHandshakeInThreeFails() throws Exception {
        appliance.cli("user", "add", "bob").ok();
        String profile = appliance.profile("bob", Lab.serverIpv4(1), "udp", "");
        String file = BundleCopy.of("tls.jsse").version(NEW).activator(Failing.class).to(file("failing")).toString();
        var change = lab.server.start(
                "update",
                List.of("sh", "-c", appliance.command("module", "update", "tls.jsse", file, "--watch", "90")));
        change.await("watching", Duration.ofSeconds(60));
        for (int i = 0; i < 30 && change.alive(); i++) {
            var bob = OpenVpnClient.start(lab, lab.client(1), "bob", profile, "hand-window 4", "tls-timeout 1");
            bob.process().await(OpenVpnClient.CONNECTED + "|TLS Error|SIGUSR1", Duration.ofSeconds(20));
            bob.process().kill9();
        }
        var result = change.join(Duration.ofSeconds(120));
        assertEquals(1, result.exit(), result.output());
        assertTrue(result.output().matches("(?s).*rolled back, \\d+ of \\d+ handshakes failed.*"), result.output());
        assertEquals(OLD, module("tls.jsse").get("version"));
        goesOn();
    }

    private static void assertRefused(Path file, String id, String reason) {
        var result = appliance.cli("module", "update", id, file.toString(), "--watch", "0");
        assertEquals(1, result.exit(), result.output());
        assertTrue(result.output().contains(reason), result.output());
        assertEquals(OLD, module(id).get("version"));
        assertEquals("running", module(id).get("state"));
        goesOn();
    }

    @Test
    @Order(5)
    void shouldTellWhichLimitsThereAre() {
        for (var each : Map.of(
                        "colour=3", "there is no limit 'colour'; there are handshakes, errors, throughput",
                        "handshakes=101", "the limit of handshakes is 0 to 100")
                .entrySet()) {
            var result = appliance.cli("module", "update", "tls.jsse", copy("tls.jsse").toString(), "--limit", each.getKey());
            assertEquals(1, result.exit(), result.output());
            assertTrue(result.output().contains(each.getValue()), result.output());
        }
        goesOn();
    }

    @Test
    @Order(5)
    void shouldRefuseToTakeAwayWhatIsNeeded() {
        for (var each : Map.of(
                        "auth.file", "the last authenticator", "core", "the running tunnels need core",
                        "store.local", "is the only store")
                .entrySet()) {
            var result = appliance.cli("module", "remove", each.getKey());
            assertEquals(1, result.exit(), result.output());
            assertTrue(result.output().contains(each.getValue()), result.output());
        }
        var result = appliance.cli("module", "update", "api", BundleCopy.of("api").version(NEW).to(file("api")).toString());
        assertEquals(1, result.exit(), result.output());
        assertTrue(result.output().contains("imports io.culvert.api."), result.output());
        goesOn();
    }

    @Test
    @Order(6)
    void shouldStopAModuleAndStartItAgain() {
        String file = BundleCopy.of("crypto.jce").version("0.1.8").to(file("crypto.jce-0.1.8")).toString();
        String hash = String.valueOf(appliance.json("module", "plan", file).get("planHash"));
        appliance.cli("module", "stop", "tls.openssl").ok();
        assertEquals("stopped", module("tls.openssl").get("state"));
        var stale = appliance.cli("module", "update", "crypto.jce", file, "--plan", hash);
        assertEquals(1, stale.exit(), stale.output());
        assertTrue(stale.output().contains("have changed since the plan was made"), stale.output());
        appliance.cli("config", "set", "core.mtu", "1400").ok();
        assertEquals("stopped", module("tls.openssl").get("state"));
        appliance.cli("module", "start", "tls.openssl").ok();
        assertEquals("running", module("tls.openssl").get("state"));
    }

    @Test
    @Order(7)
    void shouldInstallAndRemoveWhatDoesNotRunByDefault() {
        appliance.cli("module", "install", "crypto.bouncycastle", "--watch", "0").ok();
        assertEquals("running", module("crypto.bouncycastle").get("state"));
        assertTrue(appliance.cli("config", "export").ok().contains("crypto.bouncycastle: {}"));
        goesOn();
    }

    @Test
    @Order(8)
    void shouldComeBackAsItWasAfterKill9() {
        appliance.cli("module", "stop", "tls.openssl").ok();
        var before = modules();
        appliance.kill9();
        appliance.up("--allow-unsigned");
        var after = modules();
        for (String id : before.keySet()) {
            for (String field : List.of("version", "state", "kept")) {
                assertEquals(before.get(id).get(field), after.get(id).get(field), id + " " + field);
            }
        }
        goesOn();
        appliance.cli("module", "remove", "crypto.bouncycastle").ok();
        assertEquals("removed", module("crypto.bouncycastle").get("state"));
        goesOn();
        String changes = appliance.cli("module", "changes").ok();
        assertTrue(changes.contains("rollback") && changes.contains("failed") && changes.contains("kept"), changes);
    }
}

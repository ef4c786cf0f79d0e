package io.culvert.it.hotplug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import io.culvert.testsupport.Eventually;
import io.culvert.testsupport.RsyslogServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The log sinks of the module repository in the appliance: a stock client's login reaches a real
 * rsyslogd, nothing is lost while that is dead or a sink is exchanged, and a sink that went leaves nothing.
 */
@RequiresRoot
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class LogSinksIT {
    private static final Duration SOON = Duration.ofSeconds(40);
    private static final Pattern SEQUENCE = Pattern.compile("\\[culvert@32473 run=\"([0-9a-f]+)\" sequence=\"(\\d+)\"");

    private static Lab lab;
    private static Appliance cli;
    private static HotPlugAppliance appliance;
    private static RsyslogServer server;

    @BeforeAll
    static void start() throws IOException {
        assumeTrue(RsyslogServer.isInstalled(), "rsyslog or rsyslog-gnutls is not installed");
        lab = Lab.open("log-sinks", 1);
        server = RsyslogServer.start(
                lab.directory().resolve("rsyslog").toAbsolutePath(), List.of("ip", "netns", "exec", lab.server.name()));
        Path home = lab.directory().resolve("home").toAbsolutePath();
        cli = new Appliance(lab.server, home)
                .configure(List.of("redirectGateway: false"), List.of("udp: { transport: udp, port: 1194 }"));
        Files.writeString(
                home.resolve("etc/culvert.yaml"),
                """
                  log.syslog: { level: debug, transport: tls, port: %d, trust: "%s", certificate: "%s", key: "%s" }
                  log.socket: { transport: unix, path: "%s" }
                  log.jdbc: { url: "jdbc:h2:%s/logs", user: culvert, password: hydrogen }
                """
                        .formatted(
                                server.tlsPort,
                                server.authority(),
                                server.clientChain(),
                                server.clientKey(),
                                server.linesSocket(),
                                home),
                StandardOpenOption.APPEND);
        appliance = lab.with(HotPlugAppliance.start(lab.server, home, bundles()));
    }

    /** The usual bundles and the sinks. */
    private static Path bundles() throws IOException {
        Path bundles = lab.directory().resolve("bundles").toAbsolutePath();
        for (Path level : list(BuiltBundle.directory())) {
            Files.createDirectories(bundles.resolve(level.getFileName()));
            for (Path jar : list(level)) {
                Files.copy(jar, bundles.resolve(level.getFileName()).resolve(jar.getFileName()));
            }
        }
        for (Path jar : list(BuiltBundle.directory().resolveSibling("modules"))) {
            if (jar.getFileName().toString().matches("io\\.culvert\\.log\\.(syslog|socket|jdbc)-.*\\.jar")) {
                Files.copy(jar, bundles.resolve("4").resolve(jar.getFileName()));
            }
        }
        return bundles;
    }

    private static List<Path> list(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.toList();
        }
    }

    @AfterAll
    static void stop() throws InterruptedException {
        if (server != null) {
            server.close();
        }
        if (lab != null) {
            lab.close();
        }
    }

    @Test
    @Order(1)
    void shouldTellTheFarEndsOfALogin() {
        cli.cli("user", "add", "alice").ok();
        var profile = cli.profile("alice", Lab.serverIpv4(1), "udp", "");
        try (var client = OpenVpnClient.start(lab, lab.client(1), "alice", profile)) {
            client.awaitConnected();
            Eventually.await(
                    SOON,
                    () -> "no login in " + String.join("\n", server.messages()),
                    () -> server.messages().stream().anyMatch(LogSinksIT::isLogin)
                            && server.lines().stream().anyMatch(LogSinksIT::isLogin));
        }
    }

    private static boolean isLogin(String line) {
        return line.contains("peer=alice") && line.contains(": established from ");
    }

    @Test
    @Order(2)
    void shouldLoseNothingWhileTheFarEndIsDead() throws Exception {
        server.kill();
        cli.cli("user", "add", "bob").ok();
        appliance.tell("restart io.culvert.pki");
        Eventually.await(
                SOON,
                () -> "not away: " + cli.cli("status", "--json").output(),
                () -> cli.cli("status", "--json").output().matches("(?s).*\"sink\" *: *\"syslog\",\\s*\"state\" *: *\"away\".*"));
        server.start();
        assertWhole("user add bob");
    }

    @ParameterizedTest
    @Order(3)
    @ValueSource(strings = {"log.syslog", "log.socket", "log.jdbc", "log.file", "log.console"})
    void shouldLeaveNothing(String module) {
        var left = appliance.tell("cycle io.culvert." + module + " 3 40").left().stream()
                // A link is opened by the first entry, so that one may not be there yet when counting begins.
                .filter(line -> !line.equals("hotplug left open files: more than before {socket:[N]=1}"))
                .toList();
        assertEquals(List.of(), left);
    }

    @Test
    @Order(4)
    void shouldLoseNothingWhileSinksAreExchanged() {
        appliance.tell("restart io.culvert.pki");
        assertWhole("sinks");
    }

    /** The numbers that rsyslogd has go from first to last without a gap, and none is there twice. */
    private static void assertWhole(String what) {
        long newest = newest();
        Eventually.await(SOON, () -> what + ": waits for " + newest, () -> numbers().contains(newest));
        var numbers = numbers();
        long first = numbers.getFirst();
        for (int i = 0; i < numbers.size(); i++) {
            assertEquals(first + i, numbers.get(i), what + ": a gap, or one that came twice, in " + numbers);
        }
    }

    private static long newest() {
        var sequence = Pattern.compile("\"sequence\" *: *(\\d+)").matcher(cli.cli("logs", "-n", "1", "--json").ok());
        assertTrue(sequence.find());
        return Long.parseLong(sequence.group(1));
    }

    private static List<Long> numbers() {
        return server.messages().stream()
                .map(SEQUENCE::matcher)
                .filter(Matcher::find)
                .map(found -> Long.valueOf(found.group(2)))
                .toList();
    }
}

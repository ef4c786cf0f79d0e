package io.culvert.it.hotplug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.hotplug.leaky.LeakyActivator;
import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each bundle, the optional ones too, goes and comes several times in a running appliance that carries sessions. Nothing
 * of those that went stays: no thread in their code, no class loader, no open file, no JDBC driver, no security provider.
 * Every time, all services of all bundles come back and {@code ready} is answered. {@code -Dculvert.rounds=200} for more
 * of them, {@code -Dculvert.modules=tls.openssl,pki} for some modules alone.
 */
@RequiresRoot
class BundlesLeaveNothingIT {
    private static final int ROUNDS = Integer.getInteger("culvert.rounds", 5);

    private static final int DEADLINE_S = 20;

    private static final int RENEGOTIATE_S = 4;

    /** With one round's longest time. */
    private static final Duration PATIENCE = Duration.ofSeconds(4 * DEADLINE_S + 10L * ROUNDS);

    /** What the optional modules need to run; the servers that they name are not there. */
    private static final String[] OPTIONAL = {
        "tls.bouncycastle: {}",
        "crypto.bouncycastle: {}",
        "auth.totp: { mode: appended, withoutSecret: pass }",
        "auth.ldap: { urls: [\"ldap://127.0.0.1:9\"], startTls: false, allowPlainText: true, searchBase: \"dc=example\" }",
        "auth.radius: { servers: [\"127.0.0.1:9\"], secret: unused-secret }",
        "auth.pam: { directory: \"%s\" }",
        "auth.jdbc: { url: \"jdbc:h2:mem:users\" }",
        "auth.oidc: { issuer: \"http://127.0.0.1:9\", clientId: culvert, clientSecret: unused, "
                + "publicUrl: \"http://127.0.0.1:8081\", port: 8081, insecure: true }",
        "log.syslog: { transport: udp, host: 127.0.0.1 }",
        "log.socket: { transport: unix, path: /nowhere/socket }",
        "log.jdbc: { url: \"jdbc:h2:mem:log\", user: culvert, password: hydrogen }",
        "net.ethernet: {}",
        "codec.stub: {}",
        "codec.lz4: {}",
        "trace.otlp: { endpoint: \"http://127.0.0.1:9/v1/traces\" }",
        "web.acme: { directory: \"https://127.0.0.1:9/dir\", agreeToTerms: true, names: [localhost], port: 8082 }",
    };

    private static Lab lab;
    private static HotPlugAppliance appliance;
    private static OpenVpnClient client;

    @BeforeAll
    static void start() throws IOException {
        lab = Lab.open("leave-nothing", 2);
        var home = lab.directory().resolve("home");
        var cli = new Appliance(lab.server, home)
                .configure(
                        List.of(
                                "redirectGateway: false",
                                "tlsSwapWindowSeconds: 1",
                                "authenticators: [required file, optional totp, optional ldap, optional radius, "
                                        + "optional pam, optional jdbc]"),
                        List.of(
                                "udp: { transport: udp, port: 1194 }",
                                "login: { transport: udp, port: 1195, login: certificate-and-password }",
                                "tcp: { transport: tcp, port: 1194 }",
                                "lan: { transport: udp, port: 1196, dev: tap }"),
                        "web.rest", "web.ui", "web.watch");
        var settings = home.resolve("etc/culvert.yaml");
        var yaml = Files.readString(settings).replace("  auth.file: {}\n", "  auth.file: { otherUsers: true }\n");
        Path pam = Files.createDirectories(lab.directory().resolve("pam.d").toAbsolutePath());
        Files.writeString(pam.resolve("culvert"), "auth required pam_permit.so\naccount required pam_permit.so\n");
        Files.writeString(settings, yaml + "  " + String.join("\n  ", OPTIONAL).formatted(pam) + "\n");
        appliance = lab.with(HotPlugAppliance.start(
                lab.server,
                home,
                BuiltBundle.linkAll(lab.directory().resolve("bundles").toAbsolutePath()),
                // The optimizing compiler inlines bundles' classes into the JDK's loops, and such code on the stack of a
                // thread that waits keeps a class loader that nothing in the heap leads to.
                "-XX:TieredStopAtLevel=1"));
        cli.cli("user", "add", "alice").ok();
        cli.addUser("bob", "open sesame");
        client = lab.with(OpenVpnClient.start(
                        lab,
                        lab.client(1),
                        "alice",
                        cli.profile("alice", Lab.serverIpv4(1), "udp", "udp")))
                .awaitConnected();
        // Has a password, which every authenticator is asked about again and again.
        lab.with(OpenVpnClient.start(
                        lab,
                        lab.client(2),
                        "bob",
                        cli.profile("bob", Lab.serverIpv4(2), "udp", "login"),
                        "auth-user-pass " + OpenVpnClient.login(lab, "bob", "bob", "open sesame"),
                        "auth-retry nointeract",
                        "reneg-sec " + RENEGOTIATE_S))
                .awaitConnected();
        lab.client(1).start("ping", List.of("ping", "-n", "-i", "0.2", "10.8.0.1"));
    }

    @AfterAll
    static void stop() {
        if (lab != null) {
            lab.close();
        }
    }

    static List<String> modules() {
        String some = System.getProperty("culvert.modules");
        return some == null
                ? Stream.concat(BuiltBundle.modules().stream(), BuiltBundle.optional().stream().map(BuiltBundle::name)).toList()
                : Stream.of(some.split(",")).map("io.culvert."::concat).toList();
    }

    @ParameterizedTest
    @MethodSource("modules")
    void shouldLeaveNothing(String name) {
        var answer = appliance.tell("cycle " + name + " " + ROUNDS + " " + DEADLINE_S, PATIENCE);
        System.out.println(name + ", " + ROUNDS + " rounds: " + answer.end());
        assertEquals(List.of(), answer.left());
        assertEquals(1, client.connectionAttempts(), "the session goes on");
        assertEquals(3, lab.client(1).ping("10.8.0.1", 3));
    }

    /** The measure itself: it sees what a careless bundle leaves. */
    @Test
    void shouldSeeWhatALeakyBundleLeaves() throws Exception {
        String name = LeakyActivator.class.getPackageName();
        Path jar = lab.directory().resolve("leaky.jar");
        var manifest = new Manifest();
        Map.of(
                        "Manifest-Version", "1.0",
                        "Bundle-ManifestVersion", "2",
                        "Bundle-SymbolicName", name,
                        "Bundle-Activator", LeakyActivator.class.getName(),
                        "Import-Package", "org.osgi.framework")
                .forEach(manifest.getMainAttributes()::putValue);
        String file = LeakyActivator.class.getName().replace('.', '/') + ".class";
        try (var out = new JarOutputStream(Files.newOutputStream(jar), manifest);
                var code = LeakyActivator.class.getClassLoader().getResourceAsStream(file)) {
            out.putNextEntry(new JarEntry(file));
            code.transferTo(out);
        }
        appliance.tell("install " + jar);
        var left = String.join("\n", appliance.tell("cycle " + name + " 2 1").left());
        for (String expected : List.of("a thread: ", "a class loader", "threads: more than before {leaky=2}",
                "open files: more than before {/dev/zero=2}", "drivers and providers: more than before {driver[className=")) {
            assertTrue(left.contains("hotplug left " + expected), "no '" + expected + "' in:\n" + left);
        }
    }
}

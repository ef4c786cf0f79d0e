package io.culvert.it.hotplug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.hotplug.leaky.LeakyActivator;
import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each bundle goes and comes {@value #ROUNDS} times in a running appliance that carries a session. Nothing of those that went stays: no thread
 * in their code, no class loader, no open file, no JDBC driver, no security provider. Every time, all services of all
 * bundles come back and {@code ready} is answered.
 */
@RequiresRoot
class BundlesLeaveNothingIT {
    private static final int ROUNDS = 5;

    private static final int DEADLINE_S = 20;

    private static Lab lab;
    private static HotPlugAppliance appliance;
    private static OpenVpnClient client;

    @BeforeAll
    static void start() {
        lab = Lab.open("leave-nothing", 1);
        var home = lab.directory().resolve("home");
        var cli = new Appliance(lab.server, home)
                .configure(
                        List.of("redirectGateway: false"),
                        List.of("udp: { transport: udp, port: 1194 }", "tcp: { transport: tcp, port: 1194 }"),
                        "web.rest", "web.ui", "web.watch");
        appliance = lab.with(HotPlugAppliance.start(lab.server, home));
        cli.cli("user", "add", "alice").ok();
        client = lab.with(OpenVpnClient.start(
                        lab, lab.client(1), "alice", cli.profile("alice", Lab.serverIpv4(1), "udp", "udp")))
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
        return BuiltBundle.modules();
    }

    @ParameterizedTest
    @MethodSource("modules")
    void shouldLeaveNothing(String name) {
        assertEquals(List.of(), appliance.tell("cycle " + name + " " + ROUNDS + " " + DEADLINE_S).left());
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

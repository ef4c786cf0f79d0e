package io.culvert.it.kit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.Proc;
import io.culvert.it.lab.RequiresRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * An author makes two modules outside of this repository, and an operator runs them: unsigned they are refused, signed by
 * an unknown key they are refused with its fingerprint, trusted they work, and they can be removed.
 */
@RequiresRoot
class AuthorsKitIT {
    private static final Duration BUILD = Duration.ofMinutes(3);

    @Test
    void shouldBuildTrustRunAndRemoveModulesOfOthers() throws Exception {
        try (var lab = Lab.open("kit", 1)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(
                    List.of("redirectGateway: false"), List.of("pass: { transport: udp, port: 1194, login: password }"));
            appliance.up();
            appliance.addUser("alice", "correct horse battery");
            Path auth = build(lab, appliance, "auth");
            Path log = build(lab, appliance, "log");

            assertRefused("not signed", appliance.cli("module", "install", auth.toString()));
            String fingerprint = sign(lab, appliance, auth);
            assertEquals(fingerprint, sign(lab, appliance, log));
            var refused = appliance.cli("module", "install", auth.toString());
            assertRefused(fingerprint, refused);
            assertRefused("culvert module trust " + fingerprint, refused);
            assertRefused("no SHA-256 fingerprint", appliance.cli("module", "trust", "abcd"));

            var unasked = appliance.cli("module", "trust", fingerprint);
            assertEquals(2, unasked.exit(), unasked.output());
            assertTrue(unasked.output().contains("use --confirm"), unasked.output());
            String end = fingerprint.substring(fingerprint.length() - 4);
            assertRefused("nothing was changed", appliance.cli("module", "trust", fingerprint, "--confirm", fingerprint.substring(0, 4)));
            appliance.cli("module", "trust", fingerprint, "--name", "The author", "--confirm", end).ok();
            assertTrue(appliance.cli("module", "keys").ok().contains("The author"));
            appliance.cli("module", "install", auth.toString(), "--watch", "0").ok();
            appliance.cli("module", "install", log.toString(), "--watch", "0").ok();
            appliance.cli("config", "set", "auth.kit.password", "open sesame").ok();
            appliance.cli("config", "set", "auth.file.otherUsers", "true").ok();
            assertTrue(Pattern.compile("auth\\.kit .*running.*trusted").matcher(appliance.cli("module", "list").ok()).find());

            // The authenticator lets its user in, and the sink writes that down.
            login(lab, appliance, "guest", "open sesame");
            assertTrue(Pattern.compile("(?m)^kit$").matcher(appliance.cli("status").ok()).find());
            assertTrue(Files.readString(appliance.home().resolve("var/log/kit.log")).contains("guest"));

            appliance.cli("module", "remove", "auth.kit").ok();
            appliance.cli("module", "remove", "log.kit").ok();
            for (String module : List.of("auth.kit", "log.kit")) {
                assertTrue(Pattern.compile(module.replace(".", "\\.") + " .*removed").matcher(appliance.cli("module", "list").ok()).find());
            }
            appliance.cli("module", "distrust", fingerprint).ok();
            assertRefused(fingerprint, appliance.cli("module", "install", auth.toString()));
            assertEquals(0, appliance.stop().exit());
        }
    }

    @Test
    void shouldOfferWhatTheReleaseHasAndRefuseARepositoryThatIsNotSigned() throws Exception {
        try (var lab = Lab.open("repository", 0)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(
                    List.of("redirectGateway: false"), List.of("udp: { transport: udp, port: 1194, login: certificate }"));
            appliance.up();
            String offered = appliance.cli("module", "list", "--available").ok();
            assertTrue(offered.contains("crypto.bouncycastle"), offered);
            var installed = appliance.cli("module", "install", "crypto.bouncycastle", "--watch", "0");
            assertEquals(0, installed.exit(), installed.output());
            assertTrue(appliance.cli("module", "list").ok().contains("crypto.bouncycastle"));

            Path modules = Path.of(System.getProperty("culvert.checkout"), "launcher/target/modules").normalize();
            Path elsewhere = Files.createDirectory(lab.directory().resolve("elsewhere"));
            Files.copy(modules.resolve("index.jar"), elsewhere.resolve("index.jar"));
            String from = elsewhere.toString();
            assertRefused("no such file", appliance.cli("module", "install", "auth.totp", "--from", from));
            assertRefused("there is no such module", appliance.cli("module", "install", "auth.totpp", "--from", from));
            byte[] index = Files.readAllBytes(elsewhere.resolve("index.jar"));
            index[index.length / 2] ^= 1;
            Files.write(elsewhere.resolve("index.jar"), index);
            assertRefused("wrong", appliance.cli("module", "list", "--available", "--from", from));
            assertRefused("no such file", appliance.cli("module", "list", "--available", "--from", "/nowhere"));
        }
    }

    private static void assertRefused(String words, Proc.Result result) {
        assertEquals(1, result.exit(), result.output());
        assertTrue(result.output().contains(words), result.output());
    }

    private static Path build(Lab lab, Appliance appliance, String kind) throws IOException {
        Path project = lab.directory().resolve(kind);
        appliance.cli("module", "new", kind, "kit", "--dir", project.toString()).ok();
        lab.server.exec(BUILD, "sh", "-c", "cd " + project + " && mvn -B -q -o package").ok();
        forget(project);
        return project.resolve("target/io.culvert." + kind + ".kit-1.0.0.jar");
    }

    /** Maven keeps a copy of what the kit offers; a version that is no release is of no use to anybody later. */
    private static void forget(Path project) throws IOException {
        var version = Pattern.compile("<version>([^<]*-dev-[^<]*)</version>").matcher(Files.readString(project.resolve("pom.xml")));
        Path repository = Path.of(System.getProperty("user.home"), ".m2/repository/io/culvert");
        if (version.find() && Files.isDirectory(repository)) {
            try (var files = Files.walk(repository)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    if (file.toString().contains("/" + version.group(1))) {
                        Files.deleteIfExists(file);
                    }
                }
            }
        }
    }

    private static String sign(Lab lab, Appliance appliance, Path jar) {
        String key = lab.directory().resolve("signing").toString();
        return String.valueOf(appliance.json("module", "sign", jar.toString(), "--key", key).get("fingerprint"));
    }

    private static void login(Lab lab, Appliance appliance, String user, String password) {
        String option = "auth-user-pass " + OpenVpnClient.login(lab, "kit", user, password);
        String profile = appliance.profile("alice", Lab.serverIpv4(1), "udp", "pass");
        try (var client = OpenVpnClient.start(lab, lab.client(1), "kit", profile, option)) {
            client.awaitConnected();
            assertEquals(2, lab.client(1).ping("10.8.0.1", 2));
        }
    }
}

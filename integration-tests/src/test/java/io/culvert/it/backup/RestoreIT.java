package io.culvert.it.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One machine is backed up while a client is connected; another one becomes the same appliance. */
@RequiresRoot
class RestoreIT {
    private static final List<String> CORE = List.of("redirectGateway: false");
    private static final List<String> OPENVPN = List.of("udp: { transport: udp, port: 1194 }");

    private static final Duration SOON = Duration.ofSeconds(60);

    @TempDir
    Path kept;

    private Path passphrase;

    @BeforeEach
    void begin() throws Exception {
        passphrase = Files.writeString(kept.resolve("passphrase"), "correct horse battery\n");
    }

    @Test
    void shouldBecomeTheSameApplianceOnAnotherMachine() throws Exception {
        Path file = kept.resolve("culvert.age");
        String profile;
        try (var lab = Lab.open("backup-first", 1)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(CORE, OPENVPN).up();
            appliance.addUser("alice", "open sesame");
            profile = appliance.profile("alice", Lab.serverIpv4(1), "udp", "");
            appliance.cli("config", "set", "pki.clientDays", "77").ok();
            appliance.cli("module", "install", "codec.stub", "--watch", "0").ok();
            try (var client = OpenVpnClient.start(lab, lab.client(1), "alice", profile)) {
                client.awaitConnected();
                appliance.cli("backup", file.toString(), "--passphrase-file", passphrase.toString()).ok();
            }
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));

            var busy = appliance.cli("restore", file.toString(), "--passphrase-file", passphrase.toString(), "--force");
            assertTrue(busy.output().contains("already running"), busy.output());
            appliance.stop();
            var full = appliance.cli("restore", file.toString(), "--passphrase-file", passphrase.toString());
            assertTrue(full.output().contains("is not empty"), full.output());
        }
        try (var lab = Lab.open("backup-second", 1)) {
            var home = lab.directory().resolve("home");
            var appliance = lab.with(new Appliance(lab.server, home));
            refuse(appliance, file, home);

            appliance.cli("restore", file.toString(), "--passphrase-file", passphrase.toString()).ok();
            assertFalse(Files.exists(home.resolve("restoring")) || Files.exists(home.resolve("restored")));
            appliance.up();
            try (var client = OpenVpnClient.start(lab, lab.client(1), "alice", profile)) {
                client.awaitConnected();
                assertEquals(3, lab.client(1).ping("10.8.0.1", 3));
            }
            assertTrue(appliance.cli("user", "list").ok().contains("alice"));
            assertTrue(appliance.cli("config", "get", "pki.clientDays").ok().contains("77"));
            assertTrue(appliance.cli("config", "history").ok().contains("pki.clientDays"), "the history too");
            assertTrue(appliance.cli("module", "list").ok().contains("codec.stub"), "modules beyond the release");
            assertEquals("[]", appliance.cli("sessions", "--json").ok().replaceAll("\\s", "").replaceAll(".*:", ""),
                    "of the first machine's session nothing came along");
            assertEquals(0, appliance.stop().exit());
        }
    }

    private void refuse(Appliance appliance, Path file, Path home) throws Exception {
        Path wrong = Files.writeString(kept.resolve("wrong"), "incorrect horse battery\n");
        var refused = appliance.cli("restore", file.toString(), "--passphrase-file", wrong.toString());
        assertTrue(refused.exit() == 1 && refused.output().contains("passphrase does not open"), refused.output());

        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 100] ^= 1;
        Path altered = Files.write(kept.resolve("altered"), bytes);
        refused = appliance.cli("restore", altered.toString(), "--passphrase-file", passphrase.toString());
        assertTrue(refused.exit() == 1 && refused.output().contains("no whole backup"), refused.output());
        assertFalse(Files.exists(home.resolve("etc/culvert.yaml")), "nothing was changed");
    }

    @Test
    void shouldStartAgainWithABackupThatTheConsoleRestores() throws Exception {
        try (var lab = Lab.open("backup-console", 0)) {
            var home = lab.directory().resolve("home");
            var appliance = lab.with(new Appliance(lab.server, home));
            appliance.configure(CORE, OPENVPN, "web.rest", "auth.totp").up();
            appliance.awaitConsole();
            appliance.addUser("alice", "open sesame");
            String name = backup(lab, appliance);
            appliance.cli("user", "remove", "alice").ok();
            String host = lab.server.exec(SOON, "hostname").ok().strip();

            String asked = "{\"name\":\"" + name + "\",\"passphrase\":\"%s\",\"confirm\":\"%s\"}";
            assertTrue(post(lab, home, "/backups:restore", asked.formatted("correct horse battery", "nobody")).contains("\"confirm\""));
            assertTrue(post(lab, home, "/backups:restore", asked.formatted("incorrect horse", host)).contains("passphrase"));
            assertFalse(appliance.cli("user", "list").ok().contains("alice"), "nothing was changed");

            int lines = appliance.process().lines().size();
            post(lab, home, "/backups:restore", asked.formatted("correct horse battery", host));
            appliance.process().await("starting again with what was restored", lines, Appliance.READY);
            appliance.process().await("ready in \\d+ ms", lines, Appliance.READY);
            appliance.awaitConsole(lines);
            assertTrue(appliance.cli("user", "list").ok().contains("alice"));

            // Earlier ones lie with what was replaced.
            asked = asked.replace(name, backup(lab, appliance));
            appliance.cli("user", "remove", "alice").ok();
            post(lab, home, "/backups:restore", asked.formatted("correct horse battery", host));
            appliance.process().kill9();
            appliance.up();
            assertTrue(appliance.cli("user", "list").ok().contains("alice"), "it counts once it was answered");
        }
    }

    /** Makes one that is kept. */
    private static String backup(Lab lab, Appliance appliance) {
        post(lab, appliance.home(), "/backups", "{\"passphrase\":\"correct horse battery\"}");
        return appliance.cli("backups", "--json").ok().replaceAll("(?s)[^{]*\\{[^}]*\"name\" *: *\"([^\"]*)\".*", "$1");
    }

    private static String post(Lab lab, Path home, String path, String body) {
        return lab.server
                .exec(SOON, "curl", "-sS", "--unix-socket", home.resolve("run/web.sock").toString(), "-H",
                        "Content-Type: application/json", "-d", body, "http://localhost/api/v1" + path)
                .ok();
    }

    @Test
    void shouldMakeBackupsByTheSchedule() throws Exception {
        try (var lab = Lab.open("backup-schedule", 0)) {
            var home = lab.directory().resolve("home");
            var appliance = lab.with(new Appliance(lab.server, home));
            appliance.configure(CORE, OPENVPN).up();
            var refused = appliance.cli("config", "set", "backup.schedule", "hourly");
            assertTrue(refused.output().contains("needs a passphrase"), refused.output());
            appliance.cli("config", "set", "backup.passphrase", "correct horse battery").ok();
            appliance.cli("config", "set", "backup.schedule", "hourly").ok();
            assertTrue(appliance.cli("status", "--json").ok().contains("\"next\""));
            assertFalse(appliance.cli("config", "history").ok().contains("horse"), "secrets stay out of the history");
            assertTrue(appliance.cli("backups").ok().contains("no backups"));
            appliance.process().kill9();
            appliance.process().join(Duration.ofSeconds(10));
        }
    }
}

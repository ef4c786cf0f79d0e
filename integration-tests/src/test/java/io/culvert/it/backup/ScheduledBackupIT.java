package io.culvert.it.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.backup.restore.Staging;
import io.culvert.it.hotplug.ControlSocket;
import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.Proc;
import io.culvert.it.lab.RequiresRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Appliances that missed a backup of their schedule: one makes it, the other has no room for it. */
@RequiresRoot
class ScheduledBackupIT {
    private static final String PASSPHRASE = "correct horse battery";
    private static final Duration SOON = Duration.ofSeconds(150);
    private static final String YAML =
            """
            modules:
              core: { ipv4: 10.8.0.0/24, tun: cvtun }
              store.local: {}
              pki: {}
              tls.jsse: {}
              crypto.jce: {}
              net.ipv4: {}
              auth.file: {}
              log.console: {}
              backup: { schedule: hourly, at: "00:30", keep: 2, passphrase: "%s", directory: "%s" }
              tunnel.openvpn:
                udp: { transport: udp, port: 1194 }
            """;

    @TempDir
    Path work;

    @Test
    void shouldMakeTheMissedOneKeepSoManyAndSayWhenItCannot() throws Exception {
        Path roomy = old("roomy", Files.createDirectory(work.resolve("roomy")));
        Path small = Files.createDirectory(work.resolve("small"));
        host("mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "culvert-test", small.toString());
        try (var lab = Lab.open("backup-schedule", 1)) {
            old("small", small);
            var well = lab.with(new Appliance(lab.server, lab.directory().resolve("well")));
            var full = lab.with(new Appliance(lab.client(1), lab.directory().resolve("full")));
            well.configure(YAML.formatted(PASSPHRASE, roomy)).up();
            full.configure(YAML.formatted(PASSPHRASE, small));
            // More than fits, and nothing that a packer makes small.
            byte[] ballast = new byte[256 << 10];
            new java.util.Random(1).nextBytes(ballast);
            Files.write(full.home().resolve("etc/ballast"), ballast);
            full.up();

            String name = well.process().await("backup: made (culvert-[0-9-]+\\.age), [0-9]+ bytes", SOON).group(1);
            assertEquals(List.of("culvert-20260103-000000.age", name), names(roomy), "two are kept, the newest");
            whole(roomy.resolve(name));
            assertTrue(well.cli("backups").ok().contains(name));
            assertFalse(well.cli("status", "--json").ok().contains("the scheduled backup failed"));

            full.process().await("backup: the scheduled backup failed: the disk that holds .* is full: free some space", SOON);
            assertTrue(full.cli("status", "--json").ok().contains("the scheduled backup failed: the disk that holds"));
            assertEquals(
                    List.of("culvert-20260101-000000.age", "culvert-20260102-000000.age", "culvert-20260103-000000.age"),
                    names(small), "no half a file, and none of the old ones is gone");
            refuses(full, "is full: free some space");

            host("mount", "-o", "remount,ro", small.toString());
            refuses(full, "cannot be written (Read-only file system)");
        } finally {
            host("umount", "-l", small.toString());
        }
    }

    private static void refuses(Appliance appliance, String why) {
        var refused = assertThrows(IOException.class, () -> ControlSocket.ask(
                appliance.home().resolve("run/control.sock"), "backup make", Map.of("passphrase", PASSPHRASE)));
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
    }

    private static Path old(String label, Path directory) throws IOException {
        for (int day = 1; day <= 3; day++) {
            Files.writeString(directory.resolve("culvert-2026010" + day + "-000000.age"), label);
        }
        return directory;
    }

    private static List<String> names(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private void whole(Path file) throws IOException {
        var answer = new Staging().apply(Map.of(
                "file", file, "passphrase", PASSPHRASE.toCharArray(), "directory", Files.createDirectory(work.resolve("opened"))));
        assertFalse(answer.containsKey("error"), answer.toString());
    }

    private void host(String... command) {
        try (var proc = Proc.start(command[0], work.resolve(command[0] + System.nanoTime() + ".log"), List.of(command))) {
            proc.join(Duration.ofSeconds(30)).ok();
        }
    }
}

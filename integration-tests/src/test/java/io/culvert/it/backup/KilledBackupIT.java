package io.culvert.it.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code kill -9} at random moments of backups, of restores and of the start behind a restore: what is listed as a backup
 * is whole, and an appliance is all of what it was or all of what it became. {@code -Dculvert.kills=100} for more of it;
 * {@code -Dculvert.seed} repeats the moments.
 */
@RequiresRoot
class KilledBackupIT {
    private static final int KILLS = Integer.getInteger("culvert.kills", 10);
    private static final long SEED = Long.getLong("culvert.seed", System.nanoTime());
    private static final String PASSPHRASE = "correct horse battery";
    private static final int BALLAST = 16 << 20;
    private static final Pattern BACKUP = Pattern.compile("culvert-[0-9]{8}-[0-9]{6}\\.age");
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
              backup: {}
              tunnel.openvpn:
                udp: { transport: udp, port: 1194 }
            """;

    @TempDir
    Path kept;

    private final Random random = new Random(SEED);
    private Path home;
    private Path passphrase;
    private Appliance appliance;

    @Test
    void shouldBeAllOfTheOldOrAllOfTheNew() throws Exception {
        System.out.println("kills=" + KILLS + " seed=" + SEED);
        passphrase = Files.writeString(kept.resolve("passphrase"), PASSPHRASE + "\n");
        try (var lab = Lab.open("backup-killed", 0)) {
            home = lab.directory().resolve("home");
            appliance = lab.with(new Appliance(lab.server, home));
            appliance.configure(YAML).up();
            Path first = become("first");
            Path second = become("second");
            long restoreMs = timed(() -> {
                appliance.kill9();
                restore(first).join(Duration.ofSeconds(60)).ok();
            });
            long startMs = timed(() -> appliance.up());
            assertEquals("first", state());
            long backupMs = timed(this::backup);
            var seen = new ArrayList<String>();
            for (int i = 0; i < KILLS; i++) {
                killABackup(backupMs);
                Path next = i % 2 == 0 ? second : first;
                Proc restoring = restore(next);
                within(restoring, restoreMs);
                if (i % 3 == 2) {
                    within(appliance.tryUp(), startMs);
                }
                appliance.up();
                seen.add(state());
                forgetWhatWasBefore();
                listedOnesAreWhole();
            }
            System.out.println("states: " + seen);
        }
    }

    private interface Work {
        void run() throws Exception;
    }

    private static long timed(Work work) throws Exception {
        long begin = System.nanoTime();
        work.run();
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
    }

    /** Makes the appliance differ in a user, a setting, a record of the store and a large file, and backs it up. */
    private Path become(String name) throws IOException {
        appliance.cli("user", "add", name).ok();
        if (name.equals("second")) {
            appliance.cli("user", "remove", "first").ok();
        }
        appliance.cli("config", "set", "pki.clientDays", name.equals("first") ? "71" : "72").ok();
        appliance.cli("profile", name, "--remote", "vpn.example.com").ok();
        byte[] ballast = new byte[BALLAST];
        new Random(name.hashCode()).nextBytes(ballast);
        Files.write(home.resolve("etc/ballast"), ballast);
        Path file = kept.resolve(name + ".age");
        appliance.cli("backup", file.toString(), "--passphrase-file", passphrase.toString()).ok();
        return file;
    }

    /** Which of the two it is, in everything; fails when it is something between. */
    private String state() throws Exception {
        String users = appliance.cli("user", "list").ok();
        String name = users.contains("second") ? "second" : "first";
        assertFalse(users.contains(name.equals("first") ? "second" : "first"), users);
        String days = appliance.cli("config", "get", "pki.clientDays").ok();
        assertTrue(days.contains(name.equals("first") ? "71" : "72"), "settings of " + name + ": " + days);
        String profiles = ControlSocket.ask(home.resolve("run/control.sock"), "profile list");
        assertTrue(profiles.contains("first"), "records of " + name + ": " + profiles);
        assertEquals(name.equals("second"), profiles.contains("second"), "records of " + name + ": " + profiles);
        byte[] ballast = new byte[BALLAST];
        new Random(name.hashCode()).nextBytes(ballast);
        assertEquals(digest(ballast), digest(Files.readAllBytes(home.resolve("etc/ballast"))), "files of " + name);
        assertFalse(Files.exists(home.resolve("restored")), "nothing is left to be done");
        return name;
    }

    private static String digest(byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(java.security.MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private void backup() throws IOException {
        ControlSocket.ask(home.resolve("run/control.sock"), "backup make", Map.of("passphrase", PASSPHRASE));
    }

    private void killABackup(long usualMs) throws Exception {
        var begun = new CountDownLatch(1);
        Thread asking = Thread.ofVirtual().start(() -> {
            begun.countDown();
            try {
                backup();
            } catch (IOException e) {
                // It was killed.
            }
        });
        begun.await();
        pause(asking, usualMs);
        appliance.kill9();
        asking.join();
        listedOnesAreWhole();
    }

    private Proc restore(Path file) {
        return Proc.start(
                "restore",
                home.resolveSibling("restore-" + System.nanoTime() + ".log"),
                List.of("sh", "-c", "exec " + appliance.command(
                        "restore", file.toString(), "--passphrase-file", passphrase.toString(), "--force")));
    }

    /** Kills it at a moment of the time that it usually takes. */
    private void within(Proc process, long usualMs) throws InterruptedException {
        var over = Thread.ofVirtual().start(() -> process.join(Duration.ofSeconds(120)));
        pause(over, usualMs);
        process.kill9();
        over.join();
    }

    /** As long as chance will have it, at most until the end of {@code work}. */
    private void pause(Thread work, long usualMs) throws InterruptedException {
        work.join(Duration.ofMillis(1 + random.nextLong(Math.max(1, usualMs))));
    }

    /** What a restore with {@code --force} sets aside is the operator's to remove. */
    private void forgetWhatWasBefore() throws IOException {
        try (var files = Files.list(home)) {
            for (Path each : files.filter(file -> file.getFileName().toString().startsWith("before-restore-")).toList()) {
                remove(each);
            }
        }
    }

    private static void remove(Path top) throws IOException {
        try (var all = Files.walk(top)) {
            for (Path each : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    private void listedOnesAreWhole() throws IOException {
        Path directory = home.resolve("var/backups");
        if (!Files.isDirectory(directory)) {
            return;
        }
        List<Path> backups;
        try (var files = Files.list(directory)) {
            backups = files.filter(file -> BACKUP.matcher(file.getFileName().toString()).matches()).toList();
        }
        for (Path file : backups) {
            Path opened = Files.createTempDirectory(kept, "opened");
            var answer = new Staging().apply(
                    Map.of("file", file, "passphrase", PASSPHRASE.toCharArray(), "directory", opened));
            assertFalse(answer.containsKey("error"), answer.toString());
            remove(opened);
            // Seen once; later rounds make their own.
            Files.delete(file);
        }
        if (appliance.process().alive()) {
            assertFalse(appliance.cli("backups").output().contains(".new"));
            assertEquals(0, drafts(directory), "what was half done is swept away");
        }
    }

    private static long drafts(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.filter(file -> file.toString().endsWith(".new")).count();
        }
    }
}

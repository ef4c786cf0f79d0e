package io.culvert.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.backup.age.AgeOutput;
import io.culvert.backup.restore.Staging;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupTest {
    private static final String PASSPHRASE = "correct horse battery";

    @TempDir
    Path directory;

    private Home home;
    private Instant now = Instant.parse("2026-05-04T03:14:00Z");
    private Kept kept;

    @BeforeEach
    void begin() {
        home = new Home(directory.resolve("home"));
        kept = new Kept(home.path.resolve("var/backups"), home.archive(), () -> now);
    }

    private Kept.Backup make() throws Exception {
        return kept.make(PASSPHRASE.toCharArray());
    }

    private Map<String, String> restore(Path file, String passphrase, Path to) throws IOException {
        Files.createDirectories(to);
        return new Staging().apply(Map.of("file", file, "passphrase", passphrase.toCharArray(), "directory", to));
    }

    private static List<String> files(Path top) throws IOException {
        try (var all = Files.walk(top)) {
            return all.filter(Files::isRegularFile).map(each -> top.relativize(each).toString()).sorted().toList();
        }
    }

    private static Map<String, String> records(Path store) throws IOException {
        var records = new TreeMap<String, String>();
        try (var zip = new ZipInputStream(Files.newInputStream(store))) {
            for (ZipEntry each = zip.getNextEntry(); each != null; each = zip.getNextEntry()) {
                records.put(each.getName(), new String(zip.readAllBytes(), StandardCharsets.UTF_8));
            }
        }
        return records;
    }

    // ---- what comes back

    @Test
    void shouldBringBackEverythingButLogAndSessions() throws Exception {
        home.file("etc/hook.sh", "#!/bin/sh\n");
        Files.setPosixFilePermissions(home.path.resolve("etc/hook.sh"), PosixFilePermissions.fromString("rwx------"));
        Path file = kept.find(make().name()).orElseThrow();
        Path other = directory.resolve("other");

        var facts = restore(file, PASSPHRASE, other);

        assertEquals("here", facts.get("host"), facts.toString());
        assertEquals(
                List.of("etc/culvert.yaml", "etc/hook.sh", "etc/users", "var/config/000001.json",
                        "var/modules/jars/abc.jar", "var/restore/store.zip"),
                files(other));
        assertEquals("alice:1:-\n", Files.readString(other.resolve("etc/users")));
        assertEquals("rwx------",
                PosixFilePermissions.toString(Files.getPosixFilePermissions(other.resolve("etc/hook.sh"))));
        assertEquals("rw-------",
                PosixFilePermissions.toString(Files.getPosixFilePermissions(other.resolve("etc/users"))));
        assertEquals(Map.of("pki/authority", "the authority"), records(other.resolve("var/restore/store.zip")));
    }

    @Test
    void shouldBeginAgainWhenSomethingChangesMeanwhile() throws Exception {
        var looks = new AtomicInteger();
        home.onList = () -> {
            if (looks.incrementAndGet() == 2) {
                home.put("pki/client/1", "a client");
                home.file("etc/users", "alice:1:-\nbob:1:-\n");
            }
        };
        Path file = kept.find(make().name()).orElseThrow();
        Path other = directory.resolve("other");
        restore(file, PASSPHRASE, other);
        assertEquals(2, records(other.resolve("var/restore/store.zip")).size());
        assertTrue(Files.readString(other.resolve("etc/users")).contains("bob"));
    }

    @Test
    void shouldGiveUpOnWhatNeverComesToRest() throws Exception {
        home.onList = () -> home.put("pki/client/1", "a client");
        assertThrows(IOException.class, this::make);
        assertEquals(List.of(), files(home.path.resolve("var/backups")), "no half a file");
    }

    // ---- what is refused

    @Test
    void shouldSayThatThePassphraseIsWrong() throws Exception {
        Path file = kept.find(make().name()).orElseThrow();
        var answer = restore(file, "another passphrase", directory.resolve("other"));
        assertTrue(answer.get("error").contains("passphrase does not open"), answer.toString());
    }

    @Test
    void shouldRefuseACutFile() throws Exception {
        Path file = kept.find(make().name()).orElseThrow();
        byte[] bytes = Files.readAllBytes(file);
        Path cut = Files.write(directory.resolve("cut"), java.util.Arrays.copyOf(bytes, bytes.length - 1));
        var answer = restore(cut, PASSPHRASE, directory.resolve("other"));
        assertTrue(answer.get("error").contains("no whole backup"), answer.toString());
    }

    @Test
    void shouldWriteNothingOutsideOfTheHome() throws Exception {
        for (String name : List.of("etc/../../evil", "/etc/passwd", "run/control.sock", "var/./x", "etc", "var//x")) {
            Path file = directory.resolve("evil.age");
            try (var zip = new ZipOutputStream(new AgeOutput(Files.newOutputStream(file), PASSPHRASE.toCharArray()))) {
                zip.putNextEntry(new ZipEntry(Archive.FACTS));
                zip.write("format=1\n".getBytes(StandardCharsets.US_ASCII));
                zip.closeEntry();
                zip.putNextEntry(new ZipEntry(name));
                zip.closeEntry();
            }
            Path other = directory.resolve("other-" + name.hashCode());
            var answer = restore(file, PASSPHRASE, other);
            assertTrue(answer.getOrDefault("error", "none").contains("it holds a file named"), name + ": " + answer);
        }
    }

    @Test
    void shouldRefuseAFormatOfTheFuture() throws Exception {
        Path file = directory.resolve("future.age");
        try (var zip = new ZipOutputStream(new AgeOutput(Files.newOutputStream(file), PASSPHRASE.toCharArray()))) {
            zip.putNextEntry(new ZipEntry(Archive.FACTS));
            zip.write("format=2\nversion=9.0.0\n".getBytes(StandardCharsets.US_ASCII));
            zip.closeEntry();
        }
        var answer = restore(file, PASSPHRASE, directory.resolve("other"));
        assertTrue(answer.get("error").contains("9.0.0"), answer.toString());
    }

    // ---- where they are kept

    @Test
    void shouldKeepBackupsForTheirOwnerOnly() throws Exception {
        Path file = kept.find(make().name()).orElseThrow();
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())));
    }

    @Test
    void shouldKeepTheNewestOnes() throws Exception {
        for (int i = 0; i < 4; i++) {
            make();
            now = now.plusSeconds(60);
        }
        kept.prune(2);
        assertEquals(List.of("culvert-20260504-031700.age", "culvert-20260504-031600.age"),
                kept.list().stream().map(Kept.Backup::name).toList());
    }

    @Test
    void shouldFindNothingElseThanBackups() throws Exception {
        make();
        assertTrue(kept.find("../../etc/users").isEmpty());
        assertTrue(kept.find("culvert-20260504-031400.age.new").isEmpty());
        assertFalse(kept.remove("culvert-20260504-031500.age"));
    }

    @Test
    void shouldLeaveEarlierBackupsOutWhereverTheyAre() throws Exception {
        home.file("var/archive/culvert-20260504-010000.age", "an earlier one");
        home.file("var/archived", "something else");
        var files = new HomeFiles(home.path, home.path.resolve("var/./archive")).list();
        assertEquals(
                List.of("var/archived"),
                files.stream().map(HomeFiles.Item::path).filter(path -> path.startsWith("var/archive")).toList());
    }

    @Test
    void shouldSayWhyThereIsNoBackupAndWhatHelps() throws Exception {
        home.file("var/backups", "in the way");
        var inTheWay = assertThrows(IOException.class, this::make).getMessage();
        assertTrue(inTheWay.contains("var/backups is no directory: set backup.directory"), inTheWay);
        Path full = Path.of("/var/backups");
        assertEquals(
                "the disk that holds /var/backups is full: free some space, keep fewer backups, or set backup.directory to another place",
                Reason.of(new IOException("No space left on device"), full));
        assertEquals(
                "/var/backups cannot be written (Read-only file system): mend that, or set backup.directory to another place",
                Reason.of(new java.nio.file.FileSystemException("/var/backups/x", null, "Read-only file system"), full));
    }

    @Test
    void shouldSweepWhatAKilledProcessLeft() throws Exception {
        home.file("var/backups/culvert-20260504-010000.age.new", "half");
        kept.sweep();
        assertEquals(List.of(), files(home.path.resolve("var/backups")));
    }

    // ---- when they are made

    @Test
    void shouldFollowTheSchedule() {
        var at = LocalTime.of(3, 15);
        var hourly = new Schedule(Schedule.Every.HOURLY, at);
        var daily = new Schedule(Schedule.Every.DAILY, at);
        var weekly = new Schedule(Schedule.Every.WEEKLY, at);
        assertEquals(Instant.parse("2026-05-04T03:15:00Z"), hourly.after(now, ZoneOffset.UTC).orElseThrow());
        assertEquals(Instant.parse("2026-05-04T04:15:00Z"), hourly.after(now.plusSeconds(60), ZoneOffset.UTC).orElseThrow());
        assertEquals(Instant.parse("2026-05-04T03:15:00Z"), daily.after(now, ZoneOffset.UTC).orElseThrow());
        assertEquals(Instant.parse("2026-05-05T03:15:00Z"), daily.after(now.plusSeconds(60), ZoneOffset.UTC).orElseThrow());
        assertEquals(Instant.parse("2026-05-10T03:15:00Z"), weekly.after(now, ZoneOffset.UTC).orElseThrow());
        assertTrue(new Schedule(Schedule.Every.NEVER, at).after(now, ZoneOffset.UTC).isEmpty());
    }

    @Test
    void shouldMakeUpForAMissedBackup() throws Exception {
        make();
        now = now.plusSeconds(3 * 24 * 3600);
        try (var scheduled = scheduled()) {
            assertEquals(now.plusSeconds(60), scheduled.due(now), "a minute after the start");
            now = now.plusSeconds(60);
            scheduled.step();
            assertEquals(2, kept.list().size());
            assertTrue(scheduled.due(now).isAfter(now), "not again");
        }
    }

    @Test
    void shouldMakeTheFirstBackupAtItsTime() {
        try (var scheduled = scheduled()) {
            Instant first = Instant.parse("2026-05-04T03:15:00Z");
            assertEquals(first, scheduled.due(now));
            assertEquals(first, scheduled.due(first.plusSeconds(1)), "still owed");
        }
    }

    @Test
    void shouldSayThatAScheduledBackupFailed() throws Exception {
        home.onList = () -> {
            throw new IllegalStateException("the disk is gone");
        };
        try (var scheduled = scheduled()) {
            scheduled.step();
            assertTrue(scheduled.problems().getFirst().contains("the disk is gone"));
            assertTrue(scheduled.due(now).isAfter(now), "tries again, but not at once");
        }
    }

    private Scheduled scheduled() {
        var config = new BackupConfig(
                new Schedule(Schedule.Every.DAILY, LocalTime.of(3, 15)), 7, directory, Optional.of(PASSPHRASE));
        return new Scheduled(kept, config, () -> now, ZoneOffset.UTC);
    }

    // ---- the commands

    private Command command(String name) {
        var config = new BackupConfig(new Schedule(Schedule.Every.NEVER, LocalTime.NOON), 7, directory, Optional.empty());
        return new BackupCommands(kept, config, new Restoring(home.path, java.util.Optional::empty))
                .all().stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
    }

    @Test
    void shouldPassABackupOnWithoutKeepingIt() throws Exception {
        var bytes = new ByteArrayOutputStream();
        Object answer = command("backup make").run(Map.of("passphrase", PASSPHRASE, "pass", true), part -> {
            bytes.writeBytes(Base64.getDecoder().decode((String) ((Map<?, ?>) part).get("data")));
            return true;
        });
        assertEquals((long) bytes.size(), ((Map<?, ?>) answer).get("bytes"));
        assertEquals(List.of(), files(home.path.resolve("var/backups")));
        Path file = Files.write(directory.resolve("passed"), bytes.toByteArray());
        assertFalse(restore(file, PASSPHRASE, directory.resolve("other")).containsKey("error"));
    }

    @Test
    void shouldGiveTheSameFileAgain() throws Exception {
        var made = make();
        var parts = new ArrayList<Object>();
        command("backup fetch").run(Map.of("name", made.name()), parts::add);
        var in = new ByteArrayInputStream(Base64.getDecoder().decode((String) ((Map<?, ?>) parts.getFirst()).get("data")));
        assertEquals(-1, Files.mismatch(kept.find(made.name()).orElseThrow(),
                Files.write(directory.resolve("fetched"), in.readAllBytes())));
    }

    @Test
    void shouldAskForALongPassphrase() {
        assertThrows(CommandException.class, () -> command("backup make").run(Map.of("passphrase", "short"), p -> true));
        assertThrows(CommandException.class, () -> command("backup make").run(Map.of(), p -> true));
    }
}

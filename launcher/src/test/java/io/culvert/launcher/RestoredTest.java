package io.culvert.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RestoredTest {
    @TempDir
    Path directory;

    private HomeDirectory home;
    private Restored restored;

    @BeforeEach
    void begin() {
        home = new HomeDirectory(directory.resolve("home"));
        home.create();
        restored = new Restored(home);
    }

    private void lay(Path top) throws IOException {
        Files.createDirectories(top.resolve("etc"));
        Files.writeString(top.resolve("etc/culvert.yaml"), "restored");
        Files.createDirectories(top.resolve("var/restore"));
        Files.writeString(top.resolve("var/restore/store.zip"), "records");
    }

    private String settings() throws IOException {
        return Files.readString(home.settings());
    }

    @Test
    void shouldPutABackupIntoAFreshHome() throws IOException {
        assertFalse(restored.hasSomethingToLose());
        lay(restored.begin());
        restored.commit();
        restored.finish();
        assertEquals("restored", settings());
        assertTrue(Files.exists(home.path().resolve("var/restore/store.zip")));
        try (var all = Files.list(home.path())) {
            assertEquals(List.of("etc", "run", "var"), all.map(p -> p.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void shouldKeepWhatWasThereBesideIt() throws IOException {
        Files.writeString(home.settings(), "before");
        assertTrue(restored.hasSomethingToLose());
        lay(restored.begin());
        restored.commit();
        restored.finish();
        assertEquals("restored", settings());
        try (var all = Files.list(home.path())) {
            Path before = all.filter(p -> p.getFileName().toString().startsWith("before-restore-")).findFirst().orElseThrow();
            assertEquals("before", Files.readString(before.resolve("etc/culvert.yaml")));
        }
    }

    @Test
    void shouldLoseNothingToALog() throws IOException {
        Files.writeString(home.path().resolve("var/log/culvert.log"), "a line");
        assertFalse(restored.hasSomethingToLose());
    }

    @Test
    void shouldForgetWhatWasNotCommitted() throws IOException {
        Files.writeString(home.settings(), "before");
        lay(restored.begin());
        restored.finish();
        assertEquals("before", settings());
        assertFalse(Files.exists(restored.begin().resolve("etc")), "begins anew");
        restored.abandon();
        assertFalse(Files.exists(home.path().resolve("restoring")));
    }

    /** The process is killed after each of the moves. */
    @Test
    void shouldFinishWhatAKilledProcessCommitted() throws IOException {
        Files.writeString(home.settings(), "before");
        lay(restored.begin());
        restored.commit();
        Path whole = home.path().resolve("restored");
        Files.move(home.path().resolve("etc"), home.path().resolve("before-restore-20260101-000000"));
        Files.move(whole.resolve("etc"), home.path().resolve("etc"));
        home.create();
        restored.finish();
        assertEquals("restored", settings());
        assertTrue(Files.exists(home.path().resolve("var/restore/store.zip")));
        assertFalse(Files.exists(whole));
    }
}

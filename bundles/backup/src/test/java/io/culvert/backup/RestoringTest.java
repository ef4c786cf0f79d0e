package io.culvert.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RestoringTest {
    private static final String PASSPHRASE = "correct horse battery";

    @TempDir
    Path directory;

    private Home home;
    private Kept kept;
    private Restoring restoring;
    private final CountDownLatch stopped = new CountDownLatch(1);

    @BeforeEach
    void begin() throws Exception {
        home = new Home(directory.resolve("home"));
        kept = new Kept(home.path.resolve("var/backups"), home.archive(), () -> Instant.parse("2026-05-04T03:14:00Z"));
        restoring = new Restoring(home.path, () -> Optional.of(new Stop()));
    }

    private final class Stop implements Command {
        @Override
        public String name() {
            return "stop";
        }

        @Override
        public Object run(Map<String, Object> arguments, Reply reply) {
            stopped.countDown();
            return "stopping";
        }
    }

    private Path backup() throws Exception {
        return kept.find(kept.make(PASSPHRASE.toCharArray()).name()).orElseThrow();
    }

    @Test
    void shouldCountFromOneMomentOn() throws Exception {
        Path file = backup();
        home.file("etc/users", "somebody else\n");
        var facts = restoring.restore(file, PASSPHRASE.toCharArray());
        assertEquals("here", facts.get("host"));
        assertEquals("somebody else\n", Files.readString(home.path.resolve("etc/users")), "nothing moves while it runs");
        assertEquals("alice:1:-\n", Files.readString(home.path.resolve("restored/etc/users")));
        assertFalse(Files.exists(home.path.resolve("restoring")));
        assertThrows(CommandException.class, () -> restoring.restore(file, PASSPHRASE.toCharArray()), "one is enough");
    }

    @Test
    void shouldChangeNothingWithTheWrongPassphrase() throws Exception {
        Path file = backup();
        var refused = assertThrows(CommandException.class, () -> restoring.restore(file, "wrong".toCharArray()));
        assertTrue(refused.getMessage().contains("passphrase"), refused.getMessage());
        assertFalse(refused.getMessage().contains(file.toString()), "no paths for browsers");
        assertFalse(Files.exists(home.path.resolve("restored")));
        assertFalse(Files.exists(home.path.resolve("restoring")));
    }

    @Test
    void shouldChangeNothingWithAFileThatIsCutOff() throws Exception {
        byte[] whole = Files.readAllBytes(backup());
        String sent = restoring.receive(new ByteArrayInputStream(whole, 0, whole.length - 9));
        assertThrows(CommandException.class,
                () -> restoring.restore(restoring.upload(sent).orElseThrow(), PASSPHRASE.toCharArray()));
        assertFalse(Files.exists(home.path.resolve("restored")));
    }

    @Test
    void shouldTakeAFileFromElsewhere() throws Exception {
        String sent = restoring.receive(new ByteArrayInputStream(Files.readAllBytes(backup())));
        var commands = new BackupCommands(kept, null, restoring);
        assertEquals("here", commands.restore(Map.of("upload", sent, "passphrase", PASSPHRASE)).get("host"));
        assertTrue(stopped.await(10, TimeUnit.SECONDS), "it starts again");
    }

    @Test
    void shouldForgetWhatAnEarlierRunHasLeft() throws Exception {
        String sent = restoring.receive(new ByteArrayInputStream(new byte[9]));
        Files.createDirectories(home.path.resolve("restoring/etc"));
        restoring.sweep();
        assertTrue(restoring.upload(sent).isEmpty());
        assertFalse(Files.exists(home.path.resolve("restoring")));
        assertTrue(restoring.upload("../../etc/users").isEmpty());
    }
}

package io.culvert.swap.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.swap.state.Change.Kind;
import io.culvert.swap.state.Change.Strategy;
import io.culvert.swap.state.ModuleEntry.Standing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ModuleHomeTest {
    private static final String MODULE = "tls.jsse";

    @TempDir
    Path directory;

    private Path jar(String content) throws IOException {
        return Files.writeString(directory.resolve(content + ".jar"), content);
    }

    private ModuleHome open(Path home, FileSteps steps) throws IOException {
        return new ModuleHome(home, InstantSource.system(), steps);
    }

    private Change begin(ModuleHome home, Kind kind, Optional<Jar> jar) throws IOException {
        return home.begin(kind, MODULE, "", jar, "0.1.0", Strategy.SIDE_BY_SIDE, 30, "", "hash");
    }

    /** Everything that an update writes, in its order. */
    private void update(ModuleHome home, Path oldFile, Path newFile) throws IOException {
        var target = new Jar(ModuleHome.hash(newFile), "0.1.1");
        Change change = begin(home, Kind.UPDATE, Optional.of(target));
        change = home.move(change, new ChangeState.Planned());
        change = home.move(change, new ChangeState.Approved());
        change = home.move(change, new ChangeState.Staging());
        Jar next = home.take(newFile, "0.1.1");
        Jar before = home.take(oldFile, "0.1.0");
        change = home.note(change, "installed");
        change = home.move(change, new ChangeState.Switching());
        change = home.move(change, new ChangeState.Watching());
        assertEquals(target, next);
        home.commit(change, Optional.of(before), Optional.of(before.sha256()));
        home.move(change, new ChangeState.Kept(""));
        home.sweep(Set.of());
    }

    @Test
    void shouldRunTheOldOrTheNewJarWhereverTheProcessEnds() throws IOException {
        Path oldFile = jar("old");
        Path newFile = jar("new");
        var counted = new CrashingSteps(0);
        update(open(directory.resolve("whole"), counted), oldFile, newFile);
        assertTrue(counted.done() > 20, "an update is made of " + counted.done() + " steps");
        var outcomes = new ArrayList<String>();
        for (int fatal = 1; fatal <= counted.done(); fatal++) {
            Path home = directory.resolve("home-" + fatal);
            var steps = new CrashingSteps(fatal);
            assertThrows(CrashingSteps.Crash.class, () -> update(open(home, steps), oldFile, newFile));

            ModuleHome after = open(home, FileSteps.real());
            after.settle();
            ModuleEntry entry = after.states().of(MODULE);
            assertEquals(Standing.RUNNING, entry.standing());
            entry.current().ifPresent(jar -> assertIntact(after, jar));
            entry.kept().ifPresent(jar -> assertIntact(after, jar));
            List<Change> changes = after.changes().all();
            for (Change change : changes) {
                assertTrue(change.state().over(), fatal + ": " + change.state());
                boolean kept = change.state() instanceof ChangeState.Kept;
                assertEquals(kept, entry.current().isPresent(), fatal + ": " + change.state());
            }
            outcomes.add(changes.isEmpty() ? "none" : changes.getFirst().state().word());
        }
        assertEquals(
                List.of("none", "cancelled", "failed", "rolled-back", "kept"), outcomes.stream().distinct().toList());
    }

    private static void assertIntact(ModuleHome home, Jar jar) {
        try {
            assertEquals(jar.sha256(), ModuleHome.hash(home.file(jar)));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"STOP", "REMOVE"})
    void shouldCommitWhatTakesAModuleAwayOrNot(Kind kind) throws IOException {
        for (int fatal = 1; fatal <= 20; fatal++) {
            Path where = directory.resolve(kind + "-" + fatal);
            ModuleHome home = open(where, new CrashingSteps(fatal));
            try {
                Change change = home.move(begin(home, kind, Optional.empty()), new ChangeState.Switching());
                home.commit(change, Optional.empty(), Optional.empty());
                home.move(change, new ChangeState.Kept(""));
            } catch (CrashingSteps.Crash e) {
                // That is the point.
            }
            ModuleHome after = open(where, FileSteps.real());
            after.settle();
            boolean gone = after.states().of(MODULE).standing() != Standing.RUNNING;
            for (Change change : after.changes().all()) {
                assertEquals(gone, change.state() instanceof ChangeState.Kept, fatal + ": " + change.state());
            }
        }
    }

    @Test
    void shouldKeepTheVersionBeforeForARollbackAndForgetOlderOnes() throws IOException {
        ModuleHome home = open(directory.resolve("home"), FileSteps.real());
        update(home, jar("one"), jar("two"));
        Path three = jar("three");
        Change change = begin(home, Kind.UPDATE, Optional.of(home.take(three, "0.1.2")));
        Jar two = home.states().of(MODULE).current().orElseThrow();
        Jar one = home.states().of(MODULE).kept().orElseThrow();
        assertTrue(Files.exists(home.file(one)));
        home.commit(change, Optional.of(two), Optional.of(one.sha256()));
        home.move(change, new ChangeState.Kept(""));
        home.sweep(Set.of());
        assertEquals(Optional.of(two), home.states().of(MODULE).kept());
        assertFalse(Files.exists(home.file(one)));
        assertTrue(Files.exists(home.file(two)));
    }

    @Test
    void shouldGoBackToTheJarOfTheReleaseByItself() throws IOException {
        ModuleHome home = open(directory.resolve("home"), FileSteps.real());
        Path one = jar("one");
        update(home, one, jar("two"));
        Jar kept = home.states().of(MODULE).kept().orElseThrow();
        Jar current = home.states().of(MODULE).current().orElseThrow();
        Change back = begin(home, Kind.ROLLBACK, Optional.of(kept));
        home.commit(back, Optional.of(current), Optional.of(ModuleHome.hash(one)));
        assertEquals(Optional.empty(), home.states().of(MODULE).current());
        assertEquals(Optional.of(current), home.states().of(MODULE).kept());
    }

    @Test
    void shouldReadBackWhatItWrote() throws IOException {
        Path where = directory.resolve("home");
        ModuleHome home = open(where, FileSteps.real());
        update(home, jar("one"), jar("two"));
        ModuleHome again = open(where, FileSteps.real());
        assertEquals(home.states().all(), again.states().all());
        assertEquals(home.changes().all(), again.changes().all());
        assertEquals("installed", again.changes().find(1).orElseThrow().steps().getFirst().line());
        assertEquals(
                "rw-------",
                PosixFilePermissions.toString(Files.getPosixFilePermissions(where.resolve("state.json"))));
    }

    @Test
    void shouldNameAStateFileThatIsUnreadable() throws IOException {
        Path where = directory.resolve("home");
        update(open(where, FileSteps.real()), jar("one"), jar("two"));
        Files.writeString(where.resolve("state.json"), "{\"format\":1,");
        var refused = assertThrows(IOException.class, () -> open(where, FileSteps.real()));
        assertTrue(refused.getMessage().contains("state.json is unreadable"), refused.getMessage());
        assertTrue(refused.getMessage().contains("move it away"), refused.getMessage());
    }
}

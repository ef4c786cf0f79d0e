package io.culvert.auth.file;

import static io.culvert.auth.file.Fixture.peer;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.command.CommandException;
import io.culvert.api.tunnel.CloseCause;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UserCommandsTest {
    @TempDir
    Path home;

    private Fixture fixture;

    @BeforeEach
    void makeFixture() {
        fixture = new Fixture(home);
    }

    private Map<?, ?> run(String command, Map<String, Object> arguments) throws Exception {
        return assertInstanceOf(Map.class, fixture.run(command, arguments));
    }

    private String refusal(String command, Map<String, Object> arguments) {
        return assertThrows(CommandException.class, () -> fixture.run(command, arguments)).getMessage();
    }

    @Test
    void shouldAddUsersToAPrivateFile() throws Exception {
        assertEquals(
                Map.of("name", "alice", "enabled", true, "password", true),
                run("user add", Map.of("name", "alice", "password", "secret-word")));
        run("user add", Map.of("name", "Bob.B@example-1"));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(fixture.path)));
        List<String> lines = Files.readAllLines(fixture.path);
        assertTrue(lines.getFirst().startsWith("alice:enabled:$argon2id$v=19$m=64,t=1,p=1$"), lines.getFirst());
        assertEquals("Bob.B@example-1:enabled:-", lines.get(1));
        assertFalse(Files.readString(fixture.path).contains("secret-word"));
        assertEquals(1, Files.list(fixture.path.getParent()).count(), "nothing is left beside it");
        assertTrue(new Fixture(home).directory.find("alice").orElseThrow().password(), "after a restart");
    }

    @Test
    void shouldRefuseNamesAndPasswordsThatAreNone() throws Exception {
        for (String name : List.of("a b", "a:b", "a\nb", "../x", "x".repeat(65), "\u00e4")) {
            assertTrue(refusal("user add", Map.of("name", name)).contains("1 to 64"), name);
        }
        assertTrue(refusal("user add", Map.of()).contains("name is missing"));
        assertTrue(refusal("user add", Map.of("name", "alice", "password", "")).contains("empty"));
        assertTrue(refusal("user add", Map.of("name", "alice", "password", "x".repeat(1025))).contains("1024"));
        assertFalse(Files.exists(fixture.path));
        run("user add", Map.of("name", "alice"));
        assertTrue(refusal("user add", Map.of("name", "alice")).contains("exists already"));
        assertTrue(refusal("user password", Map.of("name", "alice")).contains("password is missing"));
        for (String command : List.of("user disable", "user enable", "user remove")) {
            assertTrue(refusal(command, Map.of("name", "eve")).contains("not in etc/users"), command);
        }
        assertTrue(refusal("user password", Map.of("name", "eve", "password", "x")).contains("not in etc/users"));
    }

    @Test
    void shouldEndTheSessionsOfAUserWhoIsDisabled() throws Exception {
        run("user add", Map.of("name", "alice", "password", "one"));
        run("user add", Map.of("name", "bob", "password", "two"));
        fixture.sessions.add("alice");
        fixture.sessions.add("bob");
        fixture.sessions.add("alice");

        Map<?, ?> answer = run("user disable", Map.of("name", "alice"));

        assertEquals(Map.of("name", "alice", "enabled", false, "sessionsEnded", 2), answer);
        assertEquals(1, fixture.sessions.present.size());
        assertEquals(CloseCause.Kind.REVOKED, fixture.sessions.causes.getFirst().kind());
        assertTrue(fixture.directory.refusal(peer("alice")).orElseThrow().contains("disabled"));
        assertTrue(fixture.directory.refusal(peer("bob")).isEmpty());

        assertEquals(Map.of("name", "alice", "enabled", true), run("user enable", Map.of("name", "alice")));
        assertTrue(fixture.directory.refusal(peer("alice")).isEmpty());
        assertTrue(fixture.directory.find("alice").orElseThrow().password(), "the password is kept");
    }

    @Test
    void shouldEndTheSessionsOfAUserWhoIsRemoved() throws Exception {
        run("user add", Map.of("name", "alice"));
        fixture.sessions.add("alice");
        Map<?, ?> answer = run("user remove", Map.of("name", "alice"));
        assertEquals(1, answer.get("sessionsEnded"));
        assertTrue(String.valueOf(answer.get("note")).contains("culvert revoke alice"));
        assertTrue(fixture.directory.refusal(peer("alice")).orElseThrow().contains("not in etc/users"));
        assertEquals("", Files.readString(fixture.path));
    }

    @Test
    void shouldDisableWithoutTunnels() throws Exception {
        fixture.live = null;
        run("user add", Map.of("name", "alice"));
        assertEquals(0, run("user disable", Map.of("name", "alice")).get("sessionsEnded"));
    }

    @Test
    void shouldKeepWhatAPersonTyped() throws Exception {
        Files.createDirectories(fixture.path.getParent());
        byte[] typed = "# the team, M\u00fcnchen\n\nbroken line\nalice:enabled:-\r\nbob:enabled:-".getBytes("ISO-8859-1");
        Files.write(fixture.path, typed);
        run("user disable", Map.of("name", "alice"));
        run("user add", Map.of("name", "carol"));
        run("user remove", Map.of("name", "bob"));
        assertEquals(
                "# the team, M\u00fcnchen\n\nbroken line\nalice:disabled:-\ncarol:enabled:-\n",
                Files.readString(fixture.path, java.nio.charset.StandardCharsets.ISO_8859_1));
    }

    @Test
    void shouldListUsersAndReportBrokenLines() throws Exception {
        run("user add", Map.of("name", "alice"));
        Files.writeString(fixture.path, Files.readString(fixture.path) + "bob:enbled:-\n");
        assertEquals(
                List.of(Map.of("name", "alice", "enabled", true, "password", false)), fixture.run("user list", Map.of()));
        assertEquals(1, fixture.parts.size());
        assertTrue(fixture.parts.getFirst().toString().contains("line 2"), fixture.parts.toString());
        assertTrue(refusal("user add", Map.of("name", "bob")).contains("line 2"));
        assertTrue(refusal("user disable", Map.of("name", "bob")).contains("line 2"));
    }

    @Test
    void shouldSayWhatIsWrongWhenTheFileCannotBeWritten() throws Exception {
        Files.writeString(home.resolve("etc"), "not a directory");
        String message = refusal("user add", Map.of("name", "alice"));
        assertTrue(message.startsWith("user add: ") && message.contains("permissions"), message);
    }
}

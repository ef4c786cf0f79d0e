package io.culvert.auth.file;

import static io.culvert.auth.file.Fixture.login;
import static io.culvert.auth.file.Fixture.peer;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Refused;
import io.culvert.api.auth.AuthDecision.Unknown;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileAuthenticatorTest {
    @TempDir
    Path home;

    private Fixture fixture;
    private FileAuthenticator authenticator;

    @BeforeEach
    void makeFixture() throws Exception {
        fixture = new Fixture(home);
        authenticator = authenticator(2, Duration.ofSeconds(20));
        fixture.run("user add", Map.of("name", "alice", "password", "right"));
        fixture.run("user add", Map.of("name", "bob"));
    }

    private FileAuthenticator authenticator(int concurrency, Duration patience) {
        return new FileAuthenticator(fixture.file, Fixture.CHEAP, concurrency, patience, new SecureRandom());
    }

    private AuthDecision decide(String user, String password) throws Exception {
        return authenticator.authenticate(login(user, password));
    }

    private Refused refused(String user, String password) throws Exception {
        Refused refused = assertInstanceOf(Refused.class, decide(user, password));
        assertEquals(FileAuthenticator.PEER_TEXT, refused.peerText());
        return refused;
    }

    @Test
    void shouldAcceptTheRightPasswordAlone() throws Exception {
        assertInstanceOf(Accepted.class, decide("alice", "right"));
        assertTrue(refused("alice", "wrong").logText().contains("wrong password"));
        assertTrue(refused("alice", "").logText().contains("wrong password"));
        assertTrue(refused("bob", "").logText().contains("no password"));
        assertInstanceOf(Unknown.class, decide("carol", "right"));
        assertInstanceOf(Unknown.class, decide("", ""));
        assertInstanceOf(Unknown.class, decide("alice\n", "right"));
        assertEquals(1, authenticator.accepted.sum());
        assertEquals(3, authenticator.refused.sum());
        assertEquals(3, authenticator.unknown.sum());
    }

    @Test
    void shouldRefuseADisabledUserAndAcceptTheNewPassword() throws Exception {
        fixture.run("user disable", Map.of("name", "alice"));
        assertTrue(refused("alice", "right").logText().contains("disabled"));
        fixture.run("user enable", Map.of("name", "alice"));
        fixture.run("user password", Map.of("name", "alice", "password", "new"));
        refused("alice", "right");
        assertInstanceOf(Accepted.class, decide("alice", "new"));
        fixture.run("user remove", Map.of("name", "alice"));
        assertInstanceOf(Unknown.class, decide("alice", "new"));
    }

    @Test
    void shouldNoticeEveryEditByHand() throws Exception {
        String enabled = Files.readString(fixture.path);
        String disabled = enabled.replace("alice:enabled", "alice:disabled");
        for (int i = 0; i < 20; i++) {
            Files.writeString(fixture.path, disabled);
            refused("alice", "right");
            Files.writeString(fixture.path, enabled);
            assertInstanceOf(Accepted.class, decide("alice", "right"));
        }
        Files.delete(fixture.path);
        assertInstanceOf(Unknown.class, decide("alice", "right"));
        assertTrue(fixture.directory.refusal(peer("alice")).isPresent());
    }

    @Test
    void shouldNoticeAnEditOfTheSameLengthInTheSameTick() throws Exception {
        FileTime time = FileTime.from(Instant.now());
        Files.writeString(fixture.path, "carol:enabled:-\n");
        Files.setLastModifiedTime(fixture.path, time);
        assertTrue(fixture.directory.refusal(peer("carol")).isEmpty());
        Files.writeString(fixture.path, "dave1:enabled:-\n");
        Files.setLastModifiedTime(fixture.path, time);
        assertTrue(fixture.directory.refusal(peer("carol")).isPresent());
    }

    @Test
    void shouldLetNobodyInByABrokenLine() throws Exception {
        String hash = Files.readAllLines(fixture.path).getFirst().substring("alice:enabled:".length());
        List<String> broken = List.of(
                "alice",
                "alice:",
                "alice:enabled",
                "alice:Enabled:" + hash,
                "alice:enabled:" + hash + ":",
                "alice:enabled:" + hash.replace("m=64", "m=99999999"),
                "alice:enabled:" + hash.substring(0, 40),
                "alice:enabled:right",
                "alice:enabled:",
                "alice::" + hash,
                " alice : enabled:" + hash,
                ":enabled:" + hash,
                "#alice:enabled:" + hash,
                "\u0000alice:enabled:" + hash,
                "alice:enabled:" + hash + "\nalice:enabled:" + hash,
                "alice:enabled:" + hash + "\nalice:disabled:" + hash,
                "alice:broken:-\nalice:enabled:" + hash,
                "alice:enabled:" + hash + "\nalice:enabled:" + hash + "\nalice:enabled:" + hash);
        for (String lines : broken) {
            Files.writeString(fixture.path, lines + "\ncarol:enabled:-\n");
            assertInstanceOf(Unknown.class, decide("alice", "right"), lines);
            assertTrue(fixture.directory.refusal(peer("alice")).isPresent(), lines);
            assertTrue(fixture.directory.find("alice").isEmpty(), lines);
            assertTrue(fixture.directory.refusal(peer("carol")).isEmpty(), "the other lines count: " + lines);
            assertEquals(!lines.startsWith("#"), !fixture.file.read().problems().isEmpty(), lines);
        }
        assertTrue(fixture.directory.refusal(peer("alice")).orElseThrow().contains("line 1"));
        Map<String, Object> status = new FileHealth(fixture.file, authenticator).status();
        assertTrue(String.valueOf(status.get("problem")).contains("line 2"), status.toString());
        assertFalse(status.toString().contains("argon2"), status.toString());
    }

    @Test
    void shouldTakeAFileThatOthersCouldReadAndCloseIt() throws Exception {
        Files.setPosixFilePermissions(fixture.path, PosixFilePermissions.fromString("rw-r--r--"));
        Files.setLastModifiedTime(fixture.path, FileTime.from(Instant.now().minusSeconds(60)));
        assertInstanceOf(Accepted.class, decide("alice", "right"));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(fixture.path)));
    }

    @Test
    void shouldFailWhenTheFileCannotBeRead() throws Exception {
        Files.delete(fixture.path);
        Files.createDirectory(fixture.path);
        assertThrows(IOException.class, () -> decide("alice", "right"));
        assertThrows(IOException.class, () -> fixture.directory.refusal(peer("alice")));
        assertEquals(1, tryAgain(), "the turn is given back");
    }

    private int tryAgain() throws Exception {
        Files.delete(fixture.path);
        FileAuthenticator one = authenticator(1, Duration.ofSeconds(20));
        for (int i = 0; i < 3; i++) {
            assertInstanceOf(Unknown.class, one.authenticate(login("alice", "right")));
        }
        return 1;
    }

    @Test
    void shouldAnswerManyLoginsAtOnce() throws Exception {
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<AuthDecision>> logins = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                String password = i % 2 == 0 ? "right" : "wrong";
                logins.add(() -> decide("alice", password));
            }
            List<Future<AuthDecision>> answers = executor.invokeAll(logins, 60, TimeUnit.SECONDS);
            for (int i = 0; i < answers.size(); i++) {
                assertEquals(i % 2 == 0, answers.get(i).get() instanceof Accepted);
            }
        }
    }

    @Test
    void shouldRefuseWhoeverWouldWaitTooLong() throws Exception {
        authenticator = authenticator(0, Duration.ofMillis(1));
        assertTrue(refused("alice", "right").logText().contains("too many logins"));
    }

    @Test
    void shouldLeaveOtherUsersToOtherModulesWhenTold(@TempDir Path home) throws Exception {
        var fixture = new Fixture(home);
        var shared = new FileDirectory(fixture.file, true);
        fixture.run("user add", Map.of("name", "alice"));
        fixture.run("user disable", Map.of("name", "alice"));
        assertTrue(shared.refusal(Fixture.peer("bob")).isEmpty());
        assertTrue(fixture.directory.refusal(Fixture.peer("bob")).isPresent());
        assertTrue(shared.refusal(Fixture.peer("alice")).isPresent());
    }
}

package io.culvert.auth.pam;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Pending;
import io.culvert.api.auth.AuthDecision.Prompt.Question;
import io.culvert.api.auth.AuthDecision.Refused;
import io.culvert.api.auth.AuthDecision.Unknown;
import java.nio.charset.StandardCharsets;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against the real libpam and its modules. */
@Timeout(60)
class PamAuthenticatorTest {
    private static final PamAuthenticator.Patience PATIENCE =
            new PamAuthenticator.Patience(Duration.ofMillis(300), Duration.ofSeconds(20), Duration.ofSeconds(20));

    @TempDir
    private static Path directory;

    private static LibPam pam;
    private PamAuthenticator authenticator;

    @BeforeAll
    static void write() throws Exception {
        PamServices.in(directory);
        pam = LibPam.load();
    }

    @AfterEach
    void close() throws Exception {
        authenticator.close();
    }

    private void open(String service, int concurrency, PamAuthenticator.Patience patience) {
        var transaction = new Transaction(pam, service, directory.toString());
        authenticator = new PamAuthenticator(pam, transaction, concurrency, patience);
    }

    private AuthDecision login(String user, String password) throws Exception {
        return authenticator.authenticate(PamServices.login(user, password));
    }

    @Test
    void shouldAcceptTheRightPasswordAlone() throws Exception {
        open("users", 2, PATIENCE);
        assertInstanceOf(Accepted.class, login("alice", "open sesame"));
        assertInstanceOf(Accepted.class, login("bob", "bobs"));
        var refused = assertInstanceOf(Refused.class, login("alice", "open Sesame"));
        assertEquals("authentication failed", refused.peerText());
        assertTrue(refused.logText().startsWith("user alice: "), refused.logText());
        assertInstanceOf(Refused.class, login("alice", "bobs"));
        assertInstanceOf(Refused.class, login("alice", ""));
    }

    @Test
    void shouldNotKnowOthers() throws Exception {
        open("users", 2, PATIENCE);
        assertInstanceOf(Unknown.class, login("mallory", "open sesame"));
    }

    @Test
    void shouldShowAProgramUserAddressAndPassword() throws Exception {
        open("exec", 2, PATIENCE);
        assertInstanceOf(Accepted.class, login("alice", "open sesame"));
        assertFalse(allowed("alice", "wrong"));
        assertFalse(allowed("bob", "open sesame"));
    }

    /** A program that fails is an error of PAM: no yes either. */
    private boolean allowed(String user, String password) throws Exception {
        try {
            return login(user, password) instanceof Accepted;
        } catch (PamException _) {
            return false;
        }
    }

    @Test
    void shouldAskTheAccountToo() throws Exception {
        open("closed", 2, PATIENCE);
        assertInstanceOf(Refused.class, login("alice", "open sesame"));
    }

    @Test
    void shouldFailWhenAModuleIsMissing() {
        open("broken", 2, PATIENCE);
        var e = assertThrows(PamException.class, () -> login("alice", "open sesame"));
        assertTrue(e.getMessage().contains("service broken"), e.getMessage());
        assertTrue(authenticator.facts().containsKey("problem"));
    }

    @Test
    void shouldFailWithoutAService() {
        open("nowhere", 2, PATIENCE);
        assertThrows(PamException.class, () -> login("alice", "open sesame"));
    }

    @Test
    void shouldRefuseWhatPamCannotBeTold() throws Exception {
        open("users", 2, PATIENCE);
        assertInstanceOf(Refused.class, login("alice", "open sesame\0"));
        assertInstanceOf(Refused.class, login("alice\0", "open sesame"));
        assertInstanceOf(Refused.class, login("alice", "x".repeat(600)));
    }

    @Test
    void shouldAskTheUserForASecondFactor() throws Exception {
        open("two", 2, PATIENCE);
        assertInstanceOf(Accepted.class, answered("open sesame", "4711"));
        assertInstanceOf(Refused.class, answered("open sesame", "4712"));
        assertInstanceOf(Refused.class, answered("wrong", "4711"));
        authenticator.close();
        assertEquals(0, authenticator.facts().get("taken"));
    }

    private AuthDecision answered(String password, String pin) throws Exception {
        AuthDecision first = authenticator.authenticate(PamServices.login("alice", password));
        var pending = assertInstanceOf(Pending.class, first);
        var question = assertInstanceOf(Question.class, pending.prompt());
        assertFalse(question.echo());
        assertTrue(question.text().contains("assword"), question.text());
        question.response().accept(pin.getBytes(StandardCharsets.UTF_8));
        return pending.answer().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    @Test
    void shouldAskAgainWhatPamAsksAgain() throws Exception {
        open("three", 2, PATIENCE);
        AuthDecision decision = authenticator.authenticate(PamServices.login("alice", "open sesame"));
        for (String answer : List.of("4711", "open sesame")) {
            var pending = assertInstanceOf(Pending.class, decision);
            var question = assertInstanceOf(Question.class, pending.prompt());
            question.response().accept(answer.getBytes(StandardCharsets.UTF_8));
            decision = pending.answer().toCompletableFuture().get(20, TimeUnit.SECONDS);
        }
        assertInstanceOf(Accepted.class, decision);
    }

    @Test
    void shouldRefuseWhenTheUserDoesNotAnswer() throws Exception {
        open("two", 2, new PamAuthenticator.Patience(
                Duration.ofMillis(300), Duration.ofSeconds(20), Duration.ofMillis(300)));
        AuthDecision first = authenticator.authenticate(PamServices.login("alice", "open sesame"));
        var pending = assertInstanceOf(Pending.class, first);
        assertInstanceOf(Refused.class, pending.answer().toCompletableFuture().get(20, TimeUnit.SECONDS));
    }

    @Test
    void shouldEndAQuestionWhenTheModuleLeaves() throws Exception {
        open("two", 2, PATIENCE);
        AuthDecision first = authenticator.authenticate(PamServices.login("alice", "open sesame"));
        var pending = assertInstanceOf(Pending.class, first);
        authenticator.close();
        assertInstanceOf(Refused.class, pending.answer().toCompletableFuture().get(5, TimeUnit.SECONDS));
    }

    /** bob's module hangs: he alone waits, and when he has taken all places the others are refused at once. */
    @Test
    void shouldNotStallOthersWhenAModuleHangs() throws Exception {
        open("hanging", 2, new PamAuthenticator.Patience(
                Duration.ofMillis(300), Duration.ofSeconds(3), Duration.ofSeconds(20)));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Callable<AuthDecision> bob = () -> login("bob", "bobs");
            Future<AuthDecision> hangs = threads.submit(bob);
            while (!Files.exists(directory.resolve("in-pam"))) {
                Thread.onSpinWait();
            }
            assertInstanceOf(Accepted.class, login("alice", "open sesame"));
            Future<AuthDecision> hangsToo = threads.submit(bob);
            for (var future : List.of(hangs, hangsToo)) {
                var e = assertThrows(ExecutionException.class, future::get);
                assertTrue(e.getCause().getMessage().contains("hangs"), e.getCause().getMessage());
            }
            assertEquals(2, authenticator.facts().get("taken"));
            var e = assertThrows(PamException.class, () -> login("alice", "open sesame"));
            assertTrue(e.getMessage().contains("all 2 places in PAM are taken"), e.getMessage());
        } finally {
            // Held open by a reader of its own, the pipe keeps a line for each that hangs until it comes for it.
            try (var wait = new RandomAccessFile(directory.resolve("wait").toFile(), "rw")) {
                wait.writeBytes("\n\n");
                authenticator.close();
                assertEquals(0, authenticator.facts().get("taken"));
            }
        }
    }

    @Test
    void shouldServeManyAtOnceAndKeepNothing() throws Exception {
        open("users", 4, new PamAuthenticator.Patience(
                Duration.ofSeconds(20), Duration.ofSeconds(20), Duration.ofSeconds(20)));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var answers = threads.invokeAll(Collections.nCopies(200, (Callable<AuthDecision>)
                    () -> login("alice", "open sesame")));
            for (Future<AuthDecision> answer : answers) {
                assertInstanceOf(Accepted.class, answer.get());
            }
        }
        assertEquals(200L, authenticator.facts().get("accepted"));
        authenticator.close();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("auth-pam-")) {
                assertTrue(thread.join(Duration.ofSeconds(10)), thread.getName());
            }
        }
    }
}

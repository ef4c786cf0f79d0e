package io.culvert.core.admission;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Abstained;
import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Pending;
import io.culvert.api.auth.AuthDecision.Prompt;
import io.culvert.api.auth.AuthDecision.Refused;
import io.culvert.api.auth.AuthDecision.Unknown;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class AuthenticatorChainTest {
    private static final byte[] PASSWORD = "secret".getBytes(StandardCharsets.UTF_8);

    private final List<Authenticator> present = new CopyOnWriteArrayList<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final List<byte[]> secrets = new CopyOnWriteArrayList<>();

    /** A = accepts, R = refuses, U = knows no such user, - = abstains, X = throws; the outcome, and who is asked. */
    @ParameterizedTest
    @CsvSource({
        "required, A, yes, 1", "required, R, no, 1", "required, U, no, 1", "required, -, no, 1", "required, X, no, 1",
        "requisite, A, yes, 1", "requisite, R, no, 1", "requisite, U, no, 1", "requisite, -, no, 1", "requisite, X, no, 1",
        "sufficient, A, yes, 1", "sufficient, R, no, 1", "sufficient, U, no, 1", "sufficient, -, no, 1",
        "sufficient, X, no, 1",
        "optional, A, yes, 1", "optional, R, no, 1", "optional, U, no, 1", "optional, -, no, 1", "optional, X, no, 1",
        "required required, AA, yes, 2", "required required, RA, no, 2", "required required, AR, no, 2",
        "required required, UA, no, 2", "required required, -A, yes, 2", "required required, XA, no, 2",
        "requisite required, AA, yes, 2", "requisite required, RA, no, 1", "requisite required, AR, no, 2",
        "requisite required, UA, no, 1", "requisite required, -A, yes, 2", "requisite required, XA, no, 1",
        "required requisite, RA, no, 2", "required requisite, RR, no, 2",
        "sufficient required, AA, yes, 1", "sufficient required, RA, yes, 2", "sufficient required, RR, no, 2",
        "sufficient required, XA, yes, 2", "sufficient required, UA, yes, 2", "sufficient required, -A, yes, 2",
        "required sufficient, RA, no, 2", "required sufficient, AR, yes, 2", "required sufficient, AA, yes, 2",
        "required sufficient required, RAA, no, 3", "required sufficient required, AAR, yes, 2",
        "requisite sufficient sufficient, ARA, yes, 3", "requisite sufficient sufficient, AUU, yes, 3",
        "sufficient sufficient, RA, yes, 2", "sufficient sufficient, RR, no, 2", "sufficient sufficient, UU, no, 2",
        "optional required, RA, yes, 2", "optional required, AR, no, 2", "optional required, XA, yes, 2",
        "required optional, AR, yes, 2", "required optional, RA, no, 2", "requisite optional, RA, no, 1",
        "optional sufficient, AR, yes, 2", "optional sufficient, RR, no, 2",
        "optional optional, RA, yes, 2", "optional optional, RU, no, 2", "optional optional, --, no, 2",
    })
    void shouldDecideAsPamDoes(String controls, String answers, String outcome, int asks) {
        assertEquals(outcome, outcome(chain(controls, answers).authenticate(credentials())));
        assertEquals(asks, asked.size() + answers.substring(0, asks).chars().filter(c -> c == 'X').count());
        assertSecretsGone();
    }

    @ParameterizedTest
    @CsvSource({"required, no", "requisite, no", "sufficient, yes", "optional, yes"})
    void shouldTakeAMissingAuthenticatorForOneThatRefuses(String control, String outcome) {
        present.add(says("two", new Accepted(Map.of())));
        var chain = named(control + " one", "required two");
        AuthDecision decision = chain.authenticate(credentials());
        assertEquals(outcome, outcome(decision));
        assertTrue(String.valueOf(chain.status().get("problem")).contains("names one, which is not there"));
        if (decision instanceof Refused refused) {
            assertTrue(refused.logText().contains("authenticator one is in core.authenticators but is not there"));
        }
    }

    @Test
    void shouldMergeAttributesAndBelieveTheFirst() {
        present.add(says("one", new Accepted(Map.of("group", "staff"))));
        present.add(says("two", new Accepted(Map.of("group", "guests", "address", "10.8.0.9"))));
        assertEquals(
                new Accepted(Map.of("group", "staff", "address", "10.8.0.9")),
                named("required one", "required two").authenticate(credentials()));
    }

    @Test
    void shouldAskTheNextWithTheRemainderOfThePassword() {
        byte[] remainder = "sec".getBytes(StandardCharsets.UTF_8);
        present.add(says("totp", new Accepted(Map.of(), remainder)));
        var seen = new ArrayList<String>();
        present.add(does("ldap", credentials -> {
            seen.add(new String(credentials.password(), StandardCharsets.UTF_8));
            return new Accepted(Map.of());
        }));
        assertEquals("yes", outcome(named("requisite totp", "required ldap").authenticate(credentials())));
        assertEquals(List.of("sec"), seen);
        assertArrayEquals(new byte[3], remainder);
        assertSecretsGone();
    }

    @Test
    void shouldAskTheRestAfterALateAnswer() throws Exception {
        var answer = new CompletableFuture<AuthDecision>();
        present.add(says("radius", pending(answer)));
        present.add(says("ldap", new Accepted(Map.of("group", "staff"))));
        var pending = assertInstanceOf(
                Pending.class, named("requisite radius", "required ldap").authenticate(credentials()));
        assertEquals(List.of("radius"), asked);
        answer.complete(new Accepted(Map.of("address", "10.8.0.9")));
        assertEquals(
                new Accepted(Map.of("group", "staff", "address", "10.8.0.9")),
                pending.answer().toCompletableFuture().get());
        assertEquals(List.of("radius", "ldap"), asked);
        assertSecretsGone();
    }

    @Test
    void shouldNotAskTheRestAfterALateRefusal() throws Exception {
        present.add(says("radius", pending(CompletableFuture.completedFuture(new Refused("no", "no")))));
        present.add(says("ldap", new Accepted(Map.of())));
        var pending = (Pending) named("requisite radius", "required ldap").authenticate(credentials());
        assertEquals("no", outcome(pending.answer().toCompletableFuture().get()));
        assertEquals(List.of("radius"), asked);
        assertSecretsGone();
    }

    @Test
    void shouldPassOneQuestionAfterTheOtherOn() throws Exception {
        var second = pending(CompletableFuture.completedFuture(new Accepted(Map.of())));
        present.add(says("radius", pending(CompletableFuture.completedFuture(second))));
        var first = (Pending) named("required radius").authenticate(credentials());
        var next = assertInstanceOf(Pending.class, first.answer().toCompletableFuture().get());
        assertEquals("yes", outcome(next.answer().toCompletableFuture().get()));
    }

    @Test
    void shouldRefuseAndForgetTheSecretsWhenNobodyAnswersInTime() throws Exception {
        present.add(says("oidc", new Pending(Duration.ofMillis(20), new Prompt.Wait(), new CompletableFuture<>())));
        var pending = (Pending) named("required oidc").authenticate(credentials());
        var refused = assertInstanceOf(Refused.class, pending.answer().toCompletableFuture().get());
        assertTrue(refused.logText().contains("got no answer in time"));
    }

    @Test
    void shouldAskSecondFactorsFirstWhenThereIsNoChain() {
        present.add(says("file", new Accepted(Map.of())));
        present.add(secondFactor(says("totp", new Refused("wrong code", "no"))));
        assertEquals("no", outcome(named().authenticate(credentials())));
        assertEquals(List.of("totp"), asked);
    }

    @Test
    void shouldLetNobodyInByASecondFactorAlone() {
        present.add(secondFactor(says("totp", new Accepted(Map.of()))));
        assertEquals("no", outcome(named().authenticate(credentials())));
        present.add(says("file", new Unknown()));
        assertEquals("no", outcome(named().authenticate(credentials())));
    }

    @Test
    void shouldNotCountTheYesOfASecondFactorBesideOthers() {
        present.add(secondFactor(says("totp", new Accepted(Map.of()))));
        present.add(says("ldap", new Unknown()));
        present.add(says("file", new Refused("no", "no")));
        assertEquals("no", outcome(
                named("requisite totp", "sufficient ldap", "sufficient file").authenticate(credentials())));
        assertEquals("no", outcome(named("sufficient totp", "required file").authenticate(credentials())));
        assertEquals("yes", outcome(named("required totp").authenticate(credentials())));
    }

    @Test
    void shouldGiveUpOnWhoeverHangsAndKeepTheNumberOfStuckThreadsBounded() throws Exception {
        var release = new CountDownLatch(1);
        var calls = new CountDownLatch(2);
        present.add(does("slow", credentials -> {
            calls.countDown();
            boolean interrupted = false;
            while (release.getCount() > 0) {
                try {
                    release.await();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            return interrupted ? new Refused("late", "late") : new Accepted(Map.of());
        }));
        var limits = new GuardedAuthenticator.Limits(Duration.ofMillis(50), 2, 0, 100, Duration.ofSeconds(60));
        var chain = new AuthenticatorChain(
                () -> present, links("required slow"), limits, System::nanoTime, Runnable::run);
        for (int i = 0; i < 6; i++) {
            assertEquals("no", outcome(chain.authenticate(credentials())));
        }
        assertTrue(calls.await(10, TimeUnit.SECONDS));
        Map<?, ?> facts = facts(chain);
        assertEquals(2, facts.get("running"));
        assertEquals(2L, facts.get("timeouts"));
        assertEquals(4L, facts.get("busy"));
        release.countDown();
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!Integer.valueOf(0).equals(facts(chain).get("running")) && System.nanoTime() < until) {
            Thread.onSpinWait();
        }
        assertEquals(0, facts(chain).get("running"));
    }

    @Test
    void shouldNotAskWhoFailedAgainAndAgain() {
        present.add(does("ldap", credentials -> {
            asked.add("ldap");
            throw new IllegalStateException("connection refused");
        }));
        var limits = new GuardedAuthenticator.Limits(Duration.ofSeconds(5), 2, 2, 3, Duration.ofSeconds(60));
        var chain = new AuthenticatorChain(() -> present, links("required ldap"), limits, System::nanoTime, Runnable::run);
        for (int i = 0; i < 10; i++) {
            assertEquals("no", outcome(chain.authenticate(credentials())));
        }
        assertEquals(3, asked.size());
        assertEquals("open", facts(chain).get("breaker"));
        assertEquals(7L, facts(chain).get("skipped"));
    }

    @Test
    void shouldAskTheSuccessorOfOneThatWasExchangedMeanwhile() {
        var successor = says("ldap", new Accepted(Map.of()));
        present.add(does("ldap", credentials -> {
            present.clear();
            present.add(successor);
            throw new IllegalStateException("pool is closed");
        }));
        assertEquals("yes", outcome(named("required ldap").authenticate(credentials())));
    }

    @Test
    void shouldWaitForOneThatIsBeingExchanged() throws Exception {
        var ldap = says("ldap", new Accepted(Map.of()));
        present.add(ldap);
        var chain = named("required ldap");
        assertEquals("yes", outcome(chain.authenticate(credentials())));
        present.clear();
        try (var threads = Executors.newSingleThreadExecutor()) {
            var login = threads.submit(() -> outcome(chain.authenticate(credentials())));
            present.add(ldap);
            assertEquals("yes", login.get());
        }
    }

    // ----

    private AuthenticatorChain chain(String controls, String answers) {
        String[] each = controls.split(" ");
        String[] texts = new String[each.length];
        for (int i = 0; i < each.length; i++) {
            String name = "a" + i;
            texts[i] = each[i] + " " + name;
            AuthDecision decision = switch (answers.charAt(i)) {
                case 'A' -> new Accepted(Map.of());
                case 'R' -> new Refused("no", "no");
                case 'U' -> new Unknown();
                case '-' -> new Abstained();
                default -> null;
            };
            present.add(decision != null ? says(name, decision) : does(name, credentials -> {
                throw new IllegalStateException("broken");
            }));
        }
        return named(texts);
    }

    private AuthenticatorChain named(String... links) {
        return new AuthenticatorChain(
                () -> present, links(links), GuardedAuthenticator.Limits.DEFAULT, System::nanoTime, Runnable::run);
    }

    private static List<ChainLink> links(String... texts) {
        return Arrays.stream(texts).map(ChainLink::parse).toList();
    }

    private static Map<?, ?> facts(AuthenticatorChain chain) {
        return (Map<?, ?>) ((List<?>) chain.status().get("authenticators")).getFirst();
    }

    private static Pending pending(CompletableFuture<AuthDecision> answer) {
        return new Pending(Duration.ofSeconds(30), new Prompt.Wait(), answer);
    }

    private interface Answer {
        AuthDecision to(Credentials credentials) throws Exception;
    }

    private Authenticator says(String name, AuthDecision decision) {
        return does(name, credentials -> {
            asked.add(name);
            return decision;
        });
    }

    private Authenticator does(String name, Answer answer) {
        return new Authenticator() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public AuthDecision authenticate(Credentials credentials) throws Exception {
                secrets.add(credentials.password());
                return answer.to(credentials);
            }
        };
    }

    private static Authenticator secondFactor(Authenticator authenticator) {
        return new Authenticator() {
            @Override
            public String name() {
                return authenticator.name();
            }

            @Override
            public AuthDecision authenticate(Credentials credentials) throws Exception {
                return authenticator.authenticate(credentials);
            }

            @Override
            public boolean secondFactor() {
                return true;
            }
        };
    }

    /** The thread of a call may still be about to end. */
    private void assertSecretsGone() {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        for (byte[] secret : secrets) {
            while (!Arrays.equals(new byte[secret.length], secret) && System.nanoTime() < until) {
                Thread.onSpinWait();
            }
            assertArrayEquals(new byte[secret.length], secret);
        }
        assertFalse(secrets.isEmpty());
    }

    private static Credentials credentials() {
        return new Credentials("openvpn", "alice", PASSWORD.clone(), List.of(),
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 1), Map.of());
    }

    private static String outcome(AuthDecision decision) {
        return switch (decision) {
            case Accepted _ -> "yes";
            case Refused _ -> "no";
            default -> decision.toString();
        };
    }
}

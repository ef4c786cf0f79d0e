package io.culvert.auth.totp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Abstained;
import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Refused;
import io.culvert.api.auth.Credentials;
import io.culvert.api.command.CommandException;
import io.culvert.api.config.ConfigException;
import io.culvert.api.store.StoreException;
import io.culvert.testsupport.MemoryStore;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TotpAuthenticatorTest {
    private final MemoryStore store = new MemoryStore();
    private final Enrolments enrolments = new Enrolments(store);
    private final TotpCommand command =
            new TotpCommand(enrolments, new Totp(6, 30), "Culvert", new SecureRandom());
    private long now = 1_800_000_000;

    private TotpAuthenticator totp(Map<String, Object> settings) {
        return new TotpAuthenticator(
                enrolments, AuthTotpComponent.rules(settings(settings)), () -> Instant.ofEpochSecond(now));
    }

    private static AuthTotpSettings settings(Map<String, Object> given) {
        return (AuthTotpSettings) Proxy.newProxyInstance(
                AuthTotpSettings.class.getClassLoader(),
                new Class<?>[] {AuthTotpSettings.class},
                (proxy, method, arguments) -> given.getOrDefault(method.getName(), method.getDefaultValue()));
    }

    private static Credentials credentials(String password, @Nullable String response) {
        return new Credentials("openvpn", "alice", password.getBytes(StandardCharsets.UTF_8), List.of(),
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 1), Map.of(),
                response == null ? null : response.getBytes(StandardCharsets.UTF_8));
    }

    private void enrol() throws Exception {
        command.run(Map.of("name", "alice"), part -> true);
    }

    private String code(long atSeconds) throws Exception {
        byte[] secret = enrolments.find("alice").orElseThrow().enrolment().secret();
        return new String(new Totp(6, 30).code(secret, atSeconds / 30), StandardCharsets.US_ASCII);
    }

    private AuthDecision login(TotpAuthenticator totp, @Nullable String code) throws Exception {
        return totp.authenticate(credentials("password", code));
    }

    private static String refusal(AuthDecision decision) {
        return assertInstanceOf(Refused.class, decision).logText();
    }

    @Test
    void shouldTakeACodeOnceOnly() throws Exception {
        enrol();
        var totp = totp(Map.of());
        assertEquals(new Accepted(Map.of()), login(totp, code(now)));
        assertTrue(refusal(login(totp, code(now))).contains("wrong or used code"));
        assertTrue(refusal(login(totp(Map.of()), code(now))).contains("used"), "another process knows too");
        now += 30;
        assertEquals(new Accepted(Map.of()), login(totp, code(now)));
    }

    @Test
    void shouldTakeACodeOnceWhenManyComeAtOnce() throws Exception {
        enrol();
        var totp = totp(Map.of());
        String code = code(now);
        try (var threads = Executors.newFixedThreadPool(8)) {
            List<Future<AuthDecision>> logins = threads.invokeAll(
                    java.util.Collections.nCopies(8, (Callable<AuthDecision>) () -> login(totp, code)));
            int accepted = 0;
            for (Future<AuthDecision> login : logins) {
                accepted += login.get() instanceof Accepted ? 1 : 0;
            }
            assertEquals(1, accepted);
        }
    }

    @Test
    void shouldPutUpWithAClockThatIsOnePeriodOff() throws Exception {
        enrol();
        assertInstanceOf(Accepted.class, login(totp(Map.of()), code(now - 30)));
        assertInstanceOf(Accepted.class, login(totp(Map.of()), code(now + 30)));
        assertInstanceOf(Refused.class, login(totp(Map.of()), code(now - 60)));
        assertInstanceOf(Refused.class, login(totp(Map.of()), code(now + 90)));
    }

    @Test
    void shouldRefuseAnOlderCodeAfterANewerOne() throws Exception {
        enrol();
        assertInstanceOf(Accepted.class, login(totp(Map.of()), code(now)));
        assertInstanceOf(Refused.class, login(totp(Map.of()), code(now - 30)));
    }

    @Test
    void shouldMakeWrongCodesWaitLongerAndLonger() throws Exception {
        enrol();
        var totp = totp(Map.of("longestWaitSeconds", 60));
        for (int i = 0; i < 3; i++) {
            assertTrue(refusal(login(totp, "000")).contains("wrong"));
        }
        assertTrue(refusal(login(totp, "000")).contains("wrong"));
        assertTrue(refusal(login(totp, code(now))).contains("has to wait 2 s"), "the right one waits too");
        now += 2;
        login(totp, "000");
        assertTrue(refusal(login(totp, code(now))).contains("has to wait 4 s"));
        for (int i = 0; i < 10; i++) {
            now += 60;
            login(totp, "000");
        }
        assertTrue(refusal(login(totp, code(now))).contains("has to wait 60 s"));
        now += 60;
        assertInstanceOf(Accepted.class, login(totp, code(now)));
        assertEquals(0, enrolments.find("alice").orElseThrow().enrolment().failures());
    }

    @Test
    void shouldTakeTheCodeOffThePasswordAndLeaveTheRest() throws Exception {
        enrol();
        var totp = totp(Map.of("mode", "appended"));
        var accepted = assertInstanceOf(
                Accepted.class, totp.authenticate(credentials("secret" + code(now), null)));
        assertArrayEquals("secret".getBytes(StandardCharsets.UTF_8), accepted.remainder());
        assertFalse(accepted.toString().contains("secret"));
        assertTrue(refusal(totp.authenticate(credentials("secret", null))).contains("typed no code"));
        assertTrue(refusal(totp.authenticate(credentials("", null))).contains("typed no code"));
    }

    @Test
    void shouldRefuseWithoutAnAnswerToTheChallenge() throws Exception {
        enrol();
        assertTrue(refusal(login(totp(Map.of()), null)).contains("static-challenge"));
        assertTrue(refusal(login(totp(Map.of()), "")).contains("wrong"));
    }

    @Test
    void shouldRefuseUsersWithoutASecretUnlessTheyMayPass() throws Exception {
        assertTrue(refusal(login(totp(Map.of()), "123456")).contains("has no secret"));
        assertEquals(new Abstained(), login(totp(Map.of("withoutSecret", "pass")), null));
    }

    @Test
    void shouldAcceptNothingThatIsNotDurable() throws Exception {
        enrol();
        store.failing = true;
        assertThrows(StoreException.class, () -> login(totp(Map.of()), code(now)));
    }

    @Test
    void shouldEnrolAndTakeTheSecretAway() throws Exception {
        var answer = (Map<?, ?>) command.run(Map.of("name", "alice"), part -> true);
        assertTrue(String.valueOf(answer.get("uri"))
                .matches("otpauth://totp/Culvert:alice\\?secret=[A-Z2-7]{32}&issuer=Culvert"));
        assertThrows(CommandException.class, () -> command.run(Map.of("name", "alice"), part -> true));
        command.run(Map.of("name", "alice", "off", true), part -> true);
        assertThrows(CommandException.class, () -> command.run(Map.of("name", "alice", "off", true), part -> true));
        assertTrue(refusal(login(totp(Map.of()), "123456")).contains("has no secret"));
        assertThrows(CommandException.class, () -> command.run(Map.of(), part -> true));
    }

    @Test
    void shouldNameTheSettingThatIsWrong() {
        for (Map<String, Object> wrong : List.<Map<String, Object>>of(
                Map.of("mode", "none"), Map.of("withoutSecret", "maybe"), Map.of("digits", 5), Map.of("window", 6),
                Map.of("question", "a \"b\""), Map.of("issuer", ""), Map.of("periodSeconds", 1))) {
            var e = assertThrows(ConfigException.class, () -> totp(wrong));
            assertEquals(wrong.keySet().iterator().next(), e.attribute());
        }
    }
}

package io.culvert.tunnel.openvpn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Credentials;
import io.culvert.api.tunnel.CloseCause.Kind;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What stands for a password, and what comes with it. */
class TokenTest {
    private static final int LIFE = 3600;

    private final SessionPair.Settings settings = new SessionPair.Settings();
    private final List<String> asked = new ArrayList<>();

    private SessionPair pair() {
        settings.login = "password";
        settings.authTokenSeconds = LIFE;
        var pair = new SessionPair(5, settings);
        pair.client.identity = Optional.empty();
        send(pair, "right");
        pair.core.authenticator = credentials -> {
            asked.add(secrets(credentials));
            return secrets(credentials).equals("right")
                    ? new AuthDecision.Accepted(Map.of("group", "staff"))
                    : new AuthDecision.Refused("wrong password", "wrong name or password");
        };
        return pair;
    }

    private static String secrets(Credentials credentials) {
        byte[] response = credentials.response();
        String password = new String(credentials.password(), StandardCharsets.UTF_8);
        return response == null ? password : password + "+" + new String(response, StandardCharsets.UTF_8);
    }

    private static void send(SessionPair pair, String password) {
        pair.client.username = "alice";
        pair.client.password = password.getBytes(StandardCharsets.UTF_8);
    }

    private static String token(SessionPair pair) {
        return pair.client.messages.stream()
                .filter(message -> message.startsWith("PUSH_REPLY"))
                .flatMap(message -> Arrays.stream(message.split(",")))
                .filter(option -> option.startsWith("auth-token "))
                .map(option -> option.substring("auth-token ".length()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void shouldTakeTheTokenAtARekeyWithoutAskingAgain() {
        settings.renegotiateSeconds = 60;
        var pair = pair();
        assertTrue(pair.connect(10));
        send(pair, token(pair));
        int before = pair.client.rekeys;
        assertTrue(pair.time.runUntil(() -> pair.client.rekeys >= before + 2, 400));
        assertEquals(List.of("right"), asked);
        assertTrue(pair.core.closes.isEmpty());
    }

    @Test
    void shouldEndTheSessionWhenItsTokenExpires() {
        settings.renegotiateSeconds = 1200;
        settings.pingSeconds = 0;
        settings.pingRestartSeconds = 0;
        var pair = pair();
        assertTrue(pair.connect(10));
        send(pair, token(pair));
        assertTrue(pair.time.runUntil(() -> !pair.core.closes.isEmpty(), 2 * LIFE));
        assertEquals("AUTH_FAILED,SESSION: token expired", pair.client.messages.getLast());
        assertEquals(List.of("right"), asked);
    }

    @Test
    void shouldTakeTheTokenAtAReconnectAndRememberTheAttributes() {
        var pair = pair();
        assertTrue(pair.connect(10));
        String token = token(pair);
        assertTrue(token.length() < 128, "old clients cut longer passwords");
        var again = pair();
        again.tokenAttributes.putAll(pair.tokenAttributes);
        send(again, token);
        assertTrue(again.connect(10));
        assertEquals(List.of("right"), asked);
        var record = again.core.records.values().iterator().next();
        assertEquals("staff", record.peer().attributes().get("group"));
        assertEquals(token, token(again), "its life is not prolonged");
    }

    @Test
    void shouldRefuseATokenWhoseAttributesAreLost() {
        var pair = pair();
        assertTrue(pair.connect(10));
        var again = pair();
        send(again, token(pair));
        refused(again, "AUTH_FAILED,SESSION: token expired");
    }

    @Test
    void shouldRefuseTheTokenOfAnotherUser() {
        var pair = pair();
        assertTrue(pair.connect(10));
        var other = pair();
        send(other, token(pair));
        other.client.username = "bob";
        refused(other, "AUTH_FAILED,login refused");
        assertEquals(List.of("right"), asked);
    }

    @Test
    void shouldRefuseATokenThatWasChanged() {
        var pair = pair();
        assertTrue(pair.connect(10));
        byte[] token = Base64.getDecoder().decode(token(pair).substring(11));
        token[15] ^= 1;
        for (String forged : List.of(
                "SESS_ID_AT_" + Base64.getEncoder().encodeToString(token), "SESS_ID_AT_", "SESS_ID_AT_!", "SESS_ID_AT_AA==")) {
            var other = pair();
            send(other, forged);
            // An empty token is an ordinary password, and a wrong one.
            refused(other, forged.equals("SESS_ID_AT_") ? "AUTH_FAILED,wrong name or password" : "AUTH_FAILED,login refused");
        }
    }

    @Test
    void shouldGiveNoTokenWhenItHasNoLife() {
        settings.login = "password";
        settings.authTokenSeconds = 0;
        var pair = new SessionPair(5, settings);
        pair.client.identity = Optional.empty();
        send(pair, "right");
        assertTrue(pair.connect(10));
        assertFalse(String.join("|", pair.client.messages).contains("auth-token"));
    }

    @Test
    void shouldTakeTheAnswerToAStaticChallenge() {
        var pair = pair();
        pair.core.authenticator = credentials -> {
            asked.add(secrets(credentials));
            return new AuthDecision.Accepted(Map.of());
        };
        send(pair, "SCRV1:" + base64("pass:word") + ":" + base64("123456"));
        assertTrue(pair.connect(10));
        assertEquals(List.of("pass:word+123456"), asked);
    }

    @Test
    void shouldRefuseAMalformedAnswer() {
        for (String malformed : List.of(
                "SCRV1:", "SCRV1:" + base64("a"), "SCRV1:!:" + base64("b"), "SCRV1:" + base64("a") + ":!",
                "SCRV1:" + base64("a") + ":" + base64("b") + ":", "CRV1::", "CRV1::state", "CRV1::state:x", "CRV1::::x",
                "CRV1::unknown::42")) {
            var pair = pair();
            send(pair, malformed);
            refused(pair, "AUTH_FAILED,login refused");
        }
        assertEquals(List.of(), asked);
    }

    @Test
    void shouldAskAClientThatCannotAnswerAtOnceToComeBack() {
        var pair = pair();
        var answer = new CompletableFuture<AuthDecision>();
        var typed = new ArrayList<byte[]>();
        var question = new AuthDecision.Prompt.Question("Code, please?", true, response -> {
            typed.add(response);
            answer.complete(new AuthDecision.Accepted(Map.of()));
        });
        pair.core.authenticator = c -> new AuthDecision.Pending(Duration.ofSeconds(90), question, answer);
        pair.client.start();
        assertTrue(pair.time.runUntil(() -> !pair.client.messages.isEmpty(), 20));
        String[] asks = pair.client.messages.getFirst().split(":", 5);
        assertEquals("AUTH_FAILED,CRV1", asks[0]);
        assertEquals("R,E", asks[1]);
        assertEquals("alice", new String(Base64.getDecoder().decode(asks[3]), StandardCharsets.UTF_8));
        assertEquals("Code, please?", asks[4]);
        assertTrue(pair.time.runUntil(() -> !pair.core.closes.isEmpty(), 20));

        send(pair, "CRV1::" + asks[2] + "::4:2");
        assertTrue(pair.connect(20));
        assertArrayEquals("4:2".getBytes(StandardCharsets.UTF_8), typed.getFirst());

        pair.client.messages.clear();
        pair.client.start();
        assertTrue(pair.time.runUntil(() -> pair.client.messages.contains("AUTH_FAILED,login refused"), 20),
                "a question is answered once");
    }

    private static void refused(SessionPair pair, String message) {
        pair.client.start();
        assertTrue(pair.time.runUntil(() -> !pair.core.closes.isEmpty(), 20));
        assertEquals(Kind.REFUSED, pair.core.closes.getFirst().kind());
        assertEquals(message, pair.client.messages.getLast());
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }
}

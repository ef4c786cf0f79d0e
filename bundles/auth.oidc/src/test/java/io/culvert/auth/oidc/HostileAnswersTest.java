package io.culvert.auth.oidc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.nimbusds.jwt.JWTClaimsSet;
import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Refused;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A provider, a browser or a stranger that does what it should not. */
@Timeout(60)
class HostileAnswersTest {
    private TamperingProvider provider;
    private Appliance appliance;

    @BeforeEach
    void start() throws Exception {
        provider = new TamperingProvider();
        appliance = new Appliance(provider.issuer, "secret", "");
    }

    @AfterEach
    void stop() {
        appliance.close();
        provider.close();
    }

    private void refuses(String why) throws Exception {
        var refused = assertInstanceOf(Refused.class, appliance.logIn("alice"));
        assertTrue(refused.logText().contains(why), refused.logText());
        assertEquals("login in the browser failed", refused.peerText());
    }

    @Test
    void shouldLetInWhenNothingIsWrong() throws Exception {
        assertEquals(new Accepted(Map.of()), appliance.logIn("alice"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"nonce", "no nonce", "audience", "issuer", "expired", "no expiry", "future", "no subject"})
    void shouldRefuseATokenThatWasNotMadeForThisLogin(String wrong) throws Exception {
        Map<String, UnaryOperator<JWTClaimsSet.Builder>> tampered = new HashMap<>();
        tampered.put("nonce", claims -> claims.claim("nonce", "another"));
        tampered.put("no nonce", claims -> claims.claim("nonce", null));
        tampered.put("audience", claims -> claims.audience("other"));
        tampered.put("issuer", claims -> claims.issuer("http://127.0.0.1:1"));
        tampered.put("expired", claims -> claims.expirationTime(Date.from(Instant.now().minusSeconds(120))));
        tampered.put("no expiry", claims -> claims.expirationTime(null));
        tampered.put("future", claims -> claims.issueTime(Date.from(Instant.now().plusSeconds(600))));
        tampered.put("no subject", claims -> claims.subject(null));
        provider.claims = tampered.get(wrong);
        refuses("the ID token is refused");
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "HS256"})
    void shouldRefuseATokenThatAnybodyCouldMake(String signature) throws Exception {
        provider.signature = signature;
        refuses("the ID token is refused");
    }

    @Test
    void shouldRefuseATokenSignedWithAnUnknownKey() throws Exception {
        provider.key = TamperingProvider.newKey("1");
        refuses("the ID token is refused");
    }

    @Test
    void shouldFollowWhenTheKeysChange() throws Exception {
        assertInstanceOf(Accepted.class, appliance.logIn("alice"));
        assertInstanceOf(Accepted.class, appliance.logIn("alice"));
        assertEquals(1, provider.keyRequests.get());
        provider.key = TamperingProvider.newKey("2");
        provider.published = List.of(provider.key);
        assertInstanceOf(Accepted.class, appliance.logIn("alice"));
        assertEquals(2, provider.keyRequests.get());
    }

    @Test
    void shouldRefuseWhoIsNotInTheRequiredGroup() throws Exception {
        try (var strict = new Appliance(provider.issuer, "secret", "vpn")) {
            provider.claims = claims -> claims.claim("groups", List.of("staff"));
            var refused = assertInstanceOf(Refused.class, strict.logIn("alice"));
            assertEquals("user alice: is not in group vpn", refused.logText());
            provider.claims = claims -> claims.claim("groups", List.of("staff", "vpn"));
            assertEquals(new Accepted(Map.of("group", "vpn", "groups", "staff,vpn")), strict.logIn("alice"));
        }
    }

    @Test
    void shouldRefuseWithoutTheNameClaim() throws Exception {
        provider.claims = claims -> claims.claim("preferred_username", null);
        refuses("has no claim preferred_username");
        provider.claims = claims -> claims.claim("preferred_username", List.of("alice"));
        refuses("has no claim preferred_username");
    }

    @Test
    void shouldRefuseWhatTheProviderRefuses() throws Exception {
        provider.answer = "error=access_denied&error_description=%3Cscript%3E&state=STATE";
        refuses("the provider refuses: access_denied");
        try (var wrong = new Appliance(provider.issuer, "wrong", "")) {
            provider.answer = "code=CODE&state=STATE";
            var refused = assertInstanceOf(Refused.class, wrong.logIn("alice"));
            assertTrue(refused.logText().contains("refuses the code: invalid_grant"), refused.logText());
            assertFalse(refused.logText().contains("wrong"), refused.logText());
        }
    }

    @Test
    void shouldRefuseTheAnswerOfAnotherProvider() throws Exception {
        provider.answer = "code=CODE&state=STATE&iss=http%3A%2F%2Fevil.example";
        refuses("another provider answered");
        provider.answer = "code=CODE&state=STATE&iss=ISSUER";
        assertInstanceOf(Accepted.class, appliance.logIn("alice"));
    }

    @Test
    void shouldTakeAnAnswerOnce() throws Exception {
        var pending = appliance.begin("alice");
        try (var browser = new Browser()) {
            assertEquals(200, browser.logIn(Appliance.url(pending)).statusCode());
            assertEquals(HttpURLConnection.HTTP_GONE, browser.get(provider.lastReturn).statusCode());
            assertEquals(HttpURLConnection.HTTP_GONE, browser.get(Appliance.url(pending)).statusCode());
        }
        assertInstanceOf(Accepted.class, Appliance.answer(pending));
    }

    /** An attacker logs in and has a victim's browser bring the answer, or the other way round. */
    @Test
    void shouldRefuseAnAnswerThatAnotherBrowserBrings() throws Exception {
        provider.holdsBack = true;
        var pending = appliance.begin("alice");
        try (var one = new Browser(); var other = new Browser()) {
            one.logIn(Appliance.url(pending));
            assertEquals(HttpURLConnection.HTTP_GONE, other.get(provider.lastReturn).statusCode());
            assertEquals(HttpURLConnection.HTTP_GONE, one.get(provider.lastReturn).statusCode());
        }
        var refused = assertInstanceOf(Refused.class, Appliance.answer(pending));
        assertTrue(refused.logText().contains("another browser"), refused.logText());
    }

    @Test
    void shouldRefuseACodeOfAnotherLogin() throws Exception {
        provider.holdsBack = true;
        var first = appliance.begin("alice");
        var second = appliance.begin("alice");
        try (var one = new Browser(); var two = new Browser()) {
            one.logIn(Appliance.url(first));
            String stolen = provider.lastReturn.replaceAll(".*code=([^&]+).*", "$1");
            two.logIn(Appliance.url(second));
            two.get(provider.lastReturn.replaceAll("code=[^&]+", "code=" + stolen));
        }
        // PKCE: the provider sees that the verifier is not that of the code.
        var refused = assertInstanceOf(Refused.class, Appliance.answer(second));
        assertTrue(refused.logText().contains("invalid_grant"), refused.logText());
    }

    @Test
    void shouldAskBeforeItSendsTheUserToTheProvider() throws Exception {
        var pending = appliance.begin("<b>alice</b>");
        try (var browser = new Browser()) {
            var page = browser.get(Appliance.url(pending));
            assertTrue(page.body().contains("&lt;b&gt;alice&lt;/b&gt;"), page.body());
            assertTrue(page.body().contains("192.0.2.7"), page.body());
            assertEquals("no-store", page.headers().firstValue("Cache-Control").orElse(""));
            assertFalse(pending.answer().toCompletableFuture().isDone());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/start", "/start?login=", "/start?login=x", "/start?login=x&login=y", "/callback",
        "/callback?state=&code=x", "/callback?state=x&code=y", "/callback?state=%00%ff", "/", "/../etc/passwd"})
    void shouldKnowNoOtherLogins(String path) throws Exception {
        appliance.begin("alice");
        try (var browser = new Browser()) {
            int status = browser.get(appliance.publicUrl + path).statusCode();
            assertTrue(status == HttpURLConnection.HTTP_GONE || status == HttpURLConnection.HTTP_NOT_FOUND, "" + status);
        }
    }

    @Test
    void shouldServeOthersWhileSomebodyDawdles() throws Exception {
        appliance.listener.open();
        try (var idle = new Socket(Appliance.LOOPBACK, appliance.publicUrl.getPort())) {
            idle.getOutputStream().write("GET /vpn/start HT".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            assertInstanceOf(Accepted.class, appliance.logIn("alice"));
        }
    }

    @Test
    void shouldRefuseAClientWithoutABrowser() throws Exception {
        for (String sso : List.of("", "crtext", "webauthn")) {
            AuthDecision decision = appliance.authenticator.authenticate(Appliance.client("alice", sso));
            var refused = assertInstanceOf(Refused.class, decision);
            assertEquals("this login needs a browser and this client does not open one", refused.peerText());
        }
    }

    @Test
    void shouldNotLetOneAddressTakeAllPlaces() throws Exception {
        for (int i = 0; i < 32; i++) {
            appliance.begin("alice");
        }
        var refused = assertInstanceOf(
                Refused.class, appliance.authenticator.authenticate(Appliance.client("alice", "webauth")));
        assertTrue(refused.logText().contains("too many logins"), refused.logText());
    }

    @Test
    void shouldTakeTheAddressWhenThePredecessorLeaves() throws Exception {
        var waiting = appliance.begin("alice");
        try (var successor = new Appliance(provider.issuer, "secret", "", appliance.publicUrl.getPort())) {
            var e = assertThrows(IOException.class, () -> successor.begin("alice"));
            assertTrue(e.getMessage().contains("cannot listen on 127.0.0.1:"), e.getMessage());
            long open = openFiles();
            for (int attempt = 0; attempt < 20; attempt++) {
                assertThrows(IOException.class, () -> successor.begin("alice"));
            }
            assertTrue(openFiles() < open + 20, "each attempt leaves a socket: " + open + " then " + openFiles());
            appliance.close();
            assertInstanceOf(Refused.class, Appliance.answer(waiting));
            assertInstanceOf(Accepted.class, successor.logIn("alice"));
        }
    }

    private static long openFiles() throws IOException {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    @Test
    void shouldLeaveNoThread() throws Exception {
        assertInstanceOf(Accepted.class, appliance.logIn("alice"));
        provider.close();
        appliance.close();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("HTTP-Dispatcher")) {
                assertTrue(thread.join(java.time.Duration.ofSeconds(10)), thread.getName());
            }
        }
    }
}

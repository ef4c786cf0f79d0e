package io.culvert.auth.oidc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Refused;
import java.util.List;
import java.util.Map;
import no.nav.security.mock.oauth2.MockOAuth2Server;
import no.nav.security.mock.oauth2.token.DefaultOAuth2TokenCallback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Against the OpenID Connect server of mock-oauth2-server: discovery, code, PKCE, keys and tokens are its own. */
@Timeout(60)
class LibraryProviderTest {
    private MockOAuth2Server server;
    private Appliance appliance;

    @BeforeEach
    void start() throws Exception {
        server = new MockOAuth2Server();
        // A port that is named can be taken again at once.
        server.start(Appliance.LOOPBACK, Appliance.freePort());
        appliance = new Appliance(server.issuerUrl("staff").uri(), "secret", "");
    }

    @AfterEach
    void stop() {
        appliance.close();
        server.shutdown();
    }

    private AuthDecision logIn(String typed, Map<String, Object> claims) throws Exception {
        return logIn(typed, claims, 3600);
    }

    private AuthDecision logIn(String typed, Map<String, Object> claims, long lifetime) throws Exception {
        server.enqueueCallback(new DefaultOAuth2TokenCallback("staff", "subject-1", "JWT", List.of("vpn"), claims, lifetime));
        return appliance.logIn(typed);
    }

    @Test
    void shouldLetInWhoLogsInUnderTheNameThatWasTyped() throws Exception {
        AuthDecision decision = logIn("alice", Map.of("preferred_username", "alice", "groups", List.of("vpn-users", "ops")));
        assertEquals(new Accepted(Map.of("group", "vpn-users", "groups", "vpn-users,ops")), decision);
        assertEquals(1L, appliance.authenticator.facts().get("accepted"));
        assertEquals(0, appliance.authenticator.facts().get("waiting"));
    }

    @Test
    void shouldRefuseWhoLogsInAsAnotherUser() throws Exception {
        var refused = assertInstanceOf(Refused.class, logIn("root", Map.of("preferred_username", "alice")));
        assertEquals("user root: logged in as alice", refused.logText());
    }

    @Test
    void shouldRefuseATokenForAnotherClient() throws Exception {
        var refused = assertInstanceOf(
                Refused.class, logIn("alice", Map.of("preferred_username", "alice", "aud", List.of("other"))));
        assertTrue(refused.logText().contains("ID token is refused"), refused.logText());
    }

    @Test
    void shouldRefuseAnExpiredToken() throws Exception {
        assertInstanceOf(Refused.class, logIn("alice", Map.of("preferred_username", "alice"), -3600));
    }

    @Test
    void shouldGoOnWhenTheProviderComesBack() throws Exception {
        assertInstanceOf(Accepted.class, logIn("alice", Map.of("preferred_username", "alice")));
        int port = server.baseUrl().port();
        server.shutdown();
        var pending = appliance.begin("alice");
        try (var browser = new Browser()) {
            // The provider's page is not there: the user sees that, and nobody is let in.
            assertThrows(java.io.IOException.class, () -> browser.logIn(Appliance.url(pending)));
            server = new MockOAuth2Server();
            server.start(Appliance.LOOPBACK, port);
            server.enqueueCallback(new DefaultOAuth2TokenCallback(
                    "staff", "subject-1", "JWT", List.of("vpn"), Map.of("preferred_username", "alice"), 3600));
            browser.logIn(Appliance.url(pending));
        }
        assertInstanceOf(Accepted.class, Appliance.answer(pending));
    }

    @Test
    void shouldFailWhileTheProviderWasNeverThere() throws Exception {
        server.shutdown();
        var e = assertThrows(ProviderException.class, () -> appliance.begin("alice"));
        assertTrue(e.getMessage().contains("does not tell of itself"), e.getMessage());
        assertTrue(appliance.authenticator.facts().containsKey("problem"));
    }
}

package io.culvert.web.rest.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.web.Role;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SignInGuardTest {
    private static final String OTHER = "another horse battery";

    @TempDir
    Path home;

    private Console console;
    private Console.Browser browser;
    private String secret;

    @BeforeEach
    void start() throws Exception {
        console = new Console(home);
        secret = console.add("m.okafor", Role.ADMINISTRATOR);
        console.add("second", Role.ADMINISTRATOR);
        browser = fresh("m.okafor");
    }

    @AfterEach
    void stop() throws Exception {
        console.close();
    }

    private Console.Browser fresh(String name) throws Exception {
        var opened = console.browser(name, Role.ADMINISTRATOR);
        var session = console.access.sessions.find(opened.cookie).orElseThrow();
        var proved = console.access.sessions.proved(session);
        opened.cookie = proved.secret();
        opened.csrf = proved.session().csrf();
        return opened;
    }

    private boolean opens(String password) throws Exception {
        return console.access.passwords.matches(
                password, console.access.administrators.find("m.okafor").orElseThrow().password());
    }

    private void changePassword() throws Exception {
        assertEquals(204, browser.post("/api/v1/me/password", Map.of("password", OTHER)).statusCode());
    }

    private void timeIsOver() {
        console.pass(SignInGuard.TIME.plusSeconds(1));
        console.access.signIns.sweep();
    }

    @Test
    void shouldBringBackWhatNobodySignsInWith() throws Exception {
        changePassword();
        console.access.signIns.sweep();
        assertTrue(opens(OTHER), "there is time left");
        assertNotNull(console.map(browser.get("/api/v1/auth/session")).get("signInUntil"));
        timeIsOver();
        assertTrue(opens(Console.PASSWORD));
        assertFalse(opens(OTHER));
        assertEquals("lock-out guard", console.audit.find(Optional.empty(), "", 1).getFirst().entry().what());
        assertNull(console.map(browser.get("/api/v1/auth/session")).get("signInUntil"));
    }

    @Test
    void shouldKeepWhatSomebodyHasSignedInWith() throws Exception {
        changePassword();
        var other = console.browser();
        other.post("/api/v1/auth/password", Map.of("name", "m.okafor", "password", OTHER));
        assertEquals(200, other.post("/api/v1/auth/totp",
                Map.of("code", Totp.at(secret, console.now().getEpochSecond()))).statusCode());
        timeIsOver();
        assertTrue(opens(OTHER));
    }

    @Test
    void shouldNotTakeHalfASignInForOne() throws Exception {
        changePassword();
        console.browser().post("/api/v1/auth/password", Map.of("name", "m.okafor", "password", OTHER));
        timeIsOver();
        assertTrue(opens(Console.PASSWORD));
    }

    @Test
    void shouldGoBackToWhatWasProvenAfterTwoChanges() throws Exception {
        changePassword();
        assertEquals(204, browser.post("/api/v1/me/password", Map.of("password", "a third horse battery")).statusCode());
        timeIsOver();
        assertTrue(opens(Console.PASSWORD));
    }

    @Test
    void shouldBringBackAResetFactorAndTheRole() throws Exception {
        assertEquals(200, browser.send(browser.request(
                "PATCH", "/api/v1/administrators/m.okafor", "{\"role\":\"viewer\"}")).statusCode());
        timeIsOver();
        Administrator back = console.access.administrators.find("m.okafor").orElseThrow();
        assertEquals(Role.ADMINISTRATOR, back.role());
        browser = fresh("m.okafor");
        assertEquals(200, browser.post("/api/v1/administrators/m.okafor:reset-factor", Map.of()).statusCode());
        assertFalse(console.access.administrators.find("m.okafor").orElseThrow().hasFactor());
        timeIsOver();
        assertEquals(secret, console.access.administrators.find("m.okafor").orElseThrow().totp());
    }

    @Test
    void shouldTakeWhatAnotherAdministratorChanges() throws Exception {
        changePassword();
        var second = fresh("second");
        assertEquals(200, second.send(second.request(
                "PATCH", "/api/v1/administrators/m.okafor", "{\"enabled\":false}")).statusCode());
        timeIsOver();
        assertFalse(console.access.administrators.find("m.okafor").orElseThrow().enabled(), "kept out stays out");
        assertTrue(opens(OTHER));
    }

    @Test
    void shouldLetNobodyRemoveOrDisableTheOwnAccount() throws Exception {
        var removed = browser.send(browser.request("DELETE", "/api/v1/administrators/m.okafor", ""));
        assertEquals("own-account", console.code(removed));
        var disabled = browser.send(
                browser.request("PATCH", "/api/v1/administrators/m.okafor", "{\"enabled\":false}"));
        assertEquals("own-account", console.code(disabled));
        var other = fresh("second");
        assertEquals(204, other.send(other.request("DELETE", "/api/v1/administrators/m.okafor", "")).statusCode());
    }

    @Test
    void shouldGoOnAfterARestart() throws Exception {
        changePassword();
        var later = new SignInGuard(
                console.store, console.json, console.access.administrators,
                () -> console.now().plus(SignInGuard.TIME).plus(Duration.ofSeconds(1)));
        later.sweep();
        assertTrue(opens(Console.PASSWORD));
    }

    @Test
    void shouldKeepTheLanguageOfAnAccount() throws Exception {
        assertEquals("", console.map(browser.get("/api/v1/auth/session")).get("language"));
        assertEquals(204, browser.send(browser.request("PUT", "/api/v1/me/language", "{\"language\":\"de\"}")).statusCode());
        assertEquals("de", console.map(fresh("m.okafor").get("/api/v1/auth/session")).get("language"));
        assertEquals("", console.map(fresh("second").get("/api/v1/auth/session")).get("language"));
        assertEquals(400, browser.send(browser.request("PUT", "/api/v1/me/language", "{\"language\":\"<b>\"}")).statusCode());
        assertEquals(204, browser.send(browser.request("PUT", "/api/v1/me/language", "{\"language\":\"\"}")).statusCode());
        assertEquals("", console.map(browser.get("/api/v1/auth/session")).get("language"));
    }
}

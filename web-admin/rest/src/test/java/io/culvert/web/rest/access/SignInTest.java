package io.culvert.web.rest.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.web.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SignInTest {
    @TempDir
    Path home;

    private Console console;
    private String secret;

    @BeforeEach
    void start() throws Exception {
        console = new Console(home);
        secret = console.add("m.okafor", Role.ADMINISTRATOR);
    }

    @AfterEach
    void stop() throws Exception {
        console.close();
    }

    private Map<String, Object> password(String name, String password) {
        return Map.of("name", name, "password", password);
    }

    @Test
    void shouldLetInWithPasswordAndCodeOnly() throws Exception {
        var browser = console.browser();
        var first = browser.post("/api/v1/auth/password", password("m.okafor", Console.PASSWORD));
        assertEquals(List.of("totp"), console.map(first).get("next"));
        assertEquals("none", console.map(browser.get("/api/v1/auth/session")).get("role"), "half a sign-in is none");
        assertEquals(401, browser.get("/api/v1/administrators").statusCode());
        assertEquals(401, browser.post("/api/v1/auth/totp", Map.of("code", "000000")).statusCode());
        var second = browser.post(
                "/api/v1/auth/totp", Map.of("code", Totp.at(secret, console.now().getEpochSecond())));
        assertEquals("administrator", console.map(second).get("role"), second.body());
        assertEquals(200, browser.get("/api/v1/administrators").statusCode());
    }

    @Test
    void shouldTakeACodeOnce() throws Exception {
        String code = Totp.at(secret, console.now().getEpochSecond());
        var one = console.browser();
        one.post("/api/v1/auth/password", password("m.okafor", Console.PASSWORD));
        assertEquals(200, one.post("/api/v1/auth/totp", Map.of("code", code)).statusCode());
        var other = console.browser();
        other.post("/api/v1/auth/password", password("m.okafor", Console.PASSWORD));
        assertEquals(401, other.post("/api/v1/auth/totp", Map.of("code", code)).statusCode());
    }

    @Test
    void shouldTakeARecoveryCodeOnce() throws Exception {
        var browser = console.browser();
        browser.signIn("m.okafor", secret);
        var codes = console.map(browser.post("/api/v1/me/recovery-codes", Map.of()));
        var ten = (List<?>) codes.get("recovery");
        assertEquals(10, ten.size());
        for (int status : List.of(200, 401)) {
            var other = console.browser();
            other.post("/api/v1/auth/password", password("m.okafor", Console.PASSWORD));
            String typed = String.valueOf(ten.getFirst()).toLowerCase(java.util.Locale.ROOT).replace("-", " ");
            assertEquals(status, other.post("/api/v1/auth/totp", Map.of("code", typed)).statusCode());
        }
        assertEquals(9, console.map(browser.get("/api/v1/me/factors")).get("recoveryLeft"));
    }

    @Test
    void shouldNotTellWhetherANameIsKnown() throws Exception {
        var known = console.browser().post("/api/v1/auth/password", password("m.okafor", "wrong horse battery"));
        var unknown = console.browser().post("/api/v1/auth/password", password("nobody", "wrong horse battery"));
        assertEquals(known.statusCode(), unknown.statusCode());
        assertEquals(known.body(), unknown.body());
        assertEquals(
                known.headers().firstValue("Set-Cookie"), unknown.headers().firstValue("Set-Cookie"));
    }

    @Test
    void shouldMakeWhoeverGuessesWaitLongerAndLonger() throws Exception {
        for (String name : List.of("m.okafor", "nobody")) {
            int refused = 0;
            for (int i = 0; i < 6; i++) {
                var answer = console.browser().post("/api/v1/auth/password", password(name, "wrong horse battery"));
                refused += answer.statusCode() == 429 ? 1 : 0;
            }
            assertTrue(refused >= 2, name + " waited " + refused + " times");
        }
        var right = console.browser().post("/api/v1/auth/password", password("m.okafor", Console.PASSWORD));
        assertEquals(429, right.statusCode(), "the right password waits too");
        console.pass(Delays.SOURCE.plusSeconds(2));
        assertEquals(
                200,
                console.browser().post("/api/v1/auth/password", password("m.okafor", Console.PASSWORD)).statusCode());
    }

    @Test
    void shouldTakeNoCookieThatItDidNotMake() throws Exception {
        var browser = console.browser();
        browser.cookie = "A".repeat(43);
        browser.post("/api/v1/auth/password", password("m.okafor", Console.PASSWORD));
        assertNotEquals("A".repeat(43), browser.cookie);
        String half = browser.cookie;
        browser.post("/api/v1/auth/totp", Map.of("code", Totp.at(secret, console.now().getEpochSecond())));
        assertNotEquals(half, browser.cookie, "a new secret on the rise in privilege");
        var fixed = console.browser();
        fixed.cookie = half;
        assertEquals("none", console.map(fixed.get("/api/v1/auth/session")).get("role"), "the old one opens nothing");
    }

    @Test
    void shouldSetACookieThatScriptsAndOtherSitesCannotUse() throws Exception {
        var answer = console.browser().post("/api/v1/auth/password", password("m.okafor", Console.PASSWORD));
        String cookie = answer.headers().firstValue("Set-Cookie").orElseThrow();
        assertTrue(
                cookie.matches("__Host-culvert=[A-Za-z0-9_-]{43}; Path=/; Secure; HttpOnly; SameSite=Strict"), cookie);
    }

    @Test
    void shouldEndASessionThatIsIdle() throws Exception {
        var browser = console.browser();
        browser.signIn("m.okafor", secret);
        console.pass(Duration.ofMinutes(29));
        assertEquals(200, browser.get("/api/v1/administrators").statusCode());
        console.pass(Duration.ofMinutes(31));
        assertEquals(401, browser.get("/api/v1/administrators").statusCode());
    }

    @Test
    void shouldEndASessionAfterTwelveHours() throws Exception {
        var browser = console.browser();
        browser.signIn("m.okafor", secret);
        for (int i = 0; i < 24; i++) {
            assertEquals(200, browser.get("/api/v1/administrators").statusCode());
            console.pass(Duration.ofMinutes(29));
        }
        console.pass(Duration.ofMinutes(29));
        assertEquals(401, browser.get("/api/v1/administrators").statusCode());
    }

    @Test
    void shouldListAndEndOtherPlaces() throws Exception {
        var here = console.browser();
        here.signIn("m.okafor", secret);
        var there = console.browser("m.okafor", Role.ADMINISTRATOR);
        var items = (List<?>) console.map(here.get("/api/v1/auth/sessions")).get("items");
        assertEquals(2, items.size());
        for (Object each : items) {
            var place = (Map<?, ?>) each;
            if (!Boolean.TRUE.equals(place.get("current"))) {
                assertEquals(
                        204, here.send(here.request("DELETE", "/api/v1/auth/sessions/" + place.get("id"), "")).statusCode());
            }
        }
        assertEquals(401, there.get("/api/v1/administrators").statusCode());
        assertEquals(200, here.get("/api/v1/administrators").statusCode());
        assertEquals(204, here.send(here.request("DELETE", "/api/v1/auth/session", "")).statusCode());
        assertEquals(401, here.get("/api/v1/administrators").statusCode());
    }

    @Test
    void shouldAskForFreshProof() throws Exception {
        var browser = console.browser();
        browser.signIn("m.okafor", secret);
        console.pass(Duration.ofMinutes(6));
        Map<String, Object> body = Map.of("name", "ci", "role", "viewer", "days", 7);
        assertEquals("fresh-proof", console.code(browser.post("/api/v1/tokens", body)));
        var wrong = browser.post("/api/v1/auth/confirm", Map.of("password", "wrong horse battery", "code", "000000"));
        assertEquals(401, wrong.statusCode());
        String before = browser.cookie;
        var proof = browser.post(
                "/api/v1/auth/confirm",
                Map.of("password", Console.PASSWORD, "code", Totp.at(secret, console.now().getEpochSecond())));
        assertEquals(200, proof.statusCode(), proof.body());
        assertNotEquals(before, browser.cookie);
        assertEquals(201, browser.post("/api/v1/tokens", body).statusCode());
    }

    @Test
    void shouldKeepATokenToItsScope() throws Exception {
        var browser = console.browser();
        browser.signIn("m.okafor", secret);
        var made = browser.post(
                "/api/v1/tokens",
                Map.of("name", "ci", "role", "administrator", "days", 7, "readOnly", true, "paths", List.of("/api/v1/audit")));
        String token = String.valueOf(console.map(made).get("secret"));
        assertEquals(200, call(token, "GET", "/api/v1/audit"));
        assertEquals(403, call(token, "GET", "/api/v1/administrators"));
        assertEquals(401, call(token.substring(0, token.length() - 1) + "_", "GET", "/api/v1/audit"));
        console.pass(Duration.ofDays(8));
        assertEquals(401, call(token, "GET", "/api/v1/audit"));
    }

    private int call(String token, String method, String path) throws Exception {
        var nobody = console.browser();
        return nobody.send(nobody.request(method, path, "").header("Authorization", "Bearer " + token)).statusCode();
    }

    @Test
    void shouldEndSessionsWhenTheRoleChanges() throws Exception {
        var browser = console.browser();
        browser.signIn("m.okafor", secret);
        console.add("second", Role.OPERATOR);
        var second = console.browser("second", Role.OPERATOR);
        assertEquals(200, second.get("/api/v1/me/factors").statusCode());
        var changed = browser.send(browser.request("PATCH", "/api/v1/administrators/second", "{\"role\":\"viewer\"}"));
        assertEquals(200, changed.statusCode(), changed.body());
        assertEquals("none", console.map(second.get("/api/v1/auth/session")).get("role"));
    }

    @Test
    void shouldKeepTheLastAdministrator() throws Exception {
        var browser = console.browser();
        browser.signIn("m.okafor", secret);
        var demoted = browser.send(browser.request("PATCH", "/api/v1/administrators/m.okafor", "{\"role\":\"viewer\"}"));
        assertEquals("last-administrator", console.code(demoted));
        var removed = browser.send(browser.request("DELETE", "/api/v1/administrators/m.okafor", ""));
        assertEquals("last-administrator", console.code(removed));
    }

    @Test
    void shouldLetAUserInOnWhatIsTheirsOnly() throws Exception {
        var browser = console.browser();
        var answer = browser.post("/api/v1/auth/user", password("alice", Console.PASSWORD));
        browser.csrf = String.valueOf(console.map(answer).get("csrf"));
        assertEquals("self", console.map(browser.get("/api/v1/auth/session")).get("role"));
        assertEquals(403, browser.get("/api/v1/overview").statusCode());
        assertEquals(403, browser.get("/api/v1/users").statusCode());
        assertEquals(401, console.browser().post("/api/v1/auth/user", password("alice", "wrong")).statusCode());
    }

    @Test
    void shouldKeepSessionsOverARestart() throws Exception {
        var browser = console.browser();
        browser.signIn("m.okafor", secret);
        var again = new Sessions(
                console.store, console.json, console.access.secrets, console::now, Duration.ofMinutes(30), Duration.ofHours(12));
        again.load();
        assertTrue(again.find(browser.cookie).isPresent());
    }

    @Test
    void shouldWriteDownWhoDidWhatAndNoSecret() throws Exception {
        var browser = console.browser();
        browser.signIn("m.okafor", secret);
        browser.post(
                "/api/v1/administrators",
                Map.of("name", "second", "role", "operator", "password", "a very secret phrase"));
        var newest = console.audit.find(java.util.Optional.empty(), "", 1).getFirst().entry();
        assertEquals("m.okafor", newest.who());
        assertEquals("POST /api/v1/administrators", newest.what());
        assertEquals("administrator second", newest.target());
        assertEquals("ok", newest.result());
        String all = Files.readString(home.resolve("audit/audit.jsonl"));
        for (String hidden : List.of(Console.PASSWORD, "a very secret phrase", secret, browser.cookie, browser.csrf)) {
            assertFalse(all.contains(hidden));
        }
        assertTrue(console.audit.verify().intact());
    }

    @Test
    void shouldBeClaimedWithTheCodeOnly() throws Exception {
        try (var fresh = new Console(home.resolve("fresh"))) {
            String code = fresh.setup.newCode();
            Path file = home.resolve("fresh/code");
            assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
            assertEquals(code, Files.readString(file).strip());
            var browser = fresh.browser();
            Map<String, Object> person = Map.of("name", "first", "password", Console.PASSWORD);
            assertEquals(401, browser.post("/api/v1/setup/steps/administrator", person).statusCode());
            assertEquals(401, browser.post("/api/v1/setup/claim", Map.of("code", "AAAA-AAAA")).statusCode());
            assertEquals(200, browser.post("/api/v1/setup/claim", Map.of("code", code)).statusCode());
            var factor = fresh.map(browser.post("/api/v1/setup/steps/administrator", person));
            String totp = Totp.at(String.valueOf(factor.get("secret")), fresh.now().getEpochSecond());
            var made = fresh.map(browser.post("/api/v1/setup/steps/administrator", Map.of("code", totp)));
            assertEquals(10, ((List<?>) made.get("recovery")).size());
            browser.csrf = String.valueOf(((Map<?, ?>) made.get("session")).get("csrf"));
            assertEquals("administrator", fresh.map(browser.get("/api/v1/auth/session")).get("role"));
            assertFalse(Files.exists(file), "the code is spent");
            assertEquals(410, fresh.browser().post("/api/v1/setup/claim", Map.of("code", code)).statusCode());
            assertEquals(200, browser.post("/api/v1/setup/steps/check", Map.of()).statusCode());
            assertEquals(410, browser.get("/api/v1/setup").statusCode());
            assertEquals("", fresh.setup.newCode(), "nothing is left to claim");
        }
    }

    @Test
    void shouldForgetACodeAfterAQuarterOfAnHour() throws Exception {
        try (var fresh = new Console(home.resolve("fresh"))) {
            String code = fresh.setup.newCode();
            fresh.pass(Setup.CODE);
            assertEquals("code-expired", fresh.code(fresh.browser().post("/api/v1/setup/claim", Map.of("code", code))));
        }
    }
}

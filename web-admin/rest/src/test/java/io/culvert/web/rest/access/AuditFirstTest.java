package io.culvert.web.rest.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.web.AuditTrail.Changed;
import io.culvert.api.web.AuditTrail.Entry;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The audit log is written before anything is changed. */
class AuditFirstTest {
    @TempDir
    Path home;

    private Console console;
    private Console.Browser browser;

    @BeforeEach
    void start() throws Exception {
        console = new Console(home);
        console.add("m.okafor", Role.ADMINISTRATOR);
        browser = console.browser("m.okafor", Role.ADMINISTRATOR);
        proveFresh();
    }

    private void proveFresh() throws Exception {
        var session = console.access.sessions.find(browser.cookie).orElseThrow();
        var proved = console.access.sessions.proved(session);
        browser.cookie = proved.secret();
        browser.csrf = proved.session().csrf();
    }

    @AfterEach
    void stop() throws Exception {
        console.close();
    }

    private static Map<String, Object> second() {
        return Map.of("name", "second", "role", "operator", "password", "a very secret phrase");
    }

    private Entry newest() throws Exception {
        return console.audit.find(Optional.empty(), "", 1).getFirst().entry();
    }

    @Test
    void shouldChangeNothingWhileTheLogCannotBeWritten() throws Exception {
        console.audit.close();
        assertEquals(503, browser.post("/api/v1/administrators", second()).statusCode());
        assertTrue(console.access.administrators.find("second").isEmpty());
        assertEquals(503, browser.send(browser.request("DELETE", "/api/v1/administrators/m.okafor", "")).statusCode());
        assertTrue(console.access.administrators.find("m.okafor").isPresent());
    }

    @Test
    void shouldLetNobodyInWhileTheLogCannotBeWritten() throws Exception {
        console.access.administrators.add(
                Administrator.of("viewer", Role.VIEWER, console.access.passwords.hash(Console.PASSWORD), console.now()));
        console.audit.close();
        for (Map<String, Object> who : List.<Map<String, Object>>of(
                Map.of("name", "viewer", "password", Console.PASSWORD),
                Map.of("name", "alice", "password", Console.PASSWORD))) {
            var nobody = console.browser();
            String path = who.get("name").equals("alice") ? "user" : "password";
            assertEquals(503, nobody.post("/api/v1/auth/" + path, who).statusCode());
            assertEquals("", nobody.cookie);
        }
    }

    @Test
    void shouldBeClaimedByNobodyWhileTheLogCannotBeWritten() throws Exception {
        try (var fresh = new Console(home.resolve("fresh"))) {
            String code = fresh.setup.newCode();
            fresh.audit.close();
            var nobody = fresh.browser();
            assertEquals(503, nobody.post("/api/v1/setup/claim", Map.of("code", code)).statusCode());
            assertEquals("", nobody.cookie);
        }
    }

    @Test
    void shouldHaveTheIntentOnTheDiskWhenAHandlerRuns() throws Exception {
        var seen = new String[1];
        console.table.add(() -> List.of(WebEndpoint.post(
                "/api/v1/looks", Role.OPERATOR, "Looks.", Void.class, Void.class, _ -> {
                    seen[0] = Files.readAllLines(home.resolve("audit/audit.jsonl")).getLast();
                    return WebResponse.none();
                })));
        assertEquals(204, browser.post("/api/v1/looks", Map.of()).statusCode());
        assertTrue(seen[0].contains("/api/v1/looks") && seen[0].contains("\"begun\""), seen[0]);
        assertEquals("ok", newest().result());
    }

    @Test
    void shouldTellWhatHasHappenedWhenOnlyTheOutcomeCannotBeWritten() throws Exception {
        console.table.add(() -> List.of(WebEndpoint.post(
                "/api/v1/breaks", Role.OPERATOR, "Breaks.", Void.class, Void.class, _ -> {
                    console.audit.close();
                    return WebResponse.none();
                })));
        assertEquals(204, browser.post("/api/v1/breaks", Map.of()).statusCode());
        assertEquals("begun", newest().result());
    }

    @Test
    void shouldSayWhatWasBeforeAndWhatIsAfter() throws Exception {
        assertEquals(201, browser.post("/api/v1/administrators", second()).statusCode());
        assertEquals(List.of(new Changed("role", "", "operator")), newest().changes());
        String change = "{\"role\":\"viewer\",\"password\":\"another secret phrase\"}";
        assertEquals(200, browser.send(browser.request("PATCH", "/api/v1/administrators/second", change)).statusCode());
        assertEquals(
                List.of(new Changed("role", "operator", "viewer"), new Changed("password", "changed", "changed")),
                newest().changes());
        String all = Files.readString(home.resolve("audit/audit.jsonl"));
        assertFalse(all.contains("secret phrase"));
        assertTrue(browser.get("/api/v1/audit").body().contains("\"before\":\"operator\""));
    }
}

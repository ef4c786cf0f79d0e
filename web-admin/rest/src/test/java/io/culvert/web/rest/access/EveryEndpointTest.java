package io.culvert.web.rest.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each endpoint of the table, called by each role and by nobody. */
class EveryEndpointTest {
    private static final List<Role> CALLERS =
            List.of(Role.NONE, Role.SELF, Role.VIEWER, Role.OPERATOR, Role.USERS, Role.ADMINISTRATOR);

    @TempDir
    Path home;

    private Console console;
    private final Map<Role, String> names = new EnumMap<>(Role.class);

    @BeforeEach
    void start() throws Exception {
        console = new Console(home);
        console.add("root", Role.ADMINISTRATOR);
        for (Role role : CALLERS) {
            names.put(role, role == Role.SELF ? "alice" : "one-" + Access.text(role));
        }
        restore();
    }

    /** Calls that are allowed may have changed somebody. */
    private void restore() throws Exception {
        for (Role role : CALLERS.subList(2, CALLERS.size())) {
            if (console.access.administrators.find(names.get(role)).isEmpty()) {
                console.add(names.get(role), role);
            }
        }
    }

    @AfterEach
    void stop() throws Exception {
        console.close();
    }

    private Console.Browser caller(Role role) throws Exception {
        return role == Role.NONE ? console.browser() : console.browser(names.get(role), role);
    }

    private static String path(WebEndpoint endpoint) {
        return endpoint.path().replaceAll("\\{[A-Za-z0-9]+}", "nobody");
    }

    /** Status and code, of a later try when there were too many. */
    private String outcome(HttpRequest.Builder request) throws Exception {
        String outcome = once(request);
        while (outcome.equals("429 too-many")) {
            LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
            outcome = once(request);
        }
        return outcome;
    }

    /** A stream's head is enough. */
    private String once(HttpRequest.Builder request) throws Exception {
        var response = console.client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        boolean problem = response.headers().firstValue("Content-Type").orElse("").startsWith("application/problem");
        try (var body = response.body()) {
            String code = problem
                    ? String.valueOf(console.json.read(body.readAllBytes(), Map.class).get("code"))
                    : "";
            return response.statusCode() + " " + code;
        }
    }

    @Test
    void shouldAllowAndRefuseAsTheTableSays() throws Exception {
        var wrong = new ArrayList<String>();
        List<WebEndpoint> endpoints = console.endpoints();
        assertTrue(endpoints.size() > 60, endpoints.size() + " endpoints");
        for (WebEndpoint endpoint : endpoints) {
            for (Role role : CALLERS) {
                var browser = caller(role);
                var request = browser.request(endpoint.method(), path(endpoint), endpoint.method().equals("GET") ? "" : "{}")
                        .header("If-Match", "\"1\"");
                String outcome = outcome(request);
                boolean refused = outcome.equals("401 sign-in") || outcome.equals("403 forbidden");
                String expected = role.allows(endpoint.role()) ? "allowed" : role == Role.NONE ? "401 sign-in" : "403 forbidden";
                // The caller's own account is an administrator's; the table says who has signed in.
                boolean own = endpoint.role() == Role.SIGNED_IN && role == Role.SELF;
                // Steps of the set-up are open to callers and look at the session themselves.
                boolean step = endpoint.path().startsWith("/api/v1/setup/steps");
                boolean right = expected.equals("allowed") ? !refused || own || step : outcome.equals(expected);
                if (!right) {
                    wrong.add(endpoint.method() + " " + endpoint.path() + " as " + role + ": " + outcome + ", expected "
                            + expected);
                }
                restore();
            }
        }
        assertEquals(List.of(), wrong);
    }

    @Test
    void shouldRefuseEveryWriteOfASessionWithoutItsToken() throws Exception {
        for (WebEndpoint endpoint : console.endpoints()) {
            if (!endpoint.method().equals("GET") && Role.ADMINISTRATOR.allows(endpoint.role())) {
                var browser = caller(Role.ADMINISTRATOR);
                browser.csrf = "";
                assertEquals(
                        "403 csrf",
                        outcome(browser.request(endpoint.method(), path(endpoint), "{}").header("If-Match", "\"1\"")),
                        endpoint.method() + " " + endpoint.path());
            }
        }
    }

    @Test
    void shouldRefuseEveryWriteFromAnotherSite() throws Exception {
        for (WebEndpoint endpoint : console.endpoints()) {
            if (!endpoint.method().equals("GET")) {
                var request = HttpRequest.newBuilder(console.uri(path(endpoint)))
                        .timeout(Duration.ofSeconds(20))
                        .method(endpoint.method(), HttpRequest.BodyPublishers.ofString("{}"))
                        .header("Content-Type", "application/json");
                assertEquals("403 origin", outcome(request.copy().header("Sec-Fetch-Site", "cross-site")), endpoint.path());
                assertEquals("403 origin", outcome(request.copy().header("Origin", "https://evil.example")), endpoint.path());
                assertEquals("403 origin", outcome(request.copy().header("Origin", "null")), endpoint.path());
            }
        }
    }

    @Test
    void shouldTakeNothingButJson() throws Exception {
        for (WebEndpoint endpoint : console.endpoints()) {
            if (!endpoint.method().equals("GET") && !endpoint.has(WebEndpoint.Flag.RAW_BODY)
                    && Role.ADMINISTRATOR.allows(endpoint.role()) && endpoint.request() != Void.class) {
                var browser = caller(Role.ADMINISTRATOR);
                var request = HttpRequest.newBuilder(console.uri(path(endpoint)))
                        .timeout(Duration.ofSeconds(20))
                        .method(endpoint.method(), HttpRequest.BodyPublishers.ofString("a=b"))
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .header("If-Match", "\"1\"")
                        .header("X-CSRF", browser.csrf)
                        .header("Cookie", "__Host-culvert=" + browser.cookie);
                assertEquals("415 not-json", outcome(request), endpoint.path());
            }
        }
    }

    @Test
    void shouldAnswerBeforeTheSetUpOnlyWhatItNeeds() throws Exception {
        try (var fresh = new Console(home.resolve("fresh"))) {
            for (WebEndpoint endpoint : fresh.endpoints()) {
                var response = fresh.browser().send(fresh.browser()
                        .request(endpoint.method(), path(endpoint), endpoint.method().equals("GET") ? "" : "{}"));
                boolean closed = response.statusCode() == 403 && fresh.code(response).equals("setup-needed");
                assertEquals(!endpoint.has(WebEndpoint.Flag.BEFORE_SETUP), closed, endpoint.path() + " " + response.body());
            }
        }
    }

    @Test
    void shouldHaveNoEndpointForAllThatChangesSomething() {
        var open = console.endpoints().stream()
                .filter(each -> each.role() == Role.NONE && !each.method().equals("GET"))
                .map(WebEndpoint::path)
                .toList();
        assertFalse(open.isEmpty());
        for (String path : open) {
            assertTrue(
                    path.startsWith("/api/v1/auth/") || path.startsWith("/api/v1/setup/") || path.equals("/p/{token}"),
                    path + " is open to everybody");
        }
    }
}

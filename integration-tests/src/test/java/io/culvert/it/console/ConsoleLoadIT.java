package io.culvert.it.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.Proc;
import io.culvert.it.lab.RequiresRoot;
import io.culvert.it.perf.Load;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The console of an appliance with many users and as many real sessions, in a browser on the appliance itself. */
@RequiresRoot
@RequiresBrowser
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ConsoleLoadIT {
    private static final int MANY = Integer.getInteger("culvert.consoleSessions", 2_000);
    private static final double MOST_FRAME_MS = 100;
    private static final double MOST_FIRST_PAINT_MS = 1000;
    private static final int LOADS = 5;
    private static final String CONSOLE = "https://127.0.0.1:8443/";
    private static final String PASSWORD = "correct horse battery staple";
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String YAML =
            """
            modules:
              core: { ipv4: 10.8.0.0/16, tun: cvtun, redirectGateway: false, maxSessions: 20000, duplicateLogins: true }
              store.local: {}
              pki: {}
              tls.jsse: {}
              tls.openssl: {}
              crypto.jce: {}
              net.ipv4: {}
              auth.file: {}
              log.console: {}
              web.rest: { address: "::", port: 8443 }
              web.ui: {}
              tunnel.openvpn:
                udp: { transport: udp, port: 1194 }
            """;

    /** For some seconds what an operator does on a list: scrolls, turns pages, sorts, searches and takes the search back. */
    private static final String WORK =
            """
            const done = arguments[0];
            const steps = [
              () => { for (let i = 1; i < 8; i++) setTimeout(() => scrollBy(0, 400), i * 50); },
              () => [...document.querySelectorAll('.pager button')].at(-1)?.click(),
              () => { for (let i = 1; i < 8; i++) setTimeout(() => scrollBy(0, 400), i * 50); },
              () => [...document.querySelectorAll('.pager button')].at(-1)?.click(),
              () => document.querySelector('button.sort')?.click(),
              () => document.querySelector('button.sort')?.click(),
              () => { const q = document.querySelector('main input[type=search]'); if (q) { q.value = 'l'; q.dispatchEvent(new Event('input')); } },
              () => { const q = document.querySelector('main input[type=search]'); if (q) { q.value = ''; q.dispatchEvent(new Event('input')); } },
            ];
            steps.forEach((step, i) => setTimeout(step, i * 700));
            setTimeout(() => done(true), 7000);
            """;

    private static final String CALL =
            """
            const [method, path, body, done] = arguments;
            const csrf = method === 'GET' ? Promise.resolve('') : fetch('/api/v1/auth/session').then(a => a.json()).then(a => a.csrf);
            csrf.then(token => fetch('/api/v1' + path, method === 'GET' ? {} : {
              method, headers: { 'X-CSRF': token, 'Content-Type': 'application/json' }, body: JSON.stringify(body),
            })).then(answer => answer.text().then(text => done(answer.status + ' ' + text)), problem => done(String(problem)));
            """;

    private static Lab lab;
    private static Appliance appliance;
    private static Load load;
    private static Browser browser;

    @BeforeAll
    static void start() throws Exception {
        lab = Lab.open("console-load", 1);
        appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
        appliance.configure(YAML).up();
        appliance.awaitConsole();
        local("/administrators", "{\"name\":\"mina\",\"role\":\"administrator\",\"password\":\"" + PASSWORD + "\"}");
        for (int from = 0; from < MANY; from += 1000) {
            local("/users:import", IntStream.range(from, Math.min(MANY, from + 1000))
                    .mapToObj(i -> "{\"name\":\"user%04d\"}".formatted(i))
                    .collect(Collectors.joining(",", "{\"users\":[", "]}")));
        }
        appliance.addUser("load", "unused-password");
        load = lab.with(Load.start(lab, 1, "load", appliance.profile("load", Lab.serverIpv4(1), "udp", "udp")));
        load.logIn(MANY, 24);
        browser = lab.with(Browser.traced(lab.server, Frames.CATEGORIES));
        signIn();
    }

    @AfterAll
    static void stop() {
        if (lab != null) {
            lab.close();
        }
    }

    private static void local(String path, String body) {
        try {
            Path file = Files.writeString(lab.directory().resolve("body.json"), body);
            lab.server
                    .exec(
                            Duration.ofMinutes(3), "curl", "-sS", "--fail-with-body", "--unix-socket",
                            appliance.home().resolve("run/web.sock").toString(), "-H", "Content-Type: application/json",
                            "-o", "/dev/null", "--data-binary", "@" + file, "http://localhost/api/v1" + path)
                    .ok();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Signs in with the password, and adds the second factor that an administrator needs. */
    private static void signIn() {
        browser.open(CONSOLE).type("#signin-name", "mina").type("#signin-password", PASSWORD).click("button", "Continue");
        browser.await("a session", each -> "mina".equals(call("GET", "/auth/session").get("name")));
        String secret = String.valueOf(call("POST", "/me/totp").get("secret"));
        call("POST", "/me/totp:confirm", Map.of("code", OneTimeCode.of(secret, Instant.now())));
        browser.open(CONSOLE).see("nav.nav");
    }

    private static Map<String, Object> call(String method, String path) {
        return call(method, path, Map.of());
    }

    /** Asks the API as the page does. */
    private static Map<String, Object> call(String method, String path, Map<String, Object> body) {
        Object answer = browser.asyncScript(CALL, method, path, body);
        String text = String.valueOf(answer);
        assertTrue(text.startsWith("2"), path + ": " + text);
        try {
            return JSON.std.mapFrom(text.substring(4));
        } catch (IOException e) {
            throw new UncheckedIOException(text, e);
        }
    }

    @Test
    @Order(1)
    void shouldCountThemAll() {
        assertEquals(MANY, load.alive());
        assertEquals(MANY, call("GET", "/sessions?limit=1").get("total"));
        assertEquals(MANY + 1, call("GET", "/users?limit=1").get("total"));
    }

    /** The median of five loads. */
    @ParameterizedTest
    @Order(2)
    @ValueSource(strings = {"overview", "sessions", "users"})
    void shouldPaintForTheFirstTimeWithinASecond(String page) {
        var took = new ArrayList<Double>();
        for (int i = 0; i < LOADS; i++) {
            took.add(Frames.firstPaint(browser, CONSOLE + "#/" + page));
        }
        System.out.println(page + ": first paint after " + took + " ms");
        double median = took.stream().sorted().skip(LOADS / 2).findFirst().orElseThrow();
        assertTrue(median < MOST_FIRST_PAINT_MS, page + ": first paint after " + took + " ms");
    }

    @ParameterizedTest
    @Order(3)
    @ValueSource(strings = {"overview", "sessions", "users"})
    void shouldNotHaveAFrameOfATenthOfASecond(String page) {
        String shown = page.equals("overview") ? "dl" : "table.cards tr.row";
        Frames.Longest longest = Frames.during(browser, CONSOLE + "#/" + page, shown, WORK);
        System.out.println(page + ": " + longest);
        assertTrue(longest.tasks() > 50, "the trace saw the page at work: " + longest);
        assertTrue(longest.workedMs() < MOST_FRAME_MS, page + ": " + longest);
    }

    /** The measure itself: a page that computes for long in one frame is found out. */
    @Test
    @Order(4)
    void shouldFindALongFrameOut() {
        Frames.Longest longest = Frames.during(browser, CONSOLE + "#/overview", "dl",
                "const done = arguments[0]; requestAnimationFrame(() => { let n = 0; for (let i = 0; i < 6e8; i++) n = (n * 31 + i) | 0; window.kept = n; done(true); });");
        assertTrue(longest.workedMs() > MOST_FRAME_MS, longest.toString());
    }

    @Test
    @Order(5)
    void shouldSayThatTheServerIsSilentAndComeBackWithNothingDoubled() {
        browser.open(CONSOLE + "#/log").see(".link-state[data-s=live]");
        browser.see(".loglines li");
        add(0, 5);
        browser.awaitText("user=added-4");
        signal("STOP");
        long stoppedNs = System.nanoTime();
        try {
            browser.see(".stale-note", "No connection to the appliance");
            browser.await("20 s to pass", SOON, _ -> System.nanoTime() - stoppedNs > 20_000_000_000L);
            assertTrue(browser.all(".stale-note").size() == 1, browser.text());
        } finally {
            signal("CONT");
        }
        browser.await("the notice to go", SOON, each -> each.all(".stale-note").isEmpty());
        browser.see(".link-state[data-s=live]");
        add(5, 10);
        browser.awaitText("user=added-9");
        List<String> added = browser.text().lines().filter(line -> line.contains("user=added-")).toList();
        assertEquals(10, added.size(), "each of ten once: " + added);
        assertEquals(10, new HashSet<>(added).size(), added.toString());
        browser.open(CONSOLE + "#/sessions").see("table.cards tr.row");
        Object ids = browser.script(
                "return new Set([...document.querySelectorAll('table.cards tr.row')].map(row => row.innerText)).size");
        assertEquals((long) browser.all("table.cards tr.row").size(), ids);
        assertEquals(MANY, load.alive(), "nobody was thrown out");
    }

    private static void add(int from, int to) {
        for (int i = from; i < to; i++) {
            appliance.cli("user", "add", "added-" + i).ok();
        }
    }

    private static void signal(String name) {
        Proc.Result sent = lab.server.exec("kill", "-" + name, Long.toString(appliance.process().pid()));
        assertEquals(0, sent.exit(), sent.output());
    }
}

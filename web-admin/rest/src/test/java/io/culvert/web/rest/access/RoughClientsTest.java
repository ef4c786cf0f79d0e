package io.culvert.web.rest.access;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.web.Role;
import io.culvert.api.web.WebContent;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that no browser is. */
class RoughClientsTest {
    private static final int PATIENCE_SECONDS = 2;

    @TempDir
    Path home;

    private Console console;
    private String secret;

    @BeforeEach
    void start() throws Exception {
        console = new Console(home, Duration.ofSeconds(PATIENCE_SECONDS));
        secret = console.add("m.okafor", Role.ADMINISTRATOR);
        console.files.add(new WebContent() {
            @Override
            public String prefix() {
                return "/";
            }

            @Override
            public Optional<Content> find(String path) {
                return switch (path) {
                    case "" -> Optional.of(new Content("text/html; charset=utf-8", "<!doctype html>".getBytes(UTF_8), false));
                    case "app-1a2b.js" -> Optional.of(new Content("text/javascript", "1".getBytes(UTF_8), true));
                    default -> Optional.empty();
                };
            }
        });
    }

    @AfterEach
    void stop() throws Exception {
        console.close();
    }

    private Socket connect() throws IOException {
        Socket socket = console.tls.getSocketFactory().createSocket("localhost", console.server.port());
        socket.setSoTimeout(20_000);
        return socket;
    }

    /** All of the answer to what is sent as it stands. */
    private String raw(String request) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(request.getBytes(ISO_8859_1));
            socket.getOutputStream().flush();
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }

    private String get(String path) throws IOException {
        return raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/../etc/culvert.yaml", "/a/../../etc/passwd", "/%2e%2e/etc/passwd", "/..%2fetc/passwd", "/%2e%2e%2fetc",
                "/a/..;/b", "/a;b=c/d", "/..\\..\\etc", "/%5c..%5cetc", "//etc/passwd", "/a//b", "/%00", "/a%0d%0aX:y",
                "/%c0%ae%c0%ae/etc", "/%", "/%zz", "/api/v1/users/..%2f..%2faudit", "/api/v1/%2e%2e/%2e%2e/x", "/./a"
            })
    void shouldFollowNoPathThatMeansAnother(String path) throws Exception {
        String answer = get(path);
        assertTrue(answer.startsWith("HTTP/1.1 400 "), path + ": " + answer.lines().findFirst().orElse(""));
    }

    @Test
    void shouldSayWhatMayBeKept() throws Exception {
        String index = get("/");
        assertTrue(index.startsWith("HTTP/1.1 200 ") && index.contains("Cache-Control: no-cache"), index);
        assertTrue(get("/app-1a2b.js").contains("Cache-Control: public, max-age=31536000, immutable"));
        assertTrue(get("/api/v1/setup").contains("Cache-Control: no-store"));
        assertTrue(get("/nothing").startsWith("HTTP/1.1 404 "));
    }

    @Test
    void shouldSendTheHeadersThatBrowsersObey() throws Exception {
        for (String path : List.of("/", "/nothing", "/api/v1/overview", "/app-1a2b.js", "/..")) {
            String answer = get(path);
            for (String header : List.of(
                    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
                            + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
                            + "require-trusted-types-for 'script'; trusted-types lit-html",
                    "X-Content-Type-Options: nosniff",
                    "Referrer-Policy: no-referrer",
                    "Strict-Transport-Security: max-age=31536000",
                    "Cross-Origin-Opener-Policy: same-origin")) {
                assertTrue(answer.contains(header), path + " lacks " + header + " in " + answer);
            }
            assertTrue(!answer.contains("Server:"), answer);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "{", "[]", "null", "\"x\"", "{\"name\":1,\"password\":\"p\"}", "{\"name\":\"a\",\"name\":\"b\"}",
                "{\"name\":\"a\",\"password\":\"b\",\"extra\":1}", "{\"name\":{\"a\":1},\"password\":[]}", "{\"name\":\"a\"} x",
                "\u0000\u0001", "{\"name\":null,\"password\":null}"
            })
    void shouldRefuseAMalformedBodyInOrder(String body) throws Exception {
        var browser = console.browser();
        var answer = browser.send(browser.request("POST", "/api/v1/auth/password", body)
                .header("X-Body", "malformed"));
        assertEquals(400, answer.statusCode(), body + ": " + answer.body());
        assertEquals("application/problem+json", answer.headers().firstValue("Content-Type").orElse(""));
    }

    @Test
    void shouldRefuseDeepNesting() throws Exception {
        var browser = console.browser();
        var answer = browser.send(
                browser.request("POST", "/api/v1/auth/passkey", "{\"a\":".repeat(2000) + "1" + "}".repeat(2000)));
        assertEquals(400, answer.statusCode(), answer.body());
    }

    @Test
    void shouldRefuseAnOversizedBody() throws Exception {
        var browser = console.browser();
        Map<String, Object> large = Map.of("name", "a".repeat(400_000), "password", "b");
        assertEquals(413, browser.post("/api/v1/auth/password", large).statusCode());
    }

    @Test
    void shouldRefuseAnOversizedBodyThatDoesNotSaySo() throws Exception {
        String chunk = "10000\r\n" + "a".repeat(0x10000) + "\r\n";
        String answer = raw("POST /api/v1/auth/password HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk.repeat(5) + "0\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 413 "), answer);
    }

    @Test
    void shouldRefuseAnOversizedHead() throws Exception {
        String answer = raw("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + "a".repeat(20_000) + "\r\n\r\n");
        assertTrue(answer.startsWith("HTTP/1.1 431 "), answer);
    }

    @Test
    void shouldNotWaitForAHeadThatComesByteByByte() throws Exception {
        try (Socket socket = connect()) {
            assertEnds(socket, "GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
        }
    }

    @Test
    void shouldNotWaitForABodyThatComesByteByByte() throws Exception {
        try (Socket socket = connect()) {
            assertEnds(socket, "POST /api/v1/auth/password HTTP/1.1\r\nHost: localhost\r\n"
                    + "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{");
        }
    }

    /** Sends a byte now and then until the server has had enough. */
    private static void assertEnds(Socket socket, String begin) throws IOException {
        socket.getOutputStream().write(begin.getBytes(ISO_8859_1));
        long from = System.nanoTime();
        long limit = TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS + 6);
        try {
            while (System.nanoTime() - from < limit) {
                socket.getOutputStream().write('a');
                socket.getOutputStream().flush();
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
            }
        } catch (IOException e) {
            // Closed by the server.
            return;
        }
        throw new AssertionError("the server waits for ever");
    }

    @Test
    void shouldAnswerOthersWhileSomeAreSlow() throws Exception {
        var slow = new java.util.ArrayList<Socket>();
        try {
            for (int i = 0; i < 50; i++) {
                Socket socket = connect();
                socket.getOutputStream().write("GET / HTT".getBytes(ISO_8859_1));
                slow.add(socket);
            }
            assertEquals(200, console.browser().get("/").statusCode());
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }

    @Test
    void shouldSlowDownWhoeverAsksTooOften() throws Exception {
        int refused = 0;
        for (int i = 0; i < 600; i++) {
            refused += console.browser().get("/api/v1/setup").statusCode() == 429 ? 1 : 0;
        }
        assertTrue(refused > 0);
    }

    @Test
    void shouldAnswerOverHttp2AndItsForerunner() throws Exception {
        var answer = console.browser().get("/");
        assertEquals(java.net.http.HttpClient.Version.HTTP_2, answer.version());
        assertTrue(get("/").startsWith("HTTP/1.1 200 "));
    }

    @Test
    void shouldRefuseOtherMethods() throws Exception {
        var browser = console.browser();
        var answer = browser.send(browser.request("PUT", "/api/v1/auth/password", "{}"));
        assertEquals(405, answer.statusCode());
        assertEquals("POST", answer.headers().firstValue("Allow").orElse(""));
        assertEquals(405, browser.send(browser.request("POST", "/", "{}")).statusCode());
        assertTrue(raw("TRACE / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").startsWith("HTTP/1.1 405 "));
    }

    @Test
    void shouldRepeatAnAnswerForAKnownKey() throws Exception {
        var browser = console.browser();
        browser.signIn("m.okafor", secret);
        String body = "{\"name\":\"ci\",\"role\":\"viewer\",\"days\":7}";
        var first = browser.send(browser.request("POST", "/api/v1/tokens", body).header("Idempotency-Key", "k1"));
        var second = browser.send(browser.request("POST", "/api/v1/tokens", body).header("Idempotency-Key", "k1"));
        assertEquals(201, first.statusCode());
        assertEquals(first.body(), second.body());
        assertEquals(1, console.map(browser.get("/api/v1/tokens")).get("total"));
    }
}

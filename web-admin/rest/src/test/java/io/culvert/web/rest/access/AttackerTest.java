package io.culvert.web.rest.access;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Somebody who has no business here, and much time. */
class AttackerTest {
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final int SLACK_MS = 8000;

    @TempDir
    Path home;

    private Console console;
    private String secret;

    @BeforeEach
    void start() throws Exception {
        console = new Console(home, PATIENCE);
        secret = console.add("mina", Role.ADMINISTRATOR);
    }

    @AfterEach
    void stop() throws Exception {
        console.close();
    }

    private static Map<String, Object> wrong(String name) {
        return Map.of("name", name, "password", "a wrong pass phrase");
    }

    // ---- sign-in ----

    /** A name that is typed is never taken for one of the server's own counters. */
    @ParameterizedTest
    @ValueSource(strings = {"token", "passkey", "claim", "code mina", "password mina", "user mina"})
    void shouldNotMakeOthersWaitByANameThatNobodyHas(String name) throws Exception {
        var browser = console.browser();
        browser.signIn("mina", secret);
        var made = console.map(browser.post("/api/v1/tokens", Map.of("name", "script", "role", "viewer", "days", 7)));
        for (int i = 0; i < 5; i++) {
            console.browser().post("/api/v1/auth/password", wrong(name));
        }
        var request = browser.request("GET", "/api/v1/auth/session", "").header("Authorization", "Bearer " + made.get("secret"));
        assertEquals(200, browser.send(request).statusCode(), "a token of somebody else");
        for (String account : List.of("password mina", "code mina", "user mina", Delays.NO_ACCOUNT)) {
            assertDoesNotThrow(() -> console.access.delays.check(account, "192.0.2.77"), account);
        }
    }

    @Test
    void shouldNotLetStrangersKeepAnOwnerOut() throws Exception {
        var delays = new Delays(Instant::now);
        delays.succeeded("password mina", "198.51.100.7");
        for (int i = 0; i < 200; i++) {
            delays.failed("password mina", "203.0.113." + i);
        }
        assertThrows(Problem.class, () -> delays.check("password mina", "192.0.2.1"), "nobody guesses from many places");
        assertDoesNotThrow(() -> delays.check("password mina", "198.51.100.7"), "the owner's own place");
        for (int i = 0; i < 5; i++) {
            delays.failed("password mina", "198.51.100.7");
        }
        assertThrows(Problem.class, () -> delays.check("password mina", "198.51.100.7"), "who guesses there waits there");
    }

    /** Whoever has one address of IPv6 has 2^64 of them. */
    @Test
    void shouldTakeANetworkOfIpv6ForOneSource() throws Exception {
        var delays = new Delays(Instant::now);
        for (int i = 0; i < 12; i++) {
            delays.failed("password n" + i, "[2001:db8:1:2::" + i + "]");
        }
        assertThrows(Problem.class, () -> delays.check("password other", "2001:db8:1:2:ffff::1"));
        assertDoesNotThrow(() -> delays.check("password other", "2001:db8:1:3::1"));
    }

    @Test
    void shouldKeepTheChallengesOfOthersWhenOneSourceAsksForThousands() throws Exception {
        var browser = console.browser();
        for (int i = 0; i < 40; i++) {
            assertEquals(200, browser.post("/api/v1/auth/passkey/options", Map.of()).statusCode());
        }
        assertEquals(16, console.access.passkeys.open(), "so many of one source");
    }

    // ---- connections ----

    private SSLSocket connect(String from, String... protocols) throws IOException {
        var plain = new Socket();
        plain.bind(new InetSocketAddress(from, 0));
        plain.connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), console.server.port()), 10_000);
        var socket = (SSLSocket) console.tls.getSocketFactory().createSocket(plain, "localhost", plain.getPort(), true);
        var parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(protocols);
        socket.setSSLParameters(parameters);
        socket.setSoTimeout(20_000);
        socket.startHandshake();
        return socket;
    }

    private static String ask(Socket socket, String request) throws IOException {
        socket.getOutputStream().write(request.getBytes(ISO_8859_1));
        socket.getOutputStream().flush();
        return new String(socket.getInputStream().readAllBytes(), UTF_8);
    }

    private static String get(String path, String host, String... headers) {
        return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n"
                + String.join("", headers) + "\r\n";
    }

    @Test
    void shouldHaveConnectionsLeftForOthers() throws Exception {
        var held = new ArrayList<Socket>();
        try {
            int refused = 0;
            for (int i = 0; i < 80; i++) {
                try {
                    held.add(connect("127.0.0.66"));
                } catch (IOException e) {
                    refused++;
                }
            }
            assertTrue(refused >= 10, "one source has had enough: " + refused);
            try (Socket other = connect("127.0.0.67")) {
                assertTrue(ask(other, get("/api/v1/auth/session", "localhost")).startsWith("HTTP/1.1 200 "));
            }
        } finally {
            for (Socket each : held) {
                each.close();
            }
        }
        long until = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (true) {
            try (Socket again = connect("127.0.0.66")) {
                assertTrue(ask(again, get("/api/v1/auth/session", "localhost")).startsWith("HTTP/1.1 200 "));
                return;
            } catch (IOException e) {
                assertTrue(System.nanoTime() - until < 0, "a source that let go is served again");
            }
        }
    }

    /** Before TLS is agreed there is no request yet that could be late. */
    @ParameterizedTest
    @ValueSource(strings = {"", "1603010200010001fc0303", "474554202f20485454"})
    void shouldNotWaitForAHandshakeThatDoesNotGoOn(String begin) throws Exception {
        try (var socket = new Socket("127.0.0.1", console.server.port())) {
            socket.setSoTimeout((int) PATIENCE.toMillis() + SLACK_MS);
            socket.getOutputStream().write(java.util.HexFormat.of().parseHex(begin));
            socket.getOutputStream().flush();
            assertDoesNotThrow(() -> {
                try {
                    while (socket.getInputStream().read() >= 0) {
                        // An alert, perhaps.
                    }
                } catch (java.net.SocketException e) {
                    // Reset: that is an end too.
                }
            }, "it is closed before the time is over");
        }
    }

    @Test
    void shouldNotChangeToAnotherProtocol() throws Exception {
        for (String upgrade : List.of("websocket", "h2c", "TLS/1.0")) {
            try (Socket socket = connect("127.0.0.1")) {
                String answer = ask(socket, get("/api/v1/events", "localhost", "Upgrade: " + upgrade + "\r\n",
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "Sec-WebSocket-Version: 13\r\n",
                        "HTTP2-Settings: AAMAAABkAAQAAP__\r\n"));
                assertTrue(answer.matches("(?s)HTTP/1.1 4[0-9][0-9] .*"), upgrade + ": " + answer);
            }
        }
    }

    // ---- whom a request is for, and where it comes from ----

    @Test
    void shouldTakeNoHostThatMeansTwoThings() throws Exception {
        for (String hosts : List.of("Host: localhost\r\nHost: evil.example", "Host: a b", "Host: localhost,evil.example", "X: y",
                "Host: evil.example/x", "Host: user@localhost")) {
            try (Socket socket = connect("127.0.0.1")) {
                String answer = ask(socket, "GET /api/v1/health HTTP/1.1\r\n" + hosts + "\r\nConnection: close\r\n\r\n");
                assertTrue(answer.startsWith("HTTP/1.1 400 "), hosts + ": " + answer);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Origin: null", "Origin: https://evil.example", "Origin: http://localhost", "Origin: https://localhost.evil.example",
                "Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Sec-Fetch-Site: none"
            })
    void shouldTakeNoWriteOfASessionFromElsewhere(String header) throws Exception {
        var browser = console.browser();
        browser.signIn("mina", secret);
        try (Socket socket = connect("127.0.0.1")) {
            String answer = ask(socket, "DELETE /api/v1/auth/session HTTP/1.1\r\nHost: localhost:" + console.server.port()
                    + "\r\nConnection: close\r\nCookie: __Host-culvert=" + browser.cookie + "\r\nX-CSRF: " + browser.csrf + "\r\n"
                    + header + "\r\n\r\n");
            assertTrue(answer.startsWith("HTTP/1.1 403 "), answer);
        }
        assertEquals("mina", console.map(browser.get("/api/v1/auth/session")).get("name"), "still signed in");
    }

    // ---- HTTP/2 ----

    private static byte[] frame(int type, int flags, int stream, byte[] payload) {
        return ByteBuffer.allocate(9 + payload.length)
                .put((byte) (payload.length >> 16)).putShort((short) payload.length)
                .put((byte) type).put((byte) flags).putInt(stream)
                .put(payload)
                .array();
    }

    /** GET / of localhost, in HPACK; then what is given. */
    private static byte[] head(byte[] more) {
        var head = new ByteArrayOutputStream();
        head.writeBytes(new byte[] {(byte) 0x82, (byte) 0x87, (byte) 0x84, 0x41, 9});
        head.writeBytes("localhost".getBytes(ISO_8859_1));
        head.writeBytes(more);
        return head.toByteArray();
    }

    private SSLSocket http2() throws IOException {
        SSLSocket socket = connect("127.0.0.1", "h2");
        assertEquals("h2", socket.getApplicationProtocol());
        socket.getOutputStream().write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(ISO_8859_1));
        socket.getOutputStream().write(frame(4, 0, 0, new byte[0]));
        return socket;
    }

    /** Sends until the server has had enough; fails when it never has. */
    private void assertEnds(SSLSocket socket, java.util.function.IntFunction<byte[]> next, int most) throws IOException {
        try {
            for (int i = 0; i < most; i++) {
                socket.getOutputStream().write(next.apply(i));
            }
            socket.getOutputStream().flush();
            socket.setSoTimeout(10_000);
            while (socket.getInputStream().read() >= 0) {
                // Up to its end.
            }
        } catch (java.net.SocketTimeoutException e) {
            throw new AssertionError("the server takes it all", e);
        } catch (IOException e) {
            // Closed by the server.
        }
    }

    @Test
    void shouldHaveEnoughOfRequestsThatAreTakenBackAtOnce() throws Exception {
        try (SSLSocket socket = http2()) {
            assertEnds(socket, i -> {
                var both = new ByteArrayOutputStream();
                both.writeBytes(frame(1, 5, 2 * i + 1, head(new byte[0])));
                both.writeBytes(frame(3, 0, 2 * i + 1, new byte[] {0, 0, 0, 8}));
                return both.toByteArray();
            }, 20_000);
        }
        assertEquals(200, console.newClient().send(
                console.browser().request("GET", "/api/v1/auth/session", "").build(),
                java.net.http.HttpResponse.BodyHandlers.discarding()).statusCode());
    }

    /** Other requests on the same connection are no sign that this body goes on. */
    @Test
    void shouldNotWaitForABodyBecauseOthersComeWhole() throws Exception {
        try (SSLSocket socket = http2()) {
            var post = new ByteArrayOutputStream();
            post.writeBytes(new byte[] {(byte) 0x83, (byte) 0x87, 0x44, 21});
            post.writeBytes("/api/v1/auth/password".getBytes(ISO_8859_1));
            post.writeBytes(new byte[] {0x41, 9});
            post.writeBytes("localhost".getBytes(ISO_8859_1));
            post.writeBytes(new byte[] {0x5f, 16});
            post.writeBytes("application/json".getBytes(ISO_8859_1));
            socket.getOutputStream().write(frame(1, 4, 1, post.toByteArray()));
            long until = System.nanoTime() + PATIENCE.plusMillis(SLACK_MS).toNanos();
            Thread.ofVirtual().start(() -> {
                try {
                    socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
                } catch (IOException e) {
                    // Closed.
                }
            });
            assertThrows(IOException.class, () -> {
                for (int i = 1; System.nanoTime() - until < 0; i++) {
                    socket.getOutputStream().write(frame(0, 0, 1, new byte[] {' '}));
                    socket.getOutputStream().write(frame(1, 5, 2 * i + 1, head(new byte[0])));
                    java.util.concurrent.locks.LockSupport.parkNanos(Duration.ofMillis(200).toNanos());
                }
            }, "the server waits for ever");
        }
    }

    @Test
    void shouldHaveEnoughOfAHeadThatNeverEnds() throws Exception {
        try (SSLSocket socket = http2()) {
            // A literal field: the name 'x', a value of 100 bytes, over and over, in CONTINUATION frames without an end.
            byte[] literal = ByteBuffer.allocate(104).put((byte) 0).put((byte) 1).put((byte) 'x').put((byte) 100)
                    .put(new byte[100]).array();
            assertEnds(socket, i -> i == 0 ? frame(1, 1, 1, head(literal)) : frame(9, 0, 1, literal), 50_000);
        }
    }

    @Test
    void shouldHaveEnoughOfAHeadThatIsSmallOnTheWireOnly() throws Exception {
        try (SSLSocket socket = http2()) {
            var bomb = new ByteArrayOutputStream();
            // One field into the table, 'x' with 3000 bytes (127 + 57 + 22 * 128), and then that index 10,000 times.
            bomb.writeBytes(new byte[] {0x40, 1, 'x', 0x7f, (byte) 0xb9, 0x16});
            bomb.writeBytes("a".repeat(3000).getBytes(ISO_8859_1));
            byte[] again = new byte[10_000];
            java.util.Arrays.fill(again, (byte) 0xbe);
            bomb.writeBytes(again);
            byte[] block = head(bomb.toByteArray());
            socket.getOutputStream().write(frame(1, 5, 1, block));
            socket.getOutputStream().flush();
            int type = -1;
            while (type != 7 && type != 1 && type != 3) {
                byte[] head = socket.getInputStream().readNBytes(9);
                if (head.length < 9) {
                    return;
                }
                type = head[3];
                byte[] payload = socket.getInputStream().readNBytes((head[0] & 255) << 16 | (head[1] & 255) << 8 | head[2] & 255);
                if (type == 1) {
                    // 4xx: no index of the static table for 200 (0x88), and a literal status.
                    assertFalse(payload.length > 0 && payload[0] == (byte) 0x88, "it was answered as if nothing were wrong");
                }
            }
        }
    }
}

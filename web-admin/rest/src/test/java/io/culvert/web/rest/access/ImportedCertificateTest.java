package io.culvert.web.rest.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.web.Role;
import io.culvert.testsupport.Eventually;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Import, confirmation over the new certificate, and the way back. */
class ImportedCertificateTest {
    private static final Duration SOON = Duration.ofSeconds(10);
    private static final String PATH = "/api/v1/certificate";

    @TempDir
    Path home;

    private Console console;
    private TlsPolicy.Identity other;

    @BeforeEach
    void start() throws Exception {
        console = new Console(home);
        console.add("mina", Role.ADMINISTRATOR);
        other = console.authority.server(
                List.of("localhost"), Instant.now().minusSeconds(60), Instant.now().plus(Duration.ofDays(30)));
    }

    @AfterEach
    void stop() throws Exception {
        console.close();
    }

    /** With a fresh proof. */
    private Console.Browser mina(HttpClient client) throws Exception {
        var opened = console.access.sessions.open(
                Session.Stage.FULL, "mina", Role.ADMINISTRATOR, "password", "127.0.0.1", "test");
        var proved = console.access.sessions.proved(opened.session());
        var browser = new Console.Browser(console, proved.secret(), proved.session().csrf());
        browser.client = client;
        return browser;
    }

    private static String pem(String kind, byte[] der) {
        return "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder().encodeToString(der) + "\n-----END " + kind + "-----\n";
    }

    private static Map<String, Object> body(TlsPolicy.Identity identity) throws Exception {
        var chain = new StringBuilder();
        for (X509Certificate each : identity.chain()) {
            chain.append(pem("CERTIFICATE", each.getEncoded()));
        }
        return Map.of("chain", chain.toString(), "key", pem("PRIVATE KEY", identity.key().getEncoded()));
    }

    private X509Certificate seen() throws Exception {
        try (var socket = (SSLSocket) console.tls.getSocketFactory().createSocket("127.0.0.1", console.server.port())) {
            socket.startHandshake();
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }

    private Map<String, Object> take(Console.Browser browser) throws Exception {
        var answer = browser.post(PATH, body(other));
        assertEquals(200, answer.statusCode(), answer.body());
        return console.map(answer);
    }

    private boolean isHeld() {
        return console.guard.until().isEmpty();
    }

    @Test
    void shouldShowAnImportedCertificateAtTheSamePort() throws Exception {
        int port = console.server.port();
        Map<String, Object> before = console.map(mina(console.client).get(PATH));
        assertEquals("own", before.get("source"));
        Map<String, Object> shown = take(mina(console.client));
        assertEquals("imported", shown.get("source"));
        assertEquals(List.of("localhost"), shown.get("names"));
        assertNotEquals(before.get("fingerprint"), shown.get("fingerprint"));
        assertEquals(port, console.server.port());
        assertEquals(other.chain().getFirst(), seen());
        assertFalse(Files.readString(home.resolve("audit/audit.jsonl")).contains("PRIVATE"));
    }

    @Test
    void shouldHoldOnlyWhenAnAdministratorComesByOverTheNewOne() throws Exception {
        var browser = mina(console.client);
        assertTrue(take(browser).get("confirmBy") != null);
        // Over the connection that it already had.
        assertEquals(200, browser.get(PATH).statusCode());
        assertFalse(isHeld());
        try (HttpClient fresh = console.newClient()) {
            assertEquals(200, mina(fresh).get(PATH).statusCode());
            Eventually.await(SOON, () -> "not held", this::isHeld);
            assertEquals("imported", console.map(mina(fresh).get(PATH)).get("source"));
        }
    }

    @Test
    void shouldHaveBrowsersConnectAgain() throws Exception {
        var browser = mina(console.client);
        take(browser);
        Eventually.await(SOON.multipliedBy(4), () -> "still the old connection", () -> {
            browser.get(PATH);
            return isHeld();
        });
    }

    @Test
    void shouldGoBackWhenNobodyComesBy() throws Exception {
        X509Certificate own = seen();
        take(mina(console.client));
        assertEquals(other.chain().getFirst(), seen());
        // A restart in the last moment of the two minutes.
        console.guard.close();
        console.pass(Guard.TIME.minusSeconds(8));
        console.guard.begin(new Guard.Place("127.0.0.1", 8443, List.of(), "", "", console.certificates.imported()));
        Eventually.await(Duration.ofSeconds(40), () -> "not back", () -> seen().equals(own));
    }

    @Test
    void shouldShowTheOwnOneAgain() throws Exception {
        X509Certificate own = seen();
        take(mina(console.client));
        try (HttpClient fresh = console.newClient()) {
            mina(fresh).get(PATH);
            Eventually.await(SOON, () -> "not held", this::isHeld);
            var browser = mina(fresh);
            assertEquals(204, browser.send(browser.request("DELETE", PATH, "")).statusCode());
            assertEquals(own, seen());
        }
    }

    @Test
    void shouldKeepItInTheStoreOverAKill() throws Exception {
        take(mina(console.client));
        Map<?, ?> pair = console.json.read(
                console.store.list("web/certificate/imported/").getFirst().value(), Map.class);
        assertTrue(String.valueOf(pair.get("key")).contains("PRIVATE KEY"));
        assertTrue(new String(console.store.read("web/certificate/choice").orElseThrow().value(), java.nio.charset.StandardCharsets.UTF_8).contains("imported"));
    }

    @Test
    void shouldForgetTheKeyOfACertificateThatIsNoLongerUsed() throws Exception {
        take(mina(console.client));
        try (HttpClient fresh = console.newClient()) {
            mina(fresh).get(PATH);
            Eventually.await(SOON, () -> "not held", this::isHeld);
            var browser = mina(fresh);
            browser.send(browser.request("DELETE", PATH, ""));
        }
        try (HttpClient fresh = console.newClient()) {
            mina(fresh).get(PATH);
            Eventually.await(SOON, () -> "still there", () -> console.store.list("web/certificate/imported/").isEmpty());
        }
    }

    @Test
    void shouldSayInTimeThatTheNextOneHasToBeBrought() throws Exception {
        take(mina(console.client));
        assertFalse(console.certificates.status().containsKey("problem"), console.certificates.status().toString());
        console.pass(Duration.ofDays(10));
        assertTrue(String.valueOf(console.certificates.status().get("problem")).contains("bring the next one"));
        console.pass(Duration.ofDays(21));
        console.certificates.refresh();
        assertTrue(String.valueOf(console.certificates.status().get("problem")).contains("is over since"));
        assertEquals("own", console.certificates.status().get("source"));
    }

    @Test
    void shouldAskForAProofAndForTheRightKey() throws Exception {
        TlsPolicy.Identity foreign = new TlsPolicy.Identity(console.authority.server("x").key(), other.chain());
        var refused = mina(console.client).post(PATH, body(foreign));
        assertEquals(400, refused.statusCode());
        assertTrue(refused.body().contains("is not that of the first certificate"), refused.body());
        var late = mina(console.client);
        console.pass(Duration.ofMinutes(6));
        assertEquals("fresh-proof", console.code(late.post(PATH, body(other))));
    }
}

package io.culvert.it.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.Netns;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.Proc;
import io.culvert.it.lab.RequiresRoot;
import io.culvert.it.swap.BundleCopy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** What a script does through the API of a real appliance: over HTTPS with a token, and over the Unix socket. */
@RequiresRoot
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ApiIT {
    private static final String API = "/api/v1";
    private static final Duration SOON = Duration.ofSeconds(30);

    private static Lab lab;
    private static Appliance appliance;
    private static OpenVpnClient client;
    private static String token;

    /** What came back. */
    private record Answer(int status, String body) {
        Map<String, Object> json() {
            try {
                return JSON.std.mapFrom(body);
            } catch (IOException e) {
                throw new UncheckedIOException(body, e);
            }
        }

        Map<String, Object> ok() {
            assertTrue(status >= 200 && status < 300, status + " " + body);
            return json();
        }

        String text(String name) {
            return String.valueOf(ok().get(name));
        }

        List<Map<?, ?>> items() {
            return ((List<?>) ok().get("items")).stream().<Map<?, ?>>map(each -> (Map<?, ?>) each).toList();
        }
    }

    @BeforeAll
    static void start() {
        lab = Lab.open("api", 1);
        appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
        appliance.configure(
                List.of("redirectGateway: false", "routes: [10.77.0.0/24]"),
                List.of("udp: { transport: udp, port: 1194 }"),
                "web.rest");
        appliance.up("--allow-unsigned");
        appliance.awaitConsole();
    }

    @AfterAll
    static void stop() {
        if (lab != null) {
            lab.close();
        }
    }

    private static Answer curl(Netns host, List<String> how, String method, String url, String body, String... options) {
        var line = new ArrayList<>(List.of("curl", "-sS", "-X", method, "-w", "\n%{http_code}"));
        line.addAll(how);
        line.addAll(List.of(options));
        if (!body.isEmpty()) {
            line.addAll(List.of("-H", "Content-Type: application/json", "-d", body));
        }
        line.add(url);
        String output = host.exec(Duration.ofSeconds(60), line.toArray(String[]::new)).ok().stripTrailing();
        int end = output.lastIndexOf('\n');
        return new Answer(Integer.parseInt(output.substring(end + 1).strip()), output.substring(0, Math.max(0, end)));
    }

    /** As root on the machine itself. */
    private static Answer local(String method, String path, String body, String... options) {
        List<String> how = List.of("--unix-socket", appliance.home().resolve("run/web.sock").toString());
        return curl(lab.server, how, method, "http://localhost" + API + path, body, options);
    }

    /** From a client's place, with the token. */
    private static Answer https(String method, String path, String body, String... options) {
        List<String> how = List.of("-k", "-H", "Authorization: Bearer " + token);
        return curl(lab.client(1), how, method, "https://" + Lab.serverIpv4(1) + ":8443" + API + path, body, options);
    }

    private static Map<String, Object> await(String change, Predicate<Map<String, Object>> wanted) throws InterruptedException {
        long deadlineNs = System.nanoTime() + Duration.ofSeconds(90).toNanos();
        while (true) {
            Map<String, Object> now = https("GET", "/changes/" + change, "").ok();
            if (wanted.test(now)) {
                return now;
            }
            assertTrue(System.nanoTime() - deadlineNs < 0, "still " + now);
            Proc.Result pause = lab.server.exec("sleep", "0.2");
            assertEquals(0, pause.exit());
        }
    }

    private static Map<String, Object> over(String change) throws InterruptedException {
        return await(change, now -> Boolean.TRUE.equals(now.get("over")));
    }

    private static Map<?, ?> module(String id) {
        return https("GET", "/modules?limit=500", "").items().stream()
                .filter(each -> id.equals(each.get("id")))
                .findFirst()
                .orElseThrow();
    }

    @Test
    @Order(1)
    void shouldAnswerNobodyBeforeSomebodyIsInCharge() {
        token = "none";
        assertEquals(200, local("GET", "/health", "").status());
        assertEquals(200, curl(lab.client(1), List.of("-k"), "GET", "https://" + Lab.serverIpv4(1) + ":8443" + API + "/health", "").status());
        local("POST", "/administrators", "{\"name\":\"ops\",\"role\":\"administrator\",\"password\":\"a long pass phrase for ops\"}").ok();
        token = local("POST", "/tokens", "{\"name\":\"script\",\"role\":\"administrator\",\"days\":1}").text("secret");
        assertEquals(401, curl(lab.client(1), List.of("-k"), "GET", "https://" + Lab.serverIpv4(1) + ":8443" + API + "/users", "").status());
        assertEquals(200, https("GET", "/users", "").status());
    }

    @Test
    @Order(2)
    void shouldLetAStockClientInWithAProfileFromTheApi() {
        https("POST", "/users", "{\"name\":\"alice\"}").ok();
        assertEquals(409, https("POST", "/users", "{\"name\":\"alice\"}").status());
        Answer issued = https("POST", "/users/alice/profiles", "{\"device\":\"laptop\"}");
        String id = issued.text("id");
        assertEquals("alice-laptop.ovpn", issued.text("fileName"));
        String profile = https("GET", "/profiles/" + id + "/file", "").body();
        assertTrue(profile.contains("remote " + Lab.serverIpv4(1)), profile.lines().limit(5).toList().toString());
        https("POST", "/profiles/" + id + ":close", "");
        assertEquals(410, https("GET", "/profiles/" + id + "/file", "").status());

        client = lab.with(OpenVpnClient.start(lab, lab.client(1), "alice", profile)).awaitConnected();
        assertEquals(3, lab.client(1).ping(Lab.LAN_IPV4, 3));
        var sessions = https("GET", "/sessions?filter=user:alice", "").items();
        assertEquals(1, sessions.size());
        assertEquals(1, local("GET", "/sessions", "").items().size(), "the same over the Unix socket");
        assertEquals(true, sessions.getFirst().get("established"));
        var user = https("GET", "/users/alice", "").ok();
        assertEquals(1, user.get("sessions"));
        assertTrue(https("GET", "/overview", "").text("verdict").contains("ok"));
    }

    @Test
    @Order(3)
    void shouldUpdateAModuleThroughAChangeAndKeepIt() throws Exception {
        Path jar = BundleCopy.of("tls.jsse").version("0.1.7").to(lab.directory().resolve("tls.jsse-0.1.7.jar"));
        Answer upload = local("POST", "/modules/uploads", "", "-H", "Content-Type: application/java-archive", "--data-binary", "@" + jar);
        assertEquals("unsigned", upload.text("signature"));
        String target = upload.text("target");
        Answer planned = https("POST", "/changes", "{\"kind\":\"update\",\"module\":\"tls.jsse\",\"target\":\"" + target + "\"}");
        String draft = planned.text("id");
        var plan = (Map<?, ?>) planned.ok().get("plan");
        assertEquals("0.1.0", plan.get("from"));
        assertEquals("0.1.7", plan.get("to"));
        assertEquals("0.1.0", module("tls.jsse").get("version"), "a plan has no effects");

        Answer applied = https(
                "POST", "/changes/" + draft + ":apply", "{\"watch\":1,\"note\":\"a try\",\"planHash\":\"" + plan.get("planHash") + "\"}");
        assertEquals(202, applied.status());
        Map<String, Object> kept = over(applied.text("id"));
        assertEquals("kept", kept.get("state"), kept.toString());
        assertEquals("0.1.7", module("tls.jsse").get("version"));
        assertEquals("0.1.0", module("tls.jsse").get("kept"));
        assertEquals(applied.text("id"), https("GET", "/changes/" + draft, "").text("id"), "the draft leads there");
        goesOn();
    }

    @Test
    @Order(4)
    void shouldRefuseAPlanThatTheStateHasOutrun() throws Exception {
        Answer planned = https("POST", "/changes", "{\"kind\":\"rollback\",\"module\":\"tls.jsse\"}");
        String hash = String.valueOf(((Map<?, ?>) planned.ok().get("plan")).get("planHash"));
        appliance.cli("module", "stop", "log.file").ok();
        String path = "/changes/" + planned.text("id") + ":apply";
        Answer stale = https("POST", path, "{\"planHash\":\"" + hash + "\"}");
        assertEquals(409, stale.status(), stale.body());
        assertEquals("plan-stale", stale.json().get("code"));
        var fresh = (Map<?, ?>) ((Map<?, ?>) stale.json().get("change")).get("plan");
        assertFalse(hash.equals(fresh.get("planHash")));
        assertEquals("0.1.7", module("tls.jsse").get("version"));
        appliance.cli("module", "start", "log.file").ok();
    }

    @Test
    @Order(5)
    void shouldRollBackWhatWasKept() throws Exception {
        var latest = https("GET", "/changes?sort=-created", "").items().stream()
                .filter(each -> "tls.jsse".equals(each.get("module")))
                .findFirst()
                .orElseThrow();
        assertEquals(true, latest.get("mayRollback"));
        Answer begun = https("POST", "/changes/" + latest.get("id") + ":rollback", "");
        Map<String, Object> back = over(begun.text("id"));
        assertEquals("kept", back.get("state"), back.toString());
        assertEquals("0.1.0", module("tls.jsse").get("version"));
        goesOn();
    }

    @Test
    @Order(6)
    void shouldChangeSettingsAllTogetherOrNotAtAll() {
        Answer config = https("GET", "/modules/core/config", "");
        String revision = config.text("revision");
        Answer unmatched = https("PUT", "/modules/core/config", "{\"values\":{\"maxSessions\":500}}");
        assertEquals(428, unmatched.status());
        Answer wrong = https(
                "PUT", "/modules/core/config", "{\"values\":{\"maxSessions\":500,\"mtu\":1}}", "-H", "If-Match: \"" + revision + "\"");
        assertEquals(422, wrong.status(), wrong.body());
        assertTrue(wrong.body().contains("\"mtu\":\"must be a whole number from 576 to 9000\""), wrong.body());
        assertEquals(revision, https("GET", "/modules/core/config", "").text("revision"));
        assertTrue(https("GET", "/modules/core/schema", "").text("schema").contains("minimum=576"));
    }

    @Test
    @Order(7)
    void shouldSendEventsWhileSomebodyListens() {
        var line = List.of(
                "curl", "-ksN", "-m", "20", "-H", "Authorization: Bearer " + token,
                "https://" + Lab.serverIpv4(1) + ":8443" + API + "/events?topics=overview,log");
        try (Proc stream = lab.client(1).start("events", line)) {
            stream.await("event: hello", SOON);
            stream.await("event: counts", SOON);
            stream.await("\"sessions\":1", SOON);
            https("POST", "/users", "{\"name\":\"bob\"}").ok();
            stream.await("auth.file user=bob: added", SOON);
        }
    }

    @Test
    @Order(8)
    void shouldEndASessionOfWhomItWasAsked() {
        Answer dry = https("POST", "/sessions:end", "{\"filter\":\"user:alice\",\"dryRun\":true}");
        assertEquals("1", dry.text("matched"));
        assertEquals(1, client.connectionAttempts());
        Answer ended = https("POST", "/sessions:end", "{\"filter\":\"user:alice\"}");
        assertEquals("1", ended.text("ended"));
        client.process().await("AUTH_FAILED|SIGTERM|Restart|RESTART|SIGUSR1|halt", Duration.ofSeconds(20));
    }

    @Test
    @Order(9)
    void shouldDescribeItselfAndRememberWhoDidWhat() {
        Answer document = https("GET", "/openapi.json", "");
        assertTrue(document.ok().get("paths").toString().contains("/api/v1/sessions:end"));
        assertTrue(https("GET", "/audit?limit=500", "").body().contains("/api/v1/sessions:end"));
    }

    private static void goesOn() {
        assertEquals(3, lab.client(1).ping(Lab.LAN_IPV4, 3), "the session goes on");
        assertEquals(1, client.connectionAttempts(), "the client never connected anew");
    }
}

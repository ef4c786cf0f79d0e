package io.culvert.it.console;

import com.fasterxml.jackson.jr.ob.JSON;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Serves the console's files under the headers of the product, and answers the API with the examples that the product's
 * own tests hold true. What is written is answered by example as well, and noted.
 */
final class FakeBackend implements AutoCloseable {
    private static final Path WEB = Path.of(System.getProperty("culvert.checkout"), "web-admin").normalize();
    private static final Path EXAMPLES = WEB.resolve("rest/src/test/resources/examples");
    private static final List<Path> FILES =
            List.of(WEB.resolve("ui/src/main/resources/console"), WEB.resolve("ui/target/classes/console"));
    static final Map<String, String> HEADERS = Map.of(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self';"
                    + " form-action 'self'; base-uri 'none'; frame-ancestors 'none';"
                    + " require-trusted-types-for 'script'; trusted-types lit-html",
            "X-Content-Type-Options", "nosniff",
            "Referrer-Policy", "no-referrer",
            "Cross-Origin-Opener-Policy", "same-origin");
    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "json", "application/json",
            "svg", "image/svg+xml",
            "webmanifest", "application/manifest+json");

    /** A request that changes something. */
    record Written(String method, String path, String body) {}

    record Answer(int status, Object json) {}

    private record Route(String method, Pattern path, Function<Matcher, Answer> answer) {}

    private final HttpServer server;
    private final List<Route> routes = new CopyOnWriteArrayList<>();
    private final List<Written> written = new CopyOnWriteArrayList<>();
    private final List<OutputStream> streams = new CopyOnWriteArrayList<>();
    private final AtomicLong sequence = new AtomicLong();
    private final ScheduledExecutorService pulse = Executors.newSingleThreadScheduledExecutor(Thread.ofVirtual().factory());
    private volatile boolean streaming = true;

    private FakeBackend() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::handle);
        byExample();
        ownSettings();
        server.start();
        // As the product, it says something every second.
        pulse.scheduleAtFixedRate(() -> tell("ping", Map.of()), 1, 1, TimeUnit.SECONDS);
    }

    static FakeBackend start() {
        try {
            return new FakeBackend();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/";
    }

    // ---- what is answered ----

    private void byExample() {
        for (String name : List.of(
                "overview", "sessions", "users", "profiles", "modules", "catalogue", "keys", "changes", "snapshots", "log",
                "audit", "health", "setup", "auth/session", "auth/sessions")) {
            example("GET", "/" + name, 200, name.replace('/', '-'));
        }
        example("GET", "/certificate", 200, "certificate");
        example("POST", "/certificate", 200, "certificate");
        example("DELETE", "/certificate", 204, null);
        example("GET", "/metrics/[a-z]+", 200, "metrics");
        example("GET", "/sessions/[^/:]+", 200, "session");
        example("GET", "/users/[^/:]+", 200, "user");
        answer("GET", "/modules/([^/:?]+)(?:\\?.*)?", matcher -> new Answer(200, module(matcher.group(1))));
        answer("GET", "/audit:verify", 200, Map.of("intact", true, "entries", 88, "last", "b1946ac9", "problem", ""));
        example("GET", "/modules/[^/]+/config", 200, "module-config");
        example("GET", "/modules/[^/]+/schema", 200, "module-schema");
        example("GET", "/changes/[^/:]+", 200, "change");
        example("GET", "/changes/draft-[0-9]+", 200, "change-plan");
        example("POST", "/sessions:end", 200, "sessions-end");
        example("POST", "/users", 201, "user-add");
        example("POST", "/users:import", 200, "user-import");
        example("POST", "/users/[^/]+/profiles", 201, "profile-issue");
        example("PATCH", "/users/[^/:]+", 200, "user");
        example("DELETE", "/users/[^/:]+", 200, "user-remove");
        example("POST", "/users/[^/]+:disable", 200, "user-disable");
        example("POST", "/users/[^/]+:password", 200, "user");
        example("POST", "/users/[^/]+:reset-factor", 200, "user-reset-factor");
        example("DELETE", "/profiles/[^/]+", 200, "profile-revoke");
        example("POST", "/profiles/[^/]+/link", 201, "profile-link");
        example("POST", "/profiles/[^/]+:close", 204, null);
        example("POST", "/modules/uploads", 201, "module-upload");
        example("POST", "/modules/[^/]+/config:validate", 200, "config-validate");
        example("PUT", "/modules/[^/]+/config", 200, "change-kept");
        example("POST", "/snapshots/[0-9]+:restore", 200, "snapshot-restore");
        example("POST", "/keys", 201, "key");
        example("DELETE", "/keys/[^/]+", 204, null);
        example("POST", "/changes", 201, "change-plan");
        example("POST", "/changes/[^/]+:apply", 202, "change-apply");
        example("POST", "/changes/[^/]+:rollback", 202, "change-rollback");
        example("POST", "/changes/[^/]+:cancel", 200, "change-cancel");
        example("POST", "/auth/password", 200, "auth-password");
        example("POST", "/auth/(totp|passkey|confirm)", 200, "auth-session");
        example("DELETE", "/auth/.*", 204, null);
    }

    static final List<String> CODES = List.of(
            "7KQ2-MH4X-9TWD", "C3VN-8RJP-5GYA", "XW6B-2DTE-QK9H", "4MPY-NA7C-VJ3G", "H9RD-T5XK-8WQB", "2YGE-6CVM-PN4J",
            "QB8T-JH3W-7DKA", "5XAN-9GMR-CY2P", "VK4D-E7TB-3HQX", "8JWC-PY6N-MR5G");

    /** What the console's own settings and a user's own page ask for. */
    private void ownSettings() {
        answer("POST", "/me/recovery-codes", 200, Map.of("recovery", CODES));
        answer("PUT", "/me/language", 204, null);
        answer("GET", "/me/factors", 200, json(
                "{'totp':true,'recoveryLeft':7,'passkeys':[{'id':'k1','name':'laptop','created':'2026-11-02T08:00:00Z'}]}"));
        answer("GET", "/administrators", 200, json(
                "{'items':[{'name':'m.okafor','role':'administrator','totp':true,'passkeys':1,'enabled':true,'signedIn':'2026-11-21T17:00:00Z'},"
                        + "{'name':'j.lindqvist','role':'users','totp':false,'passkeys':0,'enabled':true,'factorNeeded':true,'signedIn':null}],"
                        + "'next':null,'total':2}"));
        answer("GET", "/tokens", 200, json(
                "{'items':[{'id':'t1','name':'backup script','role':'operator','readOnly':false,'created':'2026-11-01T08:00:00Z',"
                        + "'expires':'2027-02-01T08:00:00Z','used':'2026-11-21T03:00:00Z'}],'next':null,'total':1}"));
        answer("POST", "/tokens", 201, json("{'id':'t2','token':'cvt_9f2c71ae04d1b8','expires':'2027-02-01T08:00:00Z'}"));
        answer("GET", "/backups", 200, json(
                "{'items':[{'name':'culvert-2026-11-21.backup','bytes':482110,'created':'2026-11-21T03:00:00Z'}],'next':'2026-11-22T03:00:00Z',"
                        + "'passphraseSet':true,'host':'vpn-berlin','schedule':{'every':'daily','at':'03:00','keep':7},'problem':''}"));
        answer("GET", "/self", 200, json(
                "{'name':'alice','secondFactor':true,'csrf':'x','mayIssue':true,'address':'vpn.example.com','profiles':["
                        + "{'id':'p1','user':'alice','device':'laptop','protocol':'openvpn','notBefore':'2026-11-01T08:00:00Z',"
                        + "'notAfter':'2027-11-01T08:00:00Z'}]}"));
    }

    private static Map<String, Object> json(String text) {
        try {
            return JSON.std.mapFrom(text.replace('\'', '"'));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Answers with an example, from now on. */
    FakeBackend example(String method, String path, int status, String name) {
        return answer(method, path, _ -> new Answer(status, name == null ? null : load(name)));
    }

    /** Answers {@code path}, a pattern below {@code /api/v1}, from now on; the last rule wins. */
    FakeBackend answer(String method, String path, Function<Matcher, Answer> answer) {
        routes.addFirst(new Route(method, Pattern.compile(path), answer));
        return this;
    }

    FakeBackend answer(String method, String path, int status, Object json) {
        return answer(method, path, _ -> new Answer(status, json));
    }

    /** Nobody is signed in; or the first run, when {@code setup} is open. */
    FakeBackend signedOut(boolean setup) {
        return answer("GET", "/auth/session", 200, Map.of("name", "", "role", "none", "csrf", "x", "setup", setup));
    }

    /** A VPN user is signed in to a page of his own. */
    FakeBackend user(String name) {
        return answer("GET", "/auth/session", 200, Map.of("name", name, "role", "self", "csrf", "x", "setup", false));
    }

    /** The wizard stands at {@code step}. */
    FakeBackend settingUp(String step) {
        var setup = load("setup");
        boolean before = true;
        var steps = new ArrayList<Map<String, Object>>();
        for (Object each : (List<?>) setup.get("steps")) {
            String id = String.valueOf(map(each).get("id"));
            before &= !id.equals(step);
            steps.add(Map.of("id", id, "done", before));
        }
        setup.put("steps", steps);
        var administrator = load("auth-session");
        administrator.put("setup", true);
        signedOut(true);
        if (!List.of("claim", "administrator").contains(step)) {
            answer("GET", "/auth/session", 200, administrator);
        }
        return answer("GET", "/setup", 200, setup)
                .answer("POST", "/setup/steps/administrator", 200,
                        Map.of("uri", "otpauth://totp/Culvert:mina?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Culvert"));
    }

    /** As {@code count} rows made from the first row of a list's example, by the page. */
    FakeBackend many(String list, int count, Function<Integer, Map<String, Object>> differing) {
        Map<String, Object> row = map(items(load(list)).getFirst());
        var rows = new ArrayList<Map<String, Object>>();
        for (int i = 0; i < count; i++) {
            var each = new LinkedHashMap<>(row);
            each.putAll(differing.apply(i));
            rows.add(each);
        }
        return answer("GET", "/" + list + "(?:\\?(.*))?", matcher -> {
            Map<String, String> query = query(matcher.group(1));
            int from = Integer.parseInt(query.getOrDefault("cursor", "0"));
            int to = Math.min(count, from + Integer.parseInt(query.getOrDefault("limit", "50")));
            var page = new LinkedHashMap<String, Object>();
            page.put("items", rows.subList(from, to));
            page.put("next", to < count ? String.valueOf(to) : null);
            page.put("total", count);
            return new Answer(200, page);
        });
    }

    private static Map<String, String> query(String text) {
        var query = new LinkedHashMap<String, String>();
        for (String each : text == null ? new String[0] : text.split("&")) {
            int equals = each.indexOf('=');
            query.put(each.substring(0, equals), each.substring(equals + 1));
        }
        return query;
    }

    static Map<String, Object> load(String name) {
        try {
            return JSON.std.mapFrom(Files.readString(EXAMPLES.resolve(name + ".json")));
        } catch (IOException e) {
            throw new UncheckedIOException("no example " + name, e);
        }
    }

    static List<?> items(Map<String, Object> list) {
        return (List<?>) list.get("items");
    }

    static Map<String, Object> map(Object json) {
        var map = new LinkedHashMap<String, Object>();
        ((Map<?, ?>) json).forEach((name, value) -> map.put(String.valueOf(name), value));
        return map;
    }

    /** A module of the list, with what only a look at one of them tells. */
    private static Map<String, Object> module(String id) {
        var module = load("module");
        items(load("modules")).stream().map(FakeBackend::map).filter(each -> id.equals(each.get("id"))).forEach(module::putAll);
        return module;
    }

    List<Written> written() {
        return List.copyOf(written);
    }

    // ---- the stream ----

    /** Tells every open page. */
    void tell(String event, Object data) {
        byte[] text = event(event, data);
        for (OutputStream stream : streams) {
            try {
                synchronized (stream) {
                    stream.write(text);
                    stream.flush();
                }
            } catch (IOException e) {
                streams.remove(stream);
            }
        }
    }

    private byte[] event(String event, Object data) {
        try {
            return ("id: fake:" + sequence.incrementAndGet() + "\nevent: " + event + "\ndata: " + JSON.std.asString(data)
                            + "\n\n")
                    .getBytes(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How many pages listen. */
    int listeners() {
        return streams.size();
    }

    /** Cuts the streams, and refuses new ones until it is called with {@code true}. */
    void stream(boolean open) {
        streaming = open;
        if (!open) {
            for (OutputStream stream : streams) {
                streams.remove(stream);
                try {
                    stream.close();
                } catch (IOException e) {
                    // The page was gone already.
                }
            }
        }
    }

    private void events(HttpExchange exchange) throws IOException {
        if (!streaming) {
            send(exchange, 503, "application/problem+json", "{\"status\":503}".getBytes(StandardCharsets.UTF_8));
            return;
        }
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.sendResponseHeaders(200, 0);
        OutputStream out = exchange.getResponseBody();
        synchronized (out) {
            out.write(event("hello", Map.of("epoch", "fake", "seq", 0, "resumed", false, "version", "0.1.0")));
            out.flush();
        }
        streams.add(out);
    }

    // ---- the server ----

    private void handle(HttpExchange exchange) throws IOException {
        HEADERS.forEach(exchange.getResponseHeaders()::set);
        String path = exchange.getRequestURI().getPath();
        if (path.equals("/api/v1/events")) {
            events(exchange);
        } else if (path.startsWith("/api/v1/")) {
            api(exchange, path.substring("/api/v1".length()));
        } else {
            file(exchange, path.equals("/") || path.equals("/self") ? "index.html" : path.substring(1));
        }
    }

    private void api(HttpExchange exchange, String path) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String method = exchange.getRequestMethod();
        if (!method.equals("GET")) {
            written.add(new Written(method, path, new String(body, StandardCharsets.UTF_8)));
        }
        if (path.endsWith("/qr.svg")) {
            send(exchange, 200, TYPES.get("svg"), Files.readAllBytes(FILES.getFirst().resolve("mark.svg")));
            return;
        }
        String query = exchange.getRequestURI().getQuery();
        for (Route route : routes) {
            Matcher matcher = route.path().matcher(path);
            Matcher withQuery = route.path().matcher(path + "?" + query);
            if (route.method().equals(method) && (matcher.matches() || withQuery.matches())) {
                Answer answer = route.answer().apply(withQuery.matches() ? withQuery : matcher);
                byte[] json = answer.json() == null
                        ? new byte[0]
                        : JSON.std.with(JSON.Feature.WRITE_NULL_PROPERTIES).asString(answer.json()).getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders().set("ETag", "\"1\"");
                send(exchange, answer.status(), answer.status() < 400 ? "application/json" : "application/problem+json", json);
                return;
            }
        }
        send(exchange, 404, "application/problem+json",
                "{\"status\":404,\"code\":\"not-found\",\"title\":\"There is no such thing.\",\"fields\":{}}".getBytes(StandardCharsets.UTF_8));
    }

    private static void file(HttpExchange exchange, String name) throws IOException {
        for (Path root : FILES) {
            Path file = root.resolve(name).normalize();
            if (file.startsWith(root) && Files.isRegularFile(file)) {
                send(exchange, 200, TYPES.getOrDefault(name.substring(name.lastIndexOf('.') + 1), "application/octet-stream"),
                        Files.readAllBytes(file));
                return;
            }
        }
        send(exchange, 404, "text/plain", new byte[0]);
    }

    private static void send(HttpExchange exchange, int status, String type, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.getResponseHeaders().putIfAbsent("Cache-Control", List.of("no-store"));
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    @Override
    public void close() {
        pulse.shutdownNow();
        stream(false);
        server.stop(0);
    }
}

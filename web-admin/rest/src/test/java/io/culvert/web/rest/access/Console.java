package io.culvert.web.rest.access;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.web.ConsoleCertificate;
import io.culvert.api.command.Command;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoints;
import io.culvert.testsupport.MemoryStore;
import io.culvert.testsupport.TestAuthority;
import io.culvert.web.rest.audit.AuditEndpoints;
import io.culvert.web.rest.audit.AuditLog;
import io.culvert.web.rest.certificate.CertificateEndpoints;
import io.culvert.web.rest.certificate.Certificates;
import io.culvert.web.rest.certificate.RevocationList;
import io.culvert.web.rest.resource.Appliance;
import io.culvert.web.rest.resource.NothingRuns;
import io.culvert.web.rest.server.ConsoleServer;
import io.culvert.web.rest.server.EndpointTable;
import io.culvert.web.rest.server.Json;
import io.culvert.web.rest.server.StaticFiles;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A whole console on a free port of the loopback, with a clock that tests set. */
final class Console implements AutoCloseable {
    static final String PASSWORD = "correct horse battery";

    final MemoryStore store = new MemoryStore();
    /** What modules answer. */
    final Map<String, Command> commands = new ConcurrentHashMap<>();
    final Json json = new Json();
    final EndpointTable table = new EndpointTable();
    final StaticFiles files = new StaticFiles();
    final Access access;
    final AuditLog audit;
    final Setup setup;
    final ConsoleServer server;
    final TestAuthority authority = new TestAuthority("console");
    final Certificates certificates;
    final Guard guard;
    final SSLContext tls;
    final HttpClient client;
    private Duration ahead = Duration.ZERO;

    Console(Path home) throws Exception {
        this(home, Duration.ofSeconds(20));
    }

    Console(Path home, Duration patience) throws Exception {
        InstantSource clock = this::now;
        audit = AuditLog.open(home.resolve("audit/audit.jsonl"), json, clock);
        var limits = new Access.Limits(Duration.ofMinutes(30), Duration.ofHours(12));
        access = new Access(store, json, clock, new SecureRandom(), limits, List::of);
        setup = new Setup(access, store, json, home.resolve("code"), name -> Optional.ofNullable(commands.get(name)));
        server = new ConsoleServer(table, files, access, audit, json, patience);
        certificates = new Certificates(store, json, clock, new OwnOnly(authority), new Shop(server));
        guard = new Guard(
                store,
                json,
                clock,
                before -> certificates.back(before.imported()),
                now -> certificates.held(now.imported()));
        access.guardedBy(guard);
        certificates.guardedBy(guard);
        guard.begin(new Guard.Place("127.0.0.1", 8443, List.of(), "", "", certificates.imported()));
        for (WebEndpoints own : List.of(
                new SignIn(access, new UserLogin(() -> List.of(new OneUser()))),
                new OwnAccount(access),
                new AdministratorEndpoints(access),
                setup,
                new CertificateEndpoints(certificates),
                new RevocationList(() -> null, clock),
                new AuditEndpoints(audit))) {
            table.add(own);
        }
        var appliance = new Appliance(new NothingRuns(), home, "0.1.0", clock, new SecureRandom());
        table.add(appliance::endpoints);
        access.writesTo(audit);
        access.start();
        server.start();
        server.openTls("127.0.0.1", 0, certificates.refresh());
        tls = trusting(authority);
        client = newClient();
    }

    /** With no connection yet. */
    HttpClient newClient() {
        return HttpClient.newBuilder().sslContext(tls).connectTimeout(Duration.ofSeconds(10)).build();
    }

    private static final class OwnOnly implements Certificates.Sources {
        private final TlsPolicy.Identity own;

        OwnOnly(TestAuthority authority) {
            own = authority.server("localhost");
        }

        @Override
        public TlsPolicy.Identity own() {
            return own;
        }

        @Override
        public Optional<TlsPolicy.Identity> file() {
            return Optional.empty();
        }

        @Override
        public Optional<ConsoleCertificate> module() {
            return Optional.empty();
        }

        @Override
        public List<String> names() {
            return List.of();
        }
    }

    private record Shop(ConsoleServer server) implements Certificates.Door {
        @Override
        public void show(TlsPolicy.Identity identity) throws Exception {
            server.show(identity);
        }

        @Override
        public void reconnect(Duration after) {
            server.reconnect(after);
        }
    }

    private static SSLContext trusting(TestAuthority authority) throws Exception {
        KeyStore anchors = KeyStore.getInstance(KeyStore.getDefaultType());
        anchors.load(null, null);
        anchors.setCertificateEntry("authority", authority.certificate());
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(anchors);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    Instant now() {
        return Instant.now().plus(ahead);
    }

    void pass(Duration time) {
        ahead = ahead.plus(time);
    }

    /** An administrator with a password and a secret for one-time codes, which it returns. */
    String add(String name, Role role) throws Exception {
        String secret = Totp.newSecret(new SecureRandom());
        access.administrators.add(
                Administrator.of(name, role, access.passwords.hash(PASSWORD), now()).withTotp(secret, 0));
        return secret;
    }

    /** A signed-in browser. */
    Browser browser(String name, Role role) throws Exception {
        var opened = access.sessions.open(Session.Stage.FULL, name, role, "password", "127.0.0.1", "test");
        return new Browser(this, opened.secret(), opened.session().csrf());
    }

    Browser browser() {
        return new Browser(this, "", "");
    }

    URI uri(String path) {
        return URI.create("https://localhost:" + server.port() + path);
    }

    @Override
    public void close() throws Exception {
        client.shutdownNow();
        guard.close();
        server.close();
        access.close();
        audit.close();
    }

    /** Keeps a cookie as a browser would, and sends what the page would. */
    static final class Browser {
        private final Console console;
        String cookie;
        String csrf;
        HttpClient client;

        Browser(Console console, String cookie, String csrf) {
            this.console = console;
            this.cookie = cookie;
            this.csrf = csrf;
            client = console.client;
        }

        HttpRequest.Builder request(String method, String path, String body) {
            var request = HttpRequest.newBuilder(console.uri(path))
                    .timeout(Duration.ofSeconds(20))
                    .method(
                            method,
                            body.isEmpty() ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
            if (!method.equals("GET")) {
                request.header("Content-Type", "application/json").header("Sec-Fetch-Site", "same-origin");
            }
            if (!csrf.isEmpty()) {
                request.header("X-CSRF", csrf);
            }
            if (!cookie.isEmpty()) {
                request.header("Cookie", "__Host-culvert=" + cookie);
            }
            return request;
        }

        HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
            var response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
            response.headers().firstValue("Set-Cookie").ifPresent(set ->
                    cookie = set.substring(set.indexOf('=') + 1, set.indexOf(';')));
            return response;
        }

        HttpResponse<String> get(String path) throws Exception {
            return send(request("GET", path, ""));
        }

        HttpResponse<String> post(String path, Map<String, Object> body) throws Exception {
            return send(request("POST", path, console.json.text(body)));
        }

        /** Password and code; from then on the token is sent too. */
        void signIn(String name, String secret) throws Exception {
            post("/api/v1/auth/password", Map.of("name", name, "password", PASSWORD));
            var response = post(
                    "/api/v1/auth/totp", Map.of("code", Totp.at(secret, console.now().getEpochSecond())));
            csrf = String.valueOf(console.map(response).get("csrf"));
        }
    }

    @SuppressWarnings("unchecked")
    Map<String, Object> map(HttpResponse<String> response) {
        return json.read(response.body().getBytes(java.nio.charset.StandardCharsets.UTF_8), Map.class);
    }

    String code(HttpResponse<String> response) {
        return String.valueOf(map(response).get("code"));
    }

    List<WebEndpoint> endpoints() {
        return table.all();
    }

    private static final class OneUser implements Authenticator {
        @Override
        public String name() {
            return "one";
        }

        @Override
        public AuthDecision authenticate(Credentials credentials) {
            boolean right = credentials.username().equals("alice")
                    && new String(credentials.password(), java.nio.charset.StandardCharsets.UTF_8).equals(PASSWORD);
            return right ? new AuthDecision.Accepted(Map.of()) : new AuthDecision.Refused("no", "no");
        }
    }
}

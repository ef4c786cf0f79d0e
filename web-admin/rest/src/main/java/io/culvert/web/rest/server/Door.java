package io.culvert.web.rest.server;

import io.culvert.api.web.AuditTrail;
import io.culvert.api.web.Caller;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebContent;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoint.Flag;
import io.culvert.api.web.WebResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way of every request: who calls, whether that caller may, the endpoint, the audit log, the answer. An endpoint is
 * never reached by a request that it did not ask for.
 */
final class Door extends Handler.Abstract {
    static final String LOCAL = "unix";
    private static final Logger LOG = LoggerFactory.getLogger(Door.class);
    private static final int REMEMBERED = 256;
    private static final Gate.Visit ROOT = new Gate.Visit(
            new Caller("root", Role.ADMINISTRATOR, Caller.Means.LOCAL, "local"), "", "", true, false);

    private final EndpointTable table;
    private final StaticFiles files;
    private final Gate gate;
    private final AuditTrail audit;
    private final Json json;
    private final Answers answers;
    private final SlowClients slow;
    private final AtomicInteger running = new AtomicInteger();
    private final RateLimit rate = new RateLimit(50, 300);
    private final Map<String, WebResponse> done = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, WebResponse> eldest) {
            return size() > REMEMBERED;
        }
    };

    Door(EndpointTable table, StaticFiles files, Gate gate, AuditTrail audit, Json json, SlowClients slow) {
        this.table = table;
        this.files = files;
        this.gate = gate;
        this.audit = audit;
        this.json = json;
        this.answers = new Answers(json);
        this.slow = slow;
    }

    /** How many calls are not answered yet. */
    int running() {
        return running.get();
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        boolean local = LOCAL.equals(request.getConnectionMetaData().getConnector().getName());
        slow.arrived(request);
        running.incrementAndGet();
        var counted = new AtomicBoolean(true);
        Runnable over = () -> {
            if (counted.getAndSet(false)) {
                running.decrementAndGet();
            }
        };
        Headers.add(
                response.getHeaders(),
                !Door.LOCAL.equals(request.getConnectionMetaData().getConnector().getName()));
        var answered = Callback.from(callback, () -> {
            over.run();
            slow.answered(request);
        });
        try {
            answer(request, response, local, over, answered);
        } catch (Problem problem) {
            refuse(problem, request, response, answered);
        } catch (IOException e) {
            // The client is gone.
            answered.failed(e);
        } catch (InterruptedException e) {
            answered.failed(new IOException("stopped", e));
        } catch (Exception | LinkageError e) {
            refuse(fault(request, e), request, response, answered);
        }
        return true;
    }

    private void refuse(Problem problem, Request request, Response response, Callback callback) {
        if (response.isCommitted()) {
            callback.failed(problem);
        } else {
            answers.problem(problem, request, response, callback);
        }
    }

    private static Problem fault(Request request, Throwable e) {
        String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
        LOG.error("web {} {}: failed, id {}", request.getMethod(), request.getHttpURI().getPath(), id, e);
        return new Problem(500, "fault", "it failed by a fault of the appliance; the log has the details under " + id);
    }

    private void answer(Request request, Response response, boolean local, Runnable over, Callback callback)
            throws Exception {
        String from = local ? "local" : Request.getRemoteAddr(request);
        if (!local && !rate.take(Source.of(from), System.nanoTime())) {
            response.getHeaders().put(HttpHeader.RETRY_AFTER, 1);
            Exchange.drain(request, slow);
            throw new Problem(429, "too-many", "too many requests; wait a second");
        }
        String path = Paths.decode(request.getHttpURI().getPath());
        var allowed = new TreeSet<String>();
        EndpointTable.Found found = table.find(request.getMethod(), path, allowed);
        if (found == null) {
            file(request, response, path, allowed, callback);
            return;
        }
        Gate.Visit visit = local ? ROOT : visit(request, from);
        WebEndpoint endpoint = found.endpoint();
        var exchange = new Exchange(request, path, visit, found, json, slow);
        boolean write = !endpoint.method().equals("GET");
        if (write && !endpoint.has(Flag.RAW_BODY)) {
            exchange.load();
        }
        WebResponse answer;
        try {
            admit(request, exchange, endpoint, visit, path);
            if (!local) {
                gate.passed(visit, endpoint.method(), path, () -> shown(request));
            }
            answer = write ? written(endpoint, exchange) : endpoint.handler().handle(exchange);
        } finally {
            if (endpoint.has(Flag.RAW_BODY)) {
                // What nobody cared for: the handler may have known enough after the first bytes.
                exchange.drain();
            }
        }
        if (answer instanceof WebResponse.Stream) {
            // Nobody waits for the end of one.
            over.run();
        }
        answers.send(answer, gate, visit, request, response, callback);
    }

    private void admit(Request request, Exchange exchange, WebEndpoint endpoint, Gate.Visit visit, String path)
            throws Problem {
        try {
            check(request, endpoint, visit, path);
        } catch (Problem refusal) {
            if (!endpoint.method().equals("GET") && visit.caller().role() != Role.NONE) {
                record(endpoint, exchange, refusal.code());
            }
            throw refusal;
        }
    }

    private static Optional<X509Certificate> shown(Request request) {
        return request.getAttribute(EndPoint.SslSessionData.ATTRIBUTE) instanceof EndPoint.SslSessionData data
                        && data.sslSession() != null
                        && data.sslSession().getLocalCertificates() instanceof Certificate[] chain
                        && chain.length > 0
                        && chain[0] instanceof X509Certificate leaf
                ? Optional.of(leaf)
                : Optional.empty();
    }

    private Gate.Visit visit(Request request, String from) throws Problem {
        try {
            return gate.visit(
                    String.join("; ", request.getHeaders().getValuesList(HttpHeader.COOKIE)),
                    request.getHeaders().get(HttpHeader.AUTHORIZATION),
                    from);
        } catch (Problem refusal) {
            Exchange.drain(request, slow);
            throw refusal;
        }
    }

    private void file(Request request, Response response, String path, TreeSet<String> allowed, Callback callback)
            throws Problem {
        if (allowed.contains("GET")) {
            allowed.add("HEAD");
        }
        boolean read = request.getMethod().equals("GET") || request.getMethod().equals("HEAD");
        Optional<WebContent.Content> content =
                allowed.isEmpty() && !path.startsWith("/api/") ? files.find(path) : Optional.empty();
        if (content.isPresent() && read) {
            files.send(content.get(), request, response, callback);
            return;
        }
        Exchange.drain(request, slow);
        if (content.isPresent() || !allowed.isEmpty()) {
            response.getHeaders().put(HttpHeader.ALLOW, allowed.isEmpty() ? "GET, HEAD" : String.join(", ", allowed));
            throw new Problem(405, "method", "this address does not answer " + request.getMethod());
        }
        throw Problem.notFound("nothing answers at " + path);
    }

    private void check(Request request, WebEndpoint endpoint, Gate.Visit visit, String path) throws Problem {
        Caller caller = visit.caller();
        boolean write = !endpoint.method().equals("GET");
        if (caller.means() != Caller.Means.LOCAL) {
            if (!gate.isSetUp()) {
                beforeSetUp(endpoint, caller.from());
            }
            if (caller.means() != Caller.Means.TOKEN) {
                sameOrigin(request, write);
            }
        }
        if (!caller.role().allows(endpoint.role())) {
            throw caller.role() == Role.NONE
                    ? new Problem(401, "sign-in", "sign in first")
                    : Problem.forbidden("your role does not allow this; it needs "
                            + endpoint.role().name().toLowerCase(java.util.Locale.ROOT));
        }
        boolean wants = endpoint.role() != Role.NONE;
        if (visit.limited() && wants && endpoint.role() != Role.SIGNED_IN) {
            throw new Problem(403, "factor-needed", "add a second factor first");
        }
        if (caller.means() == Caller.Means.TOKEN && wants && !gate.inScope(visit, endpoint.method(), path)) {
            throw Problem.forbidden("this token is not for " + endpoint.method() + " " + path);
        }
        if (write && !visit.csrf().isEmpty() && !equal(visit.csrf(), request.getHeaders().get("X-CSRF"))) {
            throw new Problem(403, "csrf", "the header X-CSRF is missing or wrong; load the page again");
        }
        if (endpoint.has(Flag.FRESH_PROOF)) {
            Exchange.requireFreshProof(visit);
        }
        if (endpoint.has(Flag.IF_MATCH) && request.getHeaders().get(HttpHeader.IF_MATCH) == null) {
            throw new Problem(428, "if-match", "say in If-Match what you have seen, so that nobody's change is lost");
        }
        if (write && !endpoint.has(Flag.RAW_BODY)) {
            jsonBody(request, endpoint);
        }
    }

    /** Whoever is far away may not claim an appliance that nobody has claimed yet. */
    private static void beforeSetUp(WebEndpoint endpoint, String from) throws Problem {
        try {
            InetAddress address = InetAddress.ofLiteral(from.replaceAll("[\\[\\]]", ""));
            byte[] bytes = address.getAddress();
            boolean unique = bytes.length == 16 && (bytes[0] & 0xfe) == 0xfc;
            if (!address.isLoopbackAddress() && !address.isSiteLocalAddress() && !address.isLinkLocalAddress() && !unique) {
                throw new Problem(403, "setup-local", "set it up from its own network or from the machine itself");
            }
        } catch (IllegalArgumentException e) {
            throw new Problem(403, "setup-local", "set it up from its own network or from the machine itself");
        }
        if (!endpoint.has(Flag.BEFORE_SETUP)) {
            throw new Problem(403, "setup-needed", "the appliance is not set up yet");
        }
    }

    private static void sameOrigin(Request request, boolean write) throws Problem {
        String site = request.getHeaders().get("Sec-Fetch-Site");
        boolean direct = "none".equals(site) && !write;
        if (site != null && !site.equals("same-origin") && !direct) {
            throw new Problem(403, "origin", "this call comes from another site");
        }
        String origin = request.getHeaders().get(HttpHeader.ORIGIN);
        if (origin != null && !origin.equalsIgnoreCase("https://" + request.getHeaders().get(HttpHeader.HOST))
                && !origin.equalsIgnoreCase("https://" + request.getHttpURI().getAuthority())) {
            throw new Problem(403, "origin", "this call comes from another site");
        }
    }

    private static void jsonBody(Request request, WebEndpoint endpoint) throws Problem {
        String type = request.getHeaders().get(HttpHeader.CONTENT_TYPE);
        boolean wanted = endpoint.request() != Void.class;
        if (type == null ? wanted : !type.toLowerCase(java.util.Locale.ROOT).matches("application/(merge-patch\\+)?json *(;.*)?")) {
            throw new Problem(415, "not-json", "send JSON, with Content-Type: application/json");
        }
    }

    private static boolean equal(String expected, @Nullable String shown) {
        return shown != null
                && MessageDigest.isEqual(
                        expected.getBytes(StandardCharsets.UTF_8), shown.getBytes(StandardCharsets.UTF_8));
    }

    private WebResponse written(WebEndpoint endpoint, Exchange exchange) throws Exception {
        String key = exchange.idempotencyKey()
                .filter(_ -> endpoint.method().equals("POST"))
                .map(given -> exchange.caller() + " " + exchange.path() + " " + given)
                .orElse("");
        WebResponse earlier = key.isEmpty() ? null : earlier(key);
        if (earlier != null) {
            return earlier;
        }
        exchange.intent(() -> begin(endpoint, exchange));
        try {
            if (endpoint.role() != Role.NONE) {
                exchange.begin();
            }
            WebResponse answer = endpoint.handler().handle(exchange);
            record(endpoint, exchange, "ok");
            if (!key.isEmpty() && answer instanceof WebResponse.Json) {
                synchronized (done) {
                    done.put(key, answer);
                }
            }
            return answer;
        } catch (Problem refusal) {
            // Who is sent away for having come too often does not fill the log as well.
            if (refusal.status() != 429 || exchange.begun() != 0) {
                record(endpoint, exchange, refusal.code());
            }
            throw refusal;
        } catch (Exception | LinkageError e) {
            record(endpoint, exchange, "fault");
            throw e;
        }
    }

    private @Nullable WebResponse earlier(String key) {
        synchronized (done) {
            return done.get(key);
        }
    }

    private long begin(WebEndpoint endpoint, Exchange exchange) throws Problem {
        if (endpoint.has(Flag.UNAUDITED)) {
            return 0;
        }
        try {
            return audit.begin(entry(endpoint, exchange, AuditTrail.BEGUN));
        } catch (IOException e) {
            throw unwritten(e);
        }
    }

    /** @throws Problem 503 when it cannot be written, unless the intent was: then the answer tells what has happened */
    private void record(WebEndpoint endpoint, Exchange exchange, String result) throws Problem {
        if (endpoint.has(Flag.UNAUDITED)) {
            return;
        }
        AuditTrail.Entry entry = entry(endpoint, exchange, result);
        try {
            if (exchange.begun() != 0) {
                audit.end(exchange.begun(), entry);
            } else {
                audit.record(entry);
            }
        } catch (IOException e) {
            Problem problem = unwritten(e);
            if (exchange.begun() == 0) {
                throw problem;
            }
        }
    }

    private static AuditTrail.Entry entry(WebEndpoint endpoint, Exchange exchange, String result) {
        Caller caller = exchange.caller();
        return new AuditTrail.Entry(
                caller.name(),
                caller.role(),
                caller.from(),
                endpoint.method() + " " + endpoint.path(),
                exchange.target(),
                exchange.note(),
                result,
                exchange.changes());
    }

    private static Problem unwritten(IOException e) {
        LOG.error("web: the audit log cannot be written, {}", e.getMessage());
        return Problem.unavailable("the audit log cannot be written, so nothing is changed; look at var/audit and at the disk's free space");
    }
}

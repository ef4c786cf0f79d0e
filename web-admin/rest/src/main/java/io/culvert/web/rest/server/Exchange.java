package io.culvert.web.rest.server;

import io.culvert.api.web.AuditTrail;
import io.culvert.api.web.Caller;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebRequest;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Fields;
import org.jspecify.annotations.Nullable;

/** A request as endpoints see it, and what they say of it for the audit log. */
final class Exchange implements WebRequest {
    static final int MAX_BODY = 256 << 10;
    /** What somebody may send who has not signed in. */
    static final int MAX_BODY_OF_NOBODY = 32 << 10;

    /** In place of both values of a secret. */
    private static final String SECRET = "changed";
    private static final long MAX_DRAINED = 64 << 20;

    private final Request request;
    private final String path;
    private final Gate.Visit visit;
    private final WebEndpoint endpoint;
    private final Map<String, String> parameters;
    private final Json json;
    private final SlowClients slow;
    private final StringBuilder note = new StringBuilder();
    private final List<AuditTrail.Changed> changes = new ArrayList<>();
    private Intent intent = () -> 0;
    private long begun;
    private String target = "";
    private @Nullable InputStream input;
    private byte[] body = {};
    private @Nullable Fields query;

    Exchange(Request request, String path, Gate.Visit visit, EndpointTable.Found found, Json json, SlowClients slow) {
        this.request = request;
        this.path = path;
        this.visit = visit;
        this.endpoint = found.endpoint();
        this.parameters = found.parameters();
        this.json = json;
        this.slow = slow;
    }

    /** Writes the intent of a call down. */
    interface Intent {
        /** @return its number; 0 for one that is not written */
        long write() throws Problem;
    }

    void intent(Intent how) {
        intent = how;
    }

    @Override
    public void begin() throws Problem {
        if (begun == 0) {
            begun = intent.write();
        }
    }

    /** The number of the intent; 0 while none is written. */
    long begun() {
        return begun;
    }

    @Override
    public void changed(String field, String before, String after) {
        if (!before.equals(after)) {
            changes.add(new AuditTrail.Changed(field, before, after));
        }
    }

    @Override
    public void changedSecret(String field) {
        changes.add(new AuditTrail.Changed(field, SECRET, SECRET));
    }

    List<AuditTrail.Changed> changes() {
        return List.copyOf(changes);
    }

    @Override
    public Caller caller() {
        return visit.caller();
    }

    @Override
    public void requireFreshProof() throws Problem {
        requireFreshProof(visit);
    }

    static void requireFreshProof(Gate.Visit visit) throws Problem {
        if (!visit.fresh()) {
            throw new Problem(403, "fresh-proof", "prove again who you are, then repeat it");
        }
    }

    @Override
    public String path() {
        return path;
    }

    @Override
    public String parameter(String name) {
        String value = parameters.get(name);
        if (value == null) {
            throw new IllegalArgumentException(endpoint.path() + " has no parameter " + name);
        }
        return value;
    }

    @Override
    public Optional<String> query(String name) {
        Fields fields = query;
        if (fields == null) {
            fields = Request.extractQueryParameters(request);
            query = fields;
        }
        return Optional.ofNullable(fields.getValue(name)).filter(value -> !value.isEmpty());
    }

    @Override
    public Optional<String> header(String name) {
        String value = request.getHeaders().get(name);
        // HTTP/2 has :authority in its place (RFC 9113, section 8.3.1).
        return Optional.ofNullable(value == null && name.equalsIgnoreCase("Host") ? request.getHttpURI().getAuthority() : value);
    }

    /**
     * Reads the whole body, whatever becomes of the request: a client that is answered while it still sends takes that
     * for a failure.
     */
    void load() throws Problem {
        int most = caller().role() == Role.NONE ? MAX_BODY_OF_NOBODY : MAX_BODY;
        if (request.getLength() > most || !fits(most)) {
            // Some more, so that who is on the way of sending too much hears it and no broken pipe.
            drain(stream(), request, slow, MAX_BODY + MAX_BODY);
            throw new Problem(413, "too-large", "the body has more than " + most + " bytes");
        }
    }

    private boolean fits(int most) throws Problem {
        try (var reading = slow.reading(request)) {
            body = stream().readNBytes(most + 1);
        } catch (IOException e) {
            throw new Problem(408, "body-incomplete", "the body did not arrive in time");
        }
        return body.length <= most;
    }

    /** Takes the rest of a body that nobody wants, so that the client hears why. */
    void drain() {
        drain(stream(), request, slow, caller().role() == Role.NONE ? MAX_BODY_OF_NOBODY : MAX_DRAINED);
    }

    /** The same for a request that nothing is known of. */
    static void drain(Request request, SlowClients slow) {
        drain(Content.Source.asInputStream(request), request, slow, MAX_BODY_OF_NOBODY);
    }

    private static void drain(InputStream in, Request request, SlowClients slow, long most) {
        try (var reading = slow.reading(request)) {
            in.skipNBytes(most);
        } catch (IOException e) {
            // It has ended.
        }
    }

    @Override
    public <T> T body(Class<T> type) throws Problem {
        if (body.length == 0) {
            throw Problem.badRequest("a JSON body is missing");
        }
        return json.body(new ByteArrayInputStream(body), type);
    }

    @Override
    public InputStream stream() {
        if (input == null) {
            input = new Unclosed(Content.Source.asInputStream(request));
        }
        return input;
    }

    /** Closing the body before its end would end the request, and the client would never hear its answer. */
    private static final class Unclosed extends FilterInputStream {
        Unclosed(InputStream body) {
            super(body);
        }

        @Override
        public void close() {}
    }

    @Override
    public Optional<String> ifMatch() {
        return header("If-Match").map(tag -> tag.startsWith("W/") ? tag.substring(2) : tag)
                .map(tag -> tag.length() >= 2 && tag.startsWith("\"") && tag.endsWith("\"")
                        ? tag.substring(1, tag.length() - 1)
                        : tag);
    }

    @Override
    public Optional<String> idempotencyKey() {
        return header("Idempotency-Key");
    }

    @Override
    public void note(String text) {
        note.append(note.isEmpty() ? "" : "; ").append(text);
    }

    @Override
    public void target(String name) {
        target = name;
    }

    String note() {
        return note.toString();
    }

    /** What the endpoint said, else the path's parameters. */
    String target() {
        return target.isEmpty() ? String.join(" ", parameters.values()) : target;
    }
}

package io.culvert.web.rest.server;

import io.culvert.api.web.Caller;
import io.culvert.api.web.Problem;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Calls an endpoint from another one, which has checked that its own caller may. */
public final class Inside {
    private final EndpointTable table;
    private final Json json;

    public Inside(EndpointTable table, Json json) {
        this.table = table;
        this.json = json;
    }

    /**
     * The endpoint's answer.
     *
     * @param outer whose headers and notes it shares
     * @throws Problem the endpoint's own; 503 when there is no such endpoint now
     */
    public WebResponse call(String method, String path, Object body, WebRequest outer) throws Exception {
        var found = table.find(method, path, new TreeSet<>());
        if (found == null) {
            throw Problem.unavailable("nothing answers " + method + " " + path + " now");
        }
        return found.endpoint().handler().handle(new Inner(found, path, json.write(body), outer));
    }

    private final class Inner implements WebRequest {
        private final WebEndpoint endpoint;
        private final Map<String, String> parameters;
        private final String path;
        private final byte[] body;
        private final WebRequest outer;

        Inner(EndpointTable.Found found, String path, byte[] body, WebRequest outer) {
            this.endpoint = found.endpoint();
            this.parameters = found.parameters();
            this.path = path;
            this.body = body;
            this.outer = outer;
        }

        @Override
        public Caller caller() {
            return outer.caller();
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
            return Optional.empty();
        }

        @Override
        public Optional<String> header(String name) {
            return outer.header(name);
        }

        @Override
        public <T> T body(Class<T> type) throws Problem {
            return json.body(stream(), type);
        }

        @Override
        public InputStream stream() {
            return new ByteArrayInputStream(body);
        }

        @Override
        public Optional<String> ifMatch() {
            return outer.ifMatch();
        }

        @Override
        public Optional<String> idempotencyKey() {
            return Optional.empty();
        }

        @Override
        public void note(String text) {
            outer.note(text);
        }

        @Override
        public void target(String name) {
            outer.target(name);
        }
    }
}

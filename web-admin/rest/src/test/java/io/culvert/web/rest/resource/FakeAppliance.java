package io.culvert.web.rest.resource;

import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.api.config.ModuleSettings;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.PathWatch;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.status.TunnelStatus;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.Transport;
import io.culvert.api.store.Store;
import io.culvert.api.web.AuditTrail;
import io.culvert.api.web.Caller;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import io.culvert.testsupport.MemoryStore;
import io.culvert.web.rest.server.Json;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The resources over commands that a test writes down. */
final class FakeAppliance implements Appliance.Services, InstantSource {
    final Map<String, Answer> commands = new HashMap<>();
    final List<SessionStatus> sessions = new ArrayList<>();
    final List<String> calls = new ArrayList<>();
    /** What the audit log would hear. */
    final List<String> changes = new ArrayList<>();
    Instant now = Instant.parse("2026-01-02T03:04:05Z");
    boolean fresh = true;
    String languages = "";
    Caller caller = new Caller("root", Role.ADMINISTRATOR, Caller.Means.SESSION, "192.0.2.1");
    final Appliance appliance;
    private final Json json = new Json();

    interface Answer {
        Object to(Map<String, Object> arguments) throws CommandException;
    }

    /** What a restart leaves. */
    final MemoryStore store;

    FakeAppliance(Path home) {
        this(home, new MemoryStore());
    }

    /** After a restart with what {@code store} has kept. */
    FakeAppliance(Path home, MemoryStore store) {
        this.store = store;
        appliance = new Appliance(this, home, "0.1.0", this, new SecureRandom());
    }

    @Override
    public Instant instant() {
        return now;
    }

    void session(long id, String user) {
        sessions.add(new SessionStatus(
                id,
                "openvpn",
                "udp",
                Optional.of(new PeerIdentity(user, "", Map.of())),
                Optional.empty(),
                Transport.UDP,
                InetSocketAddress.createUnresolved("198.51.100." + id % 250, 1194),
                Instant.EPOCH.plusSeconds(id),
                true,
                1,
                id,
                1,
                id,
                new TunnelStatus("established", "AES-256-GCM", "TLSv1.3", "test"),
                Map.of("tls", "tls.jsse/0.1.0")));
    }

    @Override
    public Optional<Command> command(String name) {
        return Optional.ofNullable(commands.get(name)).map(answer -> new Command() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Object run(Map<String, Object> arguments, Reply reply) throws CommandException {
                calls.add(name + " " + new java.util.TreeMap<>(arguments));
                return answer.to(arguments);
            }
        });
    }

    @Override
    public Optional<LiveSessions> sessions() {
        return Optional.of(new LiveSessions() {
            @Override
            public List<SessionStatus> list() {
                return List.copyOf(sessions);
            }

            @Override
            public int end(Predicate<SessionStatus> which, CloseCause cause) {
                int before = sessions.size();
                sessions.removeIf(which);
                return before - sessions.size();
            }
        });
    }

    @Override
    public Optional<PathWatch> path() {
        return Optional.empty();
    }

    @Override
    public Optional<ModuleSettings> modules() {
        return Optional.empty();
    }

    @Override
    public Optional<Store> store() {
        return Optional.of(store);
    }

    @Override
    public Optional<AuditTrail> audit() {
        return Optional.empty();
    }

    /** Calls an endpoint past the server's checks. */
    WebResponse call(String method, String target, String body) throws Exception {
        String path = target.replaceFirst("\\?.*", "");
        for (WebEndpoint endpoint : appliance.endpoints()) {
            Pattern pattern = Pattern.compile(endpoint.path().replaceAll("\\{[a-zA-Z]+}", "([^/:]+)"));
            Matcher matcher = pattern.matcher(path);
            if (endpoint.method().equals(method) && matcher.matches()) {
                return endpoint.handler().handle(new Asked(endpoint, target, body, matcher));
            }
        }
        throw Problem.notFound(target);
    }

    <T> T call(String method, String target, String body, Class<T> type) throws Exception {
        return type.cast(((WebResponse.Json) call(method, target, body)).body());
    }

    <T> T get(String target, Class<T> type) throws Exception {
        return call("GET", target, "", type);
    }

    private final class Asked implements WebRequest {
        private final String target;
        private final String body;
        private final Map<String, String> parameters = new LinkedHashMap<>();

        Asked(WebEndpoint endpoint, String target, String body, Matcher matcher) {
            this.target = target;
            this.body = body;
            Matcher names = Pattern.compile("\\{([a-zA-Z]+)}").matcher(endpoint.path());
            for (int i = 1; names.find(); i++) {
                parameters.put(names.group(1), matcher.group(i));
            }
        }

        @Override
        public Caller caller() {
            return caller;
        }

        @Override
        public void requireFreshProof() throws Problem {
            if (!fresh) {
                throw new Problem(403, "fresh-proof", "prove again who you are, then repeat it");
            }
        }

        @Override
        public String path() {
            return target;
        }

        @Override
        public String parameter(String name) {
            return parameters.get(name);
        }

        @Override
        public Optional<String> query(String name) {
            Matcher matcher = Pattern.compile("[?&]" + name + "=([^&]+)").matcher(target);
            return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
        }

        @Override
        public Optional<String> header(String name) {
            return switch (name) {
                case "Host" -> Optional.of("vpn.example.com:8443");
                case "Accept-Language" -> Optional.of(languages);
                default -> Optional.empty();
            };
        }

        @Override
        public <T> T body(Class<T> type) throws Problem {
            return json.body(stream(), type);
        }

        @Override
        public InputStream stream() {
            return new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public Optional<String> ifMatch() {
            return Optional.of("0");
        }

        @Override
        public Optional<String> idempotencyKey() {
            return Optional.empty();
        }

        @Override
        public void note(String text) {}

        @Override
        public void target(String name) {}

        @Override
        public void changed(String field, String before, String after) {
            if (!before.equals(after)) {
                changes.add(field + ": " + before + " -> " + after);
            }
        }
    }
}

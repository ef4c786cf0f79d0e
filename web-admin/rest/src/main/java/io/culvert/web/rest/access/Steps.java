package io.culvert.web.rest.access;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.api.web.Problem;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import io.culvert.web.rest.server.Inside;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What the steps of the set-up do to the appliance; each can be done again. */
public final class Steps {
    private final Inside inside;
    private final Function<String, Optional<Command>> commands;

    public Steps(Inside inside, Function<String, Optional<Command>> commands) {
        this.inside = inside;
        this.commands = commands;
    }

    record Address(
            String address, @Nullable String certificate, @Nullable String pem, @Nullable String key) {}

    record Vpn(
            @Nullable List<String> transports,
            @Nullable Integer udpPort,
            @Nullable Integer tcpPort,
            @Nullable String network,
            @Nullable String network6,
            @Nullable Boolean allTraffic,
            @Nullable String dns) {}

    record User(String name, @Nullable String password, @Nullable String device) {}

    record Check(String id, boolean ok, String text) {}

    record Checks(List<Check> checks) {}

    /** The name that clients connect to. */
    String address(WebRequest request) throws Exception {
        Address body = request.body(Address.class);
        if (!body.address().matches("[A-Za-z0-9.:-]{1,253}")) {
            throw Problem.field("address", "must be a name of DNS or an address, without a port");
        }
        if ("import".equals(body.certificate())) {
            var imported = new LinkedHashMap<String, Object>();
            imported.put("kind", "import");
            imported.put("pem", body.pem());
            imported.put("key", body.key());
            inside.call("PUT", "/api/v1/certificate", imported, request);
        }
        request.note("address " + body.address());
        return body.address();
    }

    void vpn(WebRequest request) throws Problem, InterruptedException {
        Vpn body = request.body(Vpn.class);
        List<String> transports = body.transports() == null ? List.of() : body.transports();
        set(request, "core.ipv4", body.network());
        set(request, "core.ipv6", body.network6());
        set(request, "core.redirectGateway", body.allTraffic());
        String dns = body.dns() == null ? "" : body.dns().strip();
        if (!dns.isEmpty()) {
            if (!dns.matches("[0-9A-Fa-f.:, ]{2,200}")) {
                throw Problem.field("dns", "must be addresses, separated by commas");
            }
            set(request, "core.nameServers", "[" + quoted(dns) + "]");
        }
        for (String transport : transports) {
            if (!transport.equals("udp") && !transport.equals("tcp")) {
                throw Problem.field("transports", "must be udp, tcp or both");
            }
            Integer port = transport.equals("udp") ? body.udpPort() : body.tcpPort();
            set(request, "tunnel.openvpn." + transport + ".port", port);
        }
    }

    private static String quoted(String list) {
        var quoted = new ArrayList<String>();
        for (String each : list.split("[, ]+")) {
            quoted.add("\"" + each + "\"");
        }
        return String.join(", ", quoted);
    }

    /** Sets what was said and is another by now. */
    private void set(WebRequest request, String path, @Nullable Object value) throws Problem, InterruptedException {
        if (value == null || value.toString().isEmpty()) {
            return;
        }
        Object now = null;
        try {
            now = run("config get", Map.of("path", path));
        } catch (Problem e) {
            // It is not set yet.
        }
        if (!value.toString().equals(String.valueOf(now))) {
            run("config set", Map.of("path", path, "value", value.toString()));
            request.note(path + " = " + value);
        }
    }

    private Object run(String name, Map<String, Object> arguments) throws Problem, InterruptedException {
        Command command = commands.apply(name)
                .orElseThrow(() -> Problem.unavailable("no running module answers '" + name + "'"));
        try {
            return command.run(arguments, _ -> true);
        } catch (CommandException e) {
            throw Problem.refused(e.getMessage());
        }
    }

    /** The first user with a profile to download. */
    WebResponse user(WebRequest request) throws Exception {
        User body = request.body(User.class);
        if (!body.name().matches("[A-Za-z0-9._@-]{1,64}")) {
            throw Problem.field("name", "must be 1 to 64 of the characters A-Z a-z 0-9 . _ @ -");
        }
        var add = new LinkedHashMap<String, Object>();
        add.put("name", body.name());
        if (body.password() != null && !body.password().isEmpty()) {
            add.put("password", body.password());
        }
        inside.call("POST", "/api/v1/users", add, request);
        request.target("user " + body.name());
        var issue = new LinkedHashMap<String, Object>();
        issue.put("device", body.device() == null ? "" : body.device());
        return inside.call("POST", "/api/v1/users/" + body.name() + "/profiles", issue, request);
    }

    Checks check() throws InterruptedException {
        var checks = new ArrayList<Check>();
        try {
            Object ready = run("ready", Map.of());
            checks.add(new Check("modules", true, "every module runs"));
            if (ready instanceof Map<?, ?> map && map.get("listeners") instanceof List<?> listeners) {
                for (Object each : listeners) {
                    if (each instanceof Map<?, ?> listener) {
                        checks.add(new Check("listener", true, listener.get("transport") + " port "
                                + listener.get("port") + " listens (" + listener.get("instance") + ")"));
                    }
                }
            }
        } catch (Problem e) {
            checks.add(new Check("modules", false, String.valueOf(e.getMessage())));
        }
        return new Checks(checks);
    }
}

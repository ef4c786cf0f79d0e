package io.culvert.web.rest.resource;

import static java.util.Comparator.comparing;
import static java.util.Comparator.comparingInt;

import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoint.Flag;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import io.culvert.web.rest.resource.ChangesResource.Change;
import io.culvert.web.rest.resource.ChangesResource.PlanChange;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code /modules/{id}/config}: settings as forms show them, made from each module's Metatype. */
public final class ConfigResource {
    private static final Listing<Snapshot> LISTING = new Listing<>(
            Map.of("number", comparingInt(Snapshot::number), "change", comparing(Snapshot::change)),
            "-number",
            snapshot -> String.valueOf(snapshot.number),
            Snapshot::change);

    private final Commands commands;
    private final ConfigPlans plans;
    private final ChangesResource changes;

    public ConfigResource(Commands commands, ChangesResource changes) {
        this.commands = commands;
        this.plans = new ConfigPlans(commands);
        this.changes = changes;
    }

    /**
     * The settings of a module.
     *
     * @param revision also the {@code ETag}
     */
    public record ModuleConfig(String module, boolean factory, String revision, List<ConfigInstance> instances) {}

    /**
     * One configuration.
     *
     * @param name empty unless the module has named instances
     * @param values in force, defaults included; secrets are left out
     * @param set settings that somebody has set
     * @param secrets those that somebody has set
     * @param unknown what the module does not describe, kept as it is
     */
    public record ConfigInstance(
            String name, Map<String, Object> values, List<String> set, List<String> secrets, Map<String, Object> unknown) {}

    /**
     * What the settings of a module may be.
     *
     * @param schema JSON Schema, draft 2020-12; {@code x-order} is the place in a form, {@code x-labels} names the values
     *     of {@code enum}, a secret is {@code writeOnly}
     */
    public record ModuleSchema(
            String module, String name, String description, boolean factory, Map<String, Object> schema) {}

    /**
     * What to change.
     *
     * @param remove settings that go back to the file, or to the default
     * @param drop whether the instance goes
     */
    public record ChangeConfig(
            @Nullable String instance,
            @Nullable Map<String, Object> values,
            @Nullable List<String> remove,
            @Nullable Boolean drop,
            @Nullable String note) {
        @Override
        public String toString() {
            return "ChangeConfig[" + instance + "]";
        }
    }

    /**
     * Whether it could be.
     *
     * @param fields what is wrong, by setting
     * @param problems what is wrong, in full
     */
    public record CheckedConfig(
            boolean valid, Map<String, String> fields, List<String> problems, List<String> lines, String planHash) {}

    /** Settings as they were after a change; number 0 stands for the time before the first. */
    public record Snapshot(int number, @Nullable String time, String change, boolean inForce) {}

    /** A page of snapshots. */
    public record Snapshots(List<Snapshot> items, @Nullable String next, int total) {}

    public List<WebEndpoint> endpoints() {
        String one = "/api/v1/modules/{id}";
        return List.of(
                WebEndpoint.get(
                        one + "/config", Role.OPERATOR, "Show a module's settings.", ModuleConfig.class, this::config),
                WebEndpoint.get(
                        one + "/schema",
                        Role.OPERATOR,
                        "Show what a module's settings may be.",
                        ModuleSchema.class,
                        this::schema),
                WebEndpoint.post(
                                one + "/config:validate",
                                Role.OPERATOR,
                                "Try settings without setting them.",
                                ChangeConfig.class,
                                CheckedConfig.class,
                                this::validate)
                        .with(Flag.UNAUDITED),
                WebEndpoint.put(
                                one + "/config",
                                Role.OPERATOR,
                                "Change settings; they are kept when every module takes them.",
                                ChangeConfig.class,
                                Change.class,
                                this::change)
                        .with(Flag.IF_MATCH),
                WebEndpoint.get(
                        "/api/v1/snapshots", Role.OPERATOR, "List the settings' history.", Snapshots.class, this::snapshots),
                WebEndpoint.post(
                        "/api/v1/snapshots/{number}:restore",
                        Role.OPERATOR,
                        "Go back to earlier settings.",
                        Void.class,
                        Change.class,
                        this::restore));
    }

    private Row detail(String module) throws Problem, InterruptedException {
        try {
            return commands.row("config detail", Map.of("module", module));
        } catch (Problem e) {
            throw e.status() == 422 ? Problem.notFound(e.getMessage()) : e;
        }
    }

    private WebResponse config(WebRequest request) throws Problem, InterruptedException {
        String module = request.parameter("id");
        Row row = detail(module);
        List<ConfigInstance> instances = row.rows("instances").stream()
                .map(each -> new ConfigInstance(
                        each.text("name"),
                        each.map("values"),
                        each.texts("set"),
                        each.texts("secrets"),
                        each.map("unknown")))
                .toList();
        String revision = row.text("revision");
        return WebResponse.json(new ModuleConfig(module, row.flag("factory"), revision, instances))
                .tagged(revision);
    }

    private WebResponse schema(WebRequest request) throws Problem, InterruptedException {
        String module = request.parameter("id");
        detail(module);
        Row row = commands.row("config schema", Map.of("module", module));
        return WebResponse.json(new ModuleSchema(
                module, row.text("name"), row.text("description"), row.flag("factory"), row.map("schema")));
    }

    private static PlanChange wish(String module, ChangeConfig change) {
        return new PlanChange(
                "config", module, null, null, null, change.instance, change.values, change.remove, change.drop);
    }

    private WebResponse validate(WebRequest request) throws Problem, InterruptedException {
        String module = request.parameter("id");
        detail(module);
        PlanChange wish = wish(module, request.body(ChangeConfig.class));
        Row row = plans.check(wish);
        List<String> problems = row.texts("problems");
        return WebResponse.json(new CheckedConfig(
                problems.isEmpty(),
                fields(wish, problems),
                problems,
                row.texts("lines"),
                problems.isEmpty() ? plans.plan(wish).planHash() : ""));
    }

    /** Problems begin with the setting's path: {@code tunnel.openvpn.udp.port = 0: must be …}. */
    static Map<String, String> fields(PlanChange wish, List<String> problems) {
        String path = wish.module() + "."
                + (wish.instance() == null || wish.instance().isEmpty() ? "" : wish.instance() + ".");
        Pattern pattern = Pattern.compile(Pattern.quote(path) + "([A-Za-z0-9_]+) (?:= .*?: )?(.*)", Pattern.DOTALL);
        Pattern unknown = Pattern.compile("([A-Za-z0-9_-]+) (is no setting of .*)", Pattern.DOTALL);
        var fields = new LinkedHashMap<String, String>();
        for (String problem : problems) {
            for (Pattern each : List.of(pattern, unknown)) {
                Matcher matcher = each.matcher(problem);
                if (matcher.find()) {
                    fields.putIfAbsent(matcher.group(1), matcher.group(2));
                    break;
                }
            }
        }
        return fields;
    }

    private WebResponse change(WebRequest request) throws Problem, InterruptedException {
        String module = request.parameter("id");
        if (module.equals("swap") && !request.caller().role().allows(Role.ADMINISTRATOR)) {
            throw Problem.forbidden("Only an administrator may say whose modules run.");
        }
        String revision = detail(module).text("revision");
        if (!request.ifMatch().equals(Optional.of(revision))) {
            throw Problem.changed("The settings have changed meanwhile; look at them again.");
        }
        ChangeConfig body = request.body(ChangeConfig.class);
        PlanChange wish = wish(module, body);
        List<String> problems = plans.check(wish).texts("problems");
        if (!problems.isEmpty()) {
            throw new Problem(422, "invalid", problems.getFirst(), fields(wish, problems));
        }
        request.note(body.note == null ? "" : body.note);
        String id = plans.apply(wish, request);
        changes.by(id, request.caller().name());
        return WebResponse.json(changes.find(id)).tagged(detail(module).text("revision"));
    }

    private WebResponse snapshots(WebRequest request) throws Problem, InterruptedException {
        var all = new ArrayList<Snapshot>();
        List<Row> history = commands.rows("config history", Map.of());
        all.add(new Snapshot(0, null, "", history.isEmpty()));
        for (Row row : history) {
            all.add(new Snapshot(
                    (int) row.number("number"), row.text("time"), row.text("change"), row == history.getLast()));
        }
        var page = LISTING.page(request, all);
        return WebResponse.json(new Snapshots(page.items(), page.next(), page.total()));
    }

    private WebResponse restore(WebRequest request) throws Problem, InterruptedException {
        int number;
        try {
            number = Integer.parseInt(request.parameter("number"));
        } catch (NumberFormatException e) {
            throw Problem.notFound("There is no snapshot " + request.parameter("number") + ".");
        }
        request.target("snapshot " + number);
        String id = plans.restore(number, request);
        changes.by(id, request.caller().name());
        return WebResponse.json(changes.find(id));
    }
}

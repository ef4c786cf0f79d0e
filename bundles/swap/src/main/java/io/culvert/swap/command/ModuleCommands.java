package io.culvert.swap.command;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.swap.engine.Engine;
import io.culvert.swap.engine.Limits;
import io.culvert.swap.engine.Options;
import io.culvert.swap.engine.Progress;
import io.culvert.swap.engine.StalePlan;
import io.culvert.swap.plan.Refused;
import io.culvert.swap.plan.SwapPlan;
import io.culvert.swap.state.Change;
import io.culvert.swap.state.Change.Kind;
import io.culvert.swap.state.Change.Strategy;
import io.culvert.swap.state.ChangeLog;
import io.culvert.swap.state.ChangeState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * {@code module plan|install|update|start|stop|remove|rollback|changes|cancel}. Those that change something send the plan
 * and the progress as parts, each {@code {"plan":…}} or {@code {"line":…}}; a change goes on when nobody listens. With
 * {@code detach} the answer is the change as it begins. {@code changes} takes {@code last}, how many of the newest.
 */
public final class ModuleCommands {
    private static final List<String> LIMITS = List.of("handshakes", "errors", "throughput");

    private final Engine engine;
    private final Repositories repositories;

    /** Brings modules from elsewhere. */
    public interface Repositories {
        /** The newest jar of {@code module} in the repository {@code from}, on this disk by now. */
        Path fetch(String from, String module) throws IOException;
    }

    public ModuleCommands(Engine engine, Repositories repositories) {
        this.engine = engine;
        this.repositories = repositories;
    }

    public List<Command> all() {
        var commands = new ArrayList<Command>();
        commands.add(command("module plan", (arguments, reply) -> planned(arguments)));
        for (Kind kind : Kind.values()) {
            commands.add(command("module " + kind.word(), (arguments, reply) -> change(kind, arguments, reply)));
        }
        commands.add(command("module changes", (arguments, reply) -> changes(arguments)));
        commands.add(command("module cancel", this::cancel));
        return List.copyOf(commands);
    }

    private interface Body {
        Object run(Map<String, Object> arguments, Command.Reply reply)
                throws CommandException, InterruptedException, Refused, StalePlan, IOException;
    }

    private static Command command(String name, Body body) {
        return new Command() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Object run(Map<String, Object> arguments, Reply reply) throws CommandException, InterruptedException {
                try {
                    return body.run(arguments, reply);
                } catch (Refused | StalePlan | IOException | IllegalArgumentException e) {
                    throw new CommandException(String.valueOf(e.getMessage()), e);
                }
            }
        };
    }

    private Map<String, Object> planned(Map<String, Object> arguments) throws CommandException, Refused, IOException {
        SwapPlan plan = plan(arguments);
        var shown = new LinkedHashMap<>(plan.json());
        shown.put("watch", Options.none().watchSeconds(plan.kind()));
        shown.put("limits", Map.of(
                "handshakes", Limits.DEFAULT.handshakes(),
                "errors", Limits.DEFAULT.errors(),
                "throughput", Limits.DEFAULT.throughput()));
        return shown;
    }

    private SwapPlan plan(Map<String, Object> arguments) throws CommandException, Refused, IOException {
        String target = text(arguments, "target");
        String module = text(arguments, "module");
        String kind = text(arguments, "kind");
        if (!kind.isEmpty()) {
            return plan(kind(kind), module, target, arguments);
        }
        try {
            return plan(Kind.UPDATE, module, target, arguments);
        } catch (Refused e) {
            return plan(Kind.INSTALL, module, target, arguments);
        }
    }

    private SwapPlan plan(Kind kind, String module, String target, Map<String, Object> arguments)
            throws CommandException, Refused, IOException {
        boolean brings = kind == Kind.INSTALL || kind == Kind.UPDATE;
        if (brings && target.isEmpty()) {
            throw new CommandException("the argument 'target' is missing: a file, or a module's id");
        }
        String from = text(arguments, "from");
        String brought = brings && !from.isEmpty() ? repositories.fetch(from, target).toString() : target;
        return engine.plan(
                kind, module.isEmpty() && !brings ? target : module, brings ? brought : "", strategy(arguments));
    }

    private Object change(Kind kind, Map<String, Object> arguments, Command.Reply reply)
            throws CommandException, InterruptedException, Refused, StalePlan, IOException {
        SwapPlan plan = plan(kind, text(arguments, "module"), text(arguments, "target"), arguments);
        reply.send(Map.of("plan", plan.json(), "lines", plan.lines()));
        Progress progress = engine.apply(
                plan,
                new Options(strategy(arguments), watch(arguments), text(arguments, "note"), text(arguments, "planHash"),
                        limits(arguments)));
        return Boolean.TRUE.equals(arguments.get("detach")) ? shown(progress.change(), true) : follow(progress, reply);
    }

    private static Object follow(Progress progress, Command.Reply reply) throws CommandException, InterruptedException {
        int seen = 0;
        for (List<String> lines = progress.await(seen); !lines.isEmpty(); lines = progress.await(seen)) {
            for (String line : lines) {
                reply.send(Map.of("line", line, "change", progress.change().id()));
            }
            seen += lines.size();
        }
        Change change = progress.change();
        if (!(change.state() instanceof ChangeState.Kept)) {
            throw new CommandException("change " + change.id() + ", " + change.title() + ": "
                    + change.state().word().replace('-', ' ')
                    + (change.state().reason().isEmpty() ? "" : ", " + change.state().reason()));
        }
        return shown(change, false);
    }

    private Object cancel(Map<String, Object> arguments, Command.Reply reply)
            throws CommandException, InterruptedException, Refused {
        Progress progress = engine.cancel(number(arguments, "change"));
        if (Boolean.TRUE.equals(arguments.get("detach"))) {
            return shown(progress.change(), false);
        }
        int seen = 0;
        for (List<String> lines = progress.await(seen); !lines.isEmpty(); lines = progress.await(seen)) {
            seen += lines.size();
        }
        return shown(progress.change(), false);
    }

    private Object changes(Map<String, Object> arguments) throws CommandException, IOException {
        if (!text(arguments, "change").isEmpty()) {
            int id = number(arguments, "change");
            return shown(
                    engine.change(id).orElseThrow(() -> new CommandException(
                            "there is no change " + id + "; see: culvert module changes")),
                    true);
        }
        int last = text(arguments, "last").isEmpty() ? Integer.MAX_VALUE : number(arguments, "last");
        return engine.changes(last).stream().map(change -> shown(change, false)).toList();
    }

    private static Map<String, Object> shown(Change change, boolean steps) {
        var shown = new LinkedHashMap<>(ChangeLog.json(change));
        shown.put("strategy", change.strategy().word());
        if (!steps) {
            shown.remove("steps");
        }
        return shown;
    }

    private static Optional<Strategy> strategy(Map<String, Object> arguments) {
        return Boolean.TRUE.equals(arguments.get("replace")) ? Optional.of(Strategy.REPLACE) : Optional.empty();
    }

    private static OptionalInt watch(Map<String, Object> arguments) throws CommandException {
        return text(arguments, "watch").isEmpty()
                ? OptionalInt.empty()
                : OptionalInt.of(number(arguments, "watch"));
    }

    private static Kind kind(String word) throws CommandException {
        try {
            return Kind.valueOf(word.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new CommandException("'" + word + "' is no kind of change; there are install, update, start, stop, remove"
                    + " and rollback");
        }
    }

    /** {@code limits} is an object with some of {@code handshakes}, {@code errors} and {@code throughput}. */
    private static Limits limits(Map<String, Object> arguments) throws CommandException {
        var given = new LinkedHashMap<String, Object>();
        if (arguments.get("limits") instanceof Map<?, ?> map) {
            map.forEach((name, value) -> given.put(String.valueOf(name), value));
        }
        for (String name : given.keySet()) {
            if (!LIMITS.contains(name)) {
                throw new CommandException("there is no limit '" + name + "'; there are " + String.join(", ", LIMITS));
            }
        }
        try {
            return new Limits(
                    given.containsKey("handshakes") ? number(given, "handshakes") : Limits.DEFAULT.handshakes(),
                    given.containsKey("errors") ? number(given, "errors") : Limits.DEFAULT.errors(),
                    given.containsKey("throughput") ? number(given, "throughput") : Limits.DEFAULT.throughput());
        } catch (IllegalArgumentException e) {
            throw new CommandException(e.getMessage());
        }
    }

    private static String text(Map<String, Object> arguments, String name) {
        Object value = arguments.get(name);
        return value == null ? "" : value.toString();
    }

    private static int number(Map<String, Object> arguments, String name) throws CommandException {
        try {
            return Integer.parseInt(text(arguments, name));
        } catch (NumberFormatException e) {
            throw new CommandException("the argument '" + name + "' must be a whole number");
        }
    }
}

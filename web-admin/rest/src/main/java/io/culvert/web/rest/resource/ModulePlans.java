package io.culvert.web.rest.resource;

import io.culvert.api.web.Problem;
import io.culvert.web.rest.resource.ChangesResource.ApplyChange;
import io.culvert.web.rest.resource.ChangesResource.Limits;
import io.culvert.web.rest.resource.ChangesResource.Plan;
import io.culvert.web.rest.resource.ChangesResource.PlanChange;
import io.culvert.web.rest.resource.ChangesResource.SettingsDifference;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Plans of modules, as the swap engine makes them. */
final class ModulePlans {
    private static final int MOST_ERRORS = 10_000;

    private ModulePlans() {}

    static Plan plan(Commands commands, PlanChange wish, String strategy) throws Problem, InterruptedException {
        Row row = commands.row("module plan", arguments(wish, strategy));
        boolean brings = row.text("to").length() > 0 && !wish.kind().equals("start");
        boolean twice = row.text("strategy").equals("side by side");
        var sessions = new TreeMap<String, Integer>();
        row.counts("sessions").forEach((each, count) -> sessions.put(each.substring(each.indexOf('/') + 1), count));
        boolean exchanges = brings && !row.text("from").isEmpty();
        return new Plan(
                row.text("module"),
                wish.target() == null ? "" : wish.target(),
                row.text("sha256"),
                row.text("from"),
                row.text("to"),
                exchanges ? row.text("strategy").replace(' ', '-') : "",
                !exchanges ? List.of() : twice || strategy.equals("replace") ? List.of("side-by-side", "replace") : List.of("replace"),
                row.text("signature"),
                row.text("signatureText"),
                row.texts("missing"),
                row.texts("refreshed"),
                sessions,
                sessions.values().stream().mapToInt(Integer::intValue).sum(),
                new SettingsDifference(
                        row.texts("settingsAdded"),
                        row.texts("settingsRemoved"),
                        row.texts("settingsChanged"),
                        row.texts("settingsInvalid")),
                row.texts("refusals"),
                row.texts("notes"),
                (int) row.number("watch"),
                List.of("components", "handshakes", "throughput", "errors"),
                limits(row.row("limits")),
                row.text("planHash"));
    }

    private static @Nullable Limits limits(Row row) {
        return row.values().isEmpty()
                ? null
                : new Limits((int) row.number("handshakes"), (int) row.number("errors"), (int) row.number("throughput"));
    }

    private static Map<String, Integer> arguments(Limits limits) throws Problem {
        var arguments = new HashMap<String, Integer>();
        put(arguments, "handshakes", limits.handshakes(), 100);
        put(arguments, "errors", limits.errors(), MOST_ERRORS);
        put(arguments, "throughput", limits.throughput(), 100);
        return arguments;
    }

    private static void put(Map<String, Integer> arguments, String name, @Nullable Integer value, int most)
            throws Problem {
        if (value != null) {
            if (value < 0 || value > most) {
                throw Problem.field("limits." + name, "must be 0 to " + most);
            }
            arguments.put(name, value);
        }
    }

    private static Map<String, Object> arguments(PlanChange wish, String strategy) {
        var arguments = new HashMap<String, Object>();
        arguments.put("kind", wish.kind());
        put(arguments, "module", wish.module());
        put(arguments, "target", wish.target());
        put(arguments, "from", wish.from());
        if (strategy.equals("replace")) {
            arguments.put("replace", true);
        }
        return arguments;
    }

    private static void put(Map<String, Object> arguments, String name, @Nullable String value) {
        if (value != null && !value.isBlank()) {
            arguments.put(name, value.strip());
        }
    }

    /**
     * Begins it.
     *
     * @param now the plan that holds, under the strategy that was planned with
     * @return the change's id
     */
    static String apply(Commands commands, PlanChange wish, ApplyChange word, Plan now)
            throws Problem, InterruptedException {
        String planned = ChangesResource.strategy(wish.strategy());
        String chosen = word.strategy() == null || word.strategy().isEmpty()
                ? planned
                : ChangesResource.strategy(word.strategy());
        // Another strategy makes another plan of the same state.
        Plan plan = chosen.equals(planned) ? now : plan(commands, wish, chosen);
        var arguments = arguments(wish, chosen);
        arguments.put("planHash", plan.planHash());
        arguments.put("note", word.note() == null ? "" : word.note());
        arguments.put("detach", true);
        if (word.watch() != null) {
            arguments.put("watch", word.watch());
        }
        if (word.limits() != null) {
            arguments.put("limits", arguments(word.limits()));
        }
        return commands.row("module " + wish.kind(), arguments).text("id");
    }
}

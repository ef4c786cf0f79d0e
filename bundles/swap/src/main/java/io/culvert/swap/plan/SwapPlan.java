package io.culvert.swap.plan;

import io.culvert.api.config.ModuleSettings.Difference;
import io.culvert.swap.state.Change.Kind;
import io.culvert.swap.state.Change.Strategy;
import io.culvert.swap.trust.Verdict;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a change would do.
 *
 * @param target as it was asked for
 * @param file the jar that would run; empty for start, stop and remove
 * @param sha256 of that file, else empty
 * @param from the version that runs; empty when none does
 * @param to the version that would run; empty for stop and remove
 * @param missing requirements that nobody meets, by name
 * @param refreshed bundles that would be stopped and started again with the module, all of them
 * @param sessions how many sessions each version of the module serves
 * @param refusals why it cannot be done, one line each; empty when it can
 * @param notes what else an operator ought to know
 * @param hash of the state that the plan saw
 */
public record SwapPlan(
        Kind kind,
        String module,
        String target,
        Optional<Path> file,
        String sha256,
        String from,
        String to,
        Strategy strategy,
        Optional<Verdict> verdict,
        List<String> missing,
        List<String> refreshed,
        Map<String, Integer> sessions,
        Difference difference,
        List<String> refusals,
        List<String> notes,
        String hash) {
    public SwapPlan {
        missing = List.copyOf(missing);
        refreshed = List.copyOf(refreshed);
        sessions = Map.copyOf(sessions);
        refusals = List.copyOf(refusals);
        notes = List.copyOf(notes);
    }

    /** As JSON can hold it. */
    public Map<String, Object> json() {
        var json = new LinkedHashMap<String, Object>();
        json.put("kind", kind.word());
        json.put("module", module);
        json.put("target", target);
        json.put("sha256", sha256);
        json.put("from", from);
        json.put("to", to);
        json.put("strategy", strategy.word());
        json.put("signature", verdict.map(Verdict::word).orElse(""));
        json.put("signatureText", verdict.map(Verdict::line).orElse(""));
        json.put("missing", missing);
        json.put("refreshed", refreshed);
        json.put("sessions", sessions);
        json.put("settingsAdded", difference.added());
        json.put("settingsRemoved", difference.removed());
        json.put("settingsChanged", difference.changed());
        json.put("settingsInvalid", difference.invalid());
        json.put("refusals", refusals);
        json.put("notes", notes);
        json.put("planHash", hash);
        return json;
    }

    /** For a person. */
    public List<String> lines() {
        var lines = new ArrayList<String>();
        lines.add(kind.word() + " " + module + (from.isEmpty() ? "" : ", " + from + " runs")
                + (to.isEmpty() ? "" : ", " + to + " would run")
                + (kind.bringsJar() && !from.isEmpty() ? ", " + strategy.word() : ""));
        verdict.ifPresent(each -> lines.add("signature: " + each.line()));
        add(lines, "missing", missing);
        lines.add("restarted with it: " + (refreshed.isEmpty() ? "nothing" : String.join(", ", refreshed)));
        lines.add("sessions: " + (sessions.isEmpty()
                ? "none"
                : String.join(", ", sessions.entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(each -> each.getValue() + " by " + each.getKey())
                        .toList())));
        add(lines, "new setting", difference.added());
        add(lines, "setting gone", difference.removed());
        add(lines, "setting changed", difference.changed());
        add(lines, "setting no longer valid", difference.invalid());
        add(lines, "note", notes);
        add(lines, "refused", refusals);
        return lines;
    }

    private static void add(List<String> lines, String title, List<String> each) {
        each.forEach(line -> lines.add(title + ": " + line));
    }
}

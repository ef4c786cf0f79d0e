package io.culvert.web.rest.resource;

import static java.util.Comparator.comparing;

import io.culvert.api.web.Caller;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoint.Flag;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * {@code /changes}: what is to be different, first as a plan without effects, then under way, then in the history. Those
 * of modules are carried out by the swap engine, those of settings by control; both go on without the console.
 */
public final class ChangesResource {
    static final String CONFIG = "config-";
    private static final String DRAFT = "draft-";
    private static final int MOST_DRAFTS = 200;
    private static final Set<String> KINDS = Set.of("install", "update", "start", "stop", "remove", "rollback", "config");
    private static final Set<String> OVER =
            Set.of("kept", "rolled-back", "failed", "failed-needs-hand", "cancelled");
    private static final Listing<Change> LISTING = new Listing<>(
            Map.of(
                    "created", comparing(Change::created),
                    "updated", comparing(Change::updated),
                    "module", comparing(Change::module),
                    "state", comparing(Change::state)),
            "-created",
            Change::id,
            change -> change.title + " " + change.note + " " + change.by);

    private final Commands commands;
    private final ConfigPlans settings;
    private final Path home;
    private final InstantSource clock;
    private final Labels callers;
    private final Map<String, Draft> drafts = new LinkedHashMap<>();
    private int lastDraft;

    public ChangesResource(Commands commands, Path home, InstantSource clock) {
        this.commands = commands;
        this.settings = new ConfigPlans(commands);
        this.home = home;
        this.clock = clock;
        this.callers = new Labels(home.resolve("var/web/changes.properties"));
    }

    /**
     * What is to be done.
     *
     * @param kind {@code install}, {@code update}, {@code start}, {@code stop}, {@code remove}, {@code rollback} or
     *     {@code config}
     * @param target for install and update: a module's id in the catalogue, or the target of an upload
     * @param from the repository that offers it; the release's own unless told
     * @param strategy {@code side-by-side} or {@code replace}; the module's own unless told
     * @param instance for config, of a module that has instances
     * @param values for config: what to set, by setting
     * @param remove for config: settings that go back to the file, or to the default
     * @param drop for config: whether the instance goes
     */
    public record PlanChange(
            String kind,
            @Nullable String module,
            @Nullable String target,
            @Nullable String from,
            @Nullable String strategy,
            @Nullable String instance,
            @Nullable Map<String, Object> values,
            @Nullable List<String> remove,
            @Nullable Boolean drop) {
        @Override
        public String toString() {
            return "PlanChange[" + kind + " " + module + "]";
        }
    }

    /** What becomes of settings, one line each that begins with the setting's name. */
    public record SettingsDifference(
            List<String> added, List<String> removed, List<String> changed, List<String> invalid) {}

    /**
     * What a change would do; it has done nothing yet.
     *
     * @param strategies those to choose from
     * @param missing requirements that nobody meets
     * @param refreshed modules that would stop and start with it
     * @param sessions by version of the module
     * @param refusals why it cannot be done; empty when it can
     * @param watchSeconds for how long it is watched unless told
     * @param limits what is watched
     * @param limitDefaults the limits of that, unless told; null for what has none
     * @param planHash names the state that the plan saw
     */
    public record Plan(
            String module,
            String target,
            String sha256,
            String from,
            String to,
            String strategy,
            List<String> strategies,
            String signature,
            String signatureText,
            List<String> missing,
            List<String> refreshed,
            Map<String, Integer> sessions,
            int sessionTotal,
            SettingsDifference settings,
            List<String> refusals,
            List<String> notes,
            int watchSeconds,
            List<String> limits,
            @Nullable Limits limitDefaults,
            String planHash) {}

    /**
     * What a new version may do before it is rolled back; what is left out is as by default.
     *
     * @param handshakes percentage points by which the share of failed handshakes may be above that of before, 0 to 100
     * @param errors that the module may log a minute
     * @param throughput percent of before that each session must carry at least, 0 to 100; 0 to leave it alone
     */
    public record Limits(
            @Nullable Integer handshakes, @Nullable Integer errors, @Nullable Integer throughput) {}

    /** Something that was done or found. */
    public record Step(String time, String line) {}

    /**
     * A change.
     *
     * @param version that comes; empty for settings, stop and removal
     * @param state {@code planned}, {@code approved}, {@code staging}, {@code switching}, {@code watching}, {@code kept},
     *     {@code rolling-back}, {@code rolled-back}, {@code failed}, {@code failed-needs-hand} or {@code cancelled}
     * @param by who asked for it; empty for the command line
     * @param plan of one that was not applied yet
     */
    public record Change(
            String id,
            String kind,
            String module,
            String title,
            String target,
            String from,
            String version,
            String strategy,
            int watch,
            String note,
            String state,
            String reason,
            boolean over,
            String by,
            String created,
            String updated,
            boolean mayCancel,
            boolean mayRollback,
            @Nullable Plan plan,
            List<Step> steps) {}

    /** A page of changes; their steps are left out. */
    public record Changes(List<Change> items, @Nullable String next, int total) {}

    /**
     * The word for a plan.
     *
     * @param planHash of the plan that was looked at
     * @param watch seconds, 0 for no watch
     * @param limits of the watch
     * @param confirm to stop or remove what serves sessions: their number in the plan
     */
    public record ApplyChange(
            @Nullable String strategy,
            @Nullable Integer watch,
            @Nullable Limits limits,
            @Nullable String note,
            @Nullable String planHash,
            @Nullable String confirm) {}

    /** 409: the state is no longer the one that the plan saw. */
    public record StalePlan(int status, String code, String title, Map<String, String> fields, Change change) {}

    public List<WebEndpoint> endpoints() {
        String one = "/api/v1/changes/{id}";
        return List.of(
                WebEndpoint.get("/api/v1/changes", Role.VIEWER, "List changes.", Changes.class, this::list),
                WebEndpoint.get(one, Role.VIEWER, "Show a change.", Change.class, this::one),
                WebEndpoint.post(
                                "/api/v1/changes",
                                Role.OPERATOR,
                                "Plan a change, without effects. Installing and removing is for administrators.",
                                PlanChange.class,
                                Change.class,
                                this::plan)
                        .with(Flag.UNAUDITED),
                WebEndpoint.post(
                        one + ":apply", Role.OPERATOR, "Carry a planned change out.", ApplyChange.class, Change.class, this::apply),
                WebEndpoint.post(
                        one + ":rollback", Role.OPERATOR, "Undo a change.", Void.class, Change.class, this::rollback),
                WebEndpoint.post(
                        one + ":cancel", Role.OPERATOR, "Call a change off.", Void.class, Change.class, this::cancel));
    }

    private WebResponse list(WebRequest request) throws Problem, InterruptedException {
        var page = LISTING.page(request, all());
        return WebResponse.json(new Changes(page.items(), page.next(), page.total()));
    }

    private WebResponse one(WebRequest request) throws Problem, InterruptedException {
        return WebResponse.json(find(request.parameter("id")));
    }

    // ---- plans ----

    private WebResponse plan(WebRequest request) throws Problem, InterruptedException {
        PlanChange wish = request.body(PlanChange.class);
        check(wish, request.caller());
        Draft draft;
        Plan plan = planned(wish, strategy(wish.strategy));
        synchronized (drafts) {
            draft = new Draft(DRAFT + ++lastDraft, wish, request.caller().name(), clock.instant(), plan);
            drafts.put(draft.id, draft);
            while (drafts.size() > MOST_DRAFTS) {
                drafts.remove(drafts.keySet().iterator().next());
            }
        }
        return WebResponse.created("/api/v1/changes/" + draft.id, shown(draft));
    }

    private void check(PlanChange wish, Caller caller) throws Problem {
        if (!KINDS.contains(String.valueOf(wish.kind))) {
            throw Problem.field("kind", "must be one of " + String.join(", ", KINDS.stream().sorted().toList()));
        }
        String target = wish.target == null ? "" : wish.target;
        boolean file = target.contains("/") || target.endsWith(".jar");
        boolean brings = wish.kind.equals("install") || wish.kind.equals("update");
        boolean elsewhere = wish.from != null && !wish.from.isEmpty();
        if ((wish.kind.equals("install") || wish.kind.equals("remove") || brings && (file || elsewhere))
                && !caller.role().allows(Role.ADMINISTRATOR)) {
            throw Problem.forbidden("Only an administrator may install or remove modules.");
        }
        if (brings && file && caller.means() != Caller.Means.LOCAL && !UploadsResource.quarantined(home, target)) {
            throw Problem.field("target", "must be a module of the catalogue or an upload");
        }
        if ("swap".equals(wish.module) && wish.kind.equals("config") && !caller.role().allows(Role.ADMINISTRATOR)) {
            throw Problem.forbidden("Only an administrator may say whose modules run.");
        }
    }

    private Plan planned(PlanChange wish, String strategy) throws Problem, InterruptedException {
        return wish.kind.equals("config") ? settings.plan(wish) : ModulePlans.plan(commands, wish, strategy);
    }

    static String strategy(@Nullable String wish) throws Problem {
        String strategy = wish == null ? "" : wish;
        if (!Set.of("", "side-by-side", "replace").contains(strategy)) {
            throw Problem.field("strategy", "must be side-by-side or replace");
        }
        return strategy;
    }

    private Draft draft(String id) throws Problem {
        synchronized (drafts) {
            return Optional.ofNullable(drafts.get(id))
                    .orElseThrow(() -> Problem.notFound("There is no change " + id + "; plan it again."));
        }
    }

    private Change shown(Draft draft) {
        Plan plan = draft.plan;
        String kind = draft.wish.kind;
        String title = kind.equals("config")
                ? "settings of " + plan.module
                : kind + " of " + plan.module + (plan.from.isEmpty() || plan.to.isEmpty() ? "" : " from " + plan.from)
                        + (plan.to.isEmpty() ? "" : " to " + plan.to);
        return new Change(
                draft.id,
                kind,
                plan.module,
                title,
                plan.target,
                plan.from,
                plan.to,
                plan.strategy,
                plan.watchSeconds,
                "",
                draft.cancelled ? "cancelled" : "planned",
                "",
                draft.cancelled,
                draft.by,
                draft.created.toString(),
                draft.created.toString(),
                !draft.cancelled,
                false,
                plan,
                List.of());
    }

    // ---- doing ----

    private WebResponse apply(WebRequest request) throws Problem, InterruptedException {
        Draft draft = draft(request.parameter("id"));
        ApplyChange word = request.body(ApplyChange.class);
        check(draft.wish, request.caller());
        if (draft.wish.kind.equals("install")) {
            // What is installed has every right of the appliance.
            request.requireFreshProof();
        }
        request.target(shown(draft).title);
        request.note(word.note == null ? "" : word.note);
        synchronized (draft) {
            if (!draft.became.isEmpty() || draft.cancelled) {
                throw Problem.conflict("applied", "This plan was applied or called off already.");
            }
            String shown = word.planHash == null || word.planHash.isEmpty() ? draft.plan.planHash : word.planHash;
            Plan now = planned(draft.wish, strategy(draft.wish.strategy));
            if (!now.planHash.equals(shown)) {
                draft.plan = now;
                return stale(draft);
            }
            if (!now.refusals.isEmpty()) {
                throw Problem.refused(now.refusals.getFirst());
            }
            boolean ends = draft.wish.kind.equals("stop") || draft.wish.kind.equals("remove");
            if (ends && draft.plan.sessionTotal > 0
                    && !String.valueOf(draft.plan.sessionTotal).equals(word.confirm)) {
                throw new Problem(
                        422,
                        "confirm",
                        "It serves " + draft.plan.sessionTotal + " sessions; confirm with their number.",
                        Map.of("confirm", "must be " + draft.plan.sessionTotal));
            }
            if (draft.wish.kind.equals("config")) {
                draft.became = settings.apply(draft.wish, request);
            } else {
                draft.became = ModulePlans.apply(commands, draft.wish, word, now);
                request.changed("version", now.from, now.to);
            }
            by(draft.became, request.caller().name());
            return WebResponse.accepted(find(draft.became))
                    .with("Location", "/api/v1/changes/" + draft.became);
        }
    }

    /** Notes who asked for a change; for as long as the history has it. */
    void by(String id, String caller) throws InterruptedException {
        Set<String> known = all().stream().map(Change::id).collect(Collectors.toSet());
        callers.put(id, caller, known::contains);
    }

    private WebResponse stale(Draft draft) {
        String title = "The modules or settings have changed since the plan was made; look at the new plan.";
        var problem = new StalePlan(409, "plan-stale", title, Map.of(), shown(draft));
        return new WebResponse.Json(409, problem, Map.of());
    }

    private WebResponse rollback(WebRequest request) throws Problem, InterruptedException {
        Change change = find(request.parameter("id"));
        request.target(change.title);
        if (!change.over && change.mayCancel && !change.id.startsWith(DRAFT)) {
            commands.run("module cancel", Map.of("change", change.id, "detach", true));
            return WebResponse.accepted(find(change.id));
        }
        if (!change.mayRollback) {
            throw Problem.conflict("not-last", "Only the latest change can be undone, while what was before is kept.");
        }
        String id;
        if (change.id.startsWith(CONFIG)) {
            id = settings.restore(Integer.parseInt(change.id.substring(CONFIG.length())) - 1, request);
        } else {
            id = commands.row("module rollback", Map.of("module", change.module, "detach", true)).text("id");
            request.changed("version", change.version, change.from);
        }
        by(id, request.caller().name());
        return WebResponse.accepted(find(id)).with("Location", "/api/v1/changes/" + id);
    }

    private WebResponse cancel(WebRequest request) throws Problem, InterruptedException {
        String id = request.parameter("id");
        if (id.startsWith(DRAFT)) {
            Draft draft = draft(id);
            synchronized (draft) {
                if (draft.became.isEmpty()) {
                    draft.cancelled = true;
                    return WebResponse.json(shown(draft));
                }
                id = draft.became;
            }
        }
        Change change = find(id);
        request.target(change.title);
        if (!change.mayCancel) {
            throw Problem.conflict("over", "This change is " + change.state + " already.");
        }
        commands.run("module cancel", Map.of("change", id, "detach", true));
        return WebResponse.json(find(id));
    }

    // ---- history ----

    /** Newest first, without steps. */
    List<Change> all() throws InterruptedException {
        return newest(Integer.MAX_VALUE);
    }

    /** The newest {@code count} of each kind; settings and modules are not in one order yet. */
    List<Change> newest(int count) throws InterruptedException {
        var all = new ArrayList<Change>();
        List<Row> rows = commands.rowsOrNone("module changes", Map.of("last", count));
        Map<String, String> last = lastByModule(rows);
        rows.forEach(row -> all.add(change(row, last.getOrDefault(row.text("module"), ""))));
        List<Row> history = commands.rowsOrNone("config history", Map.of("last", count));
        history.forEach(row -> all.add(config(row, row == history.getLast())));
        all.sort(comparing(Change::created).reversed());
        return all;
    }

    /** Ids of the changes of one module, newest first. */
    List<String> ofModule(String module) throws InterruptedException {
        return all().stream().filter(change -> change.module.equals(module)).map(Change::id).toList();
    }

    private static Map<String, String> lastByModule(List<Row> rows) {
        var last = new HashMap<String, String>();
        rows.stream()
                .filter(row -> row.text("state").equals("kept"))
                .forEach(row -> last.put(row.text("module"), row.text("id")));
        return last;
    }

    /** A draft that was applied leads to what it became. */
    Change find(String id) throws Problem, InterruptedException {
        if (id.startsWith(DRAFT)) {
            Draft draft = draft(id);
            return draft.became.isEmpty() ? shown(draft) : find(draft.became);
        }
        if (id.startsWith(CONFIG)) {
            List<Row> history = commands.rows("config history", Map.of());
            for (Row row : history) {
                if ((CONFIG + row.number("number")).equals(id)) {
                    return config(row, row == history.getLast());
                }
            }
        } else if (id.matches("[0-9]{1,9}")) {
            List<Row> rows = commands.rows("module changes", Map.of());
            if (rows.stream().anyMatch(row -> row.text("id").equals(id))) {
                Row row = commands.row("module changes", Map.of("change", id));
                return change(row, lastByModule(rows).getOrDefault(row.text("module"), ""));
            }
        }
        throw Problem.notFound("There is no change " + id + ".");
    }

    private Change change(Row row, String lastOfModule) {
        String id = row.text("id");
        String kind = row.text("kind");
        String state = row.text("state");
        boolean over = OVER.contains(state);
        String module = row.text("module");
        String from = row.text("from");
        String version = row.text("version");
        return new Change(
                id,
                kind,
                module,
                kind + " of " + module + (from.isEmpty() || version.isEmpty() ? "" : " from " + from)
                        + (version.isEmpty() ? "" : " to " + version),
                row.text("target"),
                from,
                version,
                row.text("strategy").replace(' ', '-'),
                (int) row.number("watch"),
                row.text("note"),
                state,
                row.text("reason"),
                over,
                callers.of(id),
                row.text("created"),
                row.text("updated"),
                !over && !state.equals("rolling-back"),
                state.equals("kept") && id.equals(lastOfModule) && !from.isEmpty()
                        && Set.of("update", "rollback").contains(kind),
                null,
                row.rows("steps").stream()
                        .map(step -> new Step(step.text("time"), step.text("line")))
                        .toList());
    }

    private Change config(Row row, boolean last) {
        String id = CONFIG + row.number("number");
        String title = row.text("change");
        return new Change(
                id, "config", ConfigPlans.module(title), title, "", "", "", "", 0, "", "kept", "", true, callers.of(id),
                row.text("time"), row.text("time"), false, last, null, List.of());
    }
}

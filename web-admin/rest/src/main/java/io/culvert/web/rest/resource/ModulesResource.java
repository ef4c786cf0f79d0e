package io.culvert.web.rest.resource;

import static java.util.Comparator.comparing;
import static java.util.Comparator.comparingInt;

import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** {@code /modules}: what runs, why or why not, and who uses it. */
public final class ModulesResource {
    private static final Listing<Module> LISTING = new Listing<>(
            Map.of(
                    "id", comparing(Module::id),
                    "kind", comparing(Module::kind),
                    "state", comparing(Module::state),
                    "sessions", comparingInt(Module::sessionTotal)),
            "kind",
            Module::id,
            module -> module.id + " " + module.name + " " + module.description);

    private final Commands commands;
    private final CatalogueResource catalogue;
    private final ChangesResource changes;
    private final Map<String, Form> forms = new ConcurrentHashMap<>();

    private record Form(boolean configurable, boolean factory, String description) {
        static final Form NONE = new Form(false, false, "");
    }

    public ModulesResource(Commands commands, CatalogueResource catalogue, ChangesResource changes) {
        this.commands = commands;
        this.catalogue = catalogue;
        this.changes = changes;
    }

    /**
     * One module.
     *
     * @param state {@code running}, {@code fails}, {@code stopped} by an operator, {@code off} when the settings do not
     *     name it, {@code removed}
     * @param reason why it is not running
     * @param kept the version that a rollback brings back
     * @param update a newer version that the release's repository offers
     * @param signature of the bytes on this disk: {@code trusted}, {@code unknown}, {@code unsigned}, {@code wrong}
     * @param sessions how many sessions each version serves
     * @param needs simple names of the services that it cannot do without
     * @param neededBy modules that use it now
     * @param configurable whether it has settings
     * @param factory whether it has named instances
     * @param guarded whether it is a part of the platform, which cannot be changed here
     */
    public record Module(
            String id,
            String kind,
            String name,
            String description,
            String version,
            String state,
            String reason,
            String kept,
            String update,
            String signature,
            Map<String, Integer> sessions,
            int sessionTotal,
            List<String> needs,
            List<String> neededBy,
            boolean configurable,
            boolean factory,
            boolean guarded) {}

    /** A page of modules. */
    public record Modules(List<Module> items, @Nullable String next, int total) {}

    /**
     * One module with everything that is known of it.
     *
     * @param offers newer versions
     * @param changes ids of its changes, newest first
     */
    public record ModuleDetail(
            String id,
            String kind,
            String name,
            String description,
            String version,
            String state,
            String reason,
            String kept,
            String update,
            String signature,
            Map<String, Integer> sessions,
            int sessionTotal,
            List<String> needs,
            List<String> neededBy,
            boolean configurable,
            boolean factory,
            boolean guarded,
            String license,
            List<CatalogueResource.Offer> offers,
            List<String> changes) {}

    public List<WebEndpoint> endpoints() {
        return List.of(
                WebEndpoint.get("/api/v1/modules", Role.VIEWER, "List modules.", Modules.class, this::list),
                WebEndpoint.get("/api/v1/modules/{id}", Role.VIEWER, "Show a module.", ModuleDetail.class, this::one));
    }

    private WebResponse list(WebRequest request) throws Problem, InterruptedException {
        var page = LISTING.page(request, all());
        return WebResponse.json(new Modules(page.items(), page.next(), page.total()));
    }

    private WebResponse one(WebRequest request) throws Problem, InterruptedException {
        String id = request.parameter("id");
        Row row = commands.rows("module list", Map.of()).stream()
                .filter(each -> each.text("id").equals(id))
                .findFirst()
                .orElseThrow(() -> Problem.notFound("There is no module " + id + "."));
        Module module = module(row, catalogue.updates());
        return WebResponse.json(new ModuleDetail(
                module.id, module.kind, module.name, module.description, module.version, module.state, module.reason,
                module.kept, module.update, module.signature, module.sessions, module.sessionTotal, module.needs,
                module.neededBy, module.configurable, module.factory, module.guarded, row.text("license"),
                catalogue.offers(id), changes.ofModule(id)));
    }

    List<Module> all() throws Problem, InterruptedException {
        Map<String, String> updates = catalogue.updates();
        var all = new ArrayList<Module>();
        for (Row row : commands.rows("module list", Map.of())) {
            all.add(module(row, updates));
        }
        return all;
    }

    private Module module(Row row, Map<String, String> updates) throws InterruptedException {
        String id = row.text("id");
        String version = row.text("version");
        var sessions = new TreeMap<String, Integer>();
        row.counts("sessions").forEach((each, count) -> sessions.put(each.substring(each.indexOf('/') + 1), count));
        String state = row.text("state");
        Form form = version.isEmpty() ? Form.NONE : form(id, version);
        return new Module(
                id,
                row.text("kind"),
                row.text("name").replaceFirst("^Culvert: ", ""),
                form.description,
                version,
                state,
                reason(state, row.text("problem")),
                row.text("kept"),
                version.isEmpty() ? "" : updates.getOrDefault(id, ""),
                row.text("signature"),
                sessions,
                sessions.values().stream().mapToInt(Integer::intValue).sum(),
                row.texts("needs"),
                row.texts("neededBy"),
                form.configurable,
                form.factory,
                row.flag("platform"));
    }

    private static String reason(String state, String problem) {
        return switch (state) {
            case "stopped" -> "stopped by an operator";
            case "off" -> "the settings do not name it";
            case "removed" -> "removed by an operator";
            default -> problem;
        };
    }

    /** The document in a jar stays the same, so it is read once for each version. */
    private Form form(String id, String version) throws InterruptedException {
        Form known = forms.get(id + "/" + version);
        if (known != null) {
            return known;
        }
        try {
            Row schema = commands.row("config schema", Map.of("module", id));
            var form = new Form(
                    !schema.row("schema").map("properties").isEmpty(),
                    schema.flag("factory"),
                    schema.text("description"));
            if (forms.size() > 1_000) {
                forms.clear();
            }
            forms.put(id + "/" + version, form);
            return form;
        } catch (Problem e) {
            return Form.NONE;
        }
    }
}

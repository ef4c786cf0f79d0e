package io.culvert.web.rest.resource;

import io.culvert.api.config.ModuleSettings;
import io.culvert.api.config.ModuleSettings.State;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoint.Flag;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** {@code /health}: whether this appliance should be sent clients. Those who have not signed in see no reasons. */
public final class HealthResource {
    private static final String DRAIN = "drain";
    private static final long FRESH_NS = 1_000_000_000L;

    private final Supplier<Optional<ModuleSettings>> modules;
    private final Commands commands;
    private final String version;
    private List<State> states = List.of();
    private long takenNs = System.nanoTime() - FRESH_NS;
    private boolean known;

    public HealthResource(Supplier<Optional<ModuleSettings>> modules, Commands commands, String version) {
        this.modules = modules;
        this.commands = commands;
        this.version = version;
    }

    /**
     * How it does.
     *
     * @param ready whether every module that ought to run does, and new clients may come
     * @param draining whether new clients are to go elsewhere; those who are here stay
     * @param problems one line each; empty for those who have not signed in
     */
    public record Health(boolean live, boolean ready, boolean draining, String version, List<String> problems) {}

    public List<WebEndpoint> endpoints() {
        return List.of(WebEndpoint.get(
                        "/api/v1/health",
                        Role.NONE,
                        "Tell whether the appliance works; 503 when it does not.",
                        Health.class,
                        this::health)
                .with(Flag.BEFORE_SETUP));
    }

    private WebResponse health(WebRequest request) throws InterruptedException {
        boolean insider = request.caller().role().allows(Role.VIEWER);
        List<String> problems = problems();
        boolean draining = draining();
        boolean ready = known() && problems.isEmpty() && !draining;
        var health = new Health(true, ready, draining, insider ? version : "", insider ? problems : List.of());
        return new WebResponse.Json(ready ? 200 : 503, health, Map.of());
    }

    /** As the module that answers load balancers has it. */
    boolean draining() throws InterruptedException {
        try {
            return commands.has(DRAIN) && commands.row(DRAIN, Map.of("show", true)).flag("draining");
        } catch (Problem e) {
            return false;
        }
    }

    private synchronized boolean known() {
        return known;
    }

    /** At most a second old: anybody may ask, and a look goes through every component. */
    synchronized List<State> states() {
        if (System.nanoTime() - takenNs >= FRESH_NS) {
            Optional<ModuleSettings> settings = modules.get();
            states = settings.map(ModuleSettings::states).orElse(List.of());
            known = settings.isPresent();
            takenNs = System.nanoTime();
        }
        return states;
    }

    private List<String> problems() {
        return states().stream()
                .filter(state -> state.state().equals("fails"))
                .map(state -> state.module() + ": " + state.problem())
                .toList();
    }
}

package io.culvert.web.rest.resource;

import io.culvert.api.config.ModuleSettings.State;
import io.culvert.api.status.PathStatus;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import io.culvert.web.rest.resource.ChangesResource.Change;
import io.culvert.web.rest.resource.MetricsResource.Metrics;
import io.culvert.web.rest.resource.UsersResource.User;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** {@code /overview}: the first page in one call. */
public final class OverviewResource {
    private static final int CHART_SECONDS = 7_200;
    private static final int CHANGES = 5;

    private final Commands commands;
    private final HealthResource health;
    private final SessionsResource sessions;
    private final UsersResource users;
    private final ChangesResource changes;
    private final CatalogueResource catalogue;
    private final MetricsResource metrics;
    private final Live live;
    private final InstantSource clock;
    private final String version;

    /** What moves. */
    public interface Live {
        Throughput throughput();

        PathStatus path();
    }

    public OverviewResource(
            Commands commands,
            HealthResource health,
            SessionsResource sessions,
            UsersResource users,
            ChangesResource changes,
            CatalogueResource catalogue,
            MetricsResource metrics,
            Live live,
            InstantSource clock,
            String version) {
        this.commands = commands;
        this.health = health;
        this.sessions = sessions;
        this.users = users;
        this.changes = changes;
        this.catalogue = catalogue;
        this.metrics = metrics;
        this.live = live;
        this.clock = clock;
        this.version = version;
    }

    /**
     * Everything on the first page.
     *
     * @param draining whether new clients are to go elsewhere
     */
    public record Overview(
            String time,
            String version,
            long upSeconds,
            Verdict verdict,
            List<Attention> problems,
            SessionCounts sessions,
            Throughput throughput,
            UserCounts users,
            ModuleCounts modules,
            List<Listener> listeners,
            HandshakeCounts handshakes,
            boolean draining,
            List<Change> changes,
            Metrics chart) {}

    /**
     * How it is in one word.
     *
     * @param state {@code ok}, {@code attention} or {@code broken}
     * @param code for the words of the page: {@code fine}, {@code problems}
     */
    public record Verdict(String state, String code, int count) {}

    /**
     * Something to look at.
     *
     * @param severity {@code error} or {@code warning}
     * @param code for the words of the page
     * @param subject what it is about
     * @param text what the appliance says of it, in English
     * @param href the page that shows it
     */
    public record Attention(String severity, String code, String subject, String text, String href) {}

    /** Sessions now. */
    public record SessionCounts(
            int total, int established, Map<String, Integer> byProtocol, Map<String, Integer> byInstance) {}

    /** Inner packets; in is from the peers. */
    public record Throughput(
            long inBitsPerSecond, long outBitsPerSecond, long inPacketsPerSecond, long outPacketsPerSecond) {}

    /** Users now. */
    public record UserCounts(int total, int disabled, int online) {}

    /** Modules now; updates are those that the release's repository offers. */
    public record ModuleCounts(int total, int running, int failing, int stopped, int updates) {}

    /** A port of a tunnel. */
    public record Listener(String instance, String transport, int port, String state, String error) {}

    /** Handshakes since core began. */
    public record HandshakeCounts(long begun, long completed, long failed) {}

    public List<WebEndpoint> endpoints() {
        return List.of(WebEndpoint.get(
                "/api/v1/overview", Role.VIEWER, "Show what the first page shows.", Overview.class, this::overview));
    }

    private WebResponse overview(WebRequest request) throws InterruptedException {
        Instant now = clock.instant();
        List<State> modules = health.states();
        List<Listener> listeners = listeners();
        SessionCounts counts = counts();
        List<User> all = users.all();
        List<Change> latest = changes.newest(CHANGES);
        List<Attention> problems = problems(modules, listeners, all, latest);
        boolean draining = health.draining();
        if (draining) {
            problems.add(new Attention(
                    "warning", "draining", "", "Load balancers are told to send new clients elsewhere",
                    "#/settings/appliance"));
        }
        boolean broken = problems.stream().anyMatch(each -> each.severity.equals("error"))
                && (listeners.isEmpty() || listeners.stream().noneMatch(each -> each.state.equals("open")));
        var verdict = new Verdict(
                problems.isEmpty() ? "ok" : broken ? "broken" : "attention",
                problems.isEmpty() ? "fine" : "problems",
                problems.size());
        PathStatus.Handshakes handshakes = live.path().handshakes();
        return WebResponse.json(new Overview(
                now.toString(),
                version,
                ManagementFactory.getRuntimeMXBean().getUptime() / 1_000,
                verdict,
                problems,
                counts,
                live.throughput(),
                new UserCounts(
                        all.size(),
                        (int) all.stream().filter(user -> !user.enabled()).count(),
                        (int) all.stream().filter(user -> user.sessions() > 0).count()),
                modules(modules),
                listeners,
                new HandshakeCounts(handshakes.begun(), handshakes.completed(), handshakes.failures()),
                draining,
                latest.subList(0, Math.min(CHANGES, latest.size())),
                metrics.metrics("throughput", now.getEpochSecond() - CHART_SECONDS, now.getEpochSecond(), 60)));
    }

    private SessionCounts counts() {
        return sessions.tally().counts();
    }

    private ModuleCounts modules(List<State> states) throws InterruptedException {
        Map<String, Long> counts = states.stream().collect(Collectors.groupingBy(State::state, Collectors.counting()));
        Set<String> updates = catalogue.updates().keySet();
        return new ModuleCounts(
                states.size(),
                counts.getOrDefault("running", 0L).intValue(),
                counts.getOrDefault("fails", 0L).intValue(),
                counts.getOrDefault("stopped", 0L).intValue(),
                updates.size());
    }

    private List<Listener> listeners() throws InterruptedException {
        try {
            return commands.row("status", Map.of()).row("core").rows("listeners").stream()
                    .map(row -> new Listener(
                            row.text("instance"),
                            row.text("transport"),
                            (int) row.number("port"),
                            row.text("state"),
                            row.text("error")))
                    .toList();
        } catch (Problem e) {
            return List.of();
        }
    }

    private static List<Attention> problems(
            List<State> modules, List<Listener> listeners, List<User> users, List<Change> changes) {
        var problems = new ArrayList<Attention>();
        for (Listener listener : listeners) {
            if (!listener.state.equals("open")) {
                problems.add(new Attention(
                        "error", "listener-closed", listener.instance, listener.error, "#/modules"));
            }
        }
        for (State module : modules) {
            if (module.state().equals("fails")) {
                problems.add(new Attention(
                        "error", "module-fails", module.module(), module.problem(), "#/modules?open=" + module.module()));
            }
        }
        for (Change change : changes) {
            if (change.state().equals("failed-needs-hand")) {
                problems.add(new Attention(
                        "error", "change-needs-hand", change.id(), change.reason(), "#/modules?change=" + change.id()));
            } else if (!change.over()) {
                problems.add(new Attention(
                        "warning", "change-under-way", change.id(), change.title(), "#/modules?change=" + change.id()));
            }
        }
        long weak = users.stream().filter(User::weak).count();
        if (weak > 0) {
            problems.add(new Attention(
                    "warning", "users-weak", String.valueOf(weak), weak + " users sign in with a password only",
                    "#/users?filter=weak"));
        }
        return problems;
    }
}

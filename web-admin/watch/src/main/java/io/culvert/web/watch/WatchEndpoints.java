package io.culvert.web.watch;

import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoint.Flag;
import io.culvert.api.web.WebEndpoints;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;

/** {@code /metrics}, {@code /health/live|ready|draining}, and the dashboard. */
final class WatchEndpoints implements WebEndpoints {
    private static final String DASHBOARD = "culvert-dashboard.json";

    private final Metrics metrics;
    private final Scrapers scrapers;
    private final Health health;

    WatchEndpoints(Metrics metrics, Scrapers scrapers, Health health) {
        this.metrics = metrics;
        this.scrapers = scrapers;
        this.health = health;
    }

    /** One answer: {@code ok} with 200, the other word with 503. */
    public record State(String status) {}

    /** Whether new clients are to go elsewhere. */
    public record Draining(boolean draining) {}

    @Override
    public List<WebEndpoint> endpoints() {
        return List.of(
                open("/metrics", "Gives the metrics in OpenMetrics or Prometheus text format.", Void.class, this::metrics),
                open("/health/live", "Says that the process answers.", State.class, request -> say(true, "live", "live")),
                open("/health/ready", "Says whether new clients may come; 503 when not.", State.class,
                        request -> say(health.ready(), "ready", health.draining() ? "draining" : "not-ready")),
                open("/health/draining", "Says whether new clients are to go elsewhere; 503 when not.", State.class,
                        request -> say(health.draining(), "draining", "serving")),
                WebEndpoint.put("/api/v1/health/draining", Role.OPERATOR,
                        "Sends new clients elsewhere, or lets them come again.", Draining.class, Draining.class, this::drain),
                WebEndpoint.get("/api/v1/dashboards/grafana", Role.VIEWER,
                        "Gives a Grafana dashboard of the metrics.", Void.class,
                        request -> WebResponse.bytes("application/json", dashboard())
                                .with("Content-Disposition", "attachment; filename=\"" + DASHBOARD + "\"")));
    }

    private static WebEndpoint open(String path, String summary, Class<?> response, WebEndpoint.Handler handler) {
        return WebEndpoint.get(path, Role.NONE, summary, response, handler).with(Flag.BEFORE_SETUP);
    }

    private static WebResponse say(boolean yes, String word, String otherwise) {
        return new WebResponse.Json(yes ? 200 : 503, new State(yes ? word : otherwise), Map.of());
    }

    private WebResponse metrics(WebRequest request) throws Problem, IOException {
        if (!scrapers.allows(request.caller())) {
            throw new Problem(401, "sign-in", "metrics need an API token, or an address in web.watch.scrapeFrom");
        }
        Metrics.Text text = metrics.read(request.header("Accept").orElse(""));
        return WebResponse.bytes(text.type(), new ByteArrayInputStream(text.body()));
    }

    private WebResponse drain(WebRequest request) throws Problem {
        boolean wanted = request.body(Draining.class).draining();
        request.changed("draining", String.valueOf(health.draining()), String.valueOf(wanted));
        health.drain(wanted);
        return WebResponse.json(new Draining(health.draining()));
    }

    static InputStream dashboard() {
        return java.util.Objects.requireNonNull(WatchEndpoints.class.getResourceAsStream(DASHBOARD), DASHBOARD);
    }
}

package io.culvert.web.rest.resource;

import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import io.culvert.web.rest.resource.History.Column;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** {@code /metrics/{name}}: the last two days as curves. */
public final class MetricsResource {
    private static final long HOUR = 3_600;

    private record Metric(String unit, Map<String, Column> columns) {}

    private static final Map<String, Metric> METRICS = new TreeMap<>(Map.of(
            "throughput", new Metric("bit/s", columns("in", Column.IN_BITS, "out", Column.OUT_BITS)),
            "packets", new Metric("packets/s", columns("in", Column.IN_PACKETS, "out", Column.OUT_PACKETS)),
            "sessions", new Metric("sessions", Map.of("sessions", Column.SESSIONS)),
            "handshakes", new Metric("handshakes/s", columns("completed", Column.COMPLETED, "failed", Column.FAILED)),
            "drops", new Metric("packets/s", Map.of("drops", Column.DROPS))));

    private final History history;
    private final InstantSource clock;

    public MetricsResource(History history, InstantSource clock) {
        this.history = history;
        this.clock = clock;
    }

    private static Map<String, Column> columns(String one, Column first, String other, Column second) {
        var columns = new LinkedHashMap<String, Column>();
        columns.put(one, first);
        columns.put(other, second);
        return columns;
    }

    /**
     * Curves over time.
     *
     * @param step seconds between two points
     * @param times epoch seconds, at which each step begins
     * @param series averages by name, null where nothing is known
     */
    public record Metrics(
            String name,
            String unit,
            String from,
            String to,
            int step,
            List<Long> times,
            Map<String, List<@Nullable Long>> series) {}

    public List<WebEndpoint> endpoints() {
        return List.of(WebEndpoint.get(
                "/api/v1/metrics/{name}",
                Role.VIEWER,
                "Show how throughput, packets, sessions, handshakes or drops went; 'from', 'to' and 'step' choose.",
                Metrics.class,
                this::metrics));
    }

    private WebResponse metrics(WebRequest request) throws Problem {
        String name = request.parameter("name");
        if (!METRICS.containsKey(name)) {
            throw Problem.notFound("There is no metric " + name + "; there are " + String.join(", ", METRICS.keySet()) + ".");
        }
        long to = time(request, "to").orElse(clock.instant().getEpochSecond());
        long from = time(request, "from").orElse(to - HOUR);
        if (from >= to) {
            throw Problem.field("from", "must be before 'to'");
        }
        return WebResponse.json(metrics(name, from, to, request.query("step", 0, 0, 86_400)));
    }

    Metrics metrics(String name, long from, long to, long step) {
        Metric metric = METRICS.get(name);
        History.Points points = history.points(metric.columns, from, to, step);
        return new Metrics(
                name,
                metric.unit,
                Instant.ofEpochSecond(from).toString(),
                Instant.ofEpochSecond(to).toString(),
                points.step(),
                points.times(),
                points.series());
    }

    /** ISO 8601, or epoch seconds. */
    private static Optional<Long> time(WebRequest request, String name) throws Problem {
        Optional<String> text = request.query(name);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    text.get().matches("[0-9]{1,11}")
                            ? Long.parseLong(text.get())
                            : Instant.parse(text.get()).getEpochSecond());
        } catch (DateTimeParseException e) {
            throw Problem.field(name, "must be an instant like 2026-01-02T03:04:05Z, or epoch seconds");
        }
    }
}

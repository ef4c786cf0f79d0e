package io.culvert.web.watch;

import io.culvert.api.status.SessionListener;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.tunnel.CloseCause;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.time.InstantSource;

/**
 * How long sessions take to come about, and how long they last, by the version of the module that serves them. Without
 * exemplars: those start a thread that outlives this module.
 */
final class SessionTimes implements SessionListener {
    private final Histogram setup;
    private final Histogram duration;
    private final InstantSource clock;

    SessionTimes(PrometheusRegistry registry, InstantSource clock) {
        this.clock = clock;
        setup = Histogram.builder()
                .name("culvert_session_setup_seconds")
                .help("From the first packet until a session is established.")
                .labelNames("module", "version")
                .classicOnly()
                .withoutExemplars()
                .classicUpperBounds(.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60)
                .register(registry);
        duration = Histogram.builder()
                .name("culvert_session_duration_seconds")
                .help("From when a session is accepted until it ends.")
                .labelNames("module", "version")
                .classicOnly()
                .withoutExemplars()
                .classicUpperBounds(1, 10, 60, 300, 1_800, 3_600, 14_400, 43_200, 86_400)
                .register(registry);
    }

    @Override
    public void started(SessionStatus session) {
        observe(setup, session);
    }

    @Override
    public void ended(SessionStatus session, CloseCause cause) {
        observe(duration, session);
    }

    private void observe(Histogram histogram, SessionStatus session) {
        String module = session.modules().getOrDefault("tunnel", session.protocol());
        double seconds = Duration.between(session.since(), clock.instant()).toNanos() / 1e9;
        histogram.labelValues(PathMetrics.id(module), PathMetrics.version(module)).observe(Math.max(0, seconds));
    }
}

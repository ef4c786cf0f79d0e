package io.culvert.trace.otlp;

import io.culvert.api.status.SessionListener;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.tunnel.CloseCause;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Makes spans of what has happened: each is begun and ended at once, with the times when that was. */
final class Spans implements SessionListener {
    private final Tracer tracer;
    private final InstantSource clock;
    private final int handshakePercent;

    Spans(Tracer tracer, InstantSource clock, int handshakePercent) {
        this.tracer = tracer;
        this.clock = clock;
        this.handshakePercent = handshakePercent;
    }

    /** The handshake, from the first packet until now. */
    @Override
    public void started(SessionStatus session) {
        if (RandomGenerator.getDefault().nextInt(100) >= handshakePercent) {
            return;
        }
        Span span = tracer.spanBuilder("handshake")
                .setNoParent()
                .setStartTimestamp(session.since())
                .setAttribute("culvert.tunnel", session.protocol() + "/" + session.instance())
                .setAttribute("culvert.session", Long.toHexString(session.id()))
                .setAttribute("network.transport", session.transport().name().toLowerCase(Locale.ROOT))
                .setAttribute("tls.protocol", session.tunnel().control())
                .setAttribute("culvert.cipher", session.tunnel().cipher())
                .startSpan();
        session.modules().forEach((kind, module) -> span.setAttribute("culvert.module." + kind, module));
        span.end(clock.instant());
    }

    @Override
    public void ended(SessionStatus session, CloseCause cause) {
        // What ended long after its handshake is no part of it.
    }

    /** A change of a module that is over, as {@code module changes} shows it, with its steps as events. */
    void change(Map<?, ?> change) {
        String state = String.valueOf(change.get("state"));
        Span span = tracer.spanBuilder("change " + change.get("kind"))
                .setNoParent()
                .setStartTimestamp(Instant.parse(String.valueOf(change.get("created"))))
                .setAttribute("culvert.change", String.valueOf(change.get("id")))
                .setAttribute("culvert.module", String.valueOf(change.get("module")))
                .setAttribute("culvert.version.from", String.valueOf(change.get("from")))
                .setAttribute("culvert.version.to", text(change.get("version")))
                .setAttribute("culvert.outcome", state)
                .startSpan();
        if (change.get("steps") instanceof List<?> steps) {
            for (Object each : steps) {
                if (each instanceof Map<?, ?> step) {
                    span.addEvent(String.valueOf(step.get("line")), Attributes.empty(),
                            Instant.parse(String.valueOf(step.get("time"))));
                }
            }
        }
        if (!state.equals("kept")) {
            span.setStatus(StatusCode.ERROR, text(change.get("reason")));
        }
        span.end(Instant.parse(String.valueOf(change.get("updated"))));
    }

    private static String text(@Nullable Object value) {
        return value == null ? "" : value.toString();
    }
}

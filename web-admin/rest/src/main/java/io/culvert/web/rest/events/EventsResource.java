package io.culvert.web.rest.events;

import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** {@code /events}: server-sent events (HTML Living Standard, section 9.2). */
public final class EventsResource {
    private final EventHub hub;
    private final Runnable woken;
    private final String version;
    private final long pingMillis;

    /**
     * @param woken is run when somebody begins to listen
     * @param pingMillis how long nothing is sent at most
     */
    public EventsResource(EventHub hub, Runnable woken, String version, long pingMillis) {
        this.hub = hub;
        this.woken = woken;
        this.version = version;
        this.pingMillis = pingMillis;
    }

    public List<WebEndpoint> endpoints() {
        return List.of(WebEndpoint.get(
                "/api/v1/events",
                Role.VIEWER,
                "Follow what happens: 'topics' are some of overview, modules, changes, log and audit, 'level' is the least"
                        + " log level. An earlier place is resumed with Last-Event-ID.",
                Void.class,
                this::events));
    }

    private WebResponse events(WebRequest request) throws Problem {
        EventFilter filter = EventFilter.of(request.query("topics"), request.query("level"));
        Optional<String> lastId = request.header("Last-Event-ID").or(() -> request.query("lastEventId"));
        String who = request.caller().means() + " " + request.caller().name();
        return WebResponse.stream("text/event-stream", out -> stream(out, filter, lastId, who))
                .with("Cache-Control", "no-store")
                .with("X-Accel-Buffering", "no");
    }

    void stream(OutputStream out, EventFilter filter, Optional<String> lastId, String who)
            throws IOException, InterruptedException {
        Optional<EventHub.Start> joined = hub.join(filter, lastId, who);
        if (joined.isEmpty()) {
            send(out, "retry: 60000\nevent: resync\ndata: {\"reason\":\"full\"}\n\n");
            return;
        }
        EventHub.Start start = joined.get();
        try {
            woken.run();
            String epoch = start.epoch();
            var text = new StringBuilder("retry: 2000\n");
            long first = start.missed().isEmpty() ? start.sequence() : start.missed().getFirst().sequence() - 1;
            append(text, epoch, first, "hello", "{\"epoch\":\"" + epoch + "\",\"seq\":" + start.sequence() + ",\"resumed\":"
                    + start.resumed() + ",\"version\":\"" + version + "\"}");
            if (start.lost()) {
                append(text, epoch, start.sequence(), "resync", "{\"reason\":\"gap\"}");
            }
            start.missed().forEach(event -> append(text, epoch, event.sequence(), event.type(), event.json()));
            send(out, text.toString());
            while (true) {
                EventClient.Batch batch = start.client().take(pingMillis);
                text.setLength(0);
                if (batch.overflowed()) {
                    text.append("event: resync\ndata: {\"reason\":\"overflow\"}\n\n");
                }
                if (batch.droppedLines() > 0) {
                    text.append("event: dropped\ndata: {\"log\":").append(batch.droppedLines()).append("}\n\n");
                }
                batch.events().forEach(event -> append(text, epoch, event.sequence(), event.type(), event.json()));
                send(out, text.isEmpty() ? ": ping\n\n" : text.toString());
            }
        } finally {
            hub.leave(start.client());
        }
    }

    private static void append(StringBuilder text, String epoch, long sequence, String type, String json) {
        text.append("id: ").append(epoch).append(':').append(sequence);
        text.append("\nevent: ").append(type);
        text.append("\ndata: ").append(json).append("\n\n");
    }

    private static void send(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }
}

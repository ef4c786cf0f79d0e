package io.culvert.web.rest.events;

import io.culvert.api.log.LogRecord;
import io.culvert.api.log.LogSink;
import io.culvert.web.rest.resource.LogResource;
import io.culvert.web.rest.resource.LogResource.LogEntry;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** Takes log entries to those who follow the log. */
public final class LogStream implements LogSink {
    private final EventHub hub;
    private final Function<Object, String> json;

    public LogStream(EventHub hub, Function<Object, String> json) {
        this.hub = hub;
        this.json = json;
    }

    @Override
    public String name() {
        return "web.rest";
    }

    @Override
    public void write(List<LogRecord> entries) {
        for (LogRecord entry : entries) {
            hub.publish(
                    json.apply(new LogEntry(
                            entry.sequence(),
                            entry.time().toString(),
                            entry.level().name().toLowerCase(Locale.ROOT),
                            LogResource.module(entry.module()),
                            entry.logger(),
                            entry.thread(),
                            entry.message(),
                            entry.trace().orElse(""))),
                    entry.level());
        }
    }
}

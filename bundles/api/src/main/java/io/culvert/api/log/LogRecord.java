package io.culvert.api.log;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * One log entry.
 *
 * @param sequence counts entries of this process, from 1; a gap means lost entries
 * @param module the bundle's symbolic name
 * @param message formatted; one line
 * @param trace a stack trace, lines separated by line feeds
 */
public record LogRecord(
        long sequence,
        Instant time,
        Level level,
        String module,
        String logger,
        String thread,
        String message,
        Optional<String> trace) {

    public enum Level {
        ERROR,
        WARN,
        INFO,
        DEBUG,
        TRACE
    }

    public LogRecord {
        Objects.requireNonNull(time, "time");
        Objects.requireNonNull(level, "level");
        Objects.requireNonNull(module, "module");
        Objects.requireNonNull(logger, "logger");
        Objects.requireNonNull(thread, "thread");
        Objects.requireNonNull(message, "message");
        Objects.requireNonNull(trace, "trace");
    }
}

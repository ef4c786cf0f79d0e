package io.culvert.api.log;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * One log entry.
 *
 * @param sequence counts the entries of one run of the log hub, from 1; a gap means lost entries
 * @param module the bundle's symbolic name
 * @param message formatted; one line
 * @param trace a stack trace, lines separated by line feeds
 * @param run names the run of the log hub that counted {@code sequence}, with which it names the entry for good; 16
 *     hexadecimal digits, empty for an entry that no hub counted
 */
public record LogRecord(
        long sequence,
        Instant time,
        Level level,
        String module,
        String logger,
        String thread,
        String message,
        Optional<String> trace,
        String run) {

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
        Objects.requireNonNull(run, "run");
    }

    /** An entry that no hub counted. */
    public LogRecord(
            long sequence,
            Instant time,
            Level level,
            String module,
            String logger,
            String thread,
            String message,
            Optional<String> trace) {
        this(sequence, time, level, module, logger, thread, message, trace, "");
    }
}

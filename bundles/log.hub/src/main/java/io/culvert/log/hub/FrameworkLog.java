package io.culvert.log.hub;

import org.jspecify.annotations.Nullable;
import org.osgi.service.log.LogEntry;
import org.osgi.service.log.LogLevel;
import org.osgi.service.log.LogListener;
import org.slf4j.event.Level;

/** Brings what the framework and its services log to the hub. */
final class FrameworkLog implements LogListener {
    /** Bundles, services and framework events: the log service makes entries of all of them. */
    private static final String EVENTS = "Events.";

    private static final String CONFIG_EXCEPTION = "io.culvert.api.config.ConfigException";

    private final LogHub hub;

    FrameworkLog(LogHub hub) {
        this.hub = hub;
    }

    @Override
    public void logged(LogEntry entry) {
        String logger = String.valueOf(entry.getLoggerName());
        if (logger.startsWith(EVENTS)) {
            return;
        }
        String module = entry.getBundle() == null ? logger : String.valueOf(entry.getBundle().getSymbolicName());
        Throwable refusal = refusal(entry.getException());
        if (refusal != null) {
            // A setting that a module refuses is said in its own words; where it was thrown helps nobody.
            hub.log(module, logger, Level.ERROR, String.valueOf(refusal.getMessage()), null);
        } else {
            hub.log(module, logger, level(entry.getLogLevel()), String.valueOf(entry.getMessage()), entry.getException());
        }
    }

    private static @Nullable Throwable refusal(@Nullable Throwable problem) {
        for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
            // By name: a log entry's exception is a copy, or comes from another class loader.
            if (cause.getClass().getName().equals(CONFIG_EXCEPTION)
                    || String.valueOf(cause.getMessage()).startsWith(CONFIG_EXCEPTION)) {
                return cause;
            }
        }
        return null;
    }

    private static Level level(LogLevel level) {
        return switch (level) {
            case AUDIT, INFO -> Level.INFO;
            case ERROR -> Level.ERROR;
            case WARN -> Level.WARN;
            case DEBUG -> Level.DEBUG;
            case TRACE -> Level.TRACE;
        };
    }
}

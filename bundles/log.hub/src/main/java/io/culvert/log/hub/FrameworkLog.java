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

    private static final long REPEATED_WITHIN_MS = 10_000;

    private final LogHub hub;
    private String last = "";
    private long lastMs;

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
        String message = String.valueOf(entry.getMessage());
        boolean known = told(message, entry.getException()) || repeated(message + entry.getException(), entry.getTime());
        Level level = known ? Level.DEBUG : level(entry.getLogLevel());
        hub.log(module, logger, level, message, entry.getException());
    }

    /** Each component that needs the failing one makes the component runtime try again, and say the same again. */
    private synchronized boolean repeated(String text, long timeMs) {
        boolean same = text.equals(last) && timeMs - lastMs < REPEATED_WITHIN_MS;
        last = text;
        lastMs = timeMs;
        return same;
    }

    /**
     * Whether somebody hears of it in better words: of a refused setting the one who starts the appliance or changes the
     * setting. The component runtime repeats it with every attempt and for every component that depends on it.
     */
    static boolean told(String message, @Nullable Throwable problem) {
        for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
            // By name: a log entry's exception is a copy, or comes from another class loader.
            if (cause.getClass().getName().equals(CONFIG_EXCEPTION)
                    || String.valueOf(cause.getMessage()).startsWith(CONFIG_EXCEPTION)) {
                return true;
            }
        }
        return message.contains("Could not get service from ref") || message.contains("DependencyManager : invoke");
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

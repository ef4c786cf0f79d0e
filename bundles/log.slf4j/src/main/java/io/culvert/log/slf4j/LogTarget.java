package io.culvert.log.slf4j;

import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * Takes every log call of the process.
 *
 * <p>Threads: any, several at once, packet loops among them; no method blocks.
 */
public interface LogTarget {
    /** Whether an entry would be kept; asked before anything is formatted. */
    boolean enabled(String logger, Level level);

    /** @param message formatted */
    void log(String logger, Level level, String message, @Nullable Throwable problem);
}

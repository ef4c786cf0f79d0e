package io.culvert.api.log;

import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Takes log entries somewhere. Implemented by log bundles; called by one thread that the log hub keeps for this sink,
 * so that it may block without delaying another sink.
 *
 * <p>The queue in front of a sink belongs to the hub and to the sink's {@linkplain #name() name}: what a sink has not
 * taken when it leaves goes to the next sink of that name. Of two sinks of one name the elder is served until it leaves.
 */
@ConsumerType
public interface LogSink {
    /** The sink's name for logs and settings: {@code console}. */
    String name();

    /**
     * Entries in the order in which they happened; returns when the far end has all of them. After an exception the
     * same entries come again, after a pause that grows: one that was taken before the exception is then seen twice.
     * Interrupted when the sink has to leave and this takes too long.
     */
    void write(List<LogRecord> entries) throws Exception;

    /**
     * Whether entries wait on disk, below {@code var/log/queue}, when the sink fails or memory for them is full; they
     * survive the end of the process. Asked once, when the sink appears.
     */
    default boolean durable() {
        return false;
    }
}

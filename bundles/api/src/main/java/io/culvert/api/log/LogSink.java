package io.culvert.api.log;

import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/** Takes log entries somewhere. Implemented by log bundles; called by one thread of the log hub, may block briefly. */
@ConsumerType
public interface LogSink {
    /** The sink's name for logs and settings: {@code console}. */
    String name();

    /** Entries in the order in which they happened. An exception is counted and the entries count as lost. */
    void write(List<LogRecord> entries) throws Exception;
}

package io.culvert.web.rest.events;

import io.culvert.api.log.LogRecord;
import java.util.Optional;

/**
 * Something that happened, ready to be sent.
 *
 * @param sequence counts the events of one epoch, from 1
 * @param type {@code throughput}, {@code counts}, {@code module}, {@code change}, {@code log}, {@code audit}
 * @param json one line
 * @param level of a log line
 */
record Event(long sequence, String type, String json, Optional<LogRecord.Level> level) {
    static final String LOG = "log";

    boolean log() {
        return type.equals(LOG);
    }
}

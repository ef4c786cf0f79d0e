package io.culvert.log.console;

import io.culvert.api.log.LogRecord;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** A log entry as one line. A stack trace is cut to its first line; the log file has all of it. */
record ConsoleLines(boolean journal, ZoneId zone) {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT);

    String line(LogRecord entry) {
        String trace = entry.trace()
                .map(text -> " (" + text.lines().findFirst().orElse("") + ")")
                .orElse("");
        if (journal) {
            return "<" + priority(entry.level()) + ">" + entry.message() + trace;
        }
        return "%s %-5s %s%s".formatted(TIME.format(entry.time().atZone(zone)), word(entry), entry.message(), trace);
    }

    private static String word(LogRecord entry) {
        return entry.level().name().toLowerCase(Locale.ROOT);
    }

    /** syslog(3) priorities, which the journal reads from the start of a line. */
    private static int priority(LogRecord.Level level) {
        return switch (level) {
            case ERROR -> 3;
            case WARN -> 4;
            case INFO -> 6;
            case DEBUG, TRACE -> 7;
        };
    }
}

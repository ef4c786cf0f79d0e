package io.culvert.log.console;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.culvert.api.log.LogRecord;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ConsoleLinesTest {
    private static LogRecord entry(Optional<String> trace) {
        return new LogRecord(
                1,
                Instant.parse("2026-01-02T03:04:05.678Z"),
                LogRecord.Level.WARN,
                "io.culvert.core",
                "io.culvert.core.bus",
                "main",
                "core: slow",
                trace);
    }

    @Test
    void shouldWriteOneLineWithTimeAndLevel() {
        var lines = new ConsoleLines(false, ZoneOffset.UTC);
        assertEquals("03:04:05.678 warn  core: slow", lines.line(entry(Optional.empty())));
        assertEquals(
                "03:04:05.678 warn  core: slow (java.io.IOException: disk full)",
                lines.line(entry(Optional.of("java.io.IOException: disk full\n\tat x.Y.z(Y.java:1)"))));
    }

    @Test
    void shouldGiveTheJournalItsPriorities() {
        assertEquals("<4>core: slow", new ConsoleLines(true, ZoneOffset.UTC).line(entry(Optional.empty())));
    }
}

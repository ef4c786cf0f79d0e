package io.culvert.log.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.log.LogRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSinkTest {
    @TempDir
    Path home;

    private static LogRecord entry(String message, Optional<String> trace) {
        return new LogRecord(
                1,
                Instant.parse("2026-01-02T03:04:05.678Z"),
                LogRecord.Level.INFO,
                "io.culvert.core",
                "io.culvert.core.bus",
                "main",
                message,
                trace);
    }

    @Test
    void shouldAppendLinesAndIndentTraces() throws IOException {
        Path log = home.resolve("var/log/culvert.log");
        var sink = new FileSink(log, 1000, 2);
        sink.write(List.of(entry("core: up", Optional.empty()), entry("core: odd", Optional.of("E: x\n\tat y"))));
        sink.deactivate();
        assertEquals(
                """
                2026-01-02T03:04:05.678Z info  io.culvert.core core: up
                2026-01-02T03:04:05.678Z info  io.culvert.core core: odd
                    E: x
                    \tat y
                """,
                Files.readString(log));
        assertFalse(PosixFilePermissions.toString(Files.getPosixFilePermissions(log)).endsWith("r--"), "for its owner and group only");
    }

    @Test
    void shouldSetAGrownFileAsideAndKeepOnlySoMany() throws IOException {
        Path log = home.resolve("culvert.log");
        var sink = new FileSink(log, 100, 3);
        for (int i = 1; i <= 5; i++) {
            sink.write(List.of(entry("core: this line fills a file, number " + i, Optional.empty())));
        }
        sink.deactivate();
        assertTrue(Files.readString(log).contains("number 5"));
        assertTrue(Files.readString(home.resolve("culvert.log.1")).contains("number 4"));
        assertTrue(Files.readString(home.resolve("culvert.log.2")).contains("number 3"));
        assertFalse(Files.exists(home.resolve("culvert.log.3")));
    }

    @Test
    void shouldBeginANewFileWhenItsOwnWasTakenAway() throws IOException {
        Path log = home.resolve("culvert.log");
        var sink = new FileSink(log, 1000, 1);
        sink.write(List.of(entry("one", Optional.empty())));
        Files.move(log, home.resolve("taken"));
        sink.write(List.of(entry("two", Optional.empty())));
        sink.deactivate();
        assertTrue(Files.readString(log).endsWith("two\n"));
    }
}

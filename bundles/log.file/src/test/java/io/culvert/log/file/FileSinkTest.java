package io.culvert.log.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.config.ConfigException;
import io.culvert.api.log.LogRecord;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
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

    private static final Set<PosixFilePermission> MODE = PosixFilePermissions.fromString("rw-r-----");

    private static FileSink sink(Path log, long maxBytes, int files) {
        var limits = new RotatingFile.Limits(maxBytes, files - 1, Duration.ZERO, Duration.ZERO);
        return new FileSink(log, limits, MODE, false, InstantSource.system());
    }

    @Test
    void shouldWriteJsonLinesForTheOwnerOnly() throws IOException {
        Path log = home.resolve("culvert.log");
        Files.writeString(log, "");
        var limits = new RotatingFile.Limits(1000, 1, Duration.ZERO, Duration.ZERO);
        var sink = new FileSink(log, limits, PosixFilePermissions.fromString("rw-------"), true, InstantSource.system());
        sink.write(List.of(entry("core: \"up\"", Optional.empty()), entry("odd", Optional.of("E: x\n\tat y"))));
        sink.deactivate();
        var lines = Files.readAllLines(log);
        assertEquals(2, lines.size());
        assertTrue(lines.getFirst().contains("\"message\":\"core: \\\"up\\\"\""), lines.getFirst());
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(log)));
        assertEquals(2L, sink.status().get("written"));
    }

    @Test
    void shouldSetAnOldFileAsideAndDropOutdatedOnes() throws IOException {
        Path log = home.resolve("culvert.log");
        var now = new AtomicReference<>(Instant.now());
        var limits = new RotatingFile.Limits(1000, 4, Duration.ofHours(24), Duration.ofDays(3));
        var sink = new FileSink(log, limits, MODE, false, now::get);
        sink.write(List.of(entry("one", Optional.empty())));
        now.set(now.get().plus(Duration.ofHours(23)));
        sink.write(List.of(entry("two", Optional.empty())));
        assertFalse(Files.exists(home.resolve("culvert.log.1")));
        now.set(now.get().plus(Duration.ofHours(2)));
        sink.write(List.of(entry("three", Optional.empty())));
        assertTrue(Files.readString(home.resolve("culvert.log.1")).endsWith("two\n"));
        Files.setLastModifiedTime(home.resolve("culvert.log.1"), FileTime.from(now.get().minus(Duration.ofDays(4))));
        now.set(now.get().plus(Duration.ofHours(1)));
        sink.write(List.of(entry("four", Optional.empty())));
        assertFalse(Files.exists(home.resolve("culvert.log.1")));
        sink.deactivate();
    }

    @Test
    void shouldRefuseAnImpossibleMode() {
        var refused = assertThrows(ConfigException.class, () -> new FileSink(settings("0666"), home.resolve("x")));
        assertEquals("mode", refused.attribute());
    }

    private static FileSink.Settings settings(String mode) {
        return (FileSink.Settings) Proxy.newProxyInstance(
                FileSinkTest.class.getClassLoader(),
                new Class<?>[] {FileSink.Settings.class},
                (proxy, method, arguments) -> method.getName().equals("mode") ? mode : method.getDefaultValue());
    }

    @Test
    void shouldAppendLinesAndIndentTraces() throws IOException {
        Path log = home.resolve("var/log/culvert.log");
        var sink = sink(log, 1000, 2);
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
        var sink = sink(log, 100, 3);
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
        var sink = sink(log, 1000, 1);
        sink.write(List.of(entry("one", Optional.empty())));
        Files.move(log, home.resolve("taken"));
        sink.write(List.of(entry("two", Optional.empty())));
        sink.deactivate();
        assertTrue(Files.readString(log).endsWith("two\n"));
    }
}

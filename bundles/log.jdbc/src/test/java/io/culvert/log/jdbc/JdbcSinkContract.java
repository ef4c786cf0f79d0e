package io.culvert.log.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.culvert.api.log.LogRecord;
import java.lang.reflect.Proxy;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What holds for every database. */
abstract class JdbcSinkContract {
    static final Instant NOW = Instant.parse("2026-01-02T03:04:05.678901Z");

    abstract String url();

    abstract String user();

    abstract String password();

    final JdbcSink sink(String table, Map<String, Object> more) {
        var values = new HashMap<String, Object>(
                Map.of("url", url(), "user", user(), "password", password(), "table", table, "timeout", 5));
        values.putAll(more);
        return new JdbcSink(settings(values), () -> NOW);
    }

    static JdbcSettings settings(Map<String, Object> values) {
        return (JdbcSettings) Proxy.newProxyInstance(
                JdbcSinkContract.class.getClassLoader(),
                new Class<?>[] {JdbcSettings.class},
                (proxy, method, arguments) -> values.getOrDefault(method.getName(), method.getDefaultValue()));
    }

    static LogRecord entry(long sequence, Instant time, String message, Optional<String> trace) {
        return new LogRecord(
                sequence, time, LogRecord.Level.WARN, "io.culvert.core", "io.culvert.core.bus", "main", message, trace,
                "00000000000000ff");
    }

    static List<LogRecord> entries(int from, int until) {
        return IntStream.range(from, until)
                .mapToObj(i -> entry(i, NOW, "entry " + i, Optional.empty()))
                .toList();
    }

    final List<String> rows(String query) throws SQLException {
        try (var connection = Database.of(url(), user(), password(), 5).connect();
                var statement = connection.createStatement();
                var rows = statement.executeQuery(query)) {
            var found = new ArrayList<String>();
            while (rows.next()) {
                var columns = new ArrayList<String>();
                for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
                    columns.add(rows.getString(i));
                }
                found.add(String.join("|", columns));
            }
            return found;
        }
    }

    @Test
    void shouldMakeTheTableAndKeepAnEntryAsItIs() throws SQLException {
        try (var sink = sink("as_it_is", Map.of())) {
            sink.write(List.of(entry(7, NOW, "peer=J\u00fcrgen 'x' \ud83d\ude00", Optional.of("E: x\n\tat y"))));
            assertEquals(
                    List.of("00000000000000ff|7|warn|io.culvert.core|io.culvert.core.bus|main|peer=J\u00fcrgen 'x' \ud83d\ude00|E: x\n\tat y"),
                    rows("SELECT run, sequence, level, module, logger, thread, message, trace FROM as_it_is"));
            assertEquals(
                    List.of("1"),
                    rows("SELECT count(*) FROM as_it_is WHERE time = TIMESTAMP WITH TIME ZONE '2026-01-02 03:04:05.678901+00'"));
            assertEquals(1L, sink.status().get("written"));
        }
        assertFalse(sink("as_it_is", Map.of()).status().toString().contains(password()));
    }

    @Test
    void shouldNotTakeAnEntryTwice() throws SQLException {
        try (var sink = sink("twice", Map.of())) {
            sink.write(entries(0, 100));
            sink.write(entries(50, 150));
        }
        try (var again = sink("twice", Map.of())) {
            again.write(entries(140, 160));
        }
        assertEquals(List.of("160|0|159"), rows("SELECT count(*), min(sequence), max(sequence) FROM twice"));
    }

    @Test
    void shouldTakeWhatNoDatabaseStores() throws SQLException {
        try (var sink = sink("odd", Map.of())) {
            sink.write(List.of(
                    entry(1, NOW, "nul \0 half \ud83d end", Optional.empty()),
                    entry(2, NOW, "\ud83d\ude00".repeat(300_000), Optional.empty())));
        }
        assertEquals(List.of("nul ? half ? end"), rows("SELECT message FROM odd WHERE sequence = 1"));
        assertEquals(2, rows("SELECT sequence FROM odd").size());
    }

    @Test
    void shouldDeleteWhatIsOlderThanItHasToBe() throws SQLException {
        try (var sink = sink("old", Map.of("retainDays", 30))) {
            sink.write(List.of(
                    entry(1, NOW.minus(Duration.ofDays(31)), "old", Optional.empty()),
                    entry(2, NOW.minus(Duration.ofDays(29)), "young", Optional.empty())));
        }
        assertEquals(List.of("young"), rows("SELECT message FROM old"));
    }
}

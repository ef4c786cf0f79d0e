package io.culvert.log.support;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.culvert.api.log.LogRecord;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class JsonTest {
    private static LogRecord entry(String message, Optional<String> trace) {
        return new LogRecord(
                42, Instant.parse("2026-01-02T03:04:05.678Z"), LogRecord.Level.WARN, "io.culvert.core", "io.culvert.core.bus",
                "main", message, trace, "00000000000000ff");
    }

    @Test
    void shouldWriteAnEntryAsOneObject() {
        assertEquals(
                "{\"time\":\"2026-01-02T03:04:05.678Z\",\"level\":\"warn\",\"module\":\"io.culvert.core\","
                        + "\"logger\":\"io.culvert.core.bus\",\"thread\":\"main\",\"message\":\"user=\\\"a\\\\b\\\" gr\u00fcn\","
                        + "\"run\":\"00000000000000ff\",\"sequence\":42}",
                Json.entry(entry("user=\"a\\b\" gr\u00fcn", Optional.empty())));
    }

    @Test
    void shouldKeepATraceOnTheLine() {
        String json = Json.entry(entry("odd", Optional.of("E: x\n\tat y\r\u0001\u2028")));
        assertEquals(-1, json.indexOf('\n'));
        assertEquals(json.indexOf("\"trace\":\"E: x\\n\\tat y\\r\\u0001\\u2028\""), json.indexOf("\"trace\""));
    }

    @Test
    void shouldEscapeHalfOfASurrogatePair() {
        var json = new StringBuilder("{");
        Json.member(json, "a", "\ud83d\ude00 \ud83d x \ude00");
        assertEquals("{\"a\":\"\ud83d\ude00 \\ud83d x \\ude00\"", json.toString());
    }
}

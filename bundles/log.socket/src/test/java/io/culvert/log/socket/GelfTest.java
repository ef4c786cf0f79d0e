package io.culvert.log.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.log.LogRecord;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class GelfTest {
    static LogRecord entry(String message, Optional<String> trace) {
        return new LogRecord(
                9, Instant.parse("2013-11-21T17:11:02.307Z"), LogRecord.Level.ERROR, "io.culvert.core", "io.culvert.core.bus",
                "main", message, trace, "00000000000000ff");
    }

    @Test
    void shouldWriteAMessageAsTheFormatHasIt() {
        assertEquals(
                "{\"version\":\"1.1\",\"host\":\"gate\",\"short_message\":\"disk \\\"full\\\"\","
                        + "\"full_message\":\"disk \\\"full\\\"\\nE: x\\n\\tat y\",\"timestamp\":1385053862.307,\"level\":3,"
                        + "\"_module\":\"io.culvert.core\",\"_logger\":\"io.culvert.core.bus\",\"_thread\":\"main\","
                        + "\"_level_name\":\"error\",\"_run\":\"00000000000000ff\",\"_sequence\":9}",
                Gelf.message(entry("disk \"full\"", Optional.of("E: x\n\tat y")), "gate"));
    }

    @Test
    void shouldCutALongMessageIntoChunks() {
        RandomGenerator fixed = () -> 0x0102030405060708L;
        byte[] message = "abcdefghijklmnopqr".getBytes(StandardCharsets.US_ASCII);
        assertEquals(
                List.of(
                        "1e0f" + "0102030405060708" + "0005" + "61626364",
                        "1e0f" + "0102030405060708" + "0105" + "65666768",
                        "1e0f" + "0102030405060708" + "0205" + "696a6b6c",
                        "1e0f" + "0102030405060708" + "0305" + "6d6e6f70",
                        "1e0f" + "0102030405060708" + "0405" + "7172"),
                Gelf.datagrams(message, 16, fixed).stream().map(HexFormat.of()::formatHex).toList());
        assertEquals(List.of(message), Gelf.datagrams(message, 18, fixed));
        assertEquals(128, Gelf.datagrams(new byte[128 * 4], 16, fixed).size());
        assertEquals(List.of(), Gelf.datagrams(new byte[128 * 4 + 1], 16, fixed));
    }

    @Test
    void shouldShortenWhatFitsInNoDatagram() {
        var json = new SocketFrames(false, "gate", 400, false);
        var frames = json.frames(List.of(entry("x".repeat(1000), Optional.of("trace"))));
        assertEquals(1, frames.size());
        assertTrue(frames.getFirst().length <= 400);
        var gelf = new SocketFrames(true, "gate", 256, false);
        int chunks = gelf.frames(List.of(entry("x".repeat(100_000), Optional.empty()))).size();
        assertTrue(chunks > 1 && chunks <= 128, "chunks: " + chunks);
        assertEquals(1, gelf.frames(List.of(entry("short", Optional.of("y".repeat(100_000))))).size());
    }

    @Test
    void shouldEndMessagesInAStream() {
        var entries = List.of(entry("one", Optional.empty()));
        for (boolean gelf : List.of(true, false)) {
            byte[] frame = new SocketFrames(gelf, "g", 0, true).frames(entries).getFirst();
            String end = gelf ? "\"_sequence\":9}\0" : "\"sequence\":9}\n";
            assertTrue(new String(frame, StandardCharsets.UTF_8).endsWith(end));
        }
    }
}

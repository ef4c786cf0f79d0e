package io.culvert.log.socket;

import io.culvert.api.log.LogRecord;
import io.culvert.log.support.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import java.util.zip.GZIPOutputStream;

/**
 * Graylog Extended Log Format 1.1: a JSON object, and its way in datagrams. Fields of our own: {@code _module},
 * {@code _logger}, {@code _thread}, {@code _level_name}, {@code _run}, {@code _sequence}.
 */
final class Gelf {
    /** Past so many chunks a receiver drops the message. */
    static final int MAX_CHUNKS = 128;

    private static final byte[] MAGIC = {0x1e, 0x0f};
    private static final int CHUNK_HEADER = 12;

    private Gelf() {}

    /** @param host the sender's name; the format demands one */
    static String message(LogRecord entry, String host) {
        var json = new StringBuilder(300).append('{');
        Json.member(json, "version", "1.1");
        Json.member(json, "host", host.isEmpty() ? "unknown" : host);
        Json.member(json, "short_message", entry.message().isEmpty() ? "-" : entry.message());
        entry.trace().ifPresent(trace -> Json.member(json, "full_message", entry.message() + "\n" + trace));
        long millis = entry.time().toEpochMilli();
        json.append(",\"timestamp\":")
                .append("%d.%03d".formatted(Math.floorDiv(millis, 1000), Math.floorMod(millis, 1000)))
                .append(",\"level\":")
                .append(severity(entry.level()));
        Json.member(json, "_module", entry.module());
        Json.member(json, "_logger", entry.logger());
        Json.member(json, "_thread", entry.thread());
        Json.member(json, "_level_name", entry.level().name().toLowerCase(Locale.ROOT));
        Json.member(json, "_run", entry.run());
        return json.append(",\"_sequence\":").append(entry.sequence()).append('}').toString();
    }

    private static int severity(LogRecord.Level level) {
        return switch (level) {
            case ERROR -> 3;
            case WARN -> 4;
            case INFO -> 6;
            case DEBUG, TRACE -> 7;
        };
    }

    static byte[] gzip(String message) {
        var bytes = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(bytes)) {
            out.write(message.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /**
     * A message as datagrams of at most {@code size} bytes: one as it is, or chunks with the same random id. Empty when
     * it would take more than {@value #MAX_CHUNKS}.
     */
    static List<byte[]> datagrams(byte[] message, int size, RandomGenerator random) {
        if (message.length <= size) {
            return List.of(message);
        }
        int room = size - CHUNK_HEADER;
        int count = (message.length + room - 1) / room;
        if (count > MAX_CHUNKS) {
            return List.of();
        }
        long id = random.nextLong();
        var chunks = new ArrayList<byte[]>(count);
        for (int i = 0; i < count; i++) {
            int length = Math.min(room, message.length - i * room);
            chunks.add(ByteBuffer.allocate(CHUNK_HEADER + length)
                    .put(MAGIC)
                    .putLong(id)
                    .put((byte) i)
                    .put((byte) count)
                    .put(message, i * room, length)
                    .array());
        }
        return chunks;
    }
}

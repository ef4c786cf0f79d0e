package io.culvert.log.hub;

import io.culvert.api.log.LogRecord;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;

/** A log entry as bytes, for the queue on disk: a version byte, then the fields, texts as length and UTF-8. */
final class Entries {
    private static final int VERSION = 1;

    private Entries() {}

    static byte[] bytes(LogRecord entry) {
        var bytes = new ByteArrayOutputStream(256);
        try (var out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            out.writeLong(entry.sequence());
            out.writeLong(entry.time().getEpochSecond());
            out.writeInt(entry.time().getNano());
            out.writeByte(entry.level().ordinal());
            text(out, entry.module());
            text(out, entry.logger());
            text(out, entry.thread());
            text(out, entry.message());
            out.writeBoolean(entry.trace().isPresent());
            text(out, entry.trace().orElse(""));
            text(out, entry.run());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** @throws IOException for bytes that are no entry */
    static LogRecord entry(byte[] bytes) throws IOException {
        try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            int version = in.readUnsignedByte();
            if (version != VERSION) {
                throw new IOException("an entry of version " + version);
            }
            long sequence = in.readLong();
            var time = Instant.ofEpochSecond(in.readLong(), in.readInt());
            int level = in.readUnsignedByte();
            if (level >= LogRecord.Level.values().length) {
                throw new IOException("an entry of level " + level);
            }
            String module = text(in);
            String logger = text(in);
            String thread = text(in);
            String message = text(in);
            boolean traced = in.readBoolean();
            String trace = text(in);
            return new LogRecord(
                    sequence,
                    time,
                    LogRecord.Level.values()[level],
                    module,
                    logger,
                    thread,
                    message,
                    traced ? Optional.of(trace) : Optional.empty(),
                    text(in));
        }
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static String text(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > in.available()) {
            throw new IOException("a text of " + length + " bytes");
        }
        return new String(in.readNBytes(length), StandardCharsets.UTF_8);
    }
}

package io.culvert.log.socket;

import io.culvert.api.log.LogRecord;
import io.culvert.log.support.Json;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Log entries as they travel. In a stream JSON ends with a line feed and GELF with a zero byte; each datagram has one
 * entry, or a chunk of a GELF message. An entry that is too long for datagrams loses its trace, then its end.
 *
 * @param host the sender's name, for GELF
 * @param datagramBytes the longest datagram; 0 for a stream
 * @param compress whether GELF in datagrams is compressed
 */
record SocketFrames(boolean gelf, String host, int datagramBytes, boolean compress) {
    private static final RandomGenerator RANDOM = new SecureRandom();

    List<byte[]> frames(List<LogRecord> entries) {
        var frames = new ArrayList<byte[]>(entries.size());
        for (LogRecord entry : entries) {
            if (datagramBytes == 0) {
                String text = gelf ? Gelf.message(entry, host) + '\0' : Json.entry(entry) + '\n';
                frames.add(text.getBytes(StandardCharsets.UTF_8));
            } else {
                frames.addAll(datagrams(entry));
            }
        }
        return frames;
    }

    private List<byte[]> datagrams(LogRecord entry) {
        List<byte[]> fitting = attempt(entry);
        if (fitting.isEmpty() && entry.trace().isPresent()) {
            fitting = attempt(shortened(entry, entry.message()));
        }
        String message = entry.message();
        while (fitting.isEmpty() && !message.isEmpty()) {
            message = message.substring(0, message.length() / 2);
            fitting = attempt(shortened(entry, message));
        }
        return fitting;
    }

    /** Empty when it does not fit. */
    private List<byte[]> attempt(LogRecord entry) {
        if (!gelf) {
            byte[] line = Json.entry(entry).getBytes(StandardCharsets.UTF_8);
            return line.length <= datagramBytes ? List.of(line) : List.of();
        }
        String message = Gelf.message(entry, host);
        byte[] bytes = compress ? Gelf.gzip(message) : message.getBytes(StandardCharsets.UTF_8);
        return Gelf.datagrams(bytes, datagramBytes, RANDOM);
    }

    private static LogRecord shortened(LogRecord entry, String message) {
        return new LogRecord(
                entry.sequence(),
                entry.time(),
                entry.level(),
                entry.module(),
                entry.logger(),
                entry.thread(),
                message,
                Optional.empty(),
                entry.run());
    }
}

package io.culvert.log.syslog;

import io.culvert.api.log.LogRecord;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * Log entries as syslog messages (RFC 5424): the module's id is the MSGID, and the structured data has {@code meta} with
 * the sequence number and an element of our own with run, sequence number, module, logger and thread. A message in more
 * than ASCII begins with the byte order mark; a stack trace follows on the same line, its lines parted by {@code " | "}.
 *
 * @param facility the messages' facility
 * @param hostName empty for unknown
 * @param appName shown as the sender
 * @param dataId name of our structured data, {@code name@enterprise number}
 * @param maxBytes of a message; a longer one loses its end
 */
record SyslogFormat(
        Facility facility, String hostName, String appName, long processId, String dataId, int maxBytes) {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};
    private static final String OURS = "io.culvert.";
    private static final long MAX_SEQUENCE_ID = Integer.MAX_VALUE;
    private static final int MAX_VALUE = 120;

    byte[] message(LogRecord entry) {
        String header = "<%d>1 %s %s %s %d %s "
                .formatted(
                        facility.code() * 8 + severity(entry.level()),
                        TIME.format(entry.time()),
                        name(hostName, 255),
                        name(appName, 48),
                        processId,
                        name(module(entry.module()), 32));
        String data = data(entry);
        if (header.length() + data.getBytes(StandardCharsets.UTF_8).length > maxBytes * 3 / 4) {
            data = "-";
        }
        byte[] start = (header + data + " ").getBytes(StandardCharsets.UTF_8);
        String text = text(entry);
        byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
        boolean ascii = encoded.length == text.length();
        var message = ByteBuffer.allocate(start.length + BYTE_ORDER_MARK.length + encoded.length).put(start);
        if (!ascii) {
            message.put(BYTE_ORDER_MARK);
        }
        message.put(encoded, 0, fitting(encoded, maxBytes - message.position()));
        byte[] bytes = new byte[message.position()];
        message.flip().get(bytes);
        return bytes;
    }

    /** How many bytes of UTF-8 fit without cutting a character. */
    private static int fitting(byte[] encoded, int room) {
        if (encoded.length <= room) {
            return encoded.length;
        }
        int length = Math.max(0, room);
        while (length > 0 && (encoded[length] & 0xc0) == 0x80) {
            length--;
        }
        return length;
    }

    private static String text(LogRecord entry) {
        return entry.message()
                + entry.trace()
                        .map(trace -> " | " + String.join(" | ", trace.lines().map(String::strip).toList()))
                        .orElse("");
    }

    private String data(LogRecord entry) {
        long sequenceId = (Math.max(1, entry.sequence()) - 1) % MAX_SEQUENCE_ID + 1;
        return "[meta sequenceId=\"%d\"][%s run=\"%s\" sequence=\"%d\" module=\"%s\" logger=\"%s\" thread=\"%s\"]"
                .formatted(
                        sequenceId,
                        dataId,
                        value(entry.run()),
                        entry.sequence(),
                        value(entry.module()),
                        value(entry.logger()),
                        value(entry.thread()));
    }

    /** PARAM-VALUE (section 6.3.3): three characters are escaped; control characters have no place. */
    static String value(String text) {
        var value = new StringBuilder(text.length());
        int[] points = text.codePoints().limit(MAX_VALUE).toArray();
        for (int point : points) {
            if (point == '"' || point == '\\' || point == ']') {
                value.append('\\').append((char) point);
            } else if (Character.isISOControl(point)) {
                value.append('?');
            } else {
                value.appendCodePoint(point);
            }
        }
        return value.toString();
    }

    /** A header field: printable ASCII without spaces, {@code -} for nothing. */
    static String name(String text, int max) {
        var name = new StringBuilder();
        text.chars().limit(max).forEach(c -> name.append(c > ' ' && c < 127 ? (char) c : '?'));
        return name.isEmpty() ? "-" : name.toString();
    }

    private static String module(String name) {
        return name.startsWith(OURS) ? name.substring(OURS.length()) : name;
    }

    private static int severity(LogRecord.Level level) {
        return switch (level) {
            case ERROR -> 3;
            case WARN -> 4;
            case INFO -> 6;
            case DEBUG, TRACE -> 7;
        };
    }
}

package io.culvert.log.support;

import io.culvert.api.log.LogRecord;
import java.util.Locale;

/** Log entries as JSON (RFC 8259), one object on one line. */
public final class Json {
    private Json() {}

    /**
     * One entry: {@code time} (ISO 8601, UTC), {@code level}, {@code module}, {@code logger}, {@code thread},
     * {@code message}, {@code trace} when there is one, {@code run} and {@code sequence}; no line feed at the end.
     */
    public static String entry(LogRecord entry) {
        var json = new StringBuilder(256).append('{');
        member(json, "time", entry.time().toString());
        member(json, "level", entry.level().name().toLowerCase(Locale.ROOT));
        member(json, "module", entry.module());
        member(json, "logger", entry.logger());
        member(json, "thread", entry.thread());
        member(json, "message", entry.message());
        entry.trace().ifPresent(trace -> member(json, "trace", trace));
        member(json, "run", entry.run());
        return json.append(",\"sequence\":").append(entry.sequence()).append('}').toString();
    }

    /** A member of an object whose brace is open; a comma goes before all but the first. */
    public static void member(StringBuilder json, String name, String value) {
        if (json.charAt(json.length() - 1) != '{') {
            json.append(',');
        }
        string(json, name);
        json.append(':');
        string(json, value);
    }

    private static void string(StringBuilder json, String text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                default -> {
                    // Half of a surrogate pair has no UTF-8 form.
                    if (c < ' ' || c == '\u007f' || c == '\u2028' || c == '\u2029' || isLoneSurrogate(text, i)) {
                        json.append("\\u%04x".formatted((int) c));
                    } else {
                        json.append(c);
                    }
                }
            }
        }
        json.append('"');
    }

    private static boolean isLoneSurrogate(String text, int i) {
        char c = text.charAt(i);
        if (Character.isHighSurrogate(c)) {
            return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
        }
        return Character.isLowSurrogate(c) && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)));
    }
}

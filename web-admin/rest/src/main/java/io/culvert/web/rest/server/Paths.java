package io.culvert.web.rest.server;

import io.culvert.api.web.Problem;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Decodes a request's path, and takes nothing that could mean two things. */
final class Paths {
    private static final int MAX = 2048;

    private Paths() {}

    /**
     * The path with its percent signs resolved. Slashes separate segments and nothing else does.
     *
     * @throws Problem 400 for dot segments, hidden or doubled slashes, control characters and what is no UTF-8
     */
    static String decode(String raw) throws Problem {
        if (raw.length() > MAX || !raw.startsWith("/")) {
            throw bad();
        }
        var decoded = new StringBuilder();
        String[] segments = raw.substring(1).split("/", -1);
        for (int i = 0; i < segments.length; i++) {
            String segment = segment(segments[i]);
            if (segment.equals(".") || segment.equals("..") || segment.isEmpty() && i < segments.length - 1) {
                throw bad();
            }
            decoded.append('/').append(segment);
        }
        return decoded.toString();
    }

    private static String segment(String raw) throws Problem {
        byte[] bytes = new byte[raw.length()];
        int length = 0;
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            int value = c;
            if (c == '%') {
                if (i + 2 >= raw.length()) {
                    throw bad();
                }
                int high = Character.digit(raw.charAt(i + 1), 16);
                int low = Character.digit(raw.charAt(i + 2), 16);
                if (high < 0 || low < 0) {
                    throw bad();
                }
                value = high << 4 | low;
                i += 2;
            } else if (c > 0x7e || c == ';') {
                throw bad();
            }
            if (value < 0x20 || value == 0x7f || value == '/' || value == '\\') {
                throw bad();
            }
            bytes[length++] = (byte) value;
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, length)).toString();
        } catch (CharacterCodingException e) {
            throw bad();
        }
    }

    private static Problem bad() {
        return Problem.badRequest("the path is malformed");
    }
}

package io.culvert.tunnel.openvpn.wire;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Text messages on the control channel: UTF-8 and a NUL, each in a TLS record of its own. */
public final class ControlMessage {
    public static final String PUSH_REQUEST = "PUSH_REQUEST";
    public static final String EXIT = "EXIT";
    public static final String RESTART = "RESTART";
    public static final String HALT = "HALT";
    public static final String AUTH_FAILED = "AUTH_FAILED";
    public static final String AUTH_PENDING = "AUTH_PENDING";
    public static final String INFO_PRE = "INFO_PRE,";
    public static final String CR_RESPONSE = "CR_RESPONSE,";

    /** What stock peers read as one message, NUL included. */
    public static final int MAX_BYTES = 2048;

    private ControlMessage() {}

    /** The messages of one record: NUL-separated, the last one ended by NUL; others are lost, as with stock peers. */
    public static List<String> parse(byte[] record) {
        var messages = new ArrayList<String>();
        int from = 0;
        for (int i = 0; i < record.length && i < MAX_BYTES; i++) {
            if (record[i] == 0) {
                String text = new String(Arrays.copyOfRange(record, from, i), StandardCharsets.UTF_8).stripTrailing();
                if (!text.isEmpty() && text.chars().noneMatch(c -> c < ' ' || c == 0x7F)) {
                    messages.add(text);
                }
                from = i + 1;
            }
        }
        return messages;
    }

    /**
     * The message's record.
     *
     * @throws IllegalArgumentException when it is longer than peers read
     */
    public static byte[] encode(String message) {
        byte[] text = message.getBytes(StandardCharsets.UTF_8);
        if (text.length + 1 > MAX_BYTES) {
            throw new IllegalArgumentException("a control message of " + text.length + " bytes");
        }
        return Arrays.copyOf(text, text.length + 1);
    }

    /** {@code text} without what would end or forge a message: control characters and commas. */
    public static String reason(String text) {
        return text.replaceAll("[\\p{Cntrl},]", " ").strip();
    }
}

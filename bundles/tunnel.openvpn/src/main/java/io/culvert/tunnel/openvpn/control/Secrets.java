package io.culvert.tunnel.openvpn.control;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/**
 * What a client sends as its password: the password alone, or with the answer to a question.
 *
 * <ul>
 *   <li>{@code SCRV1:base64(password):base64(response)}, a static challenge that the profile asks for
 *   <li>{@code CRV1::state:: response}, without the blank: a question of an earlier connection, by its state
 *   <li>{@code SESS_ID_AT_...}, a token: {@link AuthTokens}
 * </ul>
 */
sealed interface Secrets {
    /** The bytes are the holder's, to be zeroed. */
    record Password(byte[] password, byte @Nullable [] response) implements Secrets {
        @Override
        public String toString() {
            return "Password[redacted]";
        }
    }

    record Token(byte[] token) implements Secrets {
        @Override
        public String toString() {
            return "Token[redacted]";
        }
    }

    record Answer(String state, byte[] response) implements Secrets {
        @Override
        public String toString() {
            return "Answer[redacted]";
        }
    }

    /** It begins as one of the forms above and does not go on so. */
    record Malformed() implements Secrets {}

    /** Reads {@code field}, and leaves it alone. */
    static Secrets parse(byte[] field) {
        if (AuthTokens.isToken(field)) {
            return new Token(field.clone());
        }
        if (starts(field, "SCRV1:")) {
            return staticChallenge(field);
        }
        if (starts(field, "CRV1::")) {
            return dynamicChallenge(field);
        }
        return new Password(field.clone(), null);
    }

    private static Secrets staticChallenge(byte[] field) {
        int from = "SCRV1:".length();
        int colon = indexOf(field, from);
        if (colon < 0 || indexOf(field, colon + 1) >= 0) {
            return new Malformed();
        }
        byte[] password = decoded(field, from, colon);
        byte[] response = decoded(field, colon + 1, field.length);
        if (password == null || response == null) {
            if (password != null) {
                Arrays.fill(password, (byte) 0);
            }
            return new Malformed();
        }
        return new Password(password, response);
    }

    private static byte @Nullable [] decoded(byte[] field, int from, int to) {
        byte[] base64 = Arrays.copyOfRange(field, from, to);
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException _) {
            return null;
        } finally {
            Arrays.fill(base64, (byte) 0);
        }
    }

    private static Secrets dynamicChallenge(byte[] field) {
        int from = "CRV1::".length();
        int end = indexOf(field, from);
        if (end <= from || end + 1 >= field.length || field[end + 1] != ':') {
            return new Malformed();
        }
        return new Answer(
                new String(field, from, end - from, StandardCharsets.ISO_8859_1),
                Arrays.copyOfRange(field, end + 2, field.length));
    }

    private static int indexOf(byte[] field, int from) {
        for (int i = from; i < field.length; i++) {
            if (field[i] == ':') {
                return i;
            }
        }
        return -1;
    }

    private static boolean starts(byte[] field, String prefix) {
        byte[] bytes = prefix.getBytes(StandardCharsets.US_ASCII);
        return field.length >= bytes.length && Arrays.equals(field, 0, bytes.length, bytes, 0, bytes.length);
    }
}

package io.culvert.web.rest.access;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The session's cookie. The prefix makes browsers refuse it without TLS, with a domain, or for a part of the site. */
final class Cookies {
    private static final String NAME = "__Host-culvert";
    private static final String RULES = "; Path=/; Secure; HttpOnly; SameSite=Strict";

    private Cookies() {}

    static String set(String secret) {
        return NAME + "=" + secret + RULES;
    }

    static String clear() {
        return NAME + "=" + RULES + "; Max-Age=0";
    }

    /** @param header {@code Cookie} */
    static Optional<String> secret(@Nullable String header) {
        if (header == null) {
            return Optional.empty();
        }
        for (String each : header.split(";")) {
            String pair = each.strip();
            if (pair.startsWith(NAME + "=")) {
                String value = pair.substring(NAME.length() + 1);
                return value.matches("[A-Za-z0-9_-]{43}") ? Optional.of(value) : Optional.empty();
            }
        }
        return Optional.empty();
    }
}

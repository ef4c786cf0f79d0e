package io.culvert.auth.jdbc;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which texts are believed to be hashes, by their begin. A text that looks like no known hash is plain text, and one
 * that looks like a hash is never taken as plain text.
 */
final class HashFormats {
    static final List<String> NAMES = List.of("argon2", "bcrypt", "pbkdf2", "ssha", "plain");

    private final Set<String> allowed;

    HashFormats(List<String> allowed) {
        this.allowed = Set.copyOf(allowed);
    }

    /** A text that cannot be used, in words for the operator that do not repeat it. */
    static final class UnusableException extends Exception {
        UnusableException(String message) {
            super(message);
        }
    }

    PasswordHash parse(String text) throws UnusableException {
        String format = format(text);
        if (!allowed.contains(format)) {
            throw new UnusableException("the format " + format + " of the password is not allowed: store a hash of "
                    + String.join(", ", NAMES.stream().filter(allowed::contains).toList())
                    + ", or name " + format + " in formats");
        }
        try {
            Optional<PasswordHash> hash = switch (format) {
                case "argon2" -> PasswordHash.Argon2.parse(text);
                case "bcrypt" -> PasswordHash.Bcrypt.parse(text);
                case "pbkdf2" -> PasswordHash.Pbkdf2.parse(text);
                case "ssha" -> PasswordHash.Ssha.parse(text);
                default -> Optional.of(new PasswordHash.Plain(text.getBytes(StandardCharsets.UTF_8)));
            };
            return hash.orElseThrow(() -> new UnusableException("the " + format + " hash is malformed or too costly"));
        } catch (IllegalArgumentException _) {
            throw new UnusableException("the " + format + " hash is malformed");
        }
    }

    private static String format(String text) {
        if (text.startsWith("$argon2")) {
            return "argon2";
        }
        if (text.startsWith("$2")) {
            return "bcrypt";
        }
        if (text.startsWith("pbkdf2_") || text.startsWith("$pbkdf2")) {
            return "pbkdf2";
        }
        if (text.startsWith("{SSHA")) {
            return "ssha";
        }
        // crypt(3) and LDAP schemes that are not known here: their text must not become a password.
        return text.startsWith("$") || text.startsWith("{") ? "unknown" : "plain";
    }
}

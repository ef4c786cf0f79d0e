package io.culvert.web.rest.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;

/** Random words, and hashes of those that are kept. */
final class Secrets {
    /** Without letters and digits that look alike. */
    private static final String READABLE = "23456789ABCDEFGHJKMNPQRSTVWXYZ";

    private final SecureRandom random;

    Secrets(SecureRandom random) {
        this.random = random;
    }

    SecureRandom random() {
        return random;
    }

    /** As Base64 for addresses. */
    String word(int bytes) {
        byte[] word = new byte[bytes];
        random.nextBytes(word);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(word);
    }

    String hex(int bytes) {
        byte[] word = new byte[bytes];
        random.nextBytes(word);
        return HexFormat.of().formatHex(word);
    }

    /** Groups of four to be typed: {@code K7QF-93MX}. */
    String typed(int groups) {
        var text = new StringBuilder();
        for (int i = 0; i < groups * 4; i++) {
            text.append(i > 0 && i % 4 == 0 ? "-" : "").append(READABLE.charAt(random.nextInt(READABLE.length())));
        }
        return text.toString();
    }

    /** What was typed, however it was typed. */
    static String typed(String text) {
        return text.toUpperCase(java.util.Locale.ROOT).replaceAll("[^0-9A-Z]", "");
    }

    /** Enough for words that nobody can guess; passwords take {@link Password}. */
    static String hash(String word) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(word.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}

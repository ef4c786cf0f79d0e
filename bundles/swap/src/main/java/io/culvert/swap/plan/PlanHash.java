package io.culvert.swap.plan;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Names the state that a plan saw: two plans have the same hash when they saw the same. */
public final class PlanHash {
    private static final int HEX_DIGITS = 16;

    private final MessageDigest digest;

    public PlanHash() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    public PlanHash add(String title, String... facts) {
        put(title);
        put(Integer.toString(facts.length));
        for (String fact : facts) {
            put(fact);
        }
        return this;
    }

    private void put(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update(new byte[] {(byte) (bytes.length >> 16), (byte) (bytes.length >> 8), (byte) bytes.length});
        digest.update(bytes);
    }

    /** Ends the hash. */
    public String hex() {
        return HexFormat.of().formatHex(digest.digest()).substring(0, HEX_DIGITS);
    }
}

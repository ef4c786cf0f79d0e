package io.culvert.swap.state;

/**
 * A jar of a module, by its content.
 *
 * @param sha256 lower-case hex; its file is {@code jars/<sha256>.jar}
 * @param version the Bundle-Version in it
 */
public record Jar(String sha256, String version) {
    public Jar {
        if (!sha256.matches("[0-9a-f]{64}")) {
            throw new IllegalArgumentException("no SHA-256: " + sha256);
        }
    }

    /** Enough of the hash to tell jars apart by eye. */
    public String shortHash() {
        return sha256.substring(0, 12);
    }
}

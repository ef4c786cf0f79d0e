package io.culvert.swap.trust;

/** What the signature of a module's jar says. It speaks of the bytes on this disk, never of what somebody offered. */
public sealed interface Verdict {
    /** One line for a person. */
    String line();

    /** A word for tables: {@code trusted}, {@code unknown}, {@code unsigned}, {@code wrong}. */
    String word();

    /**
     * Signed, every entry, by a key that the settings trust.
     *
     * @param key the name that the settings give the key
     * @param fingerprint SHA-256 of the public key, lower-case hex
     */
    record Trusted(String key, String fingerprint) implements Verdict {
        @Override
        public String line() {
            return "signed by " + key;
        }

        @Override
        public String word() {
            return "trusted";
        }
    }

    /**
     * Signed, every entry, by a key that nobody has trusted yet.
     *
     * @param fingerprint SHA-256 of the public key, lower-case hex
     */
    record UnknownKey(String fingerprint) implements Verdict {
        @Override
        public String line() {
            return "signed by an unknown key with the fingerprint " + fingerprint;
        }

        @Override
        public String word() {
            return "unknown";
        }
    }

    /** No signature at all. */
    record Unsigned() implements Verdict {
        @Override
        public String line() {
            return "not signed";
        }

        @Override
        public String word() {
            return "unsigned";
        }
    }

    /**
     * A signature that does not hold: changed, added or missing bytes.
     *
     * @param reason what is wrong, in a few words
     */
    record Wrong(String reason) implements Verdict {
        @Override
        public String line() {
            return "wrongly signed: " + reason;
        }

        @Override
        public String word() {
            return "wrong";
        }
    }
}

package io.culvert.auth.file;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/**
 * A password's Argon2id hash (RFC 9106), as text {@code $argon2id$v=19$m=19456,t=2,p=1$salt$hash} with unpadded Base64.
 */
final class Argon2Hash {
    private static final Pattern PHC = Pattern.compile(
            "\\$argon2id\\$v=19\\$m=([0-9]{1,6}),t=([0-9]{1,2}),p=([0-9])\\$([A-Za-z0-9+/]{11,86})\\$([A-Za-z0-9+/]{22,86})");
    private static final int SALT = 16;
    private static final int HASH = 32;

    /**
     * What one computation costs.
     *
     * @param memory in KiB, 8 for each lane at least
     * @param iterations passes over the memory
     */
    record Cost(int memory, int iterations, int lanes) {
        static final int MAX_MEMORY = 262_144;
        static final int MAX_ITERATIONS = 16;
        static final int MAX_LANES = 8;

        /** RFC 9106 asks for 8 KiB a lane; the rest keeps a typing error from taking the machine's memory. */
        boolean isSound() {
            return lanes >= 1
                    && lanes <= MAX_LANES
                    && memory >= 8 * lanes
                    && memory <= MAX_MEMORY
                    && iterations >= 1
                    && iterations <= MAX_ITERATIONS;
        }
    }

    private final Cost cost;
    private final byte[] salt;
    private final byte[] hash;

    private Argon2Hash(Cost cost, byte[] salt, byte[] hash) {
        this.cost = cost;
        this.salt = salt;
        this.hash = hash;
    }

    static Argon2Hash of(byte[] password, Cost cost, SecureRandom random) {
        byte[] salt = new byte[SALT];
        random.nextBytes(salt);
        return new Argon2Hash(cost, salt, compute(password, cost, salt, HASH));
    }

    /** Takes as long as others to compare with, and belongs to no password that anybody could find. Made at once. */
    static Argon2Hash ofNobody(Cost cost, SecureRandom random) {
        byte[] salt = new byte[SALT];
        byte[] hash = new byte[HASH];
        random.nextBytes(salt);
        random.nextBytes(hash);
        return new Argon2Hash(cost, salt, hash);
    }

    static Optional<Argon2Hash> parse(String text) {
        Matcher parts = PHC.matcher(text);
        if (!parts.matches()) {
            return Optional.empty();
        }
        var cost = new Cost(
                Integer.parseInt(parts.group(1)), Integer.parseInt(parts.group(2)), Integer.parseInt(parts.group(3)));
        try {
            Base64.Decoder base64 = Base64.getDecoder();
            var parsed = new Argon2Hash(cost, base64.decode(parts.group(4)), base64.decode(parts.group(5)));
            return cost.isSound() ? Optional.of(parsed) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    String text() {
        Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
        return "$argon2id$v=19$m=" + cost.memory() + ",t=" + cost.iterations() + ",p=" + cost.lanes() + "$"
                + base64.encodeToString(salt) + "$" + base64.encodeToString(hash);
    }

    boolean matches(byte[] password) {
        return MessageDigest.isEqual(hash, compute(password, cost, salt, hash.length));
    }

    private static byte[] compute(byte[] password, Cost cost, byte[] salt, int length) {
        return SystemArgon2.hash(password, cost, salt, length).orElseGet(() -> inJava(password, cost, salt, length));
    }

    static byte[] inJava(byte[] password, Cost cost, byte[] salt, int length) {
        var generator = new Argon2BytesGenerator();
        generator.init(new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
                .withVersion(Argon2Parameters.ARGON2_VERSION_13)
                .withMemoryAsKB(cost.memory())
                .withIterations(cost.iterations())
                .withParallelism(cost.lanes())
                .withSalt(salt)
                .build());
        byte[] hash = new byte[length];
        generator.generateBytes(password, hash);
        return hash;
    }

    @Override
    public String toString() {
        return "Argon2Hash[redacted]";
    }
}

package io.culvert.auth.jdbc;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.Digest;
import org.bouncycastle.crypto.digests.SHA1Digest;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.digests.SHA512Digest;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.generators.BCrypt;
import org.bouncycastle.crypto.generators.PKCS5S2ParametersGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;
import org.bouncycastle.crypto.params.KeyParameter;

/**
 * What a table holds instead of a password. {@link #with} gives a hash of the same cost that nothing matches, for users
 * that do not exist.
 */
sealed interface PasswordHash {
    boolean matches(byte[] password);

    /** Of the same cost; no password is known that it matches. */
    PasswordHash with(byte[] random);

    /**
     * Argon2 (RFC 9106) in the PHC string format.
     *
     * @param type {@code Argon2Parameters.ARGON2_id} or {@code ARGON2_i}
     * @param memory in KiB
     */
    record Argon2(int type, int memory, int iterations, int lanes, byte[] salt, byte[] hash) implements PasswordHash {
        private static final Pattern TEXT = Pattern.compile(
                "\\$argon2(id|i)\\$v=19\\$m=([0-9]{1,7}),t=([0-9]{1,2}),p=([0-9]{1,2})\\$([A-Za-z0-9+/]{10,86})\\$([A-Za-z0-9+/]{22,86})");
        /** A typing error in the table must not take the machine's memory. */
        private static final int MAX_MEMORY = 1 << 20;

        static Optional<PasswordHash> parse(String text) {
            Matcher parts = TEXT.matcher(text);
            if (!parts.matches()) {
                return Optional.empty();
            }
            int memory = Integer.parseInt(parts.group(2));
            int iterations = Integer.parseInt(parts.group(3));
            int lanes = Integer.parseInt(parts.group(4));
            if (lanes < 1 || lanes > 16 || memory < 8 * lanes || memory > MAX_MEMORY || iterations < 1 || iterations > 32) {
                return Optional.empty();
            }
            int type = parts.group(1).equals("id") ? Argon2Parameters.ARGON2_id : Argon2Parameters.ARGON2_i;
            return Optional.of(
                    new Argon2(type, memory, iterations, lanes, base64(parts.group(5)), base64(parts.group(6))));
        }

        @Override
        public boolean matches(byte[] password) {
            var generator = new Argon2BytesGenerator();
            generator.init(new Argon2Parameters.Builder(type)
                    .withVersion(Argon2Parameters.ARGON2_VERSION_13)
                    .withMemoryAsKB(memory)
                    .withIterations(iterations)
                    .withParallelism(lanes)
                    .withSalt(salt)
                    .build());
            byte[] computed = new byte[hash.length];
            generator.generateBytes(password, computed);
            return MessageDigest.isEqual(hash, computed);
        }

        @Override
        public PasswordHash with(byte[] random) {
            return new Argon2(type, memory, iterations, lanes, salt, Arrays.copyOf(random, hash.length));
        }

        @Override
        public String toString() {
            return "Argon2[redacted]";
        }
    }

    /** bcrypt as {@code $2b$12$...}; it looks at the first 72 bytes of a password. */
    record Bcrypt(int cost, byte[] salt, byte[] hash) implements PasswordHash {
        private static final Pattern TEXT = Pattern.compile("\\$2[aby]\\$([0-9]{2})\\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})");
        private static final String ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        private static final String STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        private static final int MAX_PASSWORD = 72;
        private static final int SALT = 16;
        /** The last byte of the 24 is not part of the text. */
        private static final int HASH = 23;

        static Optional<PasswordHash> parse(String text) {
            Matcher parts = TEXT.matcher(text);
            if (!parts.matches()) {
                return Optional.empty();
            }
            int cost = Integer.parseInt(parts.group(1));
            if (cost < 4 || cost > 18) {
                return Optional.empty();
            }
            return Optional.of(new Bcrypt(
                    cost, Arrays.copyOf(decode(parts.group(2)), SALT), Arrays.copyOf(decode(parts.group(3)), HASH)));
        }

        private static byte[] decode(String text) {
            var standard = new StringBuilder(text.length());
            text.chars().forEach(c -> standard.append(STANDARD.charAt(ALPHABET.indexOf(c))));
            return Base64.getDecoder().decode(standard.toString());
        }

        @Override
        public boolean matches(byte[] password) {
            // The terminating zero is hashed too, as far as it fits.
            byte[] terminated = Arrays.copyOf(password, Math.min(password.length + 1, MAX_PASSWORD));
            try {
                return MessageDigest.isEqual(hash, Arrays.copyOf(BCrypt.generate(terminated, salt, cost), HASH));
            } finally {
                Arrays.fill(terminated, (byte) 0);
            }
        }

        @Override
        public PasswordHash with(byte[] random) {
            return new Bcrypt(cost, salt, Arrays.copyOf(random, HASH));
        }

        @Override
        public String toString() {
            return "Bcrypt[redacted]";
        }
    }

    /** PBKDF2 (RFC 8018) as Django and as passlib write it. */
    record Pbkdf2(String digest, int iterations, byte[] salt, byte[] hash) implements PasswordHash {
        private static final Pattern DJANGO =
                Pattern.compile("pbkdf2_(sha1|sha256|sha512)\\$([0-9]{1,8})\\$([^$]{1,128})\\$([A-Za-z0-9+/]{20,90}={0,2})");
        private static final Pattern PASSLIB =
                Pattern.compile("\\$pbkdf2(|-sha256|-sha512)\\$([0-9]{1,8})\\$([A-Za-z0-9./]{2,128})\\$([A-Za-z0-9./]{20,90})");
        private static final int MAX_ITERATIONS = 10_000_000;

        static Optional<PasswordHash> parse(String text) {
            Matcher django = DJANGO.matcher(text);
            Matcher passlib = PASSLIB.matcher(text);
            if (django.matches()) {
                return of(django.group(1), django.group(2), django.group(3).getBytes(StandardCharsets.UTF_8),
                        base64(django.group(4)));
            }
            if (passlib.matches()) {
                String digest = passlib.group(1).isEmpty() ? "sha1" : passlib.group(1).substring(1);
                return of(digest, passlib.group(2), base64(passlib.group(3).replace('.', '+')),
                        base64(passlib.group(4).replace('.', '+')));
            }
            return Optional.empty();
        }

        private static Optional<PasswordHash> of(String digest, String iterations, byte[] salt, byte[] hash) {
            int count = Integer.parseInt(iterations);
            return count < 1 || count > MAX_ITERATIONS
                    ? Optional.empty()
                    : Optional.of(new Pbkdf2(digest, count, salt, hash));
        }

        @Override
        public boolean matches(byte[] password) {
            Digest function =
                    switch (digest) {
                        case "sha1" -> new SHA1Digest();
                        case "sha256" -> new SHA256Digest();
                        default -> new SHA512Digest();
                    };
            var generator = new PKCS5S2ParametersGenerator(function);
            generator.init(password, salt, iterations);
            var key = (KeyParameter) generator.generateDerivedMacParameters(8 * hash.length);
            return MessageDigest.isEqual(hash, key.getKey());
        }

        @Override
        public PasswordHash with(byte[] random) {
            return new Pbkdf2(digest, iterations, salt, Arrays.copyOf(random, hash.length));
        }

        @Override
        public String toString() {
            return "Pbkdf2[redacted]";
        }
    }

    /** {@code {SSHA}}, {@code {SSHA256}}, {@code {SSHA512}} of LDAP servers: one salted digest, fast to guess. */
    record Ssha(String algorithm, byte[] salt, byte[] hash) implements PasswordHash {
        private static final Pattern TEXT = Pattern.compile("\\{SSHA(|256|512)}([A-Za-z0-9+/]{28,128}={0,2})");

        static Optional<PasswordHash> parse(String text) {
            Matcher parts = TEXT.matcher(text);
            if (!parts.matches()) {
                return Optional.empty();
            }
            String algorithm = parts.group(1).isEmpty() ? "SHA-1" : "SHA-" + parts.group(1);
            int length = switch (algorithm) {
                case "SHA-1" -> 20;
                case "SHA-256" -> 32;
                default -> 64;
            };
            byte[] both = base64(parts.group(2));
            return both.length <= length
                    ? Optional.empty()
                    : Optional.of(new Ssha(
                            algorithm, Arrays.copyOfRange(both, length, both.length), Arrays.copyOf(both, length)));
        }

        @Override
        public boolean matches(byte[] password) {
            try {
                MessageDigest digest = MessageDigest.getInstance(algorithm);
                digest.update(password);
                return MessageDigest.isEqual(hash, digest.digest(salt));
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public PasswordHash with(byte[] random) {
            return new Ssha(algorithm, salt, Arrays.copyOf(random, hash.length));
        }

        @Override
        public String toString() {
            return "Ssha[redacted]";
        }
    }

    /** The password itself. */
    record Plain(byte[] password) implements PasswordHash {
        @Override
        public boolean matches(byte[] shown) {
            return MessageDigest.isEqual(password, shown);
        }

        @Override
        public PasswordHash with(byte[] random) {
            return new Plain(random);
        }

        @Override
        public String toString() {
            return "Plain[redacted]";
        }
    }

    private static byte[] base64(String text) {
        return Base64.getDecoder().decode(text);
    }
}

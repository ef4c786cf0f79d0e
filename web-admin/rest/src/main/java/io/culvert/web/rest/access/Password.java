package io.culvert.web.rest.access;

import io.culvert.api.web.Problem;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/**
 * Passwords as Argon2id hashes (RFC 9106), as text {@code $argon2id$v=19$m=19456,t=2,p=1$salt$hash}. Only so many are
 * computed at once, as each takes 19 MiB.
 */
final class Password {
    private static final Pattern PHC = Pattern.compile(
            "\\$argon2id\\$v=19\\$m=([0-9]{1,6}),t=([0-9]{1,2}),p=1\\$([A-Za-z0-9+/]{11,86})\\$([A-Za-z0-9+/]{22,86})");
    private static final int MEMORY = 19_456;
    private static final int PASSES = 2;
    private static final int LEAST = 10;
    private static final int MOST = 1024;
    private static final long WAIT_SECONDS = 5;

    private final SecureRandom random;
    private final Semaphore computing = new Semaphore(2, true);
    private final String nobodys;

    Password(SecureRandom random) {
        this.random = random;
        byte[] none = new byte[16];
        random.nextBytes(none);
        // Has the shape of a real one, and no password leads to it.
        nobodys = text(none, none);
    }

    /** @throws Problem 400 when it is too short or too long */
    static void check(String password) throws Problem {
        int length = password.codePointCount(0, password.length());
        if (length < LEAST) {
            throw Problem.field("password", "must have at least " + LEAST + " characters; several words do well");
        }
        if (password.getBytes(StandardCharsets.UTF_8).length > MOST) {
            throw Problem.field("password", "must have at most " + MOST + " bytes");
        }
        if (password.codePoints().distinct().count() < 4) {
            throw Problem.field("password", "must have more than three different characters");
        }
    }

    String hash(String password) throws Problem {
        byte[] salt = new byte[16];
        random.nextBytes(salt);
        return text(salt, compute(password, salt, MEMORY, PASSES, 32));
    }

    private static String text(byte[] salt, byte[] hash) {
        Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
        return "$argon2id$v=19$m=" + MEMORY + ",t=" + PASSES + ",p=1$" + base64.encodeToString(salt) + "$"
                + base64.encodeToString(hash);
    }

    /** @param hash empty for an account that does not exist, which takes as long */
    boolean matches(String password, String hash) throws Problem {
        Matcher parts = PHC.matcher(hash.isEmpty() ? nobodys : hash);
        if (!parts.matches()) {
            return false;
        }
        Base64.Decoder base64 = Base64.getDecoder();
        byte[] expected = base64.decode(parts.group(4));
        byte[] shown = compute(
                password,
                base64.decode(parts.group(3)),
                Integer.parseInt(parts.group(1)),
                Integer.parseInt(parts.group(2)),
                expected.length);
        return MessageDigest.isEqual(expected, shown) && !hash.isEmpty();
    }

    private byte[] compute(String password, byte[] salt, int memory, int passes, int length) throws Problem {
        byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
        try {
            if (!computing.tryAcquire(WAIT_SECONDS, TimeUnit.SECONDS)) {
                throw new Problem(429, "wait", "too many people sign in at this moment; try again");
            }
            try {
                var generator = new Argon2BytesGenerator();
                generator.init(new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
                        .withVersion(Argon2Parameters.ARGON2_VERSION_13)
                        .withMemoryAsKB(memory)
                        .withIterations(passes)
                        .withParallelism(1)
                        .withSalt(salt)
                        .build());
                byte[] hash = new byte[length];
                generator.generateBytes(bytes, hash);
                return hash;
            } finally {
                computing.release();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw Problem.unavailable("the console is stopping");
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }
}

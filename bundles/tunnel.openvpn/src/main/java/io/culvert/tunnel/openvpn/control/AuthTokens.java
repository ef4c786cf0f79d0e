package io.culvert.tunnel.openvpn.control;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Tokens that clients send in place of their password after a login: what was typed once, such as a one-time code, need
 * not be typed at every renegotiation. A token is {@code SESS_ID_AT_} and the Base64 of
 *
 * <pre>
 * |id 12 bytes|login, unix seconds, 8 bytes|issued, unix seconds, 8 bytes|HMAC-SHA256 32 bytes|
 * </pre>
 *
 * <p>The HMAC covers the user's name and the certificate's serial number too, so that a token is worth nothing for
 * anybody else. Its life counts from the login, and is not prolonged by use. 91 characters: old clients cut passwords of
 * 128.
 */
public final class AuthTokens {
    private static final byte[] PREFIX = "SESS_ID_AT_".getBytes(StandardCharsets.US_ASCII);
    private static final int ID = 12;
    private static final int HEAD = ID + 2 * Long.BYTES;
    private static final int LENGTH = HEAD + 32;
    /** In the id's first byte: the user has attributes, which are kept under the id. */
    private static final int ATTRIBUTES = 1;

    /** Keeps what authenticators know of users beyond the end of a session; may block. */
    public interface Attributes {
        void keep(String id, long loginSeconds, Map<String, String> attributes) throws Exception;

        Optional<Map<String, String>> find(String id) throws Exception;
    }

    /** What a token is worth. */
    public sealed interface Verdict {
        /**
         * The user has logged in not too long ago.
         *
         * @param attributesId where {@link Attributes} has more; null when there is no more
         */
        record Valid(@Nullable String attributesId) implements Verdict {}

        /** It was worth something. */
        record Expired() implements Verdict {}

        /** It was never handed to this user, or under another key. */
        record Forged() implements Verdict {}
    }

    /** A new token. */
    public record Issued(String token, @Nullable String attributesId) {
        @Override
        public String toString() {
            return "Issued[redacted]";
        }
    }

    private final SecretKeySpec key;
    private final Duration life;
    private final Attributes attributes;

    /**
     * @param key 32 secret bytes
     * @param life of a token; zero for no tokens
     */
    public AuthTokens(byte[] key, Duration life, Attributes attributes) {
        this.key = new SecretKeySpec(key, "HmacSHA256");
        this.life = life;
        this.attributes = attributes;
    }

    /** Whether clients are given tokens. */
    public boolean enabled() {
        return !life.isZero();
    }

    public Attributes attributes() {
        return attributes;
    }

    /** Whether a password is meant as a token. */
    public static boolean isToken(byte[] password) {
        return password.length > PREFIX.length
                && Arrays.equals(password, 0, PREFIX.length, PREFIX, 0, PREFIX.length);
    }

    /**
     * @param profile the certificate's serial number, or empty
     * @param withAttributes whether there is something to keep
     * @param random fills an array
     */
    public Issued issue(String user, String profile, boolean withAttributes, long nowSeconds, Consumer<byte[]> random) {
        byte[] id = new byte[ID];
        random.accept(id);
        id[0] = (byte) (withAttributes ? id[0] | ATTRIBUTES : id[0] & ~ATTRIBUTES);
        ByteBuffer token = ByteBuffer.allocate(LENGTH).put(id).putLong(nowSeconds).putLong(nowSeconds);
        token.put(mac(user, profile, Arrays.copyOf(token.array(), HEAD)));
        String text = new String(PREFIX, StandardCharsets.US_ASCII)
                + Base64.getEncoder().encodeToString(token.array());
        return new Issued(text, withAttributes ? HexFormat.of().formatHex(id) : null);
    }

    public Verdict check(String user, String profile, byte[] password, long nowSeconds) {
        byte[] token;
        try {
            token = Base64.getDecoder().decode(Arrays.copyOfRange(password, PREFIX.length, password.length));
        } catch (IllegalArgumentException _) {
            return new Verdict.Forged();
        }
        if (token.length != LENGTH) {
            return new Verdict.Forged();
        }
        byte[] head = Arrays.copyOf(token, HEAD);
        if (!MessageDigest.isEqual(mac(user, profile, head), Arrays.copyOfRange(token, HEAD, LENGTH))) {
            return new Verdict.Forged();
        }
        long login = ByteBuffer.wrap(head).getLong(ID);
        if (nowSeconds - login >= life.toSeconds() || login - nowSeconds > 60) {
            return new Verdict.Expired();
        }
        return new Verdict.Valid(
                (head[0] & ATTRIBUTES) == 0 ? null : HexFormat.of().formatHex(head, 0, ID));
    }

    private byte[] mac(String user, String profile, byte[] head) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            for (String text : new String[] {user, profile}) {
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                mac.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
                mac.update(bytes);
            }
            return mac.doFinal(head);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HMAC-SHA256 is missing", e);
        }
    }
}

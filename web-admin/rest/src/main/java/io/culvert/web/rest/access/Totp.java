package io.culvert.web.rest.access;

import io.nayuki.qrcodegen.QrCode;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.OptionalLong;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Time-based one-time codes of six digits and 30 s with HMAC-SHA1 (RFC 6238). Each code counts once. */
final class Totp {
    private static final String BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private static final int PERIOD_SECONDS = 30;
    private static final int WINDOW = 1;
    private static final int MODULUS = 1_000_000;
    private static final int QUIET_ZONE = 4;

    private Totp() {}

    /** 160 bits, as RFC 4226 section 4 recommends. */
    static String newSecret(SecureRandom random) {
        var secret = new StringBuilder();
        for (int i = 0; i < 32; i++) {
            secret.append(BASE32.charAt(random.nextInt(32)));
        }
        return secret.toString();
    }

    /**
     * The period that {@code code} is of.
     *
     * @param after no code of this period or an earlier one counts any more
     */
    static OptionalLong accept(String secret, String code, long after, long unixSeconds) {
        if (!code.matches("[0-9]{6}")) {
            return OptionalLong.empty();
        }
        long now = Math.floorDiv(unixSeconds, PERIOD_SECONDS);
        byte[] shown = code.getBytes(StandardCharsets.US_ASCII);
        for (long counter = now - WINDOW; counter <= now + WINDOW; counter++) {
            boolean same = MessageDigest.isEqual(shown, code(secret, counter).getBytes(StandardCharsets.US_ASCII));
            if (same && counter > after) {
                return OptionalLong.of(counter);
            }
        }
        return OptionalLong.empty();
    }

    /** The code of the period that {@code unixSeconds} lies in. */
    static String at(String secret, long unixSeconds) {
        return code(secret, Math.floorDiv(unixSeconds, PERIOD_SECONDS));
    }

    private static String code(String secret, long counter) {
        try {
            Mac mac = Mac.getInstance("HmacSHA1");
            mac.init(new SecretKeySpec(decode(secret), "HmacSHA1"));
            byte[] hash = mac.doFinal(ByteBuffer.allocate(Long.BYTES).putLong(counter).array());
            int number = ByteBuffer.wrap(hash).getInt(hash[hash.length - 1] & 0xF) & 0x7FFF_FFFF;
            return "%06d".formatted(number % MODULUS);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HMAC-SHA1 is missing", e);
        }
    }

    private static byte[] decode(String base32) {
        byte[] bytes = new byte[base32.length() * 5 / 8];
        int held = 0;
        int bits = 0;
        int at = 0;
        for (char c : base32.toCharArray()) {
            held = held << 5 | BASE32.indexOf(c);
            bits += 5;
            if (bits >= 8) {
                bits -= 8;
                bytes[at++] = (byte) (held >> bits);
            }
        }
        return bytes;
    }

    static String uri(String secret, String account) {
        String label = URLEncoder.encode(account, StandardCharsets.UTF_8).replace("+", "%20");
        return "otpauth://totp/Culvert:" + label + "?secret=" + secret + "&issuer=Culvert";
    }

    /** A picture of {@code text} for a camera, as SVG: black on white, whatever the page looks like. */
    static String svg(String text) {
        QrCode code = QrCode.encodeText(text, QrCode.Ecc.LOW);
        int size = code.size + 2 * QUIET_ZONE;
        var path = new StringBuilder();
        for (int y = 0; y < code.size; y++) {
            for (int x = 0; x < code.size; x++) {
                if (code.getModule(x, y)) {
                    path.append('M').append(x + QUIET_ZONE).append(',').append(y + QUIET_ZONE).append("h1v1h-1z");
                }
            }
        }
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + size + " " + size
                + "\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0,0h" + size + "v" + size
                + "H0z\"/><path fill=\"#000\" d=\"" + path + "\"/></svg>";
    }
}

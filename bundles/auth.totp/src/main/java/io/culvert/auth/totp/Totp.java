package io.culvert.auth.totp;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Time-based one-time codes with HMAC-SHA1, as every authenticator app makes them (RFC 6238, RFC 4226).
 *
 * @param digits of a code, 6 to 8
 * @param periodSeconds for how long a code is shown
 */
record Totp(int digits, int periodSeconds) {
    static final int SECRET_BYTES = 20;

    private static final char[] BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".toCharArray();

    /** The number of the period in which {@code unixSeconds} lies. */
    long counter(long unixSeconds) {
        return Math.floorDiv(unixSeconds, periodSeconds);
    }

    /** The code of a period, as ASCII digits. */
    byte[] code(byte[] secret, long counter) {
        byte[] hash;
        try {
            Mac mac = Mac.getInstance("HmacSHA1");
            mac.init(new SecretKeySpec(secret, "HmacSHA1"));
            hash = mac.doFinal(ByteBuffer.allocate(Long.BYTES).putLong(counter).array());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HMAC-SHA1 is missing", e);
        }
        int offset = hash[hash.length - 1] & 0xF;
        int number = ByteBuffer.wrap(hash).getInt(offset) & 0x7FFF_FFFF;
        byte[] code = new byte[digits];
        for (int i = digits - 1; i >= 0; i--) {
            code[i] = (byte) ('0' + number % 10);
            number /= 10;
        }
        return code;
    }

    /** RFC 4648 without padding. */
    static String base32(byte[] bytes) {
        var text = new StringBuilder();
        int bits = 0;
        int held = 0;
        for (byte each : bytes) {
            held = held << 8 | each & 0xFF;
            bits += 8;
            while (bits >= 5) {
                bits -= 5;
                text.append(BASE32[held >> bits & 31]);
            }
            held &= (1 << bits) - 1;
        }
        if (bits > 0) {
            text.append(BASE32[held << 5 - bits & 31]);
        }
        return text.toString();
    }

    /** Whether {@code text} could be a code: digits, as many as a code has. */
    boolean isCode(byte[] text) {
        if (text.length != digits) {
            return false;
        }
        for (byte each : text) {
            if (each < '0' || each > '9') {
                return false;
            }
        }
        return true;
    }

    /** Where the code begins in a password that it was typed behind; -1 when there is none. */
    int codeStart(byte[] password) {
        int start = password.length - digits;
        return start >= 0 && isCode(Arrays.copyOfRange(password, start, password.length)) ? start : -1;
    }
}

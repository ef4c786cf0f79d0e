package io.culvert.auth.radius;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What the shared secret protects: passwords, and who a packet is from (RFC 2865, 3 and 5.2; RFC 3579, 3.2). */
final class Seals {
    private static final int BLOCK = 16;

    private final byte[] secret;

    Seals(byte[] secret) {
        this.secret = secret.clone();
    }

    /** A password as it goes into User-Password. */
    byte[] hidden(byte[] password, byte[] authenticator) {
        byte[] padded = Arrays.copyOf(password, Math.max(BLOCK, (password.length + BLOCK - 1) / BLOCK * BLOCK));
        byte[] hidden = new byte[padded.length];
        byte[] before = authenticator;
        for (int at = 0; at < padded.length; at += BLOCK) {
            byte[] pad = md5(secret, before);
            for (int i = 0; i < BLOCK; i++) {
                hidden[at + i] = (byte) (padded[at + i] ^ pad[i]);
            }
            before = Arrays.copyOfRange(hidden, at, at + BLOCK);
        }
        Arrays.fill(padded, (byte) 0);
        return hidden;
    }

    /** Fills in the Message-Authenticator, which must be the packet's first attribute. */
    byte[] signed(byte[] packet) {
        byte[] mac = hmac(packet);
        System.arraycopy(mac, 0, packet, RadiusPacket.HEAD + 2, mac.length);
        return packet;
    }

    /** Fills in the authenticator of an accounting request (RFC 2866, 3). */
    byte[] accounted(byte[] packet) {
        byte[] digest = md5(packet, secret);
        System.arraycopy(digest, 0, packet, 4, digest.length);
        return packet;
    }

    /** Whether {@code response} is the answer to the request with this authenticator, from somebody with the secret. */
    boolean answers(byte[] response, byte[] requestAuthenticator) {
        byte[] copy = response.clone();
        System.arraycopy(requestAuthenticator, 0, copy, 4, BLOCK);
        return MessageDigest.isEqual(Arrays.copyOfRange(response, 4, 4 + BLOCK), md5(copy, secret));
    }

    /** Whether it has a Message-Authenticator, and the right one. */
    boolean isSigned(byte[] response, byte[] requestAuthenticator) {
        byte[] copy = response.clone();
        System.arraycopy(requestAuthenticator, 0, copy, 4, BLOCK);
        for (int at = RadiusPacket.HEAD; at + 2 <= copy.length; at += Math.max(2, copy[at + 1] & 0xFF)) {
            if ((copy[at] & 0xFF) == RadiusPacket.Attribute.MESSAGE_AUTHENTICATOR && (copy[at + 1] & 0xFF) == 2 + BLOCK
                    && at + 2 + BLOCK <= copy.length) {
                byte[] shown = Arrays.copyOfRange(copy, at + 2, at + 2 + BLOCK);
                Arrays.fill(copy, at + 2, at + 2 + BLOCK, (byte) 0);
                return MessageDigest.isEqual(shown, hmac(copy));
            }
        }
        return false;
    }

    private byte[] hmac(byte[] packet) {
        try {
            Mac mac = Mac.getInstance("HmacMD5");
            mac.init(new SecretKeySpec(secret, "HmacMD5"));
            return mac.doFinal(packet);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HMAC-MD5 is missing", e);
        }
    }

    private static byte[] md5(byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("MD5");
            for (byte[] part : parts) {
                digest.update(part);
            }
            return digest.digest();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("MD5 is missing", e);
        }
    }

    @Override
    public String toString() {
        return "Seals[redacted]";
    }
}

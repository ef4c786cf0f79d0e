package io.culvert.auth.radius;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.digests.MD4Digest;

/** The arithmetic of MS-CHAPv2 (RFC 2759, 8), on both challenges, a name and a password. */
final class MsChapV2 {
    private static final byte[] MAGIC_1 =
            "Magic server to client signing constant".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] MAGIC_2 =
            "Pad to make it do more than one iteration".getBytes(StandardCharsets.US_ASCII);

    private final byte[] hash;
    private final byte[] challenge;
    private final byte[] response;

    /** @param password in UTF-8 */
    MsChapV2(byte[] authenticatorChallenge, byte[] peerChallenge, String user, byte[] password) {
        byte[] wide = new String(password, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_16LE);
        this.hash = md4(wide);
        Arrays.fill(wide, (byte) 0);
        this.challenge = Arrays.copyOf(
                sha1(peerChallenge, authenticatorChallenge, user.getBytes(StandardCharsets.UTF_8)), 8);
        this.response = response(challenge, hash);
    }

    /** 24 bytes. */
    byte[] ntResponse() {
        return response.clone();
    }

    /** What a server that knows the password says: {@code S=} and 40 digits. */
    String authenticatorResponse() {
        byte[] digest = sha1(md4(hash), response, MAGIC_1);
        return "S=" + HexFormat.of().withUpperCase().formatHex(sha1(digest, challenge, MAGIC_2));
    }

    private static byte[] response(byte[] challenge, byte[] hash) {
        byte[] keys = Arrays.copyOf(hash, 21);
        byte[] response = new byte[24];
        for (int i = 0; i < 3; i++) {
            System.arraycopy(des(challenge, Arrays.copyOfRange(keys, 7 * i, 7 * i + 7)), 0, response, 8 * i, 8);
        }
        return response;
    }

    private static byte[] des(byte[] block, byte[] key7) {
        long bits = 0;
        for (byte each : key7) {
            bits = bits << 8 | each & 0xFF;
        }
        byte[] key = new byte[8];
        for (int i = 0; i < 8; i++) {
            // Seven bits and a place for parity, which nobody checks.
            key[i] = (byte) (bits >> 49 - 7 * i << 1 & 0xFE);
        }
        try {
            Cipher cipher = Cipher.getInstance("DES/ECB/NoPadding");
            cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "DES"));
            return cipher.doFinal(block);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("DES is missing", e);
        }
    }

    private static byte[] md4(byte[] input) {
        var digest = new MD4Digest();
        digest.update(input, 0, input.length);
        byte[] hash = new byte[digest.getDigestSize()];
        digest.doFinal(hash, 0);
        return hash;
    }

    private static byte[] sha1(byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-1");
            for (byte[] part : parts) {
                digest.update(part);
            }
            return digest.digest();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("SHA-1 is missing", e);
        }
    }

    @Override
    public String toString() {
        return "MsChapV2[redacted]";
    }
}

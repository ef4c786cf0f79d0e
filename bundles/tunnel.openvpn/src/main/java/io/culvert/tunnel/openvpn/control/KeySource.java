package io.culvert.tunnel.openvpn.control;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Data keys from the randoms of both key-method-2 messages, for peers that cannot export keying material from TLS:
 *
 * <pre>
 * master = PRF(c.pre_master, "OpenVPN master secret" || c.random1 || s.random1), 48 bytes
 * key2   = PRF(master, "OpenVPN key expansion" || c.random2 || s.random2 || client SID || server SID), 256 bytes
 * </pre>
 *
 * PRF is that of TLS 1.0 (RFC 2246 section 5): P_MD5 XOR P_SHA1 with the secret split in halves.
 */
public final class KeySource {
    private static final int MASTER_BYTES = 48;
    private static final int KEY2_BYTES = 256;

    private KeySource() {}

    public static byte[] key2(
            byte[] preMaster,
            byte[] clientRandom1,
            byte[] serverRandom1,
            byte[] clientRandom2,
            byte[] serverRandom2,
            long clientSessionId,
            long serverSessionId) {
        byte[] master = prf(preMaster, "OpenVPN master secret", MASTER_BYTES, clientRandom1, serverRandom1);
        byte[] sessionIds = ByteBuffer.allocate(16)
                .putLong(clientSessionId)
                .putLong(serverSessionId)
                .array();
        byte[] key2 = prf(master, "OpenVPN key expansion", KEY2_BYTES, clientRandom2, serverRandom2, sessionIds);
        Arrays.fill(master, (byte) 0);
        return key2;
    }

    static byte[] prf(byte[] secret, String label, int length, byte[]... seeds) {
        byte[] seed = label.getBytes(StandardCharsets.US_ASCII);
        for (byte[] part : seeds) {
            int at = seed.length;
            seed = Arrays.copyOf(seed, at + part.length);
            System.arraycopy(part, 0, seed, at, part.length);
        }
        int half = (secret.length + 1) / 2;
        byte[] result = expand("HmacMD5", Arrays.copyOf(secret, half), seed, length);
        byte[] sha1 = expand(
                "HmacSHA1", Arrays.copyOfRange(secret, secret.length - half, secret.length), seed, length);
        for (int i = 0; i < length; i++) {
            result[i] ^= sha1[i];
        }
        return result;
    }

    /** P_hash of RFC 2246 section 5. */
    private static byte[] expand(String algorithm, byte[] secret, byte[] seed, int length) {
        try {
            Mac mac = Mac.getInstance(algorithm);
            mac.init(new SecretKeySpec(secret, algorithm));
            ByteBuffer out = ByteBuffer.allocate(length);
            byte[] a = seed;
            while (out.hasRemaining()) {
                a = mac.doFinal(a);
                mac.update(a);
                byte[] block = mac.doFinal(seed);
                out.put(block, 0, Math.min(block.length, out.remaining()));
            }
            return out.array();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK has no " + algorithm, e);
        }
    }
}

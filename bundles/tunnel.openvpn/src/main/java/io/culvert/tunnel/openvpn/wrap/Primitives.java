package io.culvert.tunnel.openvpn.wrap;

import java.security.GeneralSecurityException;
import java.util.HashMap;
import java.util.Map;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * HMAC and AES-256-CTR of the JDK, for control packets. Finding an implementation among the providers costs the JDK more
 * than the packet itself, so each thread keeps what it found.
 */
final class Primitives {
    private static final ThreadLocal<Map<String, Mac>> MACS = ThreadLocal.withInitial(HashMap::new);
    private static final ThreadLocal<Cipher> AES_CTR = ThreadLocal.withInitial(Primitives::newAesCtr);

    private Primitives() {}

    /** @param algorithm a JCE name such as {@code HmacSHA256} */
    static byte[] hmac(String algorithm, byte[] key, byte[]... parts) {
        try {
            Mac mac = MACS.get().get(algorithm);
            if (mac == null) {
                mac = Mac.getInstance(algorithm);
                MACS.get().put(algorithm, mac);
            }
            mac.init(new SecretKeySpec(key, algorithm));
            for (byte[] part : parts) {
                mac.update(part);
            }
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK has no " + algorithm, e);
        }
    }

    /** En- or decrypts {@code text} with a 128-bit big-endian counter that starts at the first 16 bytes of {@code iv}. */
    static byte[] aesCtr(byte[] key, byte[] iv, byte[] text, int offset, int length) {
        try {
            Cipher cipher = AES_CTR.get();
            cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(iv, 0, 16));
            return cipher.doFinal(text, offset, length);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK has no AES-CTR", e);
        }
    }

    private static Cipher newAesCtr() {
        try {
            return Cipher.getInstance("AES/CTR/NoPadding");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK has no AES-CTR", e);
        }
    }
}

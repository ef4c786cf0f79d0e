package io.culvert.tunnel.openvpn.vectors;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Data packets of the epoch format, which the product does not negotiate: {@code op(1) peer-id(3) epoch(16 bits)
 * counter(48 bits) ciphertext tag(16)}, all before the ciphertext authenticated, the nonce being epoch and counter XORed
 * into the IV of the epoch.
 *
 * @param cipher AES-256-GCM or CHACHA20-POLY1305
 * @param secret the first epoch's, of one direction
 */
record EpochCodec(String cipher, byte[] secret) {
    private static final int HEAD = 12;

    /** Keys of an epoch. */
    record Keys(byte[] secret, byte[] key, byte[] iv) {}

    /** What a packet holds. */
    record Opened(byte[] head, byte[] text) {
        int epoch() {
            return ByteBuffer.wrap(head).getShort(4);
        }

        long counter() {
            return ByteBuffer.wrap(head).getLong(4) & 0xFFFF_FFFF_FFFFL;
        }
    }

    Keys keys(int epoch) throws GeneralSecurityException {
        byte[] e = secret;
        for (int i = 1; i < epoch; i++) {
            e = expand(e, "datakey upd", 32);
        }
        return new Keys(e, expand(e, "data_key", 32), expand(e, "data_iv", 12));
    }

    private static byte[] expand(byte[] secret, String label, int length) throws GeneralSecurityException {
        return ExpandLabel.of("HmacSHA256", secret, "ovpn " + label, new byte[0], length);
    }

    Opened open(byte[] packet) throws GeneralSecurityException {
        byte[] head = Arrays.copyOf(packet, HEAD);
        return new Opened(head, cipher(Cipher.DECRYPT_MODE, head).doFinal(packet, HEAD, packet.length - HEAD));
    }

    byte[] seal(Opened opened) throws GeneralSecurityException {
        byte[] text = cipher(Cipher.ENCRYPT_MODE, opened.head).doFinal(opened.text);
        return ByteBuffer.allocate(HEAD + text.length).put(opened.head).put(text).array();
    }

    static byte[] nonce(byte[] head, byte[] iv) {
        byte[] nonce = iv.clone();
        for (int i = 0; i < 8; i++) {
            nonce[i] ^= head[4 + i];
        }
        return nonce;
    }

    private Cipher cipher(int mode, byte[] head) throws GeneralSecurityException {
        Keys keys = keys(ByteBuffer.wrap(head).getShort(4));
        byte[] nonce = nonce(head, keys.iv);
        boolean gcm = cipher.endsWith("GCM");
        Cipher aead = Cipher.getInstance(gcm ? "AES/GCM/NoPadding" : "ChaCha20-Poly1305");
        Key key = new SecretKeySpec(keys.key, gcm ? "AES" : "ChaCha20");
        aead.init(mode, key, gcm ? new GCMParameterSpec(128, nonce) : new IvParameterSpec(nonce));
        aead.updateAAD(head);
        return aead;
    }
}

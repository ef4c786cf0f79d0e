package io.culvert.tunnel.openvpn.vectors;

import io.culvert.tunnel.openvpn.wire.Opcode;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Data packets with AES-CBC and HMAC-SHA256, which the product does not negotiate:
 * {@code head || HMAC(iv || ciphertext) || iv(16) || AES-CBC(packet-id(4) || text)}. The head, op and peer-id, is not
 * authenticated.
 *
 * @param cipherKey of one direction
 * @param hmacKey of one direction
 */
record CbcCodec(byte[] cipherKey, byte[] hmacKey) {
    private static final int MAC = 32;
    private static final int IV = 16;

    /** What a packet holds. */
    record Opened(byte[] head, byte[] iv, int packetId, byte[] text) {}

    Opened open(byte[] packet) throws GeneralSecurityException {
        int head = Opcode.of(packet[0]) == Opcode.DATA_V2 ? 4 : 1;
        byte[] body = Arrays.copyOfRange(packet, head + MAC, packet.length);
        if (!MessageDigest.isEqual(Arrays.copyOfRange(packet, head, head + MAC), mac(body))) {
            throw new GeneralSecurityException("HMAC");
        }
        byte[] iv = Arrays.copyOf(body, IV);
        ByteBuffer clear = ByteBuffer.wrap(cipher(Cipher.DECRYPT_MODE, iv).doFinal(body, IV, body.length - IV));
        int packetId = clear.getInt();
        byte[] text = new byte[clear.remaining()];
        clear.get(text);
        return new Opened(Arrays.copyOf(packet, head), iv, packetId, text);
    }

    byte[] seal(Opened opened) throws GeneralSecurityException {
        byte[] clear = ByteBuffer.allocate(4 + opened.text.length)
                .putInt(opened.packetId)
                .put(opened.text)
                .array();
        byte[] text = cipher(Cipher.ENCRYPT_MODE, opened.iv).doFinal(clear);
        byte[] body = ByteBuffer.allocate(IV + text.length).put(opened.iv).put(text).array();
        return ByteBuffer.allocate(opened.head.length + MAC + body.length)
                .put(opened.head)
                .put(mac(body))
                .put(body)
                .array();
    }

    private Cipher cipher(int mode, byte[] iv) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding");
        cipher.init(mode, new SecretKeySpec(cipherKey, "AES"), new IvParameterSpec(iv));
        return cipher;
    }

    private byte[] mac(byte[] body) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(hmacKey, "HmacSHA256"));
        return mac.doFinal(body);
    }
}

package io.culvert.tunnel.openvpn.wrap;

import io.culvert.tunnel.openvpn.wire.Pem;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The server's key of tls-crypt-v2: 128 bytes, Ke = [0,32), Ka = [64,96). Wraps a client's own key into
 * {@code WKc = T(32) || AES-256-CTR(Ke, T[0,16), Kc || metadata) || u16 length}, with
 * {@code T = HMAC-SHA256(Ka, length || Kc || metadata)}, so that the server needs to remember no client key.
 */
public final class ServerWrapKey {
    public static final int LENGTH = 128;
    public static final int MAX_METADATA_BYTES = 734;

    private static final String LABEL = "OpenVPN tls-crypt-v2 server key";
    private static final String HMAC = "HmacSHA256";
    private static final int TAG = TlsCryptWrap.TAG_BYTES;
    private static final int MIN_WRAPPED = TAG + StaticKey.LENGTH + 1 + 2;
    private static final int MAX_WRAPPED = 1024;

    private final byte[] bytes;
    private final byte[] cipherKey;
    private final byte[] hmacKey;

    /** @param bytes exactly {@link #LENGTH}; copied */
    public ServerWrapKey(byte[] bytes) {
        if (bytes.length != LENGTH) {
            throw new IllegalArgumentException("a tls-crypt-v2 server key has " + LENGTH + " bytes, not " + bytes.length);
        }
        this.bytes = bytes.clone();
        this.cipherKey = Arrays.copyOfRange(bytes, 0, 32);
        this.hmacKey = Arrays.copyOfRange(bytes, 64, 96);
    }

    /**
     * A server key file.
     *
     * @throws IllegalArgumentException when the text is none; the message holds nothing of it
     */
    public static ServerWrapKey parse(String text) {
        return new ServerWrapKey(Pem.decode(text, LABEL));
    }

    public String format() {
        return Pem.encode(LABEL, bytes);
    }

    /**
     * WKc.
     *
     * @param metadata a type byte and its data: 0 for user bytes, 1 for a 64-bit unix time
     */
    public byte[] wrap(StaticKey clientKey, byte[] metadata) {
        if (metadata.length < 1 || metadata.length > MAX_METADATA_BYTES) {
            throw new IllegalArgumentException("tls-crypt-v2 metadata of " + metadata.length + " bytes");
        }
        byte[] clear = Arrays.copyOf(clientKey.bytes(), StaticKey.LENGTH + metadata.length);
        System.arraycopy(metadata, 0, clear, StaticKey.LENGTH, metadata.length);
        int length = TAG + clear.length + 2;
        byte[] lengthBytes = {(byte) (length >> 8), (byte) length};
        byte[] tag = Primitives.hmac(HMAC, hmacKey, lengthBytes, clear);
        byte[] text = Primitives.aesCtr(cipherKey, tag, clear, 0, clear.length);
        Arrays.fill(clear, (byte) 0);
        return ByteBuffer.allocate(length).put(tag).put(text).put(lengthBytes).array();
    }

    /** The length of the WKc at the end of {@code packet}, or -1 when there cannot be one. */
    public static int wrappedLength(byte[] packet) {
        if (packet.length < 2) {
            return -1;
        }
        int length = (packet[packet.length - 2] & 0xFF) << 8 | packet[packet.length - 1] & 0xFF;
        return length >= MIN_WRAPPED && length <= MAX_WRAPPED && length <= packet.length ? length : -1;
    }

    /** The client's key at the end of {@code packet}; null when there is none or it does not authenticate. */
    public @Nullable ClientKey unwrap(byte[] packet) {
        int length = wrappedLength(packet);
        if (length < 0) {
            return null;
        }
        int from = packet.length - length;
        byte[] tag = Arrays.copyOfRange(packet, from, from + TAG);
        byte[] clear = Primitives.aesCtr(cipherKey, tag, packet, from + TAG, length - TAG - 2);
        byte[] lengthBytes = Arrays.copyOfRange(packet, packet.length - 2, packet.length);
        if (!MessageDigest.isEqual(tag, Primitives.hmac(HMAC, hmacKey, lengthBytes, clear))) {
            return null;
        }
        StaticKey key = new StaticKey(Arrays.copyOf(clear, StaticKey.LENGTH));
        byte[] metadata = Arrays.copyOfRange(clear, StaticKey.LENGTH, clear.length);
        Arrays.fill(clear, (byte) 0);
        return new ClientKey(key, metadata);
    }

    public byte[] bytes() {
        return bytes.clone();
    }

    @Override
    public String toString() {
        return "ServerWrapKey[redacted]";
    }

    /**
     * A client's key, authentic.
     *
     * @param metadata type byte and data
     */
    public record ClientKey(StaticKey key, byte[] metadata) {}
}

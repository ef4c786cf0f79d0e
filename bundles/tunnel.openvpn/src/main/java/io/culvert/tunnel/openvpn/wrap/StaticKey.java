package io.culvert.tunnel.openvpn.wrap;

import io.culvert.tunnel.openvpn.wire.Pem;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * 256 bytes of key: two directions, each with 64 bytes for a cipher and 64 for an HMAC:
 * {@code cipher0[0,64) hmac0[64,128) cipher1[128,192) hmac1[192,256)}.
 */
public final class StaticKey {
    public static final int LENGTH = 256;

    private static final String LABEL = "OpenVPN Static key V1";
    private static final int HALF = 128;
    private static final int HMAC = 64;

    private final byte[] bytes;

    /** @param bytes exactly {@link #LENGTH}; copied */
    public StaticKey(byte[] bytes) {
        if (bytes.length != LENGTH) {
            throw new IllegalArgumentException("a static key has " + LENGTH + " bytes, not " + bytes.length);
        }
        this.bytes = bytes.clone();
    }

    /**
     * A static key file.
     *
     * @throws IllegalArgumentException when the text is none; the message holds nothing of it
     */
    public static StaticKey parse(String text) {
        try {
            return new StaticKey(HexFormat.of().parseHex(Pem.body(text, LABEL)));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("no OpenVPN static key of 256 bytes in hex between its BEGIN and END lines");
        }
    }

    /** The key file's text, 16 bytes a line. */
    public String format() {
        var text = new StringBuilder("-----BEGIN " + LABEL + "-----\n");
        for (int i = 0; i < LENGTH; i += 16) {
            text.append(HexFormat.of().formatHex(bytes, i, i + 16)).append('\n');
        }
        return text.append("-----END " + LABEL + "-----\n").toString();
    }

    /** The first {@code length} bytes of the cipher slot of direction 0 or 1. */
    public byte[] cipher(int direction, int length) {
        return Arrays.copyOfRange(bytes, direction * HALF, direction * HALF + length);
    }

    /** The first {@code length} bytes of the HMAC slot of direction 0 or 1. */
    public byte[] hmac(int direction, int length) {
        return Arrays.copyOfRange(bytes, direction * HALF + HMAC, direction * HALF + HMAC + length);
    }

    public byte[] bytes() {
        return bytes.clone();
    }

    /** This key with each byte XORed with that of {@code other}, which has the same length. */
    public StaticKey xor(byte[] other) {
        byte[] mixed = bytes.clone();
        for (int i = 0; i < LENGTH; i++) {
            mixed[i] ^= other[i];
        }
        return new StaticKey(mixed);
    }

    public void zero() {
        Arrays.fill(bytes, (byte) 0);
    }

    @Override
    public String toString() {
        return "StaticKey[redacted]";
    }
}

package io.culvert.tunnel.openvpn.data;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Slices of the 256 bytes that a key exchange gives: client to server [0,128), server to client [128,256); of each half
 * the cipher key is the prefix, the implicit IV the 8 bytes at 64.
 */
public final class DataKeys {
    public static final int KEY2_BYTES = 256;

    private static final int HALF = 128;
    private static final int IMPLICIT_IV = 64;

    private DataKeys() {}

    /** The AEAD key of one direction. */
    public static AeadKey open(CipherProvider provider, DataCipher cipher, byte[] key2, boolean toServer) {
        return provider.openKey(cipher, key2, toServer ? 0 : HALF);
    }

    /** The last eight bytes of the nonces of one direction. */
    public static long implicitIv(byte[] key2, boolean toServer) {
        return ByteBuffer.wrap(key2).getLong((toServer ? 0 : HALF) + IMPLICIT_IV);
    }

    /** Whether a cipher key is all zero, which no honest exchange gives. */
    public static boolean isWeak(byte[] key2, DataCipher cipher) {
        byte[] zero = new byte[cipher.keyBytes()];
        return Arrays.equals(key2, 0, zero.length, zero, 0, zero.length)
                || Arrays.equals(key2, HALF, HALF + zero.length, zero, 0, zero.length);
    }
}

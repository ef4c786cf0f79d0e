package io.culvert.api.crypto;

/** The AEAD ciphers of data channels: 12-byte nonce, 16-byte tag. */
public enum DataCipher {
    AES_128_GCM(16),
    AES_192_GCM(24),
    AES_256_GCM(32),
    CHACHA20_POLY1305(32);

    public static final int TAG_BYTES = 16;

    private final int keyBytes;

    DataCipher(int keyBytes) {
        this.keyBytes = keyBytes;
    }

    public int keyBytes() {
        return keyBytes;
    }
}

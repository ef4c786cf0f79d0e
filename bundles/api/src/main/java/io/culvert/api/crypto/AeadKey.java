package io.culvert.api.crypto;

import java.lang.foreign.MemorySegment;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * One AEAD key. Works in place on the packet's memory; ciphertext is as long as plaintext, the tag lies where the
 * protocol wants it. The nonce is {@code nonceHead} (32 bits) then {@code nonceTail} (64 bits), big-endian.
 *
 * <p>Threads: one packet loop. Allocation: none after the first calls, where the provider can.
 */
@ConsumerType
public interface AeadKey extends AutoCloseable {
    /** Encrypts {@code textLength} bytes at {@code textOffset} in place and writes the tag at {@code tagOffset}. */
    void seal(
            MemorySegment packet,
            int nonceHead,
            long nonceTail,
            int aadOffset,
            int aadLength,
            int textOffset,
            int textLength,
            int tagOffset);

    /** Decrypts in place. False when the tag is wrong; the text is then undefined and must not be used. */
    boolean open(
            MemorySegment packet,
            int nonceHead,
            long nonceTail,
            int aadOffset,
            int aadLength,
            int textOffset,
            int textLength,
            int tagOffset);

    /** Zeroes the key as far as the provider can. */
    @Override
    void close();
}

package io.culvert.tunnel.openvpn.data;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;

/** Encrypts nothing; the tag starts with the packet-id. Remembers which nonces sealed. */
final class CountingCiphers implements CipherProvider {
    final Set<Integer> sealed = new HashSet<>();
    int open;
    /** How many keys there may be at a time. */
    int most = Integer.MAX_VALUE;

    @Override
    public String name() {
        return "counting";
    }

    @Override
    public Set<DataCipher> ciphers() {
        return EnumSet.allOf(DataCipher.class);
    }

    @Override
    public AeadKey openKey(DataCipher cipher, byte[] key, int offset) {
        if (open == most) {
            throw new OutOfMemoryError("no room for a key");
        }
        open++;
        return new AeadKey() {
            @Override
            public void seal(
                    MemorySegment packet,
                    int nonceHead,
                    long nonceTail,
                    int aadOffset,
                    int aadLength,
                    int textOffset,
                    int textLength,
                    int tagOffset) {
                if (!sealed.add(nonceHead)) {
                    throw new AssertionError("nonce " + nonceHead + " twice");
                }
                packet.set(JAVA_INT_UNALIGNED, tagOffset, nonceHead);
            }

            @Override
            public boolean open(
                    MemorySegment packet,
                    int nonceHead,
                    long nonceTail,
                    int aadOffset,
                    int aadLength,
                    int textOffset,
                    int textLength,
                    int tagOffset) {
                return packet.get(JAVA_INT_UNALIGNED, tagOffset) == nonceHead;
            }

            @Override
            public void close() {
                open--;
            }
        };
    }
}

package io.culvert.core.link;

/** SipHash-2-4 (Aumasson, Bernstein 2012) of three 64-bit words: a keyed hash that a remote cannot steer. */
final class SipHash {
    private SipHash() {}

    static long hash(long k0, long k1, long a, long b, long c) {
        long v0 = k0 ^ 0x736f6d6570736575L;
        long v1 = k1 ^ 0x646f72616e646f6dL;
        long v2 = k0 ^ 0x6c7967656e657261L;
        long v3 = k1 ^ 0x7465646279746573L;
        for (int word = 0; word < 5; word++) {
            // The fourth word is the padding: no bytes left, length 24. The fifth is the finalisation.
            long m = switch (word) {
                case 0 -> a;
                case 1 -> b;
                case 2 -> c;
                case 3 -> 24L << 56;
                default -> 0;
            };
            int rounds = word == 4 ? 4 : 2;
            if (word == 4) {
                v2 ^= 0xff;
            }
            v3 ^= m;
            for (int i = 0; i < rounds; i++) {
                v0 += v1;
                v1 = Long.rotateLeft(v1, 13) ^ v0;
                v0 = Long.rotateLeft(v0, 32);
                v2 += v3;
                v3 = Long.rotateLeft(v3, 16) ^ v2;
                v0 += v3;
                v3 = Long.rotateLeft(v3, 21) ^ v0;
                v2 += v1;
                v1 = Long.rotateLeft(v1, 17) ^ v2;
                v2 = Long.rotateLeft(v2, 32);
            }
            v0 ^= m;
        }
        return v0 ^ v1 ^ v2 ^ v3;
    }
}

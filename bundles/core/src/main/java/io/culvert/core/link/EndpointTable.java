package io.culvert.core.link;

import java.security.SecureRandom;
import org.jspecify.annotations.Nullable;

/**
 * The endpoints that were heard lately, so that a known remote costs no allocation.
 *
 * <p>Two generations of fixed size: when the young one is full it becomes the old one, and what is still heard moves
 * back. A flood of remotes costs memory of at most two generations. Threads: one packet loop.
 */
public final class EndpointTable {
    private final long k0;
    private final long k1;
    private final int limit;
    private final int mask;
    private @Nullable LinkEndpoint[] young;
    private @Nullable LinkEndpoint[] old;
    private int count;

    /**
     * The key of {@link #keyedHash}; loops that share it give an endpoint the same hash.
     */
    public record Key(long k0, long k1) {
        public static Key random(SecureRandom random) {
            return new Key(random.nextLong(), random.nextLong());
        }

        @Override
        public String toString() {
            return "Key";
        }
    }

    /**
     * @param limit endpoints of one generation, a power of two
     */
    public EndpointTable(int limit, Key key) {
        if (Integer.bitCount(limit) != 1) {
            throw new IllegalArgumentException("no power of two: " + limit);
        }
        this.k0 = key.k0();
        this.k1 = key.k1();
        this.limit = limit;
        this.mask = limit * 2 - 1;
        this.young = new @Nullable LinkEndpoint[limit * 2];
        this.old = new @Nullable LinkEndpoint[limit * 2];
    }

    /** The hash that {@code Endpoint.keyedHash} wants; {@code listener} tells listeners apart. */
    public long keyedHash(long remoteHigh, long remoteLow, int remotePort, int listener) {
        return SipHash.hash(k0, k1, remoteHigh, remoteLow, (long) listener << 32 | remotePort);
    }

    LinkEndpoint find(
            Link link,
            long remoteHigh,
            long remoteLow,
            int remotePort,
            int scope,
            long localHigh,
            long localLow,
            int localPort,
            int listener) {
        long hash = keyedHash(remoteHigh, remoteLow, remotePort, listener);
        int slot = (int) hash & mask;
        for (LinkEndpoint e = young[slot]; e != null; slot = slot + 1 & mask, e = young[slot]) {
            if (e.matches(link, remoteHigh, remoteLow, remotePort, scope, localHigh, localLow)) {
                return e;
            }
        }
        LinkEndpoint endpoint = null;
        int oldSlot = (int) hash & mask;
        for (LinkEndpoint e = old[oldSlot]; e != null; oldSlot = oldSlot + 1 & mask, e = old[oldSlot]) {
            if (e.matches(link, remoteHigh, remoteLow, remotePort, scope, localHigh, localLow)) {
                endpoint = e;
                break;
            }
        }
        if (endpoint == null) {
            endpoint = new LinkEndpoint(
                    link, remoteHigh, remoteLow, remotePort, scope, localHigh, localLow, localPort, hash);
        }
        if (count == limit) {
            rotate();
            slot = (int) hash & mask;
        }
        young[slot] = endpoint;
        count++;
        return endpoint;
    }

    /** Forgets everything, so that a closed link is not held. */
    public void clear() {
        java.util.Arrays.fill(young, null);
        java.util.Arrays.fill(old, null);
        count = 0;
    }

    private void rotate() {
        @Nullable LinkEndpoint[] freed = old;
        old = young;
        young = freed;
        java.util.Arrays.fill(young, null);
        count = 0;
    }
}

package io.culvert.tunnel.openvpn;

import io.culvert.api.tunnel.Endpoint;
import java.util.concurrent.TimeUnit;

/**
 * Bounds the stateless answers to first packets, so that nobody is flooded through us: a fixed number of buckets, each
 * address in one of them. A flood from one address, or towards one victim, drains its bucket and leaves the others.
 */
final class RateLimit {
    private static final int BUCKETS = 4096;
    private static final int BURST = 40;
    private static final long INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(50);

    private final long[] emptyUntilNs = new long[BUCKETS];
    private boolean started;

    /** Whether another answer to {@code to} may leave at {@code nowNs}. */
    synchronized boolean allows(Endpoint to, long nowNs) {
        if (!started) {
            java.util.Arrays.fill(emptyUntilNs, nowNs - BURST * INTERVAL_NS);
            started = true;
        }
        byte[] address = to.remote().getAddress().getAddress();
        int hash = 1;
        // An IPv6 site has a /64 to choose from: it counts as one.
        for (int i = 0; i < Math.min(address.length, 8); i++) {
            hash = 31 * hash + address[i];
        }
        int bucket = (hash * 0x9E3779B9) >>> 20;
        long earliest = Math.max(emptyUntilNs[bucket], nowNs - BURST * INTERVAL_NS);
        if (earliest + INTERVAL_NS > nowNs) {
            return false;
        }
        emptyUntilNs[bucket] = earliest + INTERVAL_NS;
        return true;
    }
}

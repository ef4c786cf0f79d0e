package io.culvert.tunnel.openvpn;

import io.culvert.api.tunnel.Endpoint;
import java.util.concurrent.TimeUnit;

/**
 * Bounds the stateless answers to first packets, so that nobody is flooded through us: a fixed number of buckets, each
 * address in one of them. A flood from one address, or towards one victim, drains its bucket and leaves the others.
 */
final class RateLimit {
    private static final int BURST = 40;
    private static final long INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(50);

    private final long[] emptyUntilNs = new long[Sites.COUNT];
    private boolean started;

    /** Whether another answer to {@code to} may leave at {@code nowNs}. */
    synchronized boolean allows(Endpoint to, long nowNs) {
        if (!started) {
            java.util.Arrays.fill(emptyUntilNs, nowNs - BURST * INTERVAL_NS);
            started = true;
        }
        int bucket = Sites.of(to);
        long earliest = Math.max(emptyUntilNs[bucket], nowNs - BURST * INTERVAL_NS);
        if (earliest + INTERVAL_NS > nowNs) {
            return false;
        }
        emptyUntilNs[bucket] = earliest + INTERVAL_NS;
        return true;
    }
}

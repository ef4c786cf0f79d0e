package io.culvert.tunnel.openvpn;

import io.culvert.api.tunnel.Endpoint;

/**
 * Bounds the negotiations of clients that are not known yet, each of which holds a TLS engine: so many in all, and so
 * many from one site, so that one remote which begins handshakes without end leaves places for the others.
 */
final class HalfOpen {
    static final int MAX = 256;
    static final int MAX_PER_SITE = 32;

    private final int[] bySite = new int[Sites.COUNT];
    private int count;

    /** Takes a place for {@code from}; false when there is none. */
    synchronized boolean enter(Endpoint from) {
        int site = Sites.of(from);
        if (count >= MAX || bySite[site] >= MAX_PER_SITE) {
            return false;
        }
        count++;
        bySite[site]++;
        return true;
    }

    /** Gives back the place that {@link #enter} gave to the same {@code from}. */
    synchronized void leave(Endpoint from) {
        count--;
        bySite[Sites.of(from)]--;
    }

    synchronized int count() {
        return count;
    }
}

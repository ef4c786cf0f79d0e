package io.culvert.core.admission;

import java.util.function.LongSupplier;

/**
 * Keeps logins from waiting for somebody who fails anyway: after several failures in a row nothing is tried for a while,
 * then one call is, which decides about the others.
 */
final class CircuitBreaker {
    private final int limit;
    private final long pauseNs;
    private final LongSupplier nanoTime;

    /** In a row. Guarded by this, as all below. */
    private int failures;

    private long openUntilNs;
    private boolean probing;

    /**
     * @param limit so many failures in a row open it
     * @param pauseNs how long nothing is tried then
     */
    CircuitBreaker(int limit, long pauseNs, LongSupplier nanoTime) {
        this.limit = limit;
        this.pauseNs = pauseNs;
        this.nanoTime = nanoTime;
    }

    /** Whether a call would not be allowed now. */
    synchronized boolean isOpen() {
        return failures >= limit && (probing || nanoTime.getAsLong() - openUntilNs < 0);
    }

    /** Asks for one call; if it is allowed, one of the methods below must follow. */
    synchronized boolean tryCall() {
        if (isOpen()) {
            return false;
        }
        probing = failures >= limit;
        return true;
    }

    synchronized void succeeded() {
        failures = 0;
        probing = false;
    }

    /** @return whether this failure opened it */
    synchronized boolean failed() {
        boolean opened = ++failures == limit;
        probing = false;
        openUntilNs = nanoTime.getAsLong() + pauseNs;
        return opened;
    }

    /** The call came to no end that says anything. */
    synchronized void abandoned() {
        probing = false;
    }

    /** {@code closed}, {@code open} or {@code half-open}. */
    synchronized String state() {
        return failures < limit ? "closed" : isOpen() && !probing ? "open" : "half-open";
    }
}

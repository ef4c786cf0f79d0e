package io.culvert.pki;

import io.culvert.api.pki.PkiException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Something that ends and is made anew ahead of its end, when it is asked for. The outage this prevents: a list or
 * certificate that ran out in a process that nobody restarted.
 *
 * <p>While one thread renews, others get what still holds; a renewal that fails is tried again a minute later for as
 * long as the old one holds, then the failure is thrown.
 */
final class Renewing<T> {
    private static final Logger LOG = LoggerFactory.getLogger(Renewing.class);
    private static final Duration RETRY = Duration.ofMinutes(1);

    /** When a value is to be made anew. */
    @FunctionalInterface
    interface Term<T> {
        Lifespan of(T value, Instant now);
    }

    /** Makes the next value durable and returns it. */
    @FunctionalInterface
    interface Source<T> {
        T renew(Instant now) throws PkiException;
    }

    private final String name;
    private final InstantSource clock;
    private final Term<T> term;
    private final Source<T> source;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile @Nullable T value;
    private volatile @Nullable Failure failure;

    private record Failure(Instant at, String message) {}

    Renewing(String name, InstantSource clock, Term<T> term, Source<T> source) {
        this.name = name;
        this.clock = clock;
        this.term = term;
        this.source = source;
    }

    T get() throws PkiException {
        Instant now = clock.instant();
        T seen = value;
        if (seen != null && !term.of(seen, now).isDue(now)) {
            return seen;
        }
        if (seen != null && term.of(seen, now).holds(now)) {
            if (isWaiting(now) || !lock.tryLock()) {
                return seen;
            }
        } else {
            lock.lock();
        }
        try {
            return renewed(now);
        } finally {
            lock.unlock();
        }
    }

    private T renewed(Instant now) throws PkiException {
        T old = value;
        if (old != null && !term.of(old, now).isDue(now)) {
            return old;
        }
        try {
            T next = source.renew(now);
            value = next;
            failure = null;
            return next;
        } catch (PkiException e) {
            failure = new Failure(now, String.valueOf(e.getMessage()));
            if (old == null || !term.of(old, now).holds(now)) {
                throw e;
            }
            LOG.warn("pki {}: renewal failed, the present one holds until {}: {}",
                    name, term.of(old, now).until(), e.getMessage());
            return old;
        }
    }

    private boolean isWaiting(Instant now) {
        Failure last = failure;
        return last != null && !now.isBefore(last.at()) && now.isBefore(last.at().plus(RETRY));
    }

    /** As it is, without renewing. */
    @Nullable T peek() {
        return value;
    }

    /** Whether {@link #get} would renew. */
    boolean isDue() {
        Instant now = clock.instant();
        T seen = value;
        return seen == null || term.of(seen, now).isDue(now) && !isWaiting(now);
    }

    /** Why the last renewal failed; null when it did not. */
    @Nullable String problem() {
        Failure last = failure;
        return last == null ? null : name + ": renewal failed: " + last.message();
    }
}

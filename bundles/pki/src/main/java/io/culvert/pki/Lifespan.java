package io.culvert.pki;

import java.time.Duration;
import java.time.Instant;

/**
 * From when to when something holds, and when it is time for the next one.
 *
 * @param from inclusive
 * @param renewAt ahead of {@code until}
 * @param until exclusive
 */
record Lifespan(Instant from, Instant renewAt, Instant until) {
    /** Of something that must not be used any more. */
    static final Lifespan OVER = new Lifespan(Instant.MAX, Instant.MIN, Instant.MIN);

    /** Made some time ago and renewed when {@code margin} is left. */
    static Lifespan of(Instant from, Instant until, Duration margin) {
        return new Lifespan(from, until.minus(margin), until);
    }

    boolean holds(Instant now) {
        return !now.isBefore(from) && now.isBefore(until);
    }

    /** True as well when the clock was set back to before the beginning. */
    boolean isDue(Instant now) {
        return !holds(now) || !now.isBefore(renewAt);
    }
}

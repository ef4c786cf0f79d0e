package io.culvert.web.acme;

import io.culvert.api.tls.TlsPolicy;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.exception.AcmeRateLimitedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Orders the next certificate when two thirds of the present one's life are over, and after a failure again and again
 * with growing pauses, for as long as it is open.
 */
final class Renewal implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Renewal.class);
    private static final Duration LONGEST = Duration.ofHours(6);
    /** A clock that is set is noticed after so long. */
    private static final Duration LOOK = Duration.ofMinutes(10);

    private final InstantSource clock;
    private final Duration pause;
    private final Callable<TlsPolicy.Identity> order;
    private final Runnable changed;
    private final Semaphore now = new Semaphore(0);
    private final Thread thread;
    private volatile State state;

    /** Beside the interrupt, which may end in whatever an order calls. */
    private volatile boolean closed;

    /**
     * How it stands.
     *
     * @param failures in a row
     */
    record State(
            TlsPolicy.@Nullable Identity identity,
            @Nullable Instant tried,
            Instant next,
            int failures,
            String problem) {}

    /**
     * Starts.
     *
     * @param present what there is already; null for nothing that can be used
     * @param pause after the first failure
     * @param order gets the next one
     * @param changed runs when another one is there
     */
    Renewal(
            InstantSource clock,
            TlsPolicy.@Nullable Identity present,
            Duration pause,
            Callable<TlsPolicy.Identity> order,
            Runnable changed) {
        this.clock = clock;
        this.pause = pause;
        this.order = order;
        this.changed = changed;
        state = new State(present, null, present == null ? clock.instant() : due(present), 0, "");
        thread = Thread.ofVirtual().name("acme").unstarted(this::run);
        // acme4j finds its parts through the thread's class loader.
        thread.setContextClassLoader(Renewal.class.getClassLoader());
    }

    void start() {
        thread.start();
    }

    State state() {
        return state;
    }

    static Instant due(TlsPolicy.Identity identity) {
        X509Certificate leaf = identity.chain().getFirst();
        Instant from = leaf.getNotBefore().toInstant();
        return from.plus(Duration.between(from, leaf.getNotAfter().toInstant()).multipliedBy(2).dividedBy(3));
    }

    private void run() {
        try {
            while (!closed) {
                Duration left = Duration.between(clock.instant(), state.next());
                if (left.isPositive()) {
                    now.tryAcquire(Math.min(left.toMillis() + 1, LOOK.toMillis()), TimeUnit.MILLISECONDS);
                } else {
                    attempt();
                }
            }
        } catch (InterruptedException e) {
            // Closed.
        }
    }

    private void attempt() throws InterruptedException {
        State before = state;
        Instant at = clock.instant();
        try {
            TlsPolicy.Identity next = order.call();
            state = new State(next, at, due(next), 0, "");
            LOG.info("acme: got a certificate, good until {}, the next one is asked for at {}",
                    next.chain().getFirst().getNotAfter().toInstant(), state.next());
            changed.run();
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception | LinkageError e) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            int failures = before.failures() + 1;
            Instant again = clock.instant().plus(pause(failures));
            Instant told = e instanceof AcmeRateLimitedException limited ? limited.getRetryAfter().orElse(again) : again;
            state = new State(before.identity(), at, told.isAfter(again) ? told : again, failures, words(e));
            LOG.warn("acme: no certificate, {}; try {} at {}{}", words(e), failures + 1, state.next(),
                    before.identity() == null
                            ? ""
                            : ", the present one is good until "
                                    + before.identity().chain().getFirst().getNotAfter().toInstant());
        }
    }

    /** Doubled after each failure. */
    Duration pause(int failures) {
        Duration next = pause.multipliedBy(1L << Math.min(failures - 1, 20));
        return next.compareTo(LONGEST) < 0 ? next : LONGEST;
    }

    /** What failed, down to what began it. */
    private static String words(Throwable failure) {
        var words = new StringBuilder(text(failure));
        Throwable cause = failure.getCause();
        for (int depth = 0; cause != null && depth < 5; depth++) {
            if (words.indexOf(text(cause)) < 0) {
                words.append(": ").append(text(cause));
            }
            cause = cause.getCause();
        }
        return words.toString();
    }

    private static String text(Throwable failure) {
        String message = failure.getMessage();
        return message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
    }

    Optional<TlsPolicy.Identity> identity() {
        return Optional.ofNullable(state.identity());
    }

    boolean runs() {
        return thread.isAlive();
    }

    /** Ends at once; an order that is under way is given up. */
    @Override
    public void close() {
        if (thread.getState() == Thread.State.NEW) {
            return;
        }
        closed = true;
        thread.interrupt();
        try {
            thread.join(Duration.ofSeconds(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

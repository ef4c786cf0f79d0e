package io.culvert.core.admission;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import io.culvert.core.bus.EndedThread;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One authenticator, asked so that it can stall nobody: each call has a deadline and a thread of its own, there are only
 * so many calls at once, only so many wait for their turn, and one that fails again and again is left alone for a while.
 */
final class GuardedAuthenticator {
    private static final Logger LOG = LoggerFactory.getLogger(GuardedAuthenticator.class);

    /**
     * How much is put up with.
     *
     * @param deadline for one answer, and for the turn to ask
     * @param concurrency how many calls run at once, those that were given up but have not returned included
     * @param waiting how many more wait for their turn
     * @param failures so many in a row, and nobody is asked any more
     * @param pause for so long
     */
    record Limits(Duration deadline, int concurrency, int waiting, int failures, Duration pause) {
        static final Limits DEFAULT = new Limits(Duration.ofSeconds(10), 64, 1024, 5, Duration.ofSeconds(10));
    }

    /** It gave no answer, and why not; the text is for the log and holds no secret of ours. */
    static final class NoAnswer extends Exception {
        private static final long serialVersionUID = 1L;

        NoAnswer(String message) {
            super(message, null, false, false);
        }
    }

    private final Authenticator authenticator;
    private final String name;
    private final Limits limits;
    private final Semaphore turns;
    private final Semaphore places;
    private final CircuitBreaker breaker;
    private final LongAdder answers = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder timeouts = new LongAdder();
    private final LongAdder skipped = new LongAdder();
    private final LongAdder busy = new LongAdder();

    GuardedAuthenticator(Authenticator authenticator, Limits limits, LongSupplier nanoTime) {
        this.authenticator = authenticator;
        this.name = nameOf(authenticator);
        this.limits = limits;
        this.turns = new Semaphore(limits.concurrency(), true);
        this.places = new Semaphore(limits.concurrency() + limits.waiting());
        this.breaker = new CircuitBreaker(limits.failures(), limits.pause().toNanos(), nanoTime);
    }

    private static String nameOf(Authenticator authenticator) {
        try {
            return String.valueOf(authenticator.name());
        } catch (RuntimeException | LinkageError e) {
            return authenticator.getClass().getName();
        }
    }

    String name() {
        return name;
    }

    boolean secondFactor() {
        try {
            return authenticator.secondFactor();
        } catch (RuntimeException | LinkageError e) {
            LOG.warn("auth: authenticator {} does not say whether it is a second factor: it counts as one", name, e);
            return true;
        }
    }

    /**
     * Its decision, which is never null. It gets secrets of its own, that live as long as its call.
     *
     * @throws NoAnswer when it did not answer in time, or is not asked at the moment
     * @throws ExecutionException with what it threw
     */
    AuthDecision ask(Credentials credentials) throws NoAnswer, ExecutionException, InterruptedException {
        if (!places.tryAcquire()) {
            busy.increment();
            throw new NoAnswer("has " + (limits.concurrency() + limits.waiting()) + " questions to answer already");
        }
        try {
            if (breaker.isOpen()) {
                throw resting();
            }
            if (!turns.tryAcquire(limits.deadline().toNanos(), TimeUnit.NANOSECONDS)) {
                busy.increment();
                throw new NoAnswer("had no turn to ask within " + seconds());
            }
            if (!breaker.tryCall()) {
                turns.release();
                throw resting();
            }
            return call(credentials.withPassword(credentials.password()));
        } finally {
            places.release();
        }
    }

    private NoAnswer resting() {
        skipped.increment();
        return new NoAnswer("is not asked for a while: it failed " + limits.failures() + " times in a row");
    }

    private AuthDecision call(Credentials own) throws NoAnswer, ExecutionException, InterruptedException {
        var task = new FutureTask<>(() -> authenticator.authenticate(own));
        try {
            // Not virtual: native code would hold a thread that all virtual ones share.
            Thread.ofPlatform().daemon().name("culvert-auth-" + name).start(EndedThread.forgetting(() -> {
                try {
                    task.run();
                } finally {
                    own.zero();
                    turns.release();
                }
            }));
        } catch (OutOfMemoryError e) {
            turns.release();
            own.zero();
            fail(failures);
            throw new NoAnswer("has no thread: " + e.getMessage());
        }
        try {
            AuthDecision decision = task.get(limits.deadline().toNanos(), TimeUnit.NANOSECONDS);
            if (decision == null) {
                throw new ExecutionException(new IllegalStateException("no answer"));
            }
            breaker.succeeded();
            answers.increment();
            return decision;
        } catch (TimeoutException e) {
            task.cancel(true);
            fail(timeouts);
            throw new NoAnswer("did not answer within " + seconds());
        } catch (ExecutionException e) {
            fail(failures);
            throw e;
        } catch (InterruptedException e) {
            task.cancel(true);
            breaker.abandoned();
            throw e;
        }
    }

    private void fail(LongAdder counter) {
        counter.increment();
        if (breaker.failed()) {
            LOG.warn("auth: authenticator {} failed {} times in a row: it is not asked for {} s", name,
                    limits.failures(), limits.pause().toSeconds());
        }
    }

    private String seconds() {
        long millis = limits.deadline().toMillis();
        return millis % 1000 == 0 ? millis / 1000 + " s" : millis + " ms";
    }

    Map<String, Object> status() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("name", name);
        facts.put("breaker", breaker.state());
        facts.put("running", limits.concurrency() - turns.availablePermits());
        facts.put("answers", answers.sum());
        facts.put("failures", failures.sum());
        facts.put("timeouts", timeouts.sum());
        facts.put("skipped", skipped.sum());
        facts.put("busy", busy.sum());
        return facts;
    }
}

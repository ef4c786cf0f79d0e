package io.culvert.testsupport;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Waits for what another process does and does not tell. */
public final class Eventually {
    private static final long LOOK_NS = TimeUnit.MILLISECONDS.toNanos(20);

    private Eventually() {}

    /**
     * Returns as soon as the condition holds; an exception from it counts as not yet.
     *
     * @param otherwise what to say when it does not in time
     */
    public static void await(Duration atMost, Supplier<String> otherwise, Callable<Boolean> condition) {
        long end = System.nanoTime() + atMost.toNanos();
        Exception last = null;
        while (System.nanoTime() < end) {
            try {
                if (condition.call()) {
                    return;
                }
            } catch (Exception e) {
                last = e;
            }
            LockSupport.parkNanos(LOOK_NS);
        }
        throw new AssertionError(otherwise.get(), last);
    }
}

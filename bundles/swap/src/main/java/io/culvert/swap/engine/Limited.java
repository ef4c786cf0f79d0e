package io.culvert.swap.engine;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Calls into modules that may not come back: each on a thread of its own, given up at a deadline. */
final class Limited {
    private static final Duration GRACE = Duration.ofSeconds(1);

    private Limited() {}

    /**
     * @param what for messages: {@code tls.jsse 0.1.1: its start}
     * @throws StepFailed.Hung at the deadline, the thread interrupted and left behind
     * @throws Exception of {@code body}
     */
    static <T> T call(Duration limit, String what, Callable<T> body) throws Exception {
        var task = new FutureTask<>(body);
        Thread thread = Thread.ofPlatform().daemon().name("culvert-swap-step").start(task);
        try {
            return task.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            thread.interrupt();
            thread.join(GRACE);
            throw new StepFailed.Hung(what + " did not end within " + limit.toSeconds() + " s");
        } catch (InterruptedException e) {
            thread.interrupt();
            throw e;
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case Exception cause -> throw cause;
                case Error cause -> throw new StepFailed(what + " failed: " + cause);
                case null, default -> throw e;
            }
        }
    }
}

package io.culvert.core.plug;

import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When providers of ciphers are measured: soon after one comes or goes, beside everything else, and once more when the
 * JVM has had time to compile what is used.
 */
final class CipherTrials implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CipherTrials.class);
    private static final long SOON_MS = 1_000;
    private static final long LATER_MS = 60_000;
    private static final long BUDGET_SOON_NS = 30_000_000;

    /** Enough for the compiler to come to a provider that no session uses. */
    private static final long BUDGET_LATER_NS = 300_000_000;

    private static final long DEADLINE_S = 5;

    private final CipherChoice choice;
    private final Runnable onAnother;
    private final ScheduledThreadPoolExecutor thread;

    /**
     * @param onAnother another provider serves a cipher
     */
    CipherTrials(CipherChoice choice, Runnable onAnother) {
        this.choice = choice;
        this.onAnother = onAnother;
        this.thread = new ScheduledThreadPoolExecutor(1, task -> {
            Thread made = new Thread(task, "culvert-ciphers");
            made.setDaemon(true);
            made.setPriority(Thread.MIN_PRIORITY);
            return made;
        });
        // None while nothing is due to be measured.
        thread.setKeepAliveTime(1, TimeUnit.SECONDS);
        thread.allowCoreThreadTimeOut(true);
        thread.setRemoveOnCancelPolicy(true);
    }

    CipherChoice choice() {
        return choice;
    }

    /** Others are offered: measures them, in place of what was going to be measured. */
    synchronized void start() {
        thread.getQueue().clear();
        if (choice.worthMeasuring() && !thread.isShutdown()) {
            thread.schedule(() -> measure(BUDGET_SOON_NS), SOON_MS, TimeUnit.MILLISECONDS);
            thread.schedule(() -> measure(BUDGET_LATER_NS), LATER_MS, TimeUnit.MILLISECONDS);
        }
    }

    private void measure(long budgetNs) {
        try {
            if (choice.measure(budgetNs)) {
                onAnother.run();
            }
        } catch (RuntimeException | LinkageError e) {
            LOG.error("core: could not measure the ciphers", e);
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            thread.shutdownNow();
        }
        try {
            if (!thread.awaitTermination(DEADLINE_S, TimeUnit.SECONDS)) {
                LOG.warn("core: the measuring of ciphers does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

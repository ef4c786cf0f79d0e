package io.culvert.core.bus;

import java.util.concurrent.FutureTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a thread of core runs, so that the thread holds nothing of core when it has ended. The class loaders of Felix
 * 7.0.5 note which thread loads a class, and when two threads want one class at the same time they may keep that note:
 * the thread, and through it the whole core that was exchanged since.
 */
public final class EndedThread {
    private static final Logger LOG = LoggerFactory.getLogger(EndedThread.class);

    private EndedThread() {}

    /** A runnable of the JDK, which forgets {@code work} when that is done. */
    public static Runnable forgetting(Runnable work) {
        return new FutureTask<>(
                () -> {
                    try {
                        work.run();
                    } catch (RuntimeException | Error e) {
                        LOG.error("core: thread {} ended by a failure", Thread.currentThread().getName(), e);
                    }
                },
                "");
    }
}

package io.culvert.core.bus;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What other threads ask of a packet loop: a queue with many writers and one reader, which is woken. */
public final class LoopCommands {
    private static final Logger LOG = LoggerFactory.getLogger(LoopCommands.class);

    private final ConcurrentLinkedQueue<Runnable> queue = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean signalled = new AtomicBoolean();
    private final Runnable wake;

    public LoopCommands(Runnable wake) {
        this.wake = wake;
    }

    /** Runs {@code command} on the loop, soon. Any thread. */
    public void post(Runnable command) {
        queue.add(command);
        signal();
    }

    /** Wakes the loop for what was left for it elsewhere. Any thread. */
    void signal() {
        if (signalled.compareAndSet(false, true)) {
            wake.run();
        }
    }

    /** Runs what was posted; a command that fails is logged and does not hurt the others. Returns how many. */
    int drain() {
        signalled.set(false);
        int count = 0;
        for (Runnable command = queue.poll(); command != null; command = queue.poll()) {
            count++;
            try {
                command.run();
            } catch (Throwable t) {
                LOG.error("loop: a command failed", t);
            }
        }
        return count;
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }
}

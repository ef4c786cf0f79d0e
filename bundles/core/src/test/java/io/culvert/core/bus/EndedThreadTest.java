package io.culvert.core.bus;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

final class EndedThreadTest {
    private static final class Work implements Runnable {
        private final AtomicBoolean done;

        Work(AtomicBoolean done) {
            this.done = done;
        }

        @Override
        public void run() {
            done.set(true);
            throw new IllegalStateException("a failure ends it as well");
        }
    }

    @Test
    void shouldHoldNothingOfItsWork() throws InterruptedException {
        var done = new AtomicBoolean();
        var queue = new ReferenceQueue<Runnable>();
        Runnable work = new Work(done);
        var seen = new WeakReference<>(work, queue);
        Thread thread = new Thread(EndedThread.forgetting(work));
        work = null;
        thread.start();
        thread.join();
        assertTrue(done.get());
        for (long until = System.nanoTime() + 10_000_000_000L; !seen.refersTo(null) && System.nanoTime() < until; ) {
            System.gc();
            queue.remove(50);
        }
        assertTrue(seen.refersTo(null));
        assertTrue(!thread.isAlive());
    }
}

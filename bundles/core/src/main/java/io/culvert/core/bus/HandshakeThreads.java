package io.culvert.core.bus;

import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import io.culvert.core.libc.NativeException;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread for each core, below the packet loops in the kernel's eyes: while packets want the CPU, handshakes take what
 * is left of it. Java's own priorities do nothing on Linux, the nice value of a thread does.
 *
 * <p>A handshake is several pieces of work, and its session asks for one at a time. So the queue is bounded by the
 * sessions that have begun, and those are kept few by refusing the first piece of the next one while many wait.
 */
public final class HandshakeThreads implements Handshakes, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HandshakeThreads.class);

    /** Some tenths of a second of work: who comes later is served sooner by coming back. */
    private static final int WAITING_PER_THREAD = 512;

    private final LinkedBlockingQueue<Runnable> waiting = new LinkedBlockingQueue<>();
    private final ThreadPoolExecutor threads;
    private final int limit;
    private final AtomicLong refused = new AtomicLong();

    private HandshakeThreads(Libc libc, int count, int limit) {
        this.limit = limit;
        var numbers = new AtomicInteger();
        threads = new ThreadPoolExecutor(count, count, 0, TimeUnit.SECONDS, waiting, work -> {
            var thread = new Thread(
                    EndedThread.forgetting(() -> {
                        stepBack(libc);
                        work.run();
                    }),
                    "culvert-tls-" + numbers.getAndIncrement());
            thread.setDaemon(true);
            return thread;
        });
    }

    /** A thread for each core that the process may use. */
    public static HandshakeThreads start(Libc libc) {
        int count = Math.max(1, Runtime.getRuntime().availableProcessors());
        return new HandshakeThreads(libc, count, count * WAITING_PER_THREAD);
    }

    /** @param limit so many pieces of work may wait before new handshakes are refused */
    static HandshakeThreads start(Libc libc, int count, int limit) {
        return new HandshakeThreads(libc, count, limit);
    }

    private static void stepBack(Libc libc) {
        try {
            libc.setpriority(Linux.PRIO_PROCESS, 0, Linux.NICEST);
        } catch (NativeException e) {
            LOG.warn("core: handshakes compete with packets for the CPU, {}", e.getMessage());
        }
    }

    /** Starts the threads: else those who submit first wait for that. */
    public void begin() {
        threads.prestartAllCoreThreads();
    }

    @Override
    public boolean submit(Runnable work, boolean begun) {
        if (!begun && waiting.size() >= limit) {
            refused.incrementAndGet();
            return false;
        }
        threads.execute(work);
        return true;
    }

    /** How many threads there are, how much waits for them, and how many handshakes were refused. */
    public Map<String, Object> status() {
        return Map.of(
                "threads", threads.getMaximumPoolSize(), "waiting", waiting.size(), "refused", refused.get());
    }

    /** Lets what waits be done, for a while: a session that was closed meanwhile gives its TLS memory back there. */
    @Override
    public void close() {
        threads.shutdown();
        try {
            if (!threads.awaitTermination(1, TimeUnit.SECONDS)) {
                threads.shutdownNow();
            }
        } catch (InterruptedException e) {
            threads.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}

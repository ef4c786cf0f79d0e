package io.culvert.core.bus;

import io.culvert.core.host.HostLoad.Sample;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import io.culvert.core.libc.NativeException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread for each core, below the packet loops in the kernel's eyes: while packets want the CPU, handshakes take what
 * is left of it. Java's own priorities do nothing on Linux, the nice value of a thread does.
 *
 * <p>A handshake is several pieces of work, and its session asks for one at a time. New ones begin at the
 * {@linkplain HandshakePace pace} that packets leave; what has begun does not wait for that. So the queue is bounded
 * by the sessions that have begun, and those are kept few by refusing the first piece of the next one while many wait.
 */
public final class HandshakeThreads implements Handshakes, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HandshakeThreads.class);

    /** Some tenths of a second of work, half a minute at the slowest pace: who comes later is to come back. */
    private static final int WAITING_PER_THREAD = 512;

    /** So often, at most, it is looked what packets leave. */
    private static final long LOOK_NS = TimeUnit.MILLISECONDS.toNanos(250);

    /** The first pieces of handshakes that may not begin yet. */
    private final ConcurrentLinkedQueue<Runnable> fresh = new ConcurrentLinkedQueue<>();

    private final AtomicInteger freshCount = new AtomicInteger();
    private final AtomicBoolean beginning = new AtomicBoolean();
    private final AtomicLong lookedNs = new AtomicLong(System.nanoTime());
    private final Supplier<Optional<Sample>> load;
    private final HandshakePace pace;
    private final LinkedBlockingQueue<Runnable> waiting = new LinkedBlockingQueue<>();
    private final ThreadPoolExecutor threads;

    /** Has the priority of packets: what it holds for a moment, packet loops may want. */
    private final ScheduledThreadPoolExecutor pacer;

    private final int limit;
    private final AtomicLong refused = new AtomicLong();

    /** When the next one may begin; written by the one thread that has {@link #beginning}. */
    private volatile long nextNs = System.nanoTime();

    private HandshakeThreads(Libc libc, int count, int limit, Supplier<Optional<Sample>> load) {
        this.limit = limit;
        this.load = load;
        this.pace = new HandshakePace(count);
        var numbers = new AtomicInteger();
        threads = new ThreadPoolExecutor(count, count, 0, TimeUnit.SECONDS, waiting, work -> daemon(
                () -> {
                    stepBack(libc);
                    work.run();
                },
                "culvert-tls-" + numbers.getAndIncrement()));
        pacer = new ScheduledThreadPoolExecutor(1, work -> daemon(work, "culvert-tls-pace"));
    }

    private static Thread daemon(Runnable work, String name) {
        var thread = new Thread(EndedThread.forgetting(work), name);
        thread.setDaemon(true);
        return thread;
    }

    /**
     * A thread for each core that the process may use.
     *
     * @param load since it was asked last, if known
     */
    public static HandshakeThreads start(Libc libc, Supplier<Optional<Sample>> load) {
        int count = Math.max(1, Runtime.getRuntime().availableProcessors());
        return new HandshakeThreads(libc, count, count * WAITING_PER_THREAD, load);
    }

    /** @param limit so many pieces of work may wait before new handshakes are refused */
    static HandshakeThreads start(Libc libc, int count, int limit, Supplier<Optional<Sample>> load) {
        return new HandshakeThreads(libc, count, limit, load);
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
        if (begun) {
            threads.execute(work);
            return true;
        }
        if (waiting() >= limit) {
            refused.incrementAndGet();
            return false;
        }
        freshCount.incrementAndGet();
        fresh.add(work);
        beginNext();
        return true;
    }

    /** Begins those whose time has come; for the next one, if there is one, the pacer waits. */
    private void beginNext() {
        while (!fresh.isEmpty() && beginning.compareAndSet(false, true)) {
            boolean waits = false;
            try {
                long delayNs = nextNs - System.nanoTime();
                if (delayNs > 0) {
                    pacer.schedule(this::due, delayNs, TimeUnit.NANOSECONDS);
                    waits = true;
                    return;
                }
                beginOne();
            } finally {
                if (!waits) {
                    beginning.set(false);
                }
            }
        }
    }

    private void due() {
        try {
            look();
            beginOne();
        } finally {
            beginning.set(false);
            beginNext();
        }
    }

    private void beginOne() {
        Runnable work = fresh.poll();
        if (work != null) {
            freshCount.decrementAndGet();
            nextNs = System.nanoTime() + pace.next();
            threads.execute(() -> {
                look();
                work.run();
            });
        }
    }

    /** Never fails, as work comes behind it. */
    private void look() {
        long nowNs = System.nanoTime();
        long before = lookedNs.get();
        if (nowNs - before >= LOOK_NS && lookedNs.compareAndSet(before, nowNs)) {
            try {
                load.get().ifPresentOrElse(pace::adapt, pace::forget);
            } catch (RuntimeException e) {
                pace.forget();
                LOG.warn("core: what the host has to do is unknown, so handshakes begin as they come", e);
            }
        }
    }

    private int waiting() {
        return waiting.size() + freshCount.get();
    }

    /**
     * How many threads there are, how much waits for them, how many handshakes were refused, and, while packets want
     * the CPUs, how many may begin in a second.
     */
    public Map<String, Object> status() {
        var status = new LinkedHashMap<String, Object>();
        status.put("threads", threads.getMaximumPoolSize());
        status.put("waiting", waiting());
        status.put("refused", refused.get());
        pace.limit().ifPresent(limit -> status.put("perSecond", limit));
        return status;
    }

    /**
     * Lets what has begun be done, for a while: a session that was closed meanwhile gives its TLS memory back there.
     * What has not begun has none.
     */
    @Override
    public void close() {
        pacer.shutdownNow();
        threads.shutdown();
        try {
            if (!threads.awaitTermination(1, TimeUnit.SECONDS) || !pacer.awaitTermination(1, TimeUnit.SECONDS)) {
                threads.shutdownNow();
            }
        } catch (InterruptedException e) {
            threads.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}

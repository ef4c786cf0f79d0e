package io.culvert.log.hub;

import io.culvert.api.log.LogRecord;
import io.culvert.api.log.LogSink;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The queue for the sinks of one name, and the thread that serves the present one. Outlives its sinks: the next goes on
 * with the first entry that the last one did not take.
 *
 * <p>Threads: any.
 */
final class Outlet {
    private static final int BATCH = 256;
    private static final long FIRST_PAUSE_MS = 100;
    private static final long LONGEST_PAUSE_MS = 30_000;

    /** A write that takes longer counts as a far end that is away. */
    private static final long STALLED_NS = TimeUnit.SECONDS.toNanos(2);

    private static final Duration TO_DRAIN = Duration.ofMillis(500);
    private static final Duration TO_END = Duration.ofSeconds(2);
    private static final Duration TO_YIELD = Duration.ofSeconds(1);

    /** How much may wait, and where. */
    record Limits(int entries, long diskBytes, Path directory) {}

    /** Hears what is worth a line in the log; called without a lock. */
    interface Observer {
        void away(String sink, String problem);

        /** @param lost entries since the last such line */
        void back(String sink, Duration away, long lost);
    }

    private record Seat(LogSink sink, LogRecord.Level least) {}

    private final String name;
    private final Limits limits;
    private final InstantSource clock;
    private final Observer observer;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Seat> seats = new ArrayDeque<>();
    private final Backlog backlog;
    private volatile LogRecord.Level least = LogRecord.Level.INFO;
    private @Nullable Worker worker;
    private Instant since;
    private @Nullable String problem;
    private long lostSaid;
    private long delivered;
    private volatile boolean closed;

    Outlet(String name, Limits limits, InstantSource clock, Observer observer) {
        this.name = name;
        this.limits = limits;
        this.clock = clock;
        this.observer = observer;
        this.since = clock.instant();
        this.backlog = new Backlog(limits.entries);
    }

    String name() {
        return name;
    }

    /** A sink chooses its name: none may lead out of the directory. */
    private String fileName() {
        String safe = name.replaceAll("[^A-Za-z0-9_-]", "_");
        return safe.isEmpty() ? "_" : safe;
    }

    /** A sink comes; it is served at once, or when the one before it has left. */
    void add(LogSink sink, LogRecord.Level wanted) {
        lock.lock();
        try {
            if (sink.durable()) {
                backlog.keepOnDisk(limits.directory.resolve(fileName()), limits.diskBytes);
            }
            seats.addLast(new Seat(sink, wanted));
            serve();
        } finally {
            lock.unlock();
        }
    }

    /** A sink leaves: it may finish the write that it is in, and is interrupted when that takes too long. */
    void remove(LogSink sink) {
        if (serves(sink)) {
            awaitDrained(TO_DRAIN);
        }
        Worker leaving;
        lock.lock();
        try {
            leaving = worker != null && worker.seat.sink == sink ? worker : null;
            seats.removeIf(seat -> seat.sink == sink);
            if (leaving != null) {
                leaving.stopping = true;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
        if (leaving == null) {
            return;
        }
        leaving.end();
        lock.lock();
        try {
            // A write that never ends must not take entries away from the next sink's batches.
            leaving.abandoned = true;
            worker = null;
            since = clock.instant();
            problem = null;
            if (!closed) {
                serve();
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean serves(LogSink sink) {
        lock.lock();
        try {
            return worker != null && worker.seat.sink == sink;
        } finally {
            lock.unlock();
        }
    }

    private void serve() {
        if (worker == null && !seats.isEmpty()) {
            Seat seat = seats.getFirst();
            least = seat.least;
            since = clock.instant();
            worker = new Worker(seat);
            worker.thread.start();
        }
    }

    void accept(LogRecord entry) {
        if (entry.level().ordinal() > least.ordinal()) {
            return;
        }
        lock.lock();
        try {
            if (closed) {
                return;
            }
            backlog.add(entry);
            if (away()) {
                backlog.settle();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until the sink has everything, unless it fails. */
    boolean awaitDrained(Duration atMost) {
        lock.lock();
        try {
            long left = atMost.toNanos();
            while (!backlog.isEmpty() && worker != null && problem == null) {
                if (left <= 0) {
                    return false;
                }
                left = changed.awaitNanos(left);
            }
            return backlog.isEmpty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    private boolean away() {
        return problem != null || worker != null && worker.stalled();
    }

    /** Whether a sink is there. */
    boolean isServed() {
        lock.lock();
        try {
            return !seats.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** Whether a sink is there that takes what it gets. */
    boolean isWell() {
        lock.lock();
        try {
            return !seats.isEmpty() && !away();
        } finally {
            lock.unlock();
        }
    }

    /** How long no sink has been there; zero when one is. */
    Duration unserved() {
        lock.lock();
        try {
            return seats.isEmpty() ? Duration.between(since, clock.instant()) : Duration.ZERO;
        } finally {
            lock.unlock();
        }
    }

    LogRecord.Level least() {
        return least;
    }

    /** For the status. */
    Map<String, Object> status() {
        lock.lock();
        try {
            var status = new LinkedHashMap<String, Object>();
            status.put("sink", name);
            status.put("state", seats.isEmpty() ? "absent" : away() ? "away" : "ok");
            if (seats.isEmpty() || away()) {
                status.put("since", since.toString());
            }
            if (problem != null) {
                status.put("problem", problem);
            }
            status.put("delivered", delivered);
            status.put("queued", backlog.size());
            status.put("queuedOnDiskBytes", backlog.bytesOnDisk());
            status.put("lost", backlog.lost());
            if (seats.size() > 1) {
                status.put("waitingSinks", seats.size() - 1);
            }
            if (backlog.trouble() != null) {
                status.put("disk", backlog.trouble());
            }
            return status;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the service. What waits stays on disk, for a sink that asked for it. */
    void close() {
        awaitDrained(TO_DRAIN);
        Worker leaving;
        lock.lock();
        try {
            closed = true;
            leaving = worker;
            if (leaving != null) {
                leaving.stopping = true;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
        if (leaving != null) {
            leaving.end();
        }
        lock.lock();
        try {
            if (leaving != null) {
                leaving.abandoned = true;
            }
            backlog.close();
        } finally {
            lock.unlock();
        }
    }

    /** Serves one sink until it leaves. */
    private final class Worker implements Runnable {
        private final Seat seat;
        private final Thread thread;
        private volatile boolean stopping;
        private volatile boolean abandoned;
        private volatile boolean writing;
        private volatile long writingSinceNs;

        Worker(Seat seat) {
            this.seat = seat;
            // A task forgets what it ran, which an ended thread does not: the class loaders of Felix 7.0.5 may keep the
            // thread that loaded a class while another wanted it, and through it a sink that left.
            this.thread = Thread.ofPlatform().daemon().name("log-" + name).unstarted(new FutureTask<>(this, ""));
        }

        boolean stalled() {
            return writing && System.nanoTime() - writingSinceNs > STALLED_NS;
        }

        /** Waits for the thread's end, interrupts it when that takes too long, and leaves it alone in the end. */
        void end() {
            boolean interrupted = Thread.interrupted();
            try {
                if (Thread.currentThread() != thread && !thread.join(TO_END)) {
                    thread.interrupt();
                    thread.join(TO_YIELD);
                }
            } catch (InterruptedException e) {
                interrupted = true;
                thread.interrupt();
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void run() {
            long pauseMs = 0;
            while (!stopping) {
                try {
                    Backlog.Batch batch = next(pauseMs);
                    if (batch == null) {
                        return;
                    }
                    write(batch);
                    pauseMs = 0;
                } catch (InterruptedException e) {
                    return;
                } catch (Exception | LinkageError e) {
                    pauseMs = Math.clamp(pauseMs * 2, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
                    failed(e);
                }
            }
        }

        /** The oldest entries, after the pause; null when the sink has to leave. */
        private Backlog.@Nullable Batch next(long pauseMs) throws InterruptedException {
            lock.lock();
            try {
                long left = TimeUnit.MILLISECONDS.toNanos(pauseMs);
                while (left > 0 && !stopping) {
                    left = changed.awaitNanos(left);
                }
                while (backlog.isEmpty() && !stopping) {
                    changed.await();
                }
                return stopping ? null : backlog.peek(BATCH);
            } finally {
                lock.unlock();
            }
        }

        private void write(Backlog.Batch batch) throws Exception {
            if (batch.entries().isEmpty()) {
                return;
            }
            writingSinceNs = System.nanoTime();
            writing = true;
            try {
                seat.sink.write(batch.entries());
            } finally {
                writing = false;
            }
            taken(batch);
        }

        private void taken(Backlog.Batch batch) {
            Duration away = Duration.ZERO;
            long lost;
            lock.lock();
            try {
                if (abandoned) {
                    return;
                }
                backlog.remove(batch);
                delivered += batch.entries().size();
                if (problem != null) {
                    away = Duration.between(since, clock.instant());
                    problem = null;
                    since = clock.instant();
                } else if (backlog.lost() == lostSaid) {
                    changed.signalAll();
                    return;
                }
                lost = Math.max(0, backlog.lost() - lostSaid);
                lostSaid = backlog.lost();
                changed.signalAll();
            } finally {
                lock.unlock();
            }
            observer.back(name, away, lost);
        }

        private void failed(Throwable e) {
            lock.lock();
            try {
                boolean known = problem != null;
                problem = String.valueOf(e);
                if (!known) {
                    since = clock.instant();
                }
                backlog.settle();
                changed.signalAll();
                if (known || stopping) {
                    return;
                }
            } finally {
                lock.unlock();
            }
            observer.away(name, String.valueOf(e));
        }
    }
}

package io.culvert.log.hub;

import io.culvert.api.log.LogRecord;
import io.culvert.api.log.LogSink;
import io.culvert.log.slf4j.LogTarget;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * Takes entries from any thread into a bounded queue, finishes them on one thread of its own, and puts each into the
 * queue of every sink that wants it; each sink has a thread ({@link Outlet}). A full queue loses the newest entries
 * rather than hold a packet loop up; they are counted, and their sequence numbers are missing then.
 *
 * <p>With no sink nothing is formatted or kept. When a sink leaves, its queue is kept for a while for the next sink of
 * that name.
 */
final class LogHub implements LogTarget, AutoCloseable {
    static final String MODULE = "io.culvert.log.hub";

    private static final int QUEUE = 4096;
    private static final int BATCH = 256;
    private static final long FLUSH_MS = 500;
    private static final long LOOK_MS = 200;

    /** Short for who reads along, long enough that entries which come thick and fast wake each thread once for many. */
    static final Duration REST = Duration.ofMillis(20);

    /** The framework's log holds copies of exceptions, which begin with the copy's own name. */
    private static final String COPIED = "org.apache.felix.log.LogException: ";

    private final InstantSource clock;
    private final UnaryOperator<String> moduleOf;
    private final Recent recent;
    private final Consumer<Boolean> listening;
    private final Outlet.Limits limits;
    private final Duration keep;
    private final long restNs;
    private final String run = HexFormat.of().toHexDigits(new SecureRandom().nextLong());
    private final ArrayBlockingQueue<Event> queue = new ArrayBlockingQueue<>(QUEUE);
    private final CopyOnWriteArrayList<Outlet> outlets = new CopyOnWriteArrayList<>();
    private final Thread thread;
    private volatile int leastLevel = Integer.MAX_VALUE;
    private volatile long lost;
    private long lostSaid;
    private long sequence;

    private sealed interface Event {
        /** A log call; its record is finished on the hub's thread. */
        record Entry(LogRecord draft, @Nullable Throwable problem) implements Event {}

        /** Everything ahead of it is in the sinks' queues. */
        record Flush(CountDownLatch done) implements Event {}
    }

    /**
     * @param moduleOf a bundle's symbolic name from a logger's name
     * @param listening told whenever the hub begins or ceases to want entries
     * @param limits of the queue of each sink
     * @param keep how long the queue of a sink that left waits for the next of that name
     * @param rest from one look at the own queue to the next; a warning, a flush or a queue that is half full ends it
     */
    LogHub(
            InstantSource clock,
            UnaryOperator<String> moduleOf,
            Recent recent,
            Consumer<Boolean> listening,
            Outlet.Limits limits,
            Duration keep,
            Duration rest) {
        this.clock = clock;
        this.moduleOf = moduleOf;
        this.recent = recent;
        this.listening = listening;
        this.limits = limits;
        this.keep = keep;
        this.restNs = rest.toNanos();
        this.thread = Thread.ofPlatform().daemon().name("log-hub").start(this::drain);
    }

    /** @param least entries below it are not for this sink */
    synchronized void add(LogSink sink, LogRecord.Level least) {
        String name = sink.name();
        var outlet = outlets.stream().filter(each -> each.name().equals(name)).findFirst().orElse(null);
        if (outlet == null) {
            outlet = new Outlet(name, limits, clock, new Said());
            outlets.add(outlet);
        }
        outlet.add(sink, least);
        update();
    }

    /** The sink gets what was logged before the call, unless it fails, and nothing later. */
    void remove(LogSink sink) {
        distribute();
        outlets.forEach(outlet -> outlet.remove(sink));
        synchronized (this) {
            update();
        }
        // So that the thread looks for queues that nobody serves.
        queue.offer(new Event.Flush(new CountDownLatch(1)));
    }

    private void update() {
        leastLevel = outlets.stream()
                .mapToInt(outlet -> level(outlet.least()).toInt())
                .min()
                .orElse(Integer.MAX_VALUE);
        listening.accept(!outlets.isEmpty());
    }

    boolean hasSinks() {
        return !outlets.isEmpty();
    }

    /** For the status. */
    Map<String, Object> status() {
        var status = new LinkedHashMap<String, Object>();
        status.put("run", run);
        status.put("lost", lost);
        status.put("sinks", outlets.stream().map(Outlet::status).toList());
        return status;
    }

    @Override
    public boolean enabled(String logger, Level level) {
        return level.toInt() >= leastLevel;
    }

    @Override
    public void log(String logger, Level level, String message, @Nullable Throwable problem) {
        if (!enabled(logger, level)) {
            return;
        }
        String module = moduleOf.apply(logger);
        // What a library has to say of its own doing is detail here: the module around it tells it in the operator's words.
        boolean detail = level == Level.INFO && BundleNames.isLibrary(logger, module);
        log(module, logger, detail ? Level.DEBUG : level, message, problem);
    }

    void log(String module, String logger, Level level, String message, @Nullable Throwable problem) {
        if (!enabled(logger, level)) {
            return;
        }
        var time = clock.instant();
        var text = oneLine(message);
        var name = Thread.currentThread().getName();
        synchronized (queue) {
            var draft = new LogRecord(
                    ++sequence, time, level(level), module, logger, name, text, Optional.empty(), run);
            if (!queue.offer(new Event.Entry(draft, problem))) {
                lost++;
            }
        }
        if (level.toInt() >= Level.WARN.toInt() || queue.remainingCapacity() < QUEUE / 2) {
            endRest();
        }
    }

    /** Waits until every sink that works has everything logged so far, but not for ever. */
    void flush() {
        distribute();
        outlets.forEach(outlet -> outlet.awaitDrained(Duration.ofMillis(FLUSH_MS)));
    }

    private void distribute() {
        var done = new CountDownLatch(1);
        try {
            if (thread.isAlive() && queue.offer(new Event.Flush(done), FLUSH_MS, TimeUnit.MILLISECONDS)) {
                endRest();
                done.await(FLUSH_MS, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void drain() {
        var events = new ArrayList<Event>(BATCH);
        while (!Thread.currentThread().isInterrupted()) {
            try {
                Event first = outlets.stream().allMatch(Outlet::isServed)
                        ? queue.take()
                        : queue.poll(LOOK_MS, TimeUnit.MILLISECONDS);
                if (first != null) {
                    events.add(first);
                }
            } catch (InterruptedException e) {
                return;
            }
            queue.drainTo(events, BATCH - events.size());
            for (Event event : events) {
                switch (event) {
                    case Event.Entry(LogRecord draft, Throwable problem) -> take(finished(draft, problem));
                    case Event.Flush(CountDownLatch done) -> done.countDown();
                }
            }
            events.clear();
            sayLost();
            forget();
            if (queue.isEmpty()) {
                LockSupport.parkNanos(this, restNs);
            }
        }
    }

    /** For what cannot wait: a warning may be the last that is heard, and a queue must not overflow. */
    private void endRest() {
        LockSupport.unpark(thread);
    }

    private void take(LogRecord entry) {
        recent.add(entry);
        for (Outlet outlet : outlets) {
            outlet.accept(entry);
        }
    }

    private void sayLost() {
        long now = lost;
        if (now > lostSaid && queue.isEmpty()) {
            long count = now - lostSaid;
            lostSaid = now;
            log(MODULE, MODULE, Level.WARN, "log: lost " + count + " entries, which came too fast", null);
        }
    }

    /** Lets queues go whose sinks do not come back. */
    private void forget() {
        if (outlets.stream().allMatch(Outlet::isServed)) {
            return;
        }
        synchronized (this) {
            for (Outlet outlet : outlets) {
                if (!outlet.isServed() && outlet.unserved().compareTo(keep) >= 0) {
                    outlets.remove(outlet);
                    outlet.close();
                }
            }
            update();
        }
    }

    /** What becomes of sinks goes to the log, and to standard error when no other sink would show it. */
    private final class Said implements Outlet.Observer {
        @Override
        public void away(String sink, String problem) {
            log(MODULE, MODULE, Level.WARN, "log: sink=" + sink + " fails, its entries wait: " + problem, null);
            if (outlets.stream().noneMatch(Outlet::isWell)) {
                System.err.println("culvert: log sink " + sink + " fails, its entries wait: " + oneLine(problem));
            }
        }

        @Override
        public void back(String sink, Duration away, long lost) {
            String after = away.isZero() ? "" : " is back after " + Math.max(1, away.toSeconds()) + " s";
            if (lost > 0) {
                log(MODULE, MODULE, Level.WARN, "log: sink=" + sink + after + ": lost " + lost + " entries", null);
            } else if (!away.isZero()) {
                log(MODULE, MODULE, Level.INFO, "log: sink=" + sink + after + ": lost nothing", null);
            }
        }
    }

    private static LogRecord finished(LogRecord draft, @Nullable Throwable problem) {
        if (problem == null) {
            return draft;
        }
        var text = new StringWriter();
        problem.printStackTrace(new PrintWriter(text));
        return new LogRecord(
                draft.sequence(),
                draft.time(),
                draft.level(),
                draft.module(),
                draft.logger(),
                draft.thread(),
                draft.message(),
                Optional.of(text.toString().replace("\r", "").replace(COPIED, "").stripTrailing()),
                draft.run());
    }

    /** Peers choose names that end up in messages; none may forge a line or move a terminal's cursor. */
    static String oneLine(String message) {
        if (message.chars().noneMatch(Character::isISOControl)) {
            return message;
        }
        var text = new StringBuilder(message.length() + 8);
        for (int i = 0; i < message.length(); i++) {
            char c = message.charAt(i);
            switch (c) {
                case '\n' -> text.append("\\n");
                case '\t' -> text.append(' ');
                default -> {
                    if (Character.isISOControl(c)) {
                        text.append("\\x%02x".formatted((int) c));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        return text.toString();
    }

    private static LogRecord.Level level(Level level) {
        return LogRecord.Level.valueOf(level.name());
    }

    private static Level level(LogRecord.Level level) {
        return Level.valueOf(level.name());
    }

    @Override
    public void close() {
        flush();
        thread.interrupt();
        outlets.forEach(Outlet::close);
    }
}

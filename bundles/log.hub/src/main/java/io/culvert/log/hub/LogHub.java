package io.culvert.log.hub;

import io.culvert.api.log.LogRecord;
import io.culvert.api.log.LogSink;
import io.culvert.log.slf4j.LogTarget;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;

/**
 * Takes entries from any thread into a bounded queue, and hands them to the sinks on one thread of its own. A full queue
 * loses the newest entries rather than hold a packet loop up; their sequence numbers are missing then.
 */
final class LogHub implements LogTarget, AutoCloseable {
    private static final int QUEUE = 4096;
    private static final int BATCH = 256;
    private static final long FLUSH_MS = 500;

    /** The framework's log holds copies of exceptions, which begin with the copy's own name. */
    private static final String COPIED = "org.apache.felix.log.LogException: ";

    private final InstantSource clock;
    private final UnaryOperator<String> moduleOf;
    private final Recent recent;
    private final Consumer<Boolean> listening;
    private final ArrayBlockingQueue<Event> queue = new ArrayBlockingQueue<>(QUEUE);
    private final CopyOnWriteArrayList<Outlet> outlets = new CopyOnWriteArrayList<>();
    private final Thread thread;
    private volatile int leastLevel = Integer.MAX_VALUE;
    private long sequence;

    private sealed interface Event {
        /** A log call; its record is finished on the hub's thread. */
        record Entry(LogRecord draft, @Nullable Throwable problem) implements Event {}

        /** Everything ahead of it has been written. */
        record Flush(CountDownLatch done) implements Event {}
    }

    private static final class Outlet {
        private final LogSink sink;
        private final LogRecord.Level least;
        private boolean failing;

        Outlet(LogSink sink, LogRecord.Level least) {
            this.sink = sink;
            this.least = least;
        }
    }

    /**
     * @param moduleOf a bundle's symbolic name from a logger's name
     * @param listening told whenever the hub begins or ceases to want entries
     */
    LogHub(InstantSource clock, UnaryOperator<String> moduleOf, Recent recent, Consumer<Boolean> listening) {
        this.clock = clock;
        this.moduleOf = moduleOf;
        this.recent = recent;
        this.listening = listening;
        this.thread = Thread.ofPlatform().daemon().name("log-hub").start(this::drain);
    }

    /** @param least entries below it are not for this sink */
    synchronized void add(LogSink sink, LogRecord.Level least) {
        outlets.add(new Outlet(sink, least));
        update();
    }

    /** The sink gets what was logged before the call, and nothing later. */
    void remove(LogSink sink) {
        flush();
        synchronized (this) {
            outlets.removeIf(outlet -> outlet.sink == sink);
            update();
        }
    }

    private void update() {
        leastLevel = outlets.stream()
                .mapToInt(outlet -> level(outlet.least).toInt())
                .min()
                .orElse(Integer.MAX_VALUE);
        listening.accept(!outlets.isEmpty());
    }

    boolean hasSinks() {
        return !outlets.isEmpty();
    }

    @Override
    public boolean enabled(String logger, Level level) {
        return level.toInt() >= leastLevel;
    }

    @Override
    public void log(String logger, Level level, String message, @Nullable Throwable problem) {
        log(moduleOf.apply(logger), logger, level, message, problem);
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
                    ++sequence, time, level(level), module, logger, name, text, Optional.empty());
            queue.offer(new Event.Entry(draft, problem));
        }
    }

    /** Waits until everything logged so far is written, but not for ever. */
    void flush() {
        var done = new CountDownLatch(1);
        try {
            if (thread.isAlive() && queue.offer(new Event.Flush(done), FLUSH_MS, TimeUnit.MILLISECONDS)) {
                done.await(FLUSH_MS, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void drain() {
        var events = new ArrayList<Event>(BATCH);
        var records = new ArrayList<LogRecord>(BATCH);
        while (!Thread.currentThread().isInterrupted()) {
            try {
                events.add(queue.take());
            } catch (InterruptedException e) {
                return;
            }
            queue.drainTo(events, BATCH - 1);
            for (Event event : events) {
                switch (event) {
                    case Event.Entry(LogRecord draft, Throwable problem) -> records.add(finished(draft, problem));
                    case Event.Flush(CountDownLatch done) -> {
                        write(records);
                        done.countDown();
                    }
                }
            }
            write(records);
            events.clear();
        }
    }

    private void write(List<LogRecord> records) {
        if (records.isEmpty()) {
            return;
        }
        records.forEach(recent::add);
        for (Outlet outlet : outlets) {
            var wanted = records.stream()
                    .filter(entry -> entry.level().ordinal() <= outlet.least.ordinal())
                    .toList();
            try {
                if (!wanted.isEmpty()) {
                    outlet.sink.write(wanted);
                    outlet.failing = false;
                }
            } catch (Exception | LinkageError e) {
                failed(outlet, e);
            }
        }
        records.clear();
    }

    /** Said once, and on standard error: the log itself is what fails. */
    private static void failed(Outlet outlet, Throwable problem) {
        if (!outlet.failing) {
            outlet.failing = true;
            System.err.println("culvert: log sink " + outlet.sink.name() + " fails, its entries are lost: " + problem);
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
                Optional.of(text.toString().replace("\r", "").replace(COPIED, "").stripTrailing()));
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
    }
}

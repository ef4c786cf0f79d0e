package io.culvert.trace.otlp;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks every few seconds, on one virtual thread, which changes of modules have ended. */
final class Changes implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Changes.class);
    private static final Set<String> OVER = Set.of("kept", "rolled-back", "failed", "failed-needs-hand", "cancelled");
    private static final long EVERY_S = 5;

    private final Supplier<Optional<Command>> command;
    private final Consumer<Map<?, ?>> ended;
    private final Set<String> seen = new HashSet<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition stirred = lock.newCondition();
    private boolean begun;
    private boolean closed;

    /**
     * @param command {@code module changes}, while there is one
     * @param ended is given each change that ends from now on, steps included
     */
    Changes(Supplier<Optional<Command>> command, Consumer<Map<?, ?>> ended) {
        this.command = command;
        this.ended = ended;
    }

    void start() {
        Thread.ofVirtual().name("trace-changes").start(this::run);
    }

    private void run() {
        try {
            while (await()) {
                look();
            }
        } catch (InterruptedException e) {
            LOG.debug("trace.otlp: interrupted");
        }
    }

    private boolean await() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            if (!closed && begun) {
                stirred.await(EVERY_S, TimeUnit.SECONDS);
            }
            return !closed;
        } finally {
            lock.unlock();
        }
    }

    void look() throws InterruptedException {
        try {
            Optional<Command> changes = command.get();
            if (changes.isPresent() && changes.get().run(Map.of("last", "20"), part -> true) instanceof List<?> list) {
                for (Object each : list) {
                    if (each instanceof Map<?, ?> change && OVER.contains(String.valueOf(change.get("state")))
                            && seen.add(String.valueOf(change.get("id"))) && begun) {
                        tell(changes.get(), change);
                    }
                }
            }
        } catch (CommandException | RuntimeException e) {
            LOG.debug("trace.otlp: the changes cannot be read", e);
        }
        begun = true;
    }

    private void tell(Command changes, Map<?, ?> change) throws CommandException, InterruptedException {
        String id = String.valueOf(change.get("id"));
        if (changes.run(Map.of("change", id), part -> true) instanceof Map<?, ?> whole) {
            ended.accept(whole);
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            stirred.signalAll();
        } finally {
            lock.unlock();
        }
    }
}

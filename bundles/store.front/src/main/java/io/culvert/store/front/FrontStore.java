package io.culvert.store.front;

import io.culvert.api.store.Store;
import io.culvert.api.store.StoreException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * Passes everything to the store in force. While there is none, reads wait and changes queue up, in their order, both for
 * a bounded time; then they are refused, and a change that was refused is never made.
 *
 * <p>{@link #withdraw} returns when no call is inside the store any more, so that a store which is closed then has been
 * given all that was ever passed to it.
 */
final class FrontStore implements Store, AutoCloseable {
    /** Changes that wait; each has at most 128 operations. */
    static final int MOST_WAITING = 4096;

    private final Duration patience;
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock(true);
    private final Condition changed = lock.writeLock().newCondition();

    // ---- guarded by the lock

    private @Nullable Store inForce;
    private String name = "none";
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private @Nullable Thread refusing;
    private long goneSinceNs;
    private long longestGapNs;
    private boolean closed;

    private record Waiting(
            List<Guard> guards, List<Op> ops, long untilNs, CompletableFuture<TxnResult> outcome) {}

    FrontStore(Duration patience) {
        this.patience = patience;
    }

    // ---- the store behind

    /** Everything goes to {@code store} from now on, what waits first. */
    void use(Store store) {
        lock.writeLock().lock();
        try {
            if (inForce == null && goneSinceNs != 0) {
                longestGapNs = Math.max(longestGapNs, System.nanoTime() - goneSinceNs);
            }
            inForce = store;
            name = store.name();
            Thread clock = refusing;
            if (clock != null) {
                clock.interrupt();
                refusing = null;
            }
            for (Waiting each = waiting.poll(); each != null; each = waiting.poll()) {
                pass(store, each);
            }
            changed.signalAll();
        } finally {
            lock.writeLock().unlock();
        }
    }

    private static void pass(Store store, Waiting change) {
        CompletionStage<TxnResult> passed;
        try {
            passed = store.txn(change.guards(), change.ops());
        } catch (RuntimeException | LinkageError e) {
            change.outcome().completeExceptionally(e);
            return;
        }
        passed.whenComplete((result, error) -> {
            if (error != null) {
                change.outcome().completeExceptionally(error);
            } else {
                change.outcome().complete(result);
            }
        });
    }

    /** The store leaves: nothing is passed to it any more. Not for one that is no longer in force. */
    void withdraw(Store store) {
        lock.writeLock().lock();
        try {
            if (inForce == store) {
                inForce = null;
                goneSinceNs = System.nanoTime();
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** Moves everything to another store, with no change in between: {@code copy} has the store to itself. */
    void replace(Store by, Copy copy) throws StoreException {
        lock.writeLock().lock();
        try {
            Store before = inForce;
            if (before != null) {
                copy.run(before);
            }
            use(by);
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** Copies from the store that was in force. */
    @FunctionalInterface
    interface Copy {
        void run(Store from) throws StoreException;
    }

    @Nullable Store inForce() {
        lock.readLock().lock();
        try {
            return inForce;
        } finally {
            lock.readLock().unlock();
        }
    }

    // ---- the store in front

    @Override
    public String name() {
        lock.readLock().lock();
        try {
            return name;
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public Optional<Entry> read(String key) throws StoreException {
        return reading(store -> store.read(key));
    }

    @Override
    public List<Entry> list(String prefix) throws StoreException {
        return reading(store -> store.list(prefix));
    }

    @FunctionalInterface
    private interface Query<T> {
        T run(Store store) throws StoreException;
    }

    private <T> T reading(Query<T> query) throws StoreException {
        long left = patience.toNanos();
        while (true) {
            lock.readLock().lock();
            try {
                Store store = inForce;
                if (store != null) {
                    return query.run(store);
                }
            } finally {
                lock.readLock().unlock();
            }
            left = awaitStore(left);
        }
    }

    private long awaitStore(long leftNs) throws StoreException {
        lock.writeLock().lock();
        try {
            long left = leftNs;
            while (inForce == null) {
                if (left <= 0 || closed) {
                    throw refusal();
                }
                left = changed.awaitNanos(left);
            }
            return Math.max(1, left);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("interrupted while no store was there", e);
        } finally {
            lock.writeLock().unlock();
        }
    }

    @Override
    public CompletionStage<TxnResult> txn(List<Guard> guards, List<Op> ops) {
        lock.readLock().lock();
        try {
            Store store = inForce;
            if (store != null) {
                return store.txn(guards, ops);
            }
        } finally {
            lock.readLock().unlock();
        }
        lock.writeLock().lock();
        try {
            Store store = inForce;
            if (store != null) {
                return store.txn(guards, ops);
            }
            if (closed || waiting.size() >= MOST_WAITING) {
                return CompletableFuture.failedFuture(refusal());
            }
            var change = new Waiting(
                    List.copyOf(guards), copies(ops), System.nanoTime() + patience.toNanos(), new CompletableFuture<>());
            waiting.add(change);
            if (refusing == null) {
                refusing = Thread.ofVirtual().name("store-front").start(this::refuseLate);
            }
            return change.outcome();
        } finally {
            lock.writeLock().unlock();
        }
    }

    /** The caller may overwrite its values before they are passed on. */
    private static List<Op> copies(List<Op> ops) {
        List<Op> copies = new ArrayList<>(ops.size());
        for (Op op : ops) {
            copies.add(op instanceof Op.Put(String key, byte[] value) ? new Op.Put(key, value.clone()) : op);
        }
        return copies;
    }

    /** Refuses what has waited for too long, until nothing waits or there is a store. */
    private void refuseLate() {
        while (true) {
            List<Waiting> late = new ArrayList<>();
            long nextNs = 0;
            lock.writeLock().lock();
            try {
                if (refusing != Thread.currentThread()) {
                    return;
                }
                long now = System.nanoTime();
                for (Waiting first = waiting.peek(); first != null; first = waiting.peek()) {
                    nextNs = first.untilNs() - now;
                    if (nextNs > 0) {
                        break;
                    }
                    late.add(waiting.remove());
                }
                if (waiting.isEmpty()) {
                    refusing = null;
                }
            } finally {
                lock.writeLock().unlock();
            }
            late.forEach(each -> each.outcome().completeExceptionally(refusal()));
            try {
                TimeUnit.NANOSECONDS.sleep(nextNs);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private StoreException refusal() {
        return new StoreException("no store is there since " + patience.toSeconds()
                + " s: 'culvert module list' shows whether a store module, such as store.local, runs and why not");
    }

    // ---- facts

    int waiting() {
        lock.readLock().lock();
        try {
            return waiting.size();
        } finally {
            lock.readLock().unlock();
        }
    }

    long longestGapNs() {
        lock.readLock().lock();
        try {
            return longestGapNs;
        } finally {
            lock.readLock().unlock();
        }
    }

    /** Refuses what waits. */
    @Override
    public void close() {
        List<Waiting> refused;
        lock.writeLock().lock();
        try {
            closed = true;
            inForce = null;
            refused = List.copyOf(waiting);
            waiting.clear();
            Thread clock = refusing;
            if (clock != null) {
                clock.interrupt();
                refusing = null;
            }
            changed.signalAll();
        } finally {
            lock.writeLock().unlock();
        }
        refused.forEach(each -> each.outcome().completeExceptionally(refusal()));
    }
}

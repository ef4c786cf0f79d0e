package io.culvert.store.local;

import io.culvert.api.store.Store.Guard;
import io.culvert.api.store.Store.Op;
import io.culvert.api.store.Store.TxnResult;
import io.culvert.api.store.StoreException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that writes. Transactions that wait while the disk is busy are committed together, each still as a
 * whole or not at all, in the order in which they came.
 */
final class Committer {
    private static final Logger LOG = LoggerFactory.getLogger(Committer.class);
    private static final int GROUP = 256;

    /** One transaction and who waits for it; {@code ops} is null in the one that ends the thread. */
    private record Waiting(
            List<Guard> guards, @Nullable List<Op> ops, CompletableFuture<TxnResult> outcome) {}

    private record Decided(Waiting waiting, TxnResult result) {}

    final LongAdder commits = new LongAdder();
    final LongAdder transactions = new LongAdder();
    final LongAdder conflicts = new LongAdder();
    final LongAdder failures = new LongAdder();
    volatile @Nullable String lastFailure;

    private final WriteTransaction database;
    private final BlockingQueue<Waiting> queue;
    private final int capacity;
    private final Thread thread;
    private boolean closed;
    private long revision;

    Committer(WriteTransaction database, int capacity) throws SQLException {
        this.database = database;
        this.capacity = capacity;
        this.queue = new LinkedBlockingQueue<>(capacity + 1);
        this.revision = database.lastRevision();
        this.thread = Thread.ofPlatform().name("store-local").daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    synchronized CompletableFuture<TxnResult> submit(List<Guard> guards, List<Op> ops) {
        if (closed) {
            return CompletableFuture.failedFuture(SqliteStore.closed());
        }
        if (queue.size() >= capacity) {
            failures.increment();
            return CompletableFuture.failedFuture(new StoreException("store local: " + capacity
                    + " transactions wait for the disk already: make the disk faster or set maxWaiting higher"));
        }
        var outcome = new CompletableFuture<TxnResult>();
        queue.add(new Waiting(guards, ops, outcome));
        return outcome;
    }

    int waiting() {
        return queue.size();
    }

    /** Does what was asked for before this call; then the thread is gone. */
    void close() throws InterruptedException {
        synchronized (this) {
            if (!closed) {
                closed = true;
                queue.add(new Waiting(List.of(), null, new CompletableFuture<>()));
            }
        }
        thread.join();
    }

    private void run() {
        List<Waiting> group = new ArrayList<>();
        boolean more = true;
        while (more) {
            group.clear();
            try {
                group.add(queue.take());
            } catch (InterruptedException e) {
                // Only close() ends this thread.
                continue;
            }
            queue.drainTo(group, GROUP - 1);
            more = group.getLast().ops() != null;
            commit(more ? group : group.subList(0, group.size() - 1));
        }
    }

    private void commit(List<Waiting> group) {
        if (group.isEmpty()) {
            return;
        }
        long before = revision;
        List<Decided> decided = new ArrayList<>(group.size());
        try {
            for (Waiting waiting : group) {
                decided.add(new Decided(waiting, apply(waiting)));
            }
            if (revision != before) {
                database.setLastRevision(revision);
            }
        } catch (SQLException | RuntimeException e) {
            revision = before;
            boolean undone = undo();
            fail(group, e, undone);
            return;
        }
        try {
            database.commit();
        } catch (SQLException | RuntimeException e) {
            // Whether the disk has it is known only after reading again; the revision must not be used twice.
            undo();
            fail(group, e, false);
            return;
        }
        commits.increment();
        for (Decided one : decided) {
            (one.result() instanceof TxnResult.Conflict ? conflicts : transactions).increment();
            one.waiting().outcome().complete(one.result());
        }
    }

    private TxnResult apply(Waiting waiting) throws SQLException {
        for (Guard guard : waiting.guards()) {
            if (database.revision(guard.key()) != guard.revision()) {
                return new TxnResult.Conflict(guard.key());
            }
        }
        List<Op> ops = waiting.ops();
        if (ops == null || ops.isEmpty()) {
            return new TxnResult.Committed(revision);
        }
        revision++;
        for (Op op : ops) {
            switch (op) {
                case Op.Put(String key, byte[] value) -> database.put(key, revision, value);
                case Op.Delete(String key) -> database.delete(key);
            }
        }
        return new TxnResult.Committed(revision);
    }

    private boolean undo() {
        try {
            database.rollback();
            return true;
        } catch (SQLException e) {
            LOG.error("store local: cannot roll back: {}", e.getMessage());
            return false;
        }
    }

    private void fail(List<Waiting> group, Exception cause, boolean undone) {
        String reason = "store local: cannot write: " + cause.getMessage()
                + ": check the free space and the health of the disk below var/store";
        lastFailure = reason;
        failures.add(group.size());
        LOG.error("{}", reason);
        for (Waiting waiting : group) {
            if (undone) {
                waiting.outcome().completeExceptionally(new StoreException(reason, cause));
            } else {
                waiting.outcome().complete(new TxnResult.Unknown(reason));
            }
        }
    }
}

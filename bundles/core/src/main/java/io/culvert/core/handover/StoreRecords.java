package io.culvert.core.handover;

import io.culvert.api.handover.SessionRecord;
import io.culvert.api.store.Store;
import io.culvert.api.store.Store.Op;
import io.culvert.api.store.Store.TxnResult;
import io.culvert.api.store.StoreException;
import io.culvert.api.tunnel.HandoverException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Session records in the store, under {@code session/PROTOCOL/INSTANCE/ID}. One virtual thread writes; what comes in
 * while it waits for the disk is written together, and only the latest state of each session. Nobody waits for a removal,
 * so it waits for a record to go to the disk with, for a moment: where clients come and go, that is half of the writes.
 */
public final class StoreRecords implements SessionRecords, AutoCloseable {
    /** Operations of one transaction, see {@link Store#txn}. */
    static final int BATCH = 128;

    private static final Logger log = LoggerFactory.getLogger(StoreRecords.class);
    private static final int MAX_VALUE_BYTES = 256 * 1024;
    private static final int MAX_OWED = 65_536;
    private static final Duration STORE_TIMEOUT = Duration.ofSeconds(30);

    /** How long removals wait for a record to be written with them. */
    private static final Duration REMOVAL_DELAY = Duration.ofMillis(200);

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

    private final Supplier<? extends @Nullable Store> store;
    private final long removalDelayNs;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();

    /** What waits, by key, in the order of arrival. Guarded by the lock, as all below. */
    private final LinkedHashMap<String, Waiting> waiting = new LinkedHashMap<>();

    /** Keys whose removal failed: tried again along with the next transaction. */
    private final Set<String> owed = new HashSet<>();

    private boolean closed;
    private final Thread writer;

    /** The latest wish for one key and everybody who waits for it. */
    private static final class Waiting {
        /** Null to remove the record. */
        private @Nullable SessionRecord record;

        private final CompletableFuture<Boolean> done = new CompletableFuture<>();
    }

    /** @param store the one in force; null while there is none, which fails what is asked meanwhile */
    public StoreRecords(Supplier<? extends @Nullable Store> store) {
        this(store, REMOVAL_DELAY);
    }

    StoreRecords(Supplier<? extends @Nullable Store> store, Duration removalDelay) {
        this.store = store;
        this.removalDelayNs = removalDelay.toNanos();
        this.writer = Thread.ofVirtual().name("session-records").start(this::write);
    }

    @Override
    public CompletionStage<Boolean> save(SessionRecord record) {
        return enqueue(key(record.protocol(), record.instance(), record.sessionId()), record);
    }

    @Override
    public CompletionStage<Boolean> forget(String protocol, String instance, long sessionId) {
        return enqueue(key(protocol, instance, sessionId), null);
    }

    private CompletionStage<Boolean> enqueue(String key, @Nullable SessionRecord record) {
        lock.lock();
        try {
            if (closed) {
                return CompletableFuture.completedFuture(false);
            }
            Waiting entry = waiting.computeIfAbsent(key, absent -> new Waiting());
            entry.record = record;
            if (record != null || waiting.size() == 1 || waiting.size() >= BATCH) {
                work.signal();
            }
            return entry.done.minimalCompletionStage();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public List<SessionRecord> load(String protocol, String instance) {
        String prefix = prefix(protocol, instance);
        List<Store.Entry> entries;
        try {
            Store current = store.get();
            if (current == null) {
                throw new StoreException("no store is installed");
            }
            Set<String> leaving = leaving();
            entries = current.list(prefix).stream()
                    .filter(entry -> !leaving.contains(entry.key()))
                    .toList();
        } catch (StoreException | RuntimeException e) {
            log.error("records {}: cannot be read, these sessions must connect again: {}", prefix, e.toString());
            return List.of();
        }
        var records = new ArrayList<SessionRecord>();
        for (Store.Entry entry : entries) {
            try {
                SessionRecord record = RecordCodec.decode(entry.value());
                if (!key(record.protocol(), record.instance(), record.sessionId()).equals(entry.key())) {
                    throw new HandoverException("the record is of another session than its key");
                }
                records.add(record);
            } catch (HandoverException e) {
                log.warn("record {}: left out, the session must connect again: {}", entry.key(), e.getMessage());
            }
        }
        return records;
    }

    /** The keys whose removal waits: their sessions are no more. */
    private Set<String> leaving() {
        lock.lock();
        try {
            var keys = new HashSet<String>();
            waiting.forEach((key, entry) -> {
                if (entry.record == null) {
                    keys.add(key);
                }
            });
            return keys;
        } finally {
            lock.unlock();
        }
    }

    private void write() {
        try {
            while (true) {
                Map<String, Waiting> batch = nextBatch();
                if (batch.isEmpty()) {
                    return;
                }
                write(batch);
            }
        } catch (InterruptedException e) {
            log.warn("records: the writer was interrupted");
        } finally {
            failAll();
        }
    }

    private boolean isDue() {
        return waiting.size() >= BATCH || waiting.values().stream().anyMatch(entry -> entry.record != null);
    }

    /** Waits for work; empty when closed and all is done. */
    private Map<String, Waiting> nextBatch() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long delayNs = removalDelayNs;
            while (!closed && !isDue() && delayNs > 0) {
                if (waiting.isEmpty()) {
                    work.await();
                } else {
                    delayNs = work.awaitNanos(delayNs);
                }
            }
            if (waiting.isEmpty()) {
                return Map.of();
            }
            var batch = new LinkedHashMap<String, Waiting>();
            Iterator<Map.Entry<String, Waiting>> oldest = waiting.entrySet().iterator();
            while (oldest.hasNext() && batch.size() < BATCH) {
                Map.Entry<String, Waiting> entry = oldest.next();
                batch.put(entry.getKey(), entry.getValue());
                owed.remove(entry.getKey());
                oldest.remove();
            }
            Iterator<String> again = owed.iterator();
            while (again.hasNext() && batch.size() < BATCH) {
                String key = again.next();
                // A newer wish for this key is still waiting: it decides.
                if (!waiting.containsKey(key)) {
                    batch.put(key, new Waiting());
                }
                again.remove();
            }
            return batch;
        } finally {
            lock.unlock();
        }
    }

    private void write(Map<String, Waiting> batch) throws InterruptedException {
        var ops = new ArrayList<Op>(batch.size());
        var asked = new ArrayList<Waiting>(batch.size());
        batch.forEach((key, entry) -> {
            Op op = op(key, entry.record);
            if (op == null) {
                entry.done.complete(false);
            } else {
                ops.add(op);
                asked.add(entry);
            }
        });
        if (ops.isEmpty()) {
            return;
        }
        boolean durable = false;
        try {
            durable = commit(ops);
        } finally {
            if (!durable) {
                owe(ops);
            }
            boolean answer = durable;
            asked.forEach(entry -> entry.done.complete(answer));
        }
    }

    private static @Nullable Op op(String key, @Nullable SessionRecord record) {
        if (record == null) {
            return new Op.Delete(key);
        }
        try {
            byte[] value = RecordCodec.encode(record);
            if (value.length > MAX_VALUE_BYTES) {
                throw new IllegalArgumentException(value.length + " bytes are more than " + MAX_VALUE_BYTES);
            }
            return new Op.Put(key, value);
        } catch (RuntimeException e) {
            log.error("record {}: cannot be saved: {}", key, e.getMessage());
            return null;
        }
    }

    private boolean commit(List<Op> ops) throws InterruptedException {
        try {
            Store current = store.get();
            if (current == null) {
                throw new StoreException("no store is installed");
            }
            TxnResult result = current.txn(List.of(), List.copyOf(ops))
                    .toCompletableFuture()
                    .get(STORE_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
            if (result instanceof TxnResult.Committed) {
                return true;
            }
            log.error("records: {} changes are not durable, the store says: {}", ops.size(), result);
        } catch (TimeoutException e) {
            log.error("records: {} changes are not durable, the store gave no answer for {} s",
                    ops.size(), STORE_TIMEOUT.toSeconds());
        } catch (ExecutionException e) {
            log.error("records: {} changes are not durable: {}", ops.size(), String.valueOf(e.getCause()));
        } catch (StoreException | RuntimeException | LinkageError e) {
            log.error("records: {} changes are not durable: {}", ops.size(), e.toString());
        }
        return false;
    }

    private void owe(List<Op> ops) {
        lock.lock();
        try {
            for (Op op : ops) {
                if (op instanceof Op.Delete && owed.size() < MAX_OWED) {
                    owed.add(op.key());
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void failAll() {
        lock.lock();
        try {
            closed = true;
            waiting.values().forEach(entry -> entry.done.complete(false));
            waiting.clear();
        } finally {
            lock.unlock();
        }
    }

    /** Writes what waits, for at most 10 s; what comes later is answered with false. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            work.signal();
        } finally {
            lock.unlock();
        }
        try {
            if (!writer.join(CLOSE_TIMEOUT)) {
                log.error("records: the store does not answer, what waited is lost");
                writer.interrupt();
            }
        } catch (InterruptedException e) {
            writer.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    static String key(String protocol, String instance, long sessionId) {
        return prefix(protocol, instance) + String.format("%016x", sessionId);
    }

    private static String prefix(String protocol, String instance) {
        return "session/" + segment(protocol) + "/" + segment(instance) + "/";
    }

    /** What a key cannot hold becomes {@code _} and two hex digits for each byte of UTF-8. */
    private static String segment(String name) {
        var segment = new StringBuilder();
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            if (b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '-' || b == '.') {
                segment.append((char) b);
            } else {
                segment.append('_').append(String.format("%02x", b));
            }
        }
        return segment.toString();
    }
}

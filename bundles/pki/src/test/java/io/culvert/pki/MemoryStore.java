package io.culvert.pki;

import io.culvert.api.store.Store;
import io.culvert.api.store.StoreException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A store in memory whose next answers a test can spoil. */
final class MemoryStore implements Store {
    private static final Pattern KEY = Pattern.compile("[a-z0-9._/-]+");

    /** What goes wrong with a transaction. */
    enum Fault {
        NONE,
        /** It is done, and the answer is lost. */
        DONE_BUT_UNKNOWN,
        /** It is not done, and nobody can tell. */
        LOST_AND_UNKNOWN,
        FAILS
    }

    final Deque<Fault> faults = new ArrayDeque<>();
    @Nullable String unreadable;
    private final TreeMap<String, Entry> entries = new TreeMap<>();
    private long revision;

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public synchronized Optional<Entry> read(String key) throws StoreException {
        if (key.equals(unreadable)) {
            throw new StoreException("damaged");
        }
        return Optional.ofNullable(entries.get(key));
    }

    @Override
    public synchronized List<Entry> list(String prefix) {
        return List.copyOf(entries.subMap(prefix, prefix + '\u007f').values());
    }

    @Override
    public synchronized CompletionStage<TxnResult> txn(List<Guard> guards, List<Op> ops) {
        @Nullable Fault fault = faults.poll();
        if (fault == Fault.FAILS) {
            return CompletableFuture.failedFuture(new StoreException("disk full"));
        }
        if (fault == Fault.LOST_AND_UNKNOWN) {
            return CompletableFuture.completedFuture(new TxnResult.Unknown("lost"));
        }
        if (ops.size() > 128 || ops.stream().anyMatch(op -> !KEY.matcher(op.key()).matches())) {
            return CompletableFuture.failedFuture(new IllegalArgumentException("beyond the limits"));
        }
        for (Guard guard : guards) {
            Entry entry = entries.get(guard.key());
            if ((entry == null ? 0 : entry.revision()) != guard.revision()) {
                return CompletableFuture.completedFuture(new TxnResult.Conflict(guard.key()));
            }
        }
        revision++;
        for (Op op : ops) {
            switch (op) {
                case Op.Put(String key, byte[] value) -> entries.put(key, new Entry(key, value.clone(), revision));
                case Op.Delete(String key) -> entries.remove(key);
            }
        }
        return CompletableFuture.completedFuture(
                fault == Fault.DONE_BUT_UNKNOWN ? new TxnResult.Unknown("lost") : new TxnResult.Committed(revision));
    }
}

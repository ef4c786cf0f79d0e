package io.culvert.testsupport;

import io.culvert.api.store.Store;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A store that keeps its promises but the durable one. Threads: any. */
public final class MemoryStore implements Store {
    private final Map<String, Entry> entries = new TreeMap<>();
    private long revision;

    /** Whether nobody can tell what became of a transaction. */
    public volatile boolean failing;

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public synchronized Optional<Entry> read(String key) {
        return Optional.ofNullable(entries.get(key));
    }

    @Override
    public synchronized List<Entry> list(String prefix) {
        return entries.values().stream().filter(entry -> entry.key().startsWith(prefix)).toList();
    }

    @Override
    public synchronized CompletionStage<TxnResult> txn(List<Guard> guards, List<Op> ops) {
        if (failing) {
            return CompletableFuture.completedFuture(new TxnResult.Unknown("disk full"));
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
                case Op.Put(var key, var value) -> entries.put(key, new Entry(key, value, revision));
                case Op.Delete(var key) -> entries.remove(key);
            }
        }
        return CompletableFuture.completedFuture(new TxnResult.Committed(revision));
    }
}

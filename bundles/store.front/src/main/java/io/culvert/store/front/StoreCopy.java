package io.culvert.store.front;

import io.culvert.api.store.Store;
import io.culvert.api.store.Store.Entry;
import io.culvert.api.store.Store.Op;
import io.culvert.api.store.Store.TxnResult;
import io.culvert.api.store.StoreException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Moves all records from one store to another. A store that was moved from is marked, and is not used again: its session
 * records are old, and their reservations were used since.
 */
final class StoreCopy {
    /** In a store that was left: the name of the store that has the records now. */
    static final String MOVED = "store/moved-to";

    private static final int BATCH = 128;
    private static final long DEADLINE_S = 30;

    private StoreCopy() {}

    /** Whether nothing is in the store. */
    static boolean isEmpty(Store store) throws StoreException {
        return store.list("").isEmpty();
    }

    /** Makes {@code to} hold what {@code from} holds, and nothing else; may be called again to catch up. */
    static int copy(Store from, Store to) throws StoreException {
        return copy(from.list(""), to);
    }

    /** Makes {@code to} hold those records, and nothing else. */
    static int copy(List<Entry> records, Store to) throws StoreException {
        Map<String, byte[]> there = new TreeMap<>();
        for (Entry entry : to.list("")) {
            there.put(entry.key(), entry.value());
        }
        List<Op> ops = new ArrayList<>();
        for (Entry entry : records) {
            byte[] present = there.remove(entry.key());
            if (present == null || !Arrays.equals(present, entry.value())) {
                ops.add(new Op.Put(entry.key(), entry.value()));
            }
        }
        there.keySet().forEach(key -> ops.add(new Op.Delete(key)));
        for (int i = 0; i < ops.size(); i += BATCH) {
            commit(to, ops.subList(i, Math.min(ops.size(), i + BATCH)));
        }
        return ops.size();
    }

    /** Marks the store as left. */
    static void leave(Store store, String successor) throws StoreException {
        commit(store, List.of(new Op.Put(MOVED, successor.getBytes(java.nio.charset.StandardCharsets.UTF_8))));
    }

    private static void commit(Store store, List<Op> ops) throws StoreException {
        try {
            TxnResult result =
                    store.txn(List.of(), List.copyOf(ops)).toCompletableFuture().get(DEADLINE_S, TimeUnit.SECONDS);
            if (!(result instanceof TxnResult.Committed)) {
                throw new StoreException("store " + store.name() + " took no copy of the records: " + result);
            }
        } catch (ExecutionException | TimeoutException e) {
            throw new StoreException("store " + store.name() + " took no copy of the records: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoreException("interrupted while store " + store.name() + " took a copy of the records", e);
        }
    }
}

package io.culvert.store.local;

import io.culvert.api.store.Store.Op;
import io.culvert.api.store.Store.TxnResult.Committed;
import java.nio.file.Path;
import java.util.List;

/** Writes record after record and tells of each that is durable, until it is killed. */
final class KilledWriter {
    private KilledWriter() {}

    public static void main(String[] args) throws Exception {
        try (SqliteStore store = SqliteStore.open(Path.of(args[0]), 1024)) {
            for (int i = Integer.parseInt(args[1]); ; i++) {
                var put = new Op.Put("n/%09d".formatted(i), new byte[100]);
                if (store.txn(List.of(), List.of(put)).toCompletableFuture().get() instanceof Committed) {
                    System.out.println(i);
                }
            }
        }
    }
}

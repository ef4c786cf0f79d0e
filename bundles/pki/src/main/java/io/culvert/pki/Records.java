package io.culvert.pki;

import io.culvert.api.pki.PkiException;
import io.culvert.api.store.Store;
import io.culvert.api.store.Store.Entry;
import io.culvert.api.store.Store.Guard;
import io.culvert.api.store.Store.Op;
import io.culvert.api.store.Store.TxnResult;
import io.culvert.api.store.StoreException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The store as the authority uses it: blocking, with a deadline, and with its own errors. */
final class Records {
    private static final int DEADLINE_SECONDS = 30;

    /** How often a change is tried again when somebody else was faster, or when the store could not tell. */
    static final int ATTEMPTS = 8;

    private final Store store;

    Records(Store store) {
        this.store = store;
    }

    Optional<Entry> read(String key) throws PkiException {
        try {
            return store.read(key);
        } catch (StoreException e) {
            throw new PkiException("store " + store.name() + " cannot read " + key + ": " + e.getMessage(), e);
        }
    }

    List<Entry> list(String prefix) throws PkiException {
        try {
            return store.list(prefix);
        } catch (StoreException e) {
            throw new PkiException("store " + store.name() + " cannot list " + prefix + ": " + e.getMessage(), e);
        }
    }

    /** The revision when all of it is durable; empty when a guard failed or nobody can tell: read again. */
    OptionalLong commit(List<Guard> guards, List<Op> ops) throws PkiException {
        try {
            TxnResult result =
                    store.txn(guards, ops).toCompletableFuture().get(DEADLINE_SECONDS, TimeUnit.SECONDS);
            return result instanceof TxnResult.Committed(long revision)
                    ? OptionalLong.of(revision)
                    : OptionalLong.empty();
        } catch (ExecutionException e) {
            throw new PkiException("store " + store.name() + " failed: " + e.getCause().getMessage(), e.getCause());
        } catch (TimeoutException e) {
            throw new PkiException("store " + store.name() + " did not answer within " + DEADLINE_SECONDS + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PkiException("interrupted while waiting for store " + store.name(), e);
        }
    }

    PkiException gaveUp(String what) {
        return new PkiException("store " + store.name() + " did not take " + what + " in " + ATTEMPTS
                + " attempts: see its health in the status, then try again");
    }
}

package io.culvert.web.rest.access;

import io.culvert.api.store.Store;
import io.culvert.api.store.Store.Guard;
import io.culvert.api.store.Store.Op;
import io.culvert.api.store.Store.TxnResult;
import io.culvert.api.store.StoreException;
import io.culvert.api.web.Problem;
import io.culvert.web.rest.server.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/** Records of one kind in the store, as JSON. */
public final class Records<T> {
    private static final Logger LOG = LoggerFactory.getLogger(Records.class);
    private static final int DEADLINE_SECONDS = 10;

    private final Store store;
    private final Json json;
    private final String prefix;
    private final Class<T> type;

    /** A record as it was read. */
    public record Found<T>(String key, T value, long revision) {}

    /** @param prefix with a slash at its end */
    public Records(Store store, Json json, String prefix, Class<T> type) {
        this.store = store;
        this.json = json;
        this.prefix = prefix;
        this.type = type;
    }

    public Optional<Found<T>> read(String key) throws Problem {
        try {
            return store.read(prefix + key).map(this::found);
        } catch (StoreException e) {
            throw unavailable(e);
        }
    }

    public List<Found<T>> all() throws Problem {
        try {
            var all = new ArrayList<Found<T>>();
            for (Store.Entry entry : store.list(prefix)) {
                try {
                    all.add(found(entry));
                } catch (JacksonException e) {
                    LOG.error("web: the record {} is damaged and left out", entry.key());
                }
            }
            return all;
        } catch (StoreException e) {
            throw unavailable(e);
        }
    }

    private Found<T> found(Store.Entry entry) {
        return new Found<>(
                entry.key().substring(prefix.length()), json.read(entry.value(), type), entry.revision());
    }

    /**
     * Durable when it returns.
     *
     * @param revision of what it takes the place of; 0 for a new one
     * @return false when there is another by now
     */
    public boolean put(String key, T value, long revision) throws Problem {
        return txn(List.of(new Guard(prefix + key, revision)), new Op.Put(prefix + key, json.write(value)));
    }

    /** Whatever is there. */
    public void set(String key, T value) throws Problem {
        txn(List.of(), new Op.Put(prefix + key, json.write(value)));
    }

    public void delete(String key) throws Problem {
        txn(List.of(), new Op.Delete(prefix + key));
    }

    private boolean txn(List<Guard> guards, Op op) throws Problem {
        try {
            TxnResult result =
                    store.txn(guards, List.of(op)).toCompletableFuture().get(DEADLINE_SECONDS, TimeUnit.SECONDS);
            return switch (result) {
                case TxnResult.Committed _ -> true;
                case TxnResult.Conflict _ -> false;
                case TxnResult.Unknown unknown -> throw Problem.unavailable(
                        "the store cannot tell whether it was saved (" + unknown.reason() + "); look again");
            };
        } catch (ExecutionException | TimeoutException e) {
            throw unavailable(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unavailable(e);
        }
    }

    private static Problem unavailable(Exception e) {
        LOG.error("web: the store fails, {}", e.toString());
        return Problem.unavailable("the store does not answer; look at the state of its module");
    }
}

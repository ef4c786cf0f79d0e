package io.culvert.auth.totp;

import io.culvert.api.store.Store;
import io.culvert.api.store.StoreException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The users' secrets, in the store under {@code totp/user/} and the name in hex. Every change names the revision that it
 * was made from, so that of two logins with one code only one succeeds.
 */
final class Enrolments {
    private static final String PREFIX = "totp/user/";
    private static final long STORE_SECONDS = 5;

    private final Store store;

    /** One, as it was read. */
    record Found(Enrolment enrolment, long revision) {}

    Enrolments(Store store) {
        this.store = store;
    }

    private static String key(String user) {
        return PREFIX + HexFormat.of().formatHex(user.getBytes(StandardCharsets.UTF_8));
    }

    Optional<Found> find(String user) throws StoreException, IOException {
        Optional<Store.Entry> entry = store.read(key(user));
        return entry.isEmpty()
                ? Optional.empty()
                : Optional.of(new Found(Enrolment.decode(entry.get().value()), entry.get().revision()));
    }

    /** Names of those who have one, sorted. */
    List<String> users() throws StoreException {
        return store.list(PREFIX).stream()
                .map(entry -> entry.key().substring(PREFIX.length()))
                .map(hex -> new String(HexFormat.of().parseHex(hex), StandardCharsets.UTF_8))
                .sorted()
                .toList();
    }

    /**
     * @param revision of what it takes the place of; 0 for a new one
     * @return false when there is another by now
     */
    boolean put(String user, Enrolment enrolment, long revision) throws StoreException, InterruptedException {
        return txn(user, revision, new Store.Op.Put(key(user), enrolment.encode()));
    }

    /** @return false when there is another by now */
    boolean remove(String user, long revision) throws StoreException, InterruptedException {
        return txn(user, revision, new Store.Op.Delete(key(user)));
    }

    private boolean txn(String user, long revision, Store.Op op) throws StoreException, InterruptedException {
        try {
            Store.TxnResult result = store.txn(List.of(new Store.Guard(key(user), revision)), List.of(op))
                    .toCompletableFuture()
                    .get(STORE_SECONDS, TimeUnit.SECONDS);
            return switch (result) {
                case Store.TxnResult.Committed _ -> true;
                case Store.TxnResult.Conflict _ -> false;
                case Store.TxnResult.Unknown unknown -> throw new StoreException(
                        "the store cannot tell whether it keeps what changed: " + unknown.reason());
            };
        } catch (ExecutionException | TimeoutException e) {
            throw new StoreException("the store does not keep what changed", e);
        }
    }
}

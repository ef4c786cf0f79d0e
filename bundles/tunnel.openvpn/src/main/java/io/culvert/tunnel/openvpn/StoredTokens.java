package io.culvert.tunnel.openvpn;

import io.culvert.api.store.Store;
import io.culvert.api.store.StoreException;
import io.culvert.tunnel.openvpn.control.AuthTokens;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The tokens' part of the store: one key for all listeners, so that a client may change from one to another, and what is
 * known of users who hold a token.
 *
 * <pre>
 * openvpn/token-key           32 bytes
 * openvpn/token/ID            login, unix seconds, 8 bytes; count, 2 bytes; name and value, modified UTF-8, each
 * </pre>
 */
final class StoredTokens implements AuthTokens.Attributes {
    private static final String KEY = OpenVpnProtocol.NAME + "/token-key";
    private static final String TOKENS = OpenVpnProtocol.NAME + "/token/";
    private static final int KEY_BYTES = 32;
    private static final long STORE_SECONDS = 10;
    /** After so many new records the old ones are looked for. */
    private static final int SWEEP_EVERY = 256;

    private static final int SWEEP_AT_ONCE = 128;

    private final Store store;
    private final Duration life;
    private final AtomicInteger kept = new AtomicInteger();

    private StoredTokens(Store store, Duration life) {
        this.store = store;
        this.life = life;
    }

    /** Makes the key when there is none. */
    static AuthTokens open(Store store, OpenVpnConfig config, SecureRandom random)
            throws StoreException, InterruptedException {
        Optional<Store.Entry> key = store.read(KEY);
        if (key.isEmpty()) {
            byte[] fresh = new byte[KEY_BYTES];
            random.nextBytes(fresh);
            done(KEY, store.txn(List.of(Store.Guard.absent(KEY)), List.of(new Store.Op.Put(KEY, fresh))));
            // Another listener may have been faster.
            key = store.read(KEY);
        }
        byte[] bytes = key.orElseThrow(() -> new StoreException("the store forgot " + KEY)).value();
        var life = Duration.ofSeconds(config.authTokenSeconds());
        return new AuthTokens(bytes, life, new StoredTokens(store, life));
    }

    static void done(String name, CompletionStage<Store.TxnResult> txn) throws StoreException, InterruptedException {
        try {
            if (txn.toCompletableFuture().get(STORE_SECONDS, TimeUnit.SECONDS) instanceof Store.TxnResult.Unknown unknown) {
                throw new StoreException("the store cannot tell whether it keeps " + name + ": " + unknown.reason());
            }
        } catch (ExecutionException | TimeoutException e) {
            throw new StoreException("the store does not keep " + name, e);
        }
    }

    @Override
    public void keep(String id, long loginSeconds, Map<String, String> attributes)
            throws StoreException, InterruptedException, IOException {
        var bytes = new ByteArrayOutputStream();
        var out = new DataOutputStream(bytes);
        out.writeLong(loginSeconds);
        out.writeShort(attributes.size());
        for (Map.Entry<String, String> each : attributes.entrySet()) {
            out.writeUTF(each.getKey());
            out.writeUTF(each.getValue());
        }
        done(TOKENS + id, store.txn(List.of(), List.of(new Store.Op.Put(TOKENS + id, bytes.toByteArray()))));
        if (kept.getAndIncrement() % SWEEP_EVERY == 0) {
            sweep();
        }
    }

    @Override
    public Optional<Map<String, String>> find(String id) throws StoreException, IOException {
        Optional<Store.Entry> entry = store.read(TOKENS + id);
        if (entry.isEmpty()) {
            return Optional.empty();
        }
        var in = new DataInputStream(new ByteArrayInputStream(entry.get().value()));
        in.readLong();
        Map<String, String> attributes = new LinkedHashMap<>();
        for (int left = in.readUnsignedShort(); left > 0; left--) {
            attributes.put(in.readUTF(), in.readUTF());
        }
        return Optional.of(attributes);
    }

    private void sweep() throws StoreException, InterruptedException, IOException {
        long oldest = Instant.now().getEpochSecond() - life.toSeconds();
        List<Store.Op> ops = new ArrayList<>();
        for (Store.Entry entry : store.list(TOKENS)) {
            long login = new DataInputStream(new ByteArrayInputStream(entry.value())).readLong();
            if (login < oldest && ops.size() < SWEEP_AT_ONCE) {
                ops.add(new Store.Op.Delete(entry.key()));
            }
        }
        if (!ops.isEmpty()) {
            done(TOKENS, store.txn(List.of(), ops));
        }
    }
}

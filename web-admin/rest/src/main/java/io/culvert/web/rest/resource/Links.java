package io.culvert.web.rest.resource;

import io.culvert.api.store.Store;
import io.culvert.api.store.Store.Guard;
import io.culvert.api.store.Store.Op;
import io.culvert.api.store.Store.TxnResult;
import io.culvert.api.store.StoreException;
import io.culvert.api.web.Problem;
import io.culvert.web.rest.resource.Downloads.Issued;
import io.culvert.web.rest.server.Json;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.function.Supplier;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * One-time links to profiles, in the store: they outlive a restart, and one that was used is gone for good before its
 * profile is given. The store has a token's hash, and the profile sealed under a key that only the token gives: whoever
 * reads the store finds neither. Threads: any.
 */
final class Links {
    private static final Logger LOG = LoggerFactory.getLogger(Links.class);
    private static final int MOST = 2_000;
    private static final int TOKEN_BYTES = 24;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final int DEADLINE_SECONDS = 10;
    /** What there is to know of a link, apart from what it leads to, so that a look at all of them stays short. */
    private static final String FACTS = "web/link/";
    private static final String TEXTS = "web/linked/";

    private final Supplier<Optional<Store>> stores;
    private final InstantSource clock;
    private final SecureRandom random;
    private final Json json = new Json();

    /** What the store knows. */
    record Facts(String id, String user, String fileName, Instant until) {}

    /** A link as it is given to somebody. */
    record Link(String token, Instant until) {
        @Override
        public String toString() {
            return "Link[until=" + until + "]";
        }
    }

    private record Found(String hash, Facts facts, long revision) {}

    Links(Supplier<Optional<Store>> stores, InstantSource clock, SecureRandom random) {
        this.stores = stores;
        this.clock = clock;
        this.random = random;
    }

    /** @throws Problem 503 when the store does not answer */
    Link make(Issued target, Duration valid) throws Problem {
        Store store = store();
        makeRoom(store);
        byte[] bytes = new byte[TOKEN_BYTES];
        random.nextBytes(bytes);
        String token = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        Instant until = clock.instant().plus(valid);
        String hash = hash("link ", token);
        var facts = new Facts(target.id(), target.user(), target.fileName(), until);
        txn(store, List.of(Guard.absent(FACTS + hash)), List.of(
                new Op.Put(FACTS + hash, json.write(facts)),
                new Op.Put(TEXTS + hash, seal(token, target.text()))));
        return new Link(token, until);
    }

    /** Takes away those whose time is over, and the oldest when there are too many. */
    private void makeRoom(Store store) throws Problem {
        Instant now = clock.instant();
        List<Found> all = all(store);
        var going = new ArrayList<>(all.stream().filter(each -> now.isAfter(each.facts.until)).toList());
        all.stream()
                .filter(each -> !now.isAfter(each.facts.until))
                .sorted(Comparator.comparing((Found each) -> each.facts.until).reversed())
                .skip(MOST - 1)
                .forEach(going::add);
        for (Found each : going) {
            txn(store, List.of(), gone(each.hash));
        }
    }

    /** What a token leads to; empty when it was used, was never made, or its time is over. */
    Optional<Facts> look(String token) throws Problem {
        return find(store(), token).map(Found::facts);
    }

    /** Gives the profile, after it is on the disk that the link is used. */
    Optional<Issued> use(String token) throws Problem {
        Store store = store();
        Optional<Found> found = find(store, token);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        String hash = found.get().hash;
        Facts facts = found.get().facts;
        try {
            Optional<Store.Entry> sealed = store.read(TEXTS + hash);
            if (sealed.isEmpty()) {
                return Optional.empty();
            }
            String text = open(token, sealed.get().value());
            // Two at once: the store lets one of them take it.
            boolean first = txn(store, List.of(new Guard(FACTS + hash, found.get().revision)), gone(hash));
            return first
                    ? Optional.of(new Issued(facts.id, facts.user, facts.fileName, text, facts.until))
                    : Optional.empty();
        } catch (StoreException e) {
            throw unavailable(e);
        }
    }

    /** Ends every link to a profile. */
    void revoke(String id) throws Problem {
        end(facts -> facts.id.equals(id));
    }

    /** Ends every link to what a user has. */
    void revokeOf(String user) throws Problem {
        end(facts -> facts.user.equals(user));
    }

    private void end(Predicate<Facts> which) throws Problem {
        Optional<Store> store = stores.get();
        if (store.isPresent()) {
            for (Found each : all(store.get())) {
                if (which.test(each.facts)) {
                    txn(store.get(), List.of(), gone(each.hash));
                }
            }
        }
    }

    private static List<Op> gone(String hash) {
        return List.of(new Op.Delete(FACTS + hash), new Op.Delete(TEXTS + hash));
    }

    private Store store() throws Problem {
        return stores.get().orElseThrow(() ->
                Problem.unavailable("The store that keeps links does not run; look at the state of its module."));
    }

    private Optional<Found> find(Store store, String token) throws Problem {
        String hash = hash("link ", token);
        try {
            return store.read(FACTS + hash)
                    .map(entry -> new Found(hash, json.read(entry.value(), Facts.class), entry.revision()))
                    .filter(each -> !clock.instant().isAfter(each.facts.until));
        } catch (StoreException e) {
            throw unavailable(e);
        }
    }

    private List<Found> all(Store store) throws Problem {
        var all = new ArrayList<Found>();
        try {
            for (Store.Entry entry : store.list(FACTS)) {
                try {
                    all.add(new Found(
                            entry.key().substring(FACTS.length()),
                            json.read(entry.value(), Facts.class),
                            entry.revision()));
                } catch (JacksonException e) {
                    LOG.error("web: the record {} is damaged and left out", entry.key());
                }
            }
        } catch (StoreException e) {
            throw unavailable(e);
        }
        return all;
    }

    private static boolean txn(Store store, List<Guard> guards, List<Op> ops) throws Problem {
        try {
            TxnResult result = store.txn(guards, ops).toCompletableFuture().get(DEADLINE_SECONDS, TimeUnit.SECONDS);
            return switch (result) {
                case TxnResult.Committed _ -> true;
                case TxnResult.Conflict _ -> false;
                case TxnResult.Unknown unknown -> throw Problem.unavailable(
                        "The store cannot tell whether it was saved (" + unknown.reason() + "); try again.");
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
        return Problem.unavailable("The store does not answer; look at the state of its module.");
    }

    private static byte[] digest(String purpose, String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest((purpose + token).getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String hash(String purpose, String token) {
        return HexFormat.of().formatHex(digest(purpose, token));
    }

    private byte[] seal(String token, String text) {
        try {
            byte[] nonce = new byte[NONCE_BYTES];
            random.nextBytes(nonce);
            Cipher cipher = cipher(Cipher.ENCRYPT_MODE, token, nonce);
            byte[] sealed = cipher.doFinal(text.getBytes(StandardCharsets.UTF_8));
            byte[] all = java.util.Arrays.copyOf(nonce, NONCE_BYTES + sealed.length);
            System.arraycopy(sealed, 0, all, NONCE_BYTES, sealed.length);
            return all;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String open(String token, byte[] all) throws StoreException {
        try {
            byte[] nonce = java.util.Arrays.copyOf(all, NONCE_BYTES);
            Cipher cipher = cipher(Cipher.DECRYPT_MODE, token, nonce);
            return new String(cipher.doFinal(all, NONCE_BYTES, all.length - NONCE_BYTES), StandardCharsets.UTF_8);
        } catch (GeneralSecurityException e) {
            throw new StoreException("a link's record is damaged", e);
        }
    }

    /** The token has 192 random bits, so its hash is a key. */
    private static Cipher cipher(int mode, String token, byte[] nonce) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, new SecretKeySpec(digest("profile ", token), "AES"), new GCMParameterSpec(TAG_BITS, nonce));
        return cipher;
    }
}

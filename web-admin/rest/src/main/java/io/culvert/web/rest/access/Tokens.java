package io.culvert.web.rest.access;

import io.culvert.api.store.Store;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.web.rest.server.Json;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** API tokens: {@code cvt_ID_SECRET} in the header {@code Authorization}. The store has the secret's hash only. */
final class Tokens {
    private static final String PREFIX = "cvt_";

    private final Records<Token> records;
    private final Secrets secrets;
    private final InstantSource clock;
    private final Map<String, Instant> used = new ConcurrentHashMap<>();

    /**
     * A token as the store keeps it.
     *
     * @param readOnly whether it may read only
     * @param paths begins of the paths that it may call; empty for all of its role
     */
    record Token(
            String id,
            String name,
            String hash,
            Role role,
            boolean readOnly,
            List<String> paths,
            String by,
            Instant created,
            Instant expires,
            @Nullable Instant used) {
        boolean isFor(String method, String path) {
            return (!readOnly || method.equals("GET")) && (paths.isEmpty() || paths.stream().anyMatch(path::startsWith));
        }

        @Override
        public String toString() {
            return "Token[" + id + ", " + name + ", redacted]";
        }
    }

    /** A new token; its text is never to be had again. */
    record Made(Token token, String text) {}

    Tokens(Store store, Json json, Secrets secrets, InstantSource clock) {
        records = new Records<>(store, json, "web/token/", Token.class);
        this.secrets = secrets;
        this.clock = clock;
    }

    Made make(String name, Role role, boolean readOnly, List<String> paths, String by, Instant expires) throws Problem {
        String secret = secrets.word(32);
        var token = new Token(
                secrets.hex(6), name, Secrets.hash(secret), role, readOnly, paths, by, clock.instant(), expires, null);
        records.put(token.id(), token, 0);
        return new Made(token, PREFIX + token.id() + "_" + secret);
    }

    /** The token behind {@code text} if it holds. */
    Optional<Token> find(String text) throws Problem {
        if (!text.matches(PREFIX + "[0-9a-f]{12}_[A-Za-z0-9_-]{43}")) {
            return Optional.empty();
        }
        String id = text.substring(PREFIX.length(), PREFIX.length() + 12);
        var found = records.read(id);
        if (found.isEmpty()
                || !java.security.MessageDigest.isEqual(
                        found.get().value().hash().getBytes(java.nio.charset.StandardCharsets.US_ASCII),
                        Secrets.hash(text.substring(PREFIX.length() + 13))
                                .getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                || !clock.instant().isBefore(found.get().value().expires())) {
            return Optional.empty();
        }
        used.put(id, clock.instant());
        return Optional.of(found.get().value());
    }

    Optional<Token> byId(String id) throws Problem {
        return id.matches("[0-9a-f]{12}") ? records.read(id).map(Records.Found::value) : Optional.empty();
    }

    List<Token> all() throws Problem {
        return records.all().stream().map(Records.Found::value).toList();
    }

    /** Since the console started. */
    @Nullable Instant lastUse(String id) {
        return used.get(id);
    }

    void remove(String id) throws Problem {
        if (byId(id).isEmpty()) {
            throw Problem.notFound("there is no token '" + id + "'");
        }
        records.delete(id);
    }
}

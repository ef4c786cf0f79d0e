package io.culvert.auth.oidc;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Refused;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The logins under way. Steps of one: {@link #begin} when the VPN client comes, {@link #send} when the browser opens the
 * link and is sent to the provider, {@link #take} when it comes back, which is possible once. The link may be opened
 * again until then; the browser that was sent last is the one that may come back.
 */
final class Logins implements AutoCloseable {
    static final String PEER_TEXT = "login in the browser failed";

    /** One address does not take the places of all. */
    private static final int MOST_OF_ONE_ADDRESS = 32;

    private static final int RANDOM_BYTES = 24;

    private final int most;
    private final long timeoutNs;
    private final LongSupplier nanoTime;
    private final SecureRandom random;

    /** By id, oldest first. Guarded by this, as are the logins' fields. */
    private final Map<String, Login> logins = new LinkedHashMap<>();

    /** One login. */
    static final class Login {
        final String id;
        final String user;
        final InetAddress remote;
        final CompletableFuture<AuthDecision> answer = new CompletableFuture<>();
        private final long untilNs;
        private Provider.@Nullable Secrets secrets;
        private String browser = "";

        private Login(String id, String user, InetAddress remote, long untilNs) {
            this.id = id;
            this.user = user;
            this.remote = remote;
            this.untilNs = untilNs;
        }

        void refuse(String why) {
            answer.complete(new Refused("user " + user + ": " + why, PEER_TEXT));
        }

        @Override
        public String toString() {
            return "Login[" + user + ", " + remote.getHostAddress() + "]";
        }
    }

    /**
     * What a browser takes along to the provider.
     *
     * @param browser of a cookie, by which it is known when it comes back
     */
    record Sent(Provider.Secrets secrets, String browser) {}

    /** A login that has come back, with what it was sent with. */
    record Returned(Login login, Provider.Secrets secrets) {}

    Logins(int most, Duration timeout, LongSupplier nanoTime, SecureRandom random) {
        this.most = most;
        this.timeoutNs = timeout.toNanos();
        this.nanoTime = nanoTime;
        this.random = random;
    }

    /** Empty when there are too many. */
    synchronized Optional<Login> begin(String user, InetAddress remote) {
        long now = nanoTime.getAsLong();
        logins.values().removeIf(login -> login.answer.isDone() || now - login.untilNs >= 0);
        long same = logins.values().stream().filter(login -> login.remote.equals(remote)).count();
        if (logins.size() >= most || same >= MOST_OF_ONE_ADDRESS) {
            return Optional.empty();
        }
        var login = new Login(token(), user, remote, now + timeoutNs);
        logins.put(login.id, login);
        return Optional.of(login);
    }

    /** The login of a link. */
    synchronized Optional<Login> find(String id) {
        return Optional.ofNullable(logins.get(id))
                .filter(login -> nanoTime.getAsLong() - login.untilNs < 0 && !login.answer.isDone());
    }

    /** A browser is sent to the provider; what was sent before is worth nothing. */
    synchronized Sent send(Login login) {
        Provider.Secrets secrets = Provider.Secrets.fresh();
        login.secrets = secrets;
        login.browser = token();
        return new Sent(secrets, login.browser);
    }

    /** The login that {@code state} belongs to, if it is this browser's. Whatever comes of it, it cannot come again. */
    synchronized Optional<Returned> take(String state, String browser) {
        for (Login login : List.copyOf(logins.values())) {
            Provider.Secrets secrets = login.secrets;
            if (secrets != null && same(secrets.state().getValue(), state) && find(login.id).isPresent()) {
                logins.remove(login.id);
                if (same(login.browser, browser)) {
                    return Optional.of(new Returned(login, secrets));
                }
                login.refuse("another browser came back from the provider than the one that was sent there");
                return Optional.empty();
            }
        }
        return Optional.empty();
    }

    private static boolean same(String secret, String shown) {
        return MessageDigest.isEqual(
                secret.getBytes(StandardCharsets.UTF_8),
                shown.getBytes(StandardCharsets.UTF_8));
    }

    private String token() {
        byte[] bytes = new byte[RANDOM_BYTES];
        random.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    synchronized int size() {
        return logins.size();
    }

    /** Refuses those under way. */
    @Override
    public void close() {
        List<Login> left;
        synchronized (this) {
            left = List.copyOf(logins.values());
            logins.clear();
        }
        left.forEach(login -> login.refuse("auth.oidc leaves"));
    }
}

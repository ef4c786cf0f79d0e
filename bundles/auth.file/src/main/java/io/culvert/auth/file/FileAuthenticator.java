package io.culvert.auth.file;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Refused;
import io.culvert.api.auth.AuthDecision.Unknown;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Checks passwords against the file. Every answer costs one hash, whether the user exists, is disabled or has no
 * password, so that the time does not tell.
 */
final class FileAuthenticator implements Authenticator {
    /** The same for every reason. */
    static final String PEER_TEXT = "authentication failed";

    final LongAdder accepted = new LongAdder();
    final LongAdder refused = new LongAdder();
    final LongAdder unknown = new LongAdder();

    private final UsersFile file;
    private final Argon2Hash decoy;
    private final Semaphore hashing;
    private final Duration patience;

    /**
     * @param concurrency how many hashes are computed at once: each takes the memory of {@code cost}
     * @param patience how long a login waits for its turn
     */
    FileAuthenticator(UsersFile file, Argon2Hash.Cost cost, int concurrency, Duration patience, SecureRandom random) {
        this.file = file;
        this.hashing = new Semaphore(concurrency, true);
        this.patience = patience;
        this.decoy = Argon2Hash.ofNobody(cost, random);
    }

    @Override
    public String name() {
        return "file";
    }

    @Override
    public AuthDecision authenticate(Credentials credentials) throws IOException, InterruptedException {
        if (!hashing.tryAcquire(patience.toMillis(), TimeUnit.MILLISECONDS)) {
            refused.increment();
            return new Refused("too many logins wait for their password check", PEER_TEXT);
        }
        try {
            return decide(credentials);
        } finally {
            hashing.release();
        }
    }

    private AuthDecision decide(Credentials credentials) throws IOException {
        Optional<Users.User> user = file.read().find(credentials.username());
        Optional<Argon2Hash> password = user.flatMap(Users.User::password);
        boolean matches = password.orElse(decoy).matches(credentials.password());
        if (user.isEmpty()) {
            unknown.increment();
            return new Unknown();
        }
        String reason;
        if (password.isEmpty()) {
            reason = "has no password";
        } else if (!matches || credentials.password().length == 0) {
            reason = "wrong password";
        } else if (!user.get().enabled()) {
            reason = "is disabled";
        } else {
            accepted.increment();
            return new Accepted(Map.of());
        }
        refused.increment();
        return new Refused("user " + user.get().name() + ": " + reason, PEER_TEXT);
    }
}

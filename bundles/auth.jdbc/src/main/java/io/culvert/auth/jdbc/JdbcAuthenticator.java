package io.culvert.auth.jdbc;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Refused;
import io.culvert.api.auth.AuthDecision.Unknown;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Checks passwords against the table. Every answer costs one hash like that of the last user that was found, whether
 * the user exists, is disabled or has no password, so that the time does not tell.
 *
 * <p>Errors: a database that does not answer is an exception, and so a refusal.
 */
final class JdbcAuthenticator implements Authenticator {
    /** The same for every reason. */
    static final String PEER_TEXT = "authentication failed";

    private static final int PATIENCE_SECONDS = 20;
    private static final int RANDOM_BYTES = 64;

    private final Connections connections;
    private final UserQuery query;
    private final HashFormats formats;
    private final Semaphore hashing;
    private final LongAdder accepted = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder unknown = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final byte[] nobodys = new byte[RANDOM_BYTES];
    private volatile PasswordHash decoy;
    private volatile String problem = "";

    /** @param concurrency how many hashes are computed at once: each takes its memory */
    JdbcAuthenticator(
            Connections connections, UserQuery query, HashFormats formats, int concurrency, SecureRandom random) {
        this.connections = connections;
        this.query = query;
        this.formats = formats;
        this.hashing = new Semaphore(concurrency, true);
        random.nextBytes(nobodys);
        this.decoy = new PasswordHash.Argon2(2, 19_456, 2, 1, new byte[16], new byte[32]).with(nobodys);
    }

    @Override
    public String name() {
        return "jdbc";
    }

    @Override
    public AuthDecision authenticate(Credentials credentials) throws SQLException, InterruptedException {
        Optional<UserQuery.Row> row = row(credentials.username());
        if (!hashing.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            return refused("too many logins wait for their password check");
        }
        try {
            return decide(credentials, row);
        } finally {
            hashing.release();
        }
    }

    private Optional<UserQuery.Row> row(String user) throws SQLException, InterruptedException {
        try {
            Optional<UserQuery.Row> row = connections.ask(connection -> query.ask(connection, user));
            problem = "";
            return row;
        } catch (SQLException e) {
            failed.increment();
            problem = String.valueOf(e.getMessage());
            throw e;
        }
    }

    private AuthDecision decide(Credentials credentials, Optional<UserQuery.Row> row) {
        String text = row.map(UserQuery.Row::password).orElse(null);
        PasswordHash hash = decoy;
        String unusable = text == null ? "has no password" : "";
        if (text != null) {
            try {
                hash = formats.parse(text);
                decoy = hash.with(nobodys);
            } catch (HashFormats.UnusableException e) {
                unusable = String.valueOf(e.getMessage());
            }
        }
        boolean matches = hash.matches(credentials.password());
        if (row.isEmpty()) {
            unknown.increment();
            return new Unknown();
        }
        String user = "user " + credentials.username() + ": ";
        if (!unusable.isEmpty()) {
            return refused(user + unusable);
        }
        if (!matches || credentials.password().length == 0) {
            return refused(user + "wrong password");
        }
        if (!row.get().enabled()) {
            return refused(user + "is disabled");
        }
        accepted.increment();
        return new Accepted(row.get().attributes());
    }

    private Refused refused(String why) {
        refused.increment();
        return new Refused(why, PEER_TEXT);
    }

    /** For the status. */
    Map<String, Object> facts() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("connections", connections.open());
        facts.put("accepted", accepted.sum());
        facts.put("refused", refused.sum());
        facts.put("unknown", unknown.sum());
        facts.put("failed", failed.sum());
        if (!problem.isEmpty()) {
            facts.put("problem", problem);
        }
        return facts;
    }
}

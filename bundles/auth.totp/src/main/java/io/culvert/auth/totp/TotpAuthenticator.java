package io.culvert.auth.totp;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Abstained;
import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Refused;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import io.culvert.api.store.StoreException;
import java.io.IOException;
import java.security.MessageDigest;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Checks the code. What was found out is durable before it is told: a code that was accepted once is refused from then
 * on, also after kill -9, and a wrong one has been counted.
 */
final class TotpAuthenticator implements Authenticator {
    private static final String PEER_TEXT = "authentication failed";
    /** Who loses so many races against other logins of the same user is not alone. */
    private static final int TRIES = 5;

    /** Where the code is. */
    enum Mode {
        /** Asked by the client beside the password. */
        STATIC_CHALLENGE,
        /** Typed behind the password. */
        APPENDED
    }

    /**
     * How codes are judged.
     *
     * @param window how many periods a clock may be off
     * @param longestWait in seconds, after wrong codes
     * @param passWithout whether users without a secret need no code
     */
    record Rules(Mode mode, Totp totp, int window, int longestWait, boolean passWithout) {}

    final LongAdder accepted = new LongAdder();
    final LongAdder refused = new LongAdder();
    final LongAdder without = new LongAdder();

    private final Enrolments enrolments;
    private final Rules rules;
    private final InstantSource clock;

    TotpAuthenticator(Enrolments enrolments, Rules rules, InstantSource clock) {
        this.enrolments = enrolments;
        this.rules = rules;
        this.clock = clock;
    }

    @Override
    public String name() {
        return "totp";
    }

    @Override
    public boolean secondFactor() {
        return true;
    }

    @Override
    public AuthDecision authenticate(Credentials credentials)
            throws StoreException, IOException, InterruptedException {
        String user = credentials.username();
        for (int i = 0; i < TRIES; i++) {
            Optional<Enrolments.Found> found = enrolments.find(user);
            if (found.isEmpty()) {
                without.increment();
                return rules.passWithout()
                        ? new Abstained()
                        : refusal(user, "has no secret for one-time codes: culvert user totp NAME makes one");
            }
            AuthDecision decision = judged(user, credentials, found.get());
            if (decision != null) {
                return decision;
            }
        }
        return refusal(user, "logs in too often at once");
    }

    /** Null when another login was faster, and everything must be read again. */
    private @Nullable AuthDecision judged(String user, Credentials credentials, Enrolments.Found found)
            throws StoreException, InterruptedException {
        long now = clock.instant().getEpochSecond();
        Enrolment enrolment = found.enrolment();
        if (now < enrolment.lockedUntil()) {
            return refusal(user, "has to wait " + (enrolment.lockedUntil() - now) + " s after " + enrolment.failures()
                    + " wrong codes");
        }
        byte[] password = credentials.password();
        int start = rules.mode() == Mode.APPENDED ? rules.totp().codeStart(password) : password.length;
        byte[] response = credentials.response();
        byte[] code = rules.mode() == Mode.APPENDED
                ? start < 0 ? null : Arrays.copyOfRange(password, start, password.length)
                : response == null ? null : response.clone();
        if (code == null) {
            return refusal(user, rules.mode() == Mode.APPENDED
                    ? "typed no code behind the password"
                    : "sent no code: its profile must have the line static-challenge");
        }
        try {
            long counter = matching(enrolment, code, now);
            if (counter < 0) {
                return enrolments.put(user, enrolment.refused(now, rules.longestWait()), found.revision())
                        ? refusal(user, "wrong or used code")
                        : null;
            }
            if (!enrolments.put(user, enrolment.accepted(counter), found.revision())) {
                return null;
            }
        } finally {
            Arrays.fill(code, (byte) 0);
        }
        accepted.increment();
        return rules.mode() == Mode.APPENDED
                ? new Accepted(Map.of(), Arrays.copyOf(password, start))
                : new Accepted(Map.of());
    }

    /** The period that the code is of, or -1. Every period is looked at, whatever the ones before said. */
    private long matching(Enrolment enrolment, byte[] code, long now) {
        long current = rules.totp().counter(now);
        long matching = -1;
        for (long counter = current - rules.window(); counter <= current + rules.window(); counter++) {
            boolean same = MessageDigest.isEqual(rules.totp().code(enrolment.secret(), counter), code);
            if (same && counter > enrolment.lastCounter()) {
                matching = counter;
            }
        }
        return matching;
    }

    private Refused refusal(String user, String reason) {
        refused.increment();
        return new Refused("user " + user + ": " + reason, PEER_TEXT);
    }
}

package io.culvert.web.rest.access;

import io.culvert.api.web.Role;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A browser's session, as the store keeps it.
 *
 * @param id for lists; knowing it lets nobody in
 * @param secretHash of the cookie
 * @param role when it began; another one ends it
 * @param csrf what writes repeat
 * @param proved when the caller last proved who it is
 * @param via {@code password}, {@code password+totp}, {@code passkey} ...
 */
record Session(
        String id,
        String secretHash,
        Stage stage,
        String name,
        Role role,
        String csrf,
        String from,
        String agent,
        Instant since,
        Instant seen,
        @Nullable Instant proved,
        String via) {

    /** How far somebody has come. */
    enum Stage {
        /** The set-up code was right; there is no administrator yet. */
        CLAIMED,
        /** The password was right; the second factor is missing. */
        HALF,
        FULL
    }

    Session seen(Instant at) {
        return new Session(id, secretHash, stage, name, role, csrf, from, agent, since, at, proved, via);
    }

    Session proved(String hash, Instant at) {
        return new Session(id, hash, stage, name, role, csrf, from, agent, since, at, at, via);
    }

    @Override
    public String toString() {
        return "Session[" + id + ", " + name + ", " + stage + ", redacted]";
    }
}

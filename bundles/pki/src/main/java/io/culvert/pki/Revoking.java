package io.culvert.pki;

import io.culvert.api.auth.UserDirectory;
import io.culvert.api.pki.CertificateAuthority.Profile;
import io.culvert.api.pki.PkiException;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.tunnel.CloseCause;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Revokes, and takes the revoked peers off the air. */
final class Revoking {
    /**
     * What was done.
     *
     * @param revoked by this call
     * @param before how many profiles of the user had been revoked earlier
     * @param sessionsEnded 0 as well when no tunnels run
     */
    record Outcome(List<Profile> revoked, long before, int sessionsEnded) {}

    private final Authority authority;
    private final List<UserDirectory> directories = new CopyOnWriteArrayList<>();
    private volatile @Nullable LiveSessions sessions;

    Revoking(Authority authority) {
        this.authority = authority;
    }

    void sessions(@Nullable LiveSessions present) {
        sessions = present;
    }

    @Nullable LiveSessions sessions() {
        return sessions;
    }

    /** Snapshot on iteration. */
    List<UserDirectory> directories() {
        return directories;
    }

    /**
     * The revocation is durable before a session is touched; when the sessions cannot be ended, the access check
     * refuses them at their next rekey.
     */
    Outcome revoke(String user, String reason) throws PkiException, InterruptedException {
        long before = authority.revoked(user);
        List<Profile> revoked = authority.revoke(user, reason);
        LiveSessions live = sessions;
        if (live == null || revoked.isEmpty() && before == 0) {
            return new Outcome(revoked, before, 0);
        }
        Set<String> ids = revoked.stream().map(Profile::id).collect(Collectors.toSet());
        var cause = new CloseCause(CloseCause.Kind.REVOKED, "profile of " + user + " revoked: " + reason, "revoked");
        return new Outcome(revoked, before, live.end(session -> belongsTo(session, user, ids), cause));
    }

    /** As {@link #revoke}, of one profile: only the sessions that came in with it end. */
    Outcome revokeOne(String id, String reason) throws PkiException, InterruptedException {
        Optional<Profile> revoked = authority.revokeOne(id, reason);
        LiveSessions live = sessions;
        if (live == null || revoked.isEmpty()) {
            return new Outcome(revoked.stream().toList(), 0, 0);
        }
        var cause = new CloseCause(CloseCause.Kind.REVOKED, "profile " + id + " revoked: " + reason, "revoked");
        int ended = live.end(
                session -> session.peer().filter(peer -> peer.profile().equals(id)).isPresent(), cause);
        return new Outcome(revoked.stream().toList(), 0, ended);
    }

    private static boolean belongsTo(SessionStatus session, String user, Set<String> ids) {
        return session.peer()
                .filter(peer -> peer.user().equals(user) || ids.contains(peer.profile()))
                .isPresent();
    }
}

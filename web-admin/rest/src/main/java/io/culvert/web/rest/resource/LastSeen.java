package io.culvert.web.rest.resource;

import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.status.SessionListener;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.tunnel.CloseCause;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** When users were last connected, as far as this process has seen it. */
public final class LastSeen implements SessionListener {
    private static final int MOST = 100_000;

    private final InstantSource clock;
    private final ConcurrentHashMap<String, Instant> ends = new ConcurrentHashMap<>();

    public LastSeen(InstantSource clock) {
        this.clock = clock;
    }

    @Override
    public void started(SessionStatus session) {
        saw(session);
    }

    @Override
    public void ended(SessionStatus session, CloseCause cause) {
        saw(session);
    }

    private void saw(SessionStatus session) {
        session.peer().map(PeerIdentity::user).ifPresent(user -> {
            if (ends.size() < MOST || ends.containsKey(user)) {
                ends.put(user, clock.instant().truncatedTo(ChronoUnit.SECONDS));
            }
        });
    }

    Optional<Instant> of(String user) {
        return Optional.ofNullable(ends.get(user));
    }
}

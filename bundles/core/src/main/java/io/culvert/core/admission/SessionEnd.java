package io.culvert.core.admission;

import io.culvert.api.tunnel.CloseCause;

/** How the admission chain ends a session whose peer has come again. */
@FunctionalInterface
public interface SessionEnd {
    /**
     * Ends the session and returns when it is gone and its addresses are released, or when it was gone already. May
     * block; called without a lock.
     */
    void end(long sessionId, CloseCause cause) throws InterruptedException;

    /** As {@link #end}, after {@code heir} was given the keys and the counters of the session: it goes on with them. */
    default void bequeath(long sessionId, long heir, CloseCause cause) throws InterruptedException {
        end(sessionId, cause);
    }
}

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
}

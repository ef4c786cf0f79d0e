package io.culvert.api.status;

import io.culvert.api.tunnel.CloseCause;
import java.util.List;
import java.util.function.Predicate;
import org.osgi.annotation.versioning.ProviderType;

/** The sessions of this process. Implemented by core; called by any thread but a packet loop. */
@ProviderType
public interface LiveSessions {
    /** A snapshot, oldest first. */
    List<SessionStatus> list();

    /**
     * Ends the sessions that {@code which} picks, and returns when each has told its peer and is gone from the
     * session table. {@code which} is asked on the calling thread.
     *
     * @return how many
     */
    int end(Predicate<SessionStatus> which, CloseCause cause) throws InterruptedException;
}

package io.culvert.api.status;

import io.culvert.api.tunnel.CloseCause;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Is told of sessions that begin and end, in the order of events. A session that another version of a module goes on with
 * neither ends nor begins. Registered as a service.
 *
 * <p>Threads: one of core's virtual threads; who blocks delays the others, and after some thousands of events that wait
 * the next ones are lost. Errors: an exception is logged.
 */
@ConsumerType
public interface SessionListener {
    /** The session was established: its peer and its addresses are known. */
    void started(SessionStatus session);

    /** An established session ended, and these are its final counts. */
    void ended(SessionStatus session, CloseCause cause);
}

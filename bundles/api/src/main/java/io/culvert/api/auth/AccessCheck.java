package io.culvert.api.auth;

import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Says of a known peer whether it may (still) be here: user disabled, certificate revoked. Asked at every login, at
 * every rekey and when a record is thawed; each of several checks can refuse.
 *
 * <p>Threads: virtual threads of core, several at once; may block. Errors: an exception refuses the peer.
 */
@ConsumerType
public interface AccessCheck {
    /** Why {@code peer} may not be here, for the log; empty when this check has nothing against it. */
    Optional<String> refusal(PeerIdentity peer) throws Exception;
}

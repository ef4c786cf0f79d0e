package io.culvert.api.auth;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Checks user names and passwords. Implemented by auth bundles.
 *
 * <p>Threads: virtual threads of core, several at once; may block. Errors: an exception refuses the peer.
 */
@ConsumerType
public interface Authenticator {
    /** The authenticator's name for logs and settings: {@code file}. */
    String name();

    /** Must not keep {@code credentials}: the password is zeroed after the call. */
    AuthDecision authenticate(Credentials credentials) throws Exception;
}

package io.culvert.api.auth;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * Checks user names and passwords. Implemented by auth bundles.
 *
 * <p>Threads: platform threads of core, several at once, as many as its settings allow; may block, also in native code.
 * Who takes longer than the deadline in core's settings is interrupted, and the peer is refused. Errors: an exception
 * refuses the peer, and after several in a row nobody is asked for a while.
 */
@ConsumerType
public interface Authenticator {
    /** The authenticator's name for logs and settings: {@code file}. */
    String name();

    /** Must not keep {@code credentials}: the password is zeroed after the call. */
    AuthDecision authenticate(Credentials credentials) throws Exception;

    /**
     * Whether this one checks something beside the password, so that its yes alone lets nobody in. Where core's settings
     * name no chain, such authenticators are asked first, each must accept or abstain, and then another one decides.
     */
    default boolean secondFactor() {
        return false;
    }
}

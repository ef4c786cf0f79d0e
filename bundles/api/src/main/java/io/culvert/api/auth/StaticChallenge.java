package io.culvert.api.auth;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * A question that clients ask their users beside the password, published while an authenticator reads the answer out of
 * {@link Credentials#response}. Tunnel protocols write it into the profiles that they make. Called by any thread; does
 * not block.
 */
@ConsumerType
public interface StaticChallenge {
    /** The question, one line without quotation marks. */
    String text();

    /** Whether what is typed is shown. */
    boolean echo();
}

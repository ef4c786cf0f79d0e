package io.culvert.core.plug;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;

/**
 * An authenticator that knows which questions it has not answered yet, a decision that is pending included.
 *
 * @param module as {@code auth.file/0.1.0}
 */
record CountedAuthenticator(Authenticator service, String module, InFlight inFlight) implements Authenticator {
    @Override
    public String name() {
        return service.name();
    }

    @Override
    public boolean secondFactor() {
        return service.secondFactor();
    }

    @Override
    public AuthDecision authenticate(Credentials credentials) throws Exception {
        inFlight.enter();
        boolean later = false;
        try {
            AuthDecision decision = service.authenticate(credentials);
            if (decision instanceof AuthDecision.Pending pending) {
                later = true;
                inFlight.leaveWith(pending.answer());
            }
            return decision;
        } finally {
            if (!later) {
                inFlight.leave();
            }
        }
    }
}

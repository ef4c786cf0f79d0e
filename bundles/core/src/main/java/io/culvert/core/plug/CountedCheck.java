package io.culvert.core.plug;

import io.culvert.api.auth.AccessCheck;
import io.culvert.api.auth.PeerIdentity;
import java.util.Optional;

/** An access check that knows which questions it has not answered yet. */
record CountedCheck(AccessCheck service, InFlight inFlight) implements AccessCheck {
    @Override
    public Optional<String> refusal(PeerIdentity peer) throws Exception {
        inFlight.enter();
        try {
            return service.refusal(peer);
        } finally {
            inFlight.leave();
        }
    }
}

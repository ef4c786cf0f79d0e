package io.culvert.pki;

import io.culvert.api.pki.CertificateAuthority.Profile;
import java.time.Instant;

/**
 * A profile that must not come in any more. Never forgotten, not even when its certificate has run out: a clock that is
 * set back would make it valid again.
 */
record Revocation(Profile profile, Instant at, String reason) {
    String id() {
        return profile.id();
    }
}

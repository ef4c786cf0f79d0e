package io.culvert.api.auth;

import java.util.Map;
import java.util.Objects;

/**
 * Who a session belongs to.
 *
 * @param user the user's name
 * @param profile the certificate's serial number in lower-case hex, or empty when the login showed no certificate
 * @param attributes what authenticators know beside the name
 */
public record PeerIdentity(String user, String profile, Map<String, String> attributes) {
    public PeerIdentity {
        Objects.requireNonNull(user, "user");
        Objects.requireNonNull(profile, "profile");
        attributes = Map.copyOf(attributes);
    }
}

package io.culvert.auth.radius;

import io.culvert.api.status.HealthCheck;
import java.util.LinkedHashMap;
import java.util.Map;

/** Logins in the status. */
final class RadiusHealth implements HealthCheck {
    private final RadiusAuthenticator authenticator;

    RadiusHealth(RadiusAuthenticator authenticator) {
        this.authenticator = authenticator;
    }

    @Override
    public String name() {
        return "auth.radius";
    }

    @Override
    public Map<String, Object> status() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("accepted", authenticator.accepted.sum());
        facts.put("refused", authenticator.refused.sum());
        facts.put("challenged", authenticator.challenged.sum());
        facts.put("failed", authenticator.failed.sum());
        return facts;
    }
}

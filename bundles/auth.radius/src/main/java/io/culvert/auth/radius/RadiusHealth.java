package io.culvert.auth.radius;

import io.culvert.api.status.HealthCheck;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Logins in the status. */
final class RadiusHealth implements HealthCheck {
    private final RadiusAuthenticator authenticator;

    private final @Nullable Accounting accounting;

    /** @param accounting null when there is none */
    RadiusHealth(RadiusAuthenticator authenticator, @Nullable Accounting accounting) {
        this.authenticator = authenticator;
        this.accounting = accounting;
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
        if (accounting != null) {
            facts.put("reported", accounting.reported.sum());
            facts.put("reportsWaiting", accounting.waiting());
            facts.put("reportsLost", accounting.lost.sum());
        }
        return facts;
    }
}

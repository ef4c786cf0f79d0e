package io.culvert.auth.totp;

import io.culvert.api.status.HealthCheck;
import java.util.LinkedHashMap;
import java.util.Map;

/** Codes in the status. */
final class TotpHealth implements HealthCheck {
    private final TotpAuthenticator authenticator;

    TotpHealth(TotpAuthenticator authenticator) {
        this.authenticator = authenticator;
    }

    @Override
    public String name() {
        return "auth.totp";
    }

    @Override
    public Map<String, Object> status() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("accepted", authenticator.accepted.sum());
        facts.put("refused", authenticator.refused.sum());
        facts.put("withoutSecret", authenticator.without.sum());
        return facts;
    }
}

package io.culvert.auth.ldap;

import io.culvert.api.status.HealthCheck;
import java.util.LinkedHashMap;
import java.util.Map;

/** Logins and connections in the status. */
final class LdapHealth implements HealthCheck {
    private final LdapAuthenticator authenticator;

    LdapHealth(LdapAuthenticator authenticator) {
        this.authenticator = authenticator;
    }

    @Override
    public String name() {
        return "auth.ldap";
    }

    @Override
    public Map<String, Object> status() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("accepted", authenticator.accepted.sum());
        facts.put("refused", authenticator.refused.sum());
        facts.put("unknown", authenticator.unknown.sum());
        facts.put("failed", authenticator.failed.sum());
        facts.put("idleConnections", authenticator.connections());
        return facts;
    }
}

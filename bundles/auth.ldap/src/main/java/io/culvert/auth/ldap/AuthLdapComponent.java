package io.culvert.auth.ldap;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import io.culvert.api.status.HealthCheck;
import java.io.IOException;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.Designate;

/** Offers the users of a directory when the module is configured. */
@Component(
        service = Authenticator.class,
        configurationPid = LdapConfig.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = AuthLdapSettings.class)
public final class AuthLdapComponent implements Authenticator {
    private final LdapAuthenticator authenticator;
    private final ServiceRegistration<HealthCheck> health;

    @Activate
    public AuthLdapComponent(BundleContext context, AuthLdapSettings settings) {
        authenticator = new LdapAuthenticator(LdapConfig.of(settings));
        health = context.registerService(HealthCheck.class, new LdapHealth(authenticator), null);
    }

    @Deactivate
    public void deactivate() {
        health.unregister();
        authenticator.close();
    }

    @Override
    public String name() {
        return authenticator.name();
    }

    @Override
    public AuthDecision authenticate(Credentials credentials) throws IOException {
        return authenticator.authenticate(credentials);
    }
}

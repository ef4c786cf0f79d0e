package io.culvert.auth.radius;

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

/** Offers the users of a RADIUS server when the module is configured. */
@Component(
        service = Authenticator.class,
        configurationPid = RadiusConfig.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = AuthRadiusSettings.class)
public final class AuthRadiusComponent implements Authenticator {
    private final RadiusAuthenticator authenticator;
    private final ServiceRegistration<HealthCheck> health;

    @Activate
    public AuthRadiusComponent(BundleContext context, AuthRadiusSettings settings) {
        authenticator = new RadiusAuthenticator(RadiusConfig.of(settings), new Classes());
        health = context.registerService(HealthCheck.class, new RadiusHealth(authenticator), null);
    }

    @Deactivate
    public void deactivate() {
        health.unregister();
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

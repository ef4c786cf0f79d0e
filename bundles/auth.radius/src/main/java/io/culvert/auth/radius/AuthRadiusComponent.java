package io.culvert.auth.radius;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.SessionListener;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
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
    private final @Nullable Accounting accounting;
    private final List<ServiceRegistration<?>> registrations = new ArrayList<>();

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile @Nullable LiveSessions sessions;

    @Activate
    public AuthRadiusComponent(BundleContext context, AuthRadiusSettings settings) {
        RadiusConfig config = RadiusConfig.of(settings);
        var classes = new Classes();
        authenticator = new RadiusAuthenticator(config, classes);
        Accounting reports = config.interim().isZero()
                ? null
                : new Accounting(config, classes, () -> sessions, InstantSource.system());
        accounting = reports;
        registrations.add(
                context.registerService(HealthCheck.class, new RadiusHealth(authenticator, reports), null));
        if (reports != null) {
            registrations.add(context.registerService(SessionListener.class, reports, null));
        }
    }

    @Deactivate
    public void deactivate() {
        registrations.forEach(ServiceRegistration::unregister);
        if (accounting != null) {
            accounting.close();
        }
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

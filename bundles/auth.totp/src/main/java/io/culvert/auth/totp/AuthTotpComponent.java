package io.culvert.auth.totp;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.StaticChallenge;
import io.culvert.api.command.Command;
import io.culvert.api.config.ConfigException;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.store.Store;
import io.culvert.api.store.StoreException;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.Designate;

/** Offers one-time codes when the module is configured. */
@Component(
        service = Authenticator.class,
        configurationPid = AuthTotpComponent.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = AuthTotpSettings.class)
public final class AuthTotpComponent implements Authenticator {
    static final String PID = "io.culvert.auth.totp";

    private final TotpAuthenticator authenticator;
    private final List<ServiceRegistration<?>> registrations = new ArrayList<>();

    @Activate
    public AuthTotpComponent(BundleContext context, AuthTotpSettings settings, @Reference Store store) {
        TotpAuthenticator.Rules rules = rules(settings);
        var enrolments = new Enrolments(store);
        authenticator = new TotpAuthenticator(enrolments, rules, InstantSource.system());
        var command = new TotpCommand(enrolments, rules.totp(), settings.issuer(), new SecureRandom());
        registrations.add(context.registerService(Command.class, command, null));
        registrations.add(context.registerService(HealthCheck.class, new TotpHealth(authenticator), null));
        if (rules.mode() == TotpAuthenticator.Mode.STATIC_CHALLENGE) {
            var challenge = new Challenge(settings.question());
            registrations.add(context.registerService(StaticChallenge.class, challenge, null));
        }
    }

    private record Challenge(String text) implements StaticChallenge {
        @Override
        public boolean echo() {
            return true;
        }
    }

    static TotpAuthenticator.Rules rules(AuthTotpSettings settings) {
        within("digits", settings.digits(), 6, 8);
        within("periodSeconds", settings.periodSeconds(), 15, 120);
        within("window", settings.window(), 0, 5);
        within("longestWaitSeconds", settings.longestWaitSeconds(), 30, 86_400);
        if (!settings.question().matches("[^\\p{Cntrl}\"\\\\]{1,80}")) {
            throw new ConfigException(PID, "question", settings.question(),
                    "must be 1 to 80 characters on one line, without quotation marks and backslashes");
        }
        if (!settings.issuer().matches("[^\\p{Cntrl}:]{1,40}")) {
            throw new ConfigException(PID, "issuer", settings.issuer(), "must be 1 to 40 characters without colons");
        }
        var mode = switch (settings.mode()) {
            case "static-challenge" -> TotpAuthenticator.Mode.STATIC_CHALLENGE;
            case "appended" -> TotpAuthenticator.Mode.APPENDED;
            default -> throw new ConfigException(PID, "mode", settings.mode(), "must be static-challenge or appended");
        };
        boolean pass = switch (settings.withoutSecret()) {
            case "refuse" -> false;
            case "pass" -> true;
            default -> throw new ConfigException(
                    PID, "withoutSecret", settings.withoutSecret(), "must be refuse or pass");
        };
        return new TotpAuthenticator.Rules(
                mode,
                new Totp(settings.digits(), settings.periodSeconds()),
                settings.window(),
                settings.longestWaitSeconds(),
                pass);
    }

    private static void within(String attribute, int value, int low, int high) {
        if (value < low || value > high) {
            throw new ConfigException(PID, attribute, value, "must be " + low + " to " + high);
        }
    }

    @Deactivate
    public void deactivate() {
        registrations.forEach(ServiceRegistration::unregister);
    }

    @Override
    public String name() {
        return authenticator.name();
    }

    @Override
    public boolean secondFactor() {
        return authenticator.secondFactor();
    }

    @Override
    public AuthDecision authenticate(Credentials credentials)
            throws StoreException, IOException, InterruptedException {
        return authenticator.authenticate(credentials);
    }
}

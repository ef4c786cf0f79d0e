package io.culvert.auth.pam;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import io.culvert.api.config.ConfigException;
import io.culvert.api.status.HealthCheck;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.Designate;

/** Offers the users of the host when the module is configured. */
@Component(
        service = Authenticator.class,
        configurationPid = AuthPamComponent.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = AuthPamSettings.class)
public final class AuthPamComponent implements Authenticator {
    static final String PID = "io.culvert.auth.pam";
    private static final Duration SLOT = Duration.ofSeconds(5);
    private static final List<String> DIRECTORIES = List.of("/etc/pam.d", "/usr/lib/pam.d");

    private final PamAuthenticator authenticator;
    private final ServiceRegistration<HealthCheck> health;

    @Activate
    public AuthPamComponent(BundleContext context, AuthPamSettings settings) {
        within("concurrency", settings.concurrency(), 1, 64);
        within("timeout", settings.timeout(), 1, 120);
        within("questionTimeout", settings.questionTimeout(), 5, 300);
        checkService(settings.service(), settings.directory());
        LibPam pam = LibPam.load();
        authenticator = new PamAuthenticator(
                pam,
                new Transaction(pam, settings.service(), settings.directory()),
                settings.concurrency(),
                new PamAuthenticator.Patience(
                        SLOT, Duration.ofSeconds(settings.timeout()), Duration.ofSeconds(settings.questionTimeout())));
        health = context.registerService(HealthCheck.class, new Health(authenticator), null);
    }

    /** Without a file of that name PAM would take the one named other, which is not what anybody meant. */
    private static void checkService(String service, String directory) {
        if (!service.matches("[a-zA-Z0-9][a-zA-Z0-9._-]*")) {
            throw new ConfigException(PID, "service", service, "must be the name of a file in /etc/pam.d");
        }
        List<String> directories = directory.isEmpty() ? DIRECTORIES : List.of(directory);
        if (directories.stream().noneMatch(each -> Files.isReadable(Path.of(each, service)))) {
            throw new ConfigException(PID, "service", service, "there is no file " + directories.getFirst() + "/" + service
                    + ": write one, such as \"auth required pam_unix.so\" and \"account required pam_unix.so\"");
        }
    }

    private static void within(String attribute, int value, int low, int high) {
        if (value < low || value > high) {
            throw new ConfigException(PID, attribute, value, "must be " + low + " to " + high);
        }
    }

    /** Not the component itself: an authenticator and a health check are both called by name, by different ones. */
    private record Health(PamAuthenticator authenticator) implements HealthCheck {
        @Override
        public String name() {
            return "auth.pam";
        }

        @Override
        public Map<String, Object> status() {
            return authenticator.facts();
        }
    }

    @Deactivate
    public void deactivate() throws InterruptedException {
        health.unregister();
        authenticator.close();
    }

    @Override
    public String name() {
        return authenticator.name();
    }

    @Override
    public AuthDecision authenticate(Credentials credentials) throws PamException, InterruptedException {
        return authenticator.authenticate(credentials);
    }
}

package io.culvert.auth.file;

import io.culvert.api.auth.AccessCheck;
import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.auth.UserDirectory;
import io.culvert.api.command.Command;
import io.culvert.api.config.ConfigException;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.status.LiveSessions;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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

/** Offers the users of {@code etc/users} when the module is configured. */
@Component(
        service = {Authenticator.class, UserDirectory.class, AccessCheck.class},
        configurationPid = AuthFileComponent.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = AuthFileSettings.class)
public final class AuthFileComponent implements Authenticator, UserDirectory, AccessCheck {
    static final String PID = "io.culvert.auth.file";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final FileAuthenticator authenticator;
    private final FileDirectory directory;
    private final List<ServiceRegistration<?>> registrations = new ArrayList<>();
    private volatile @Nullable LiveSessions sessions;

    @Activate
    public AuthFileComponent(BundleContext context, AuthFileSettings settings) throws IOException {
        within("memory", settings.memory(), 1024, Argon2Hash.Cost.MAX_MEMORY);
        within("iterations", settings.iterations(), 1, Argon2Hash.Cost.MAX_ITERATIONS);
        within("lanes", settings.lanes(), 1, Argon2Hash.Cost.MAX_LANES);
        within("concurrency", settings.concurrency(), 1, 64);
        String home = context.getProperty("culvert.home");
        if (home == null) {
            throw new IOException("auth.file: the property culvert.home is not set: start Culvert through its launcher,"
                    + " or set the property to the home directory");
        }
        var cost = new Argon2Hash.Cost(settings.memory(), settings.iterations(), settings.lanes());
        var random = new SecureRandom();
        var file = new UsersFile(Path.of(home).resolve("etc").resolve("users"));
        file.read();
        authenticator = new FileAuthenticator(file, cost, settings.concurrency(), PATIENCE, random);
        directory = new FileDirectory(file, settings.otherUsers());
        registrations.add(context.registerService(HealthCheck.class, new FileHealth(file, authenticator), null));
        for (Command command : new UserCommands(file, cost, random, () -> sessions).all()) {
            registrations.add(context.registerService(Command.class, command, null));
        }
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

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindSessions(LiveSessions present) {
        sessions = present;
    }

    void unbindSessions(LiveSessions gone) {
        // With a greedy reference the next one is bound before the old one leaves.
        if (sessions == gone) {
            sessions = null;
        }
    }

    @Override
    public String name() {
        return authenticator.name();
    }

    @Override
    public AuthDecision authenticate(Credentials credentials) throws IOException, InterruptedException {
        return authenticator.authenticate(credentials);
    }

    @Override
    public Optional<User> find(String name) throws IOException {
        return directory.find(name);
    }

    @Override
    public Optional<String> refusal(PeerIdentity peer) throws IOException {
        return directory.refusal(peer);
    }
}

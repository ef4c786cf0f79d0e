package io.culvert.auth.oidc;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import io.culvert.api.config.ConfigException;
import io.culvert.api.status.HealthCheck;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Map;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Offers logins in the browser when the module is configured. */
@Component(
        service = Authenticator.class,
        configurationPid = AuthOidcComponent.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = AuthOidcSettings.class)
public final class AuthOidcComponent implements Authenticator {
    static final String PID = "io.culvert.auth.oidc";
    private static final Logger LOG = LoggerFactory.getLogger(AuthOidcComponent.class);

    private final Logins logins;
    private final Listener listener;
    private final OidcAuthenticator authenticator;
    private final ServiceRegistration<HealthCheck> health;

    @Activate
    public AuthOidcComponent(BundleContext context, AuthOidcSettings settings) {
        OidcConfig config = OidcConfig.of(settings);
        SSLContext authority = config.authority().isEmpty() ? null : read("authority", config.authority(), () ->
                Pem.client(Path.of(config.authority())));
        SSLContext tls = config.certificate().isEmpty() ? null : read("certificate", config.certificate(), () ->
                Pem.server(Path.of(config.certificate()), Path.of(config.key())));
        var provider = new Provider(config, authority == null ? null : authority.getSocketFactory(), System::nanoTime);
        logins = new Logins(config.maxLogins(), config.timeout(), System::nanoTime, new SecureRandom());
        var identity = new Identity(config.nameClaim(), config.groupsClaim(), config.requiredGroup());
        listener = new Listener(config.listen(), tls, new LoginPages(config, provider, logins, identity));
        authenticator = new OidcAuthenticator(config, provider, listener, logins);
        try {
            listener.open();
        } catch (IOException e) {
            LOG.warn("oidc: {}; tried again at each login", e.getMessage());
            authenticator.problem(String.valueOf(e.getMessage()));
        }
        health = context.registerService(HealthCheck.class, new Health(authenticator), null);
    }

    /** Reads files. */
    private interface Source {
        SSLContext read() throws IOException, GeneralSecurityException;
    }

    private static @Nullable SSLContext read(String attribute, String file, Source source) {
        try {
            return source.read();
        } catch (IOException | GeneralSecurityException e) {
            throw new ConfigException(PID, attribute, file, "must be a readable PEM file: " + e);
        }
    }

    /** Not the component itself: an authenticator and a health check are both called by name, by different ones. */
    private record Health(OidcAuthenticator authenticator) implements HealthCheck {
        @Override
        public String name() {
            return "auth.oidc";
        }

        @Override
        public Map<String, Object> status() {
            return authenticator.facts();
        }
    }

    @Deactivate
    public void deactivate() {
        health.unregister();
        listener.close();
        logins.close();
    }

    @Override
    public String name() {
        return authenticator.name();
    }

    @Override
    public AuthDecision authenticate(Credentials credentials) throws IOException, ProviderException {
        return authenticator.authenticate(credentials);
    }
}

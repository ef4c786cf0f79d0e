package io.culvert.auth.jdbc;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import io.culvert.api.config.ConfigException;
import io.culvert.api.status.HealthCheck;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.Designate;

/**
 * Offers the users of a database when the module is configured. A database that is away does not keep the module from
 * starting: logins are refused until it is there.
 */
@Component(
        service = Authenticator.class,
        configurationPid = AuthJdbcComponent.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = AuthJdbcSettings.class)
public final class AuthJdbcComponent implements Authenticator {
    static final String PID = "io.culvert.auth.jdbc";

    private final Connections connections;
    private final JdbcAuthenticator authenticator;
    private final ServiceRegistration<HealthCheck> health;

    @Activate
    public AuthJdbcComponent(BundleContext context, AuthJdbcSettings settings) throws SQLException {
        within("timeout", settings.timeout(), 1, 60);
        within("connections", settings.connections(), 1, 32);
        within("concurrency", settings.concurrency(), 1, 64);
        for (String format : settings.formats()) {
            if (!HashFormats.NAMES.contains(format)) {
                throw new ConfigException(PID, "formats", format, "must be of " + String.join(", ", HashFormats.NAMES));
            }
        }
        UserQuery query;
        try {
            query = UserQuery.of(settings.query(), List.of(settings.attributes()));
        } catch (IllegalArgumentException e) {
            throw new ConfigException(PID, "query", settings.query(), String.valueOf(e.getMessage()));
        }
        connections = new Connections(database(settings), settings.connections(), settings.timeout());
        authenticator = new JdbcAuthenticator(
                connections, query, new HashFormats(List.of(settings.formats())), settings.concurrency(), new SecureRandom());
        health = context.registerService(HealthCheck.class, new Health(authenticator), null);
    }

    private static Database database(AuthJdbcSettings settings) throws SQLException {
        try {
            return Database.of(settings.url(), settings.user(), settings.password(), settings.timeout());
        } catch (IllegalArgumentException e) {
            // A URL can carry a password behind its question mark.
            String shown = settings.url().replaceAll("[?;].*", "?...");
            throw new ConfigException(PID, "url", shown, String.valueOf(e.getMessage()));
        }
    }

    private static void within(String attribute, int value, int low, int high) {
        if (value < low || value > high) {
            throw new ConfigException(PID, attribute, value, "must be " + low + " to " + high);
        }
    }

    /** Not the component itself: an authenticator and a health check are both called by name, by different ones. */
    private record Health(JdbcAuthenticator authenticator) implements HealthCheck {
        @Override
        public String name() {
            return "auth.jdbc";
        }

        @Override
        public Map<String, Object> status() {
            return authenticator.facts();
        }
    }

    @Deactivate
    public void deactivate() {
        health.unregister();
        connections.close();
    }

    @Override
    public String name() {
        return authenticator.name();
    }

    @Override
    public AuthDecision authenticate(Credentials credentials) throws SQLException, InterruptedException {
        return authenticator.authenticate(credentials);
    }
}

package @package@;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import io.culvert.api.config.ConfigException;
import io.culvert.api.status.HealthCheck;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.AttributeType;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Lets in one user with one password, and has nothing to say of others. Replace that by your own back end. */
@Component(
        service = {Authenticator.class, HealthCheck.class},
        configurationPid = "io.culvert.@id@",
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = @Class@.Settings.class)
public final class @Class@ implements Authenticator, HealthCheck {
    /** What etc/culvert.yaml says below {@code @id@}. */
    @ObjectClassDefinition(name = "@id@")
    public @interface Settings {
        @AttributeDefinition(description = "Who may come in.")
        String user() default "guest";

        @AttributeDefinition(description = "The password; nobody comes in without one.", type = AttributeType.PASSWORD)
        String password() default "";
    }

    private final Settings settings;
    private final LongAdder accepted = new LongAdder();
    private final LongAdder refused = new LongAdder();

    @Activate
    public @Class@(Settings settings) {
        if (settings.user().isBlank()) {
            throw new ConfigException("io.culvert.@id@", "user", settings.user(), "must not be empty");
        }
        this.settings = settings;
    }

    @Override
    public String name() {
        return "@name@";
    }

    @Override
    public AuthDecision authenticate(Credentials credentials) {
        if (!credentials.username().equals(settings.user())) {
            return new AuthDecision.Unknown();
        }
        byte[] expected = settings.password().getBytes(StandardCharsets.UTF_8);
        if (expected.length == 0 || !MessageDigest.isEqual(expected, credentials.password())) {
            refused.increment();
            return new AuthDecision.Refused("wrong password", "name or password is wrong");
        }
        accepted.increment();
        return new AuthDecision.Accepted(Map.of());
    }

    @Override
    public Map<String, Object> status() {
        return Map.of("accepted", accepted.sum(), "refused", refused.sum());
    }
}

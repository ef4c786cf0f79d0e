package @package@;

import io.culvert.api.status.HealthCheck;
import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsProvider;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Refuses every policy, until {@link #newEngine} makes engines of your own library. */
@Component(
        service = {TlsProvider.class, HealthCheck.class},
        configurationPid = "io.culvert.@id@",
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = @Class@.Settings.class)
public final class @Class@ implements TlsProvider, HealthCheck {
    /** What etc/culvert.yaml says below {@code @id@}. */
    @ObjectClassDefinition(name = "@id@")
    public @interface Settings {
        @AttributeDefinition(description = "How many engines may live at once.", min = "1")
        int engines() default 10_000;
    }

    private final Settings settings;
    private final LongAdder asked = new LongAdder();

    @Activate
    public @Class@(Settings settings) {
        this.settings = settings;
    }

    @Override
    public String name() {
        return "@name@";
    }

    @Override
    public TlsEngine newServerEngine(TlsPolicy policy) throws TlsException {
        return newEngine(policy, true);
    }

    @Override
    public TlsEngine newClientEngine(TlsPolicy policy) throws TlsException {
        return newEngine(policy, false);
    }

    private TlsEngine newEngine(TlsPolicy policy, boolean server) throws TlsException {
        asked.increment();
        throw new TlsException("@id@ meets no policy: its engines are still to be written", new byte[0]);
    }

    @Override
    public Map<String, Object> status() {
        return Map.of("asked", asked.sum(), "limit", settings.engines());
    }
}

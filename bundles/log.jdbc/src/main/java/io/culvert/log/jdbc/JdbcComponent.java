package io.culvert.log.jdbc;

import io.culvert.api.log.LogSink;
import io.culvert.api.status.HealthCheck;
import io.culvert.log.support.SinkHealth;
import java.util.Hashtable;
import java.util.Map;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.Designate;

/**
 * Offers the sink when the module is configured. Registers it itself: as a component's service it would carry all
 * settings for everyone to see, the password among them.
 */
@Component(
        service = {},
        configurationPid = JdbcSink.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = JdbcSettings.class)
public final class JdbcComponent {
    private final JdbcSink sink;
    private final ServiceRegistration<LogSink> service;
    private final ServiceRegistration<HealthCheck> health;

    @Activate
    public JdbcComponent(BundleContext context, JdbcSettings settings) {
        sink = new JdbcSink(settings);
        service = context.registerService(LogSink.class, sink, new Hashtable<>(Map.of("level", settings.level())));
        health = context.registerService(
                HealthCheck.class, new SinkHealth("log.jdbc", sink::status), new Hashtable<>());
    }

    @Deactivate
    void deactivate() {
        health.unregister();
        service.unregister();
        sink.close();
    }
}

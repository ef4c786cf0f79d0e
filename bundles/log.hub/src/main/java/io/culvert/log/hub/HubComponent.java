package io.culvert.log.hub;

import io.culvert.api.command.Command;
import io.culvert.api.config.ConfigException;
import io.culvert.api.log.LogRecord;
import io.culvert.api.log.LogSink;
import io.culvert.api.status.HealthCheck;
import io.culvert.log.slf4j.LogTargets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Hashtable;
import java.util.Locale;
import java.util.Map;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.log.LogReaderService;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Ties the hub to sinks, loggers, the framework's log, the status and the control socket. */
@Component(immediate = true, service = {}, configurationPid = HubComponent.PID)
@Designate(ocd = HubComponent.Settings.class)
public final class HubComponent {
    static final String PID = "io.culvert.log.hub";

    private static final int KEPT = 1000;

    /** The settings. */
    @ObjectClassDefinition(name = "Queues of the log sinks")
    public @interface Settings {
        @AttributeDefinition(
                description = "How many entries wait in memory for each sink; past it the oldest go to disk or are lost",
                min = "100",
                max = "1000000")
        int queueEntries() default 4096;

        @AttributeDefinition(
                description = "How much waits on disk for each sink that can lose its far end, in MiB; past it the oldest are lost",
                min = "1",
                max = "65536")
        int queueMegabytes() default 64;

        @AttributeDefinition(
                description = "How long the queue of a sink that left waits for the next of that name, in seconds",
                min = "0",
                max = "3600")
        int keepSeconds() default 60;
    }

    private final LogHub hub;
    private final FrameworkLog framework;
    private final LogReaderService reader;
    private final ServiceRegistration<Command> command;
    private final ServiceRegistration<HealthCheck> health;

    @Activate
    public HubComponent(BundleContext context, Settings settings, @Reference LogReaderService reader) {
        var limits = new Outlet.Limits(
                within("queueEntries", settings.queueEntries(), 100, 1_000_000),
                (long) within("queueMegabytes", settings.queueMegabytes(), 1, 65536) << 20,
                Path.of(context.getProperty("culvert.home")).resolve("var/log/queue"));
        var keep = Duration.ofSeconds(within("keepSeconds", settings.keepSeconds(), 0, 3600));
        var recent = new Recent(KEPT);
        hub = new LogHub(
                InstantSource.system(), BundleNames.of(context)::of, recent, this::listen, limits, keep, LogHub.REST);
        framework = new FrameworkLog(hub);
        this.reader = reader;
        reader.addLogListener(framework);
        command = context.registerService(Command.class, new LogsCommand(recent, hub::hasSinks), new Hashtable<>());
        health = context.registerService(HealthCheck.class, new Health(hub), new Hashtable<>());
    }

    private static int within(String attribute, int value, int min, int max) {
        if (value < min || value > max) {
            throw new ConfigException(PID, attribute, value, "must be from " + min + " to " + max);
        }
        return value;
    }

    private record Health(LogHub hub) implements HealthCheck {
        @Override
        public String name() {
            return "log.hub";
        }

        @Override
        public Map<String, Object> status() {
            return hub.status();
        }
    }

    private void listen(boolean wanted) {
        if (wanted) {
            LogTargets.set(hub);
        } else {
            LogTargets.clear(hub);
        }
    }

    /** @param properties {@code level}: the least level that the sink wants, {@code info} unless told */
    @Reference(policy = ReferencePolicy.DYNAMIC, cardinality = ReferenceCardinality.MULTIPLE)
    void addSink(LogSink sink, Map<String, Object> properties) {
        String level = String.valueOf(properties.getOrDefault("level", "info"));
        hub.add(sink, LogRecord.Level.valueOf(level.toUpperCase(Locale.ROOT)));
    }

    void removeSink(LogSink sink) {
        hub.remove(sink);
    }

    @Deactivate
    void deactivate() {
        health.unregister();
        command.unregister();
        reader.removeLogListener(framework);
        LogTargets.clear(hub);
        hub.close();
    }
}

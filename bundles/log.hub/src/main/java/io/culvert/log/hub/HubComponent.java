package io.culvert.log.hub;

import io.culvert.api.command.Command;
import io.culvert.api.log.LogRecord;
import io.culvert.api.log.LogSink;
import io.culvert.log.slf4j.LogTargets;
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

/** Ties the hub to sinks, loggers, the framework's log and the control socket. */
@Component(immediate = true, service = {})
public final class HubComponent {
    private static final int KEPT = 1000;

    private final LogHub hub;
    private final FrameworkLog framework;
    private final LogReaderService reader;
    private final ServiceRegistration<Command> command;

    @Activate
    public HubComponent(BundleContext context, @Reference LogReaderService reader) {
        var recent = new Recent(KEPT);
        hub = new LogHub(InstantSource.system(), BundleNames.of(context)::of, recent, this::listen);
        framework = new FrameworkLog(hub);
        this.reader = reader;
        reader.addLogListener(framework);
        command = context.registerService(Command.class, new LogsCommand(recent, hub::hasSinks), new Hashtable<>());
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
        command.unregister();
        reader.removeLogListener(framework);
        LogTargets.clear(hub);
        hub.close();
    }
}

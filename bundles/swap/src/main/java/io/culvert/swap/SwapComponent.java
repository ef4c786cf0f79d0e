package io.culvert.swap;

import io.culvert.api.command.Command;
import io.culvert.api.config.ModuleSettings;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.PathWatch;
import io.culvert.swap.command.InspectCommand;
import io.culvert.swap.command.ModuleCommands;
import io.culvert.swap.command.ModuleList;
import io.culvert.swap.engine.Engine;
import io.culvert.swap.osgi.Components;
import io.culvert.swap.osgi.Modules;
import io.culvert.swap.repository.ReleaseModules;
import io.culvert.swap.state.ModuleHome;
import io.culvert.swap.trust.Trust;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.runtime.ServiceComponentRuntime;

/** Brings the engine up, and its commands with it. */
@Component(immediate = true, service = {})
public final class SwapComponent {
    private final BundleContext context;
    private final Engine engine;
    private final List<ServiceRegistration<Command>> commands = new ArrayList<>();

    @Activate
    public SwapComponent(
            BundleContext context,
            @Reference ModuleSettings settings,
            @Reference Trust trust,
            @Reference ServiceComponentRuntime runtime,
            @Reference ConfigurationAdmin configurations)
            throws IOException {
        this.context = context;
        var home = new ModuleHome(Path.of(context.getProperty("culvert.home"), "var/modules"), InstantSource.system());
        var modules = new Modules(context, home);
        var components = new Components(context, runtime, configurations);
        var offered = new ReleaseModules(context, trust);
        engine = new Engine(
                modules,
                components,
                home,
                trust,
                offered,
                settings,
                new Engine.Surroundings(
                        () -> service(LiveSessions.class), () -> service(PathWatch.class), this::listeners));
        engine.settle();
        new ModuleCommands(engine, offered::fetch).all().forEach(this::offer);
        offer(new ModuleList(engine, modules, components, home, trust, settings));
        offer(new InspectCommand(modules, trust));
    }

    private void offer(Command command) {
        commands.add(context.registerService(Command.class, command, new Hashtable<>()));
    }

    private <T> Optional<T> service(Class<T> type) {
        return Optional.ofNullable(context.getServiceReference(type)).map(context::getService);
    }

    /** What core says of its listeners. */
    private List<Map<?, ?>> listeners() {
        var listeners = new ArrayList<Map<?, ?>>();
        try {
            for (ServiceReference<HealthCheck> reference : context.getServiceReferences(HealthCheck.class, null)) {
                HealthCheck check = context.getService(reference);
                if (check != null && check.name().equals("core") && check.status().get("listeners") instanceof List<?> list) {
                    list.forEach(each -> {
                        if (each instanceof Map<?, ?> listener) {
                            listeners.add(listener);
                        }
                    });
                }
            }
            return listeners;
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    @Deactivate
    void deactivate() {
        commands.forEach(ServiceRegistration::unregister);
        engine.close();
    }
}

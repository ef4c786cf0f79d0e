package io.culvert.control;

import io.culvert.api.command.Command;
import io.culvert.api.config.ModuleSettings;
import io.culvert.control.command.ConfigCommands;
import io.culvert.control.command.ProfileCommand;
import io.culvert.control.command.Readiness;
import io.culvert.control.command.SystemCommands;
import io.culvert.control.config.History;
import io.culvert.control.config.Plan;
import io.culvert.control.config.Settings;
import io.culvert.control.config.SettingsException;
import io.culvert.control.socket.CommandTable;
import io.culvert.control.socket.ControlSocket;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands the settings to ConfigAdmin before any module starts, keeps modules from starting that the settings do not name,
 * and opens the control socket. Bad settings keep every module from starting, but not the socket: it tells why.
 */
@Component(immediate = true, service = {})
public final class ControlComponent {
    private static final Logger LOG = LoggerFactory.getLogger(ControlComponent.class);
    private static final Duration SETTLED = Duration.ofSeconds(3);
    private static final Duration LIMIT = Duration.ofSeconds(45);

    private final BundleContext context;
    private final BundleSchemas schemas;
    private final ConfigurationWriter writer;
    private final ComponentLook look;
    private final Readiness readiness;
    private final List<ServiceRegistration<Command>> own = new ArrayList<>();
    private final ServiceRegistration<ModuleSettings> moduleSettings;
    private @Nullable ControlSocket socket;

    @Activate
    public ControlComponent(
            BundleContext context,
            @Reference ConfigurationAdmin admin,
            @Reference ServiceComponentRuntime components,
            @Reference(target = "(culvert.failures=true)", cardinality = ReferenceCardinality.OPTIONAL)
                    @Nullable Consumer<String> failures) {
        this.context = context;
        Path home = Path.of(context.getProperty("culvert.home"));
        schemas = new BundleSchemas(context, new ModuleStates(home.resolve("var/modules/state.json")));
        writer = new ConfigurationWriter(context, admin);
        look = new ComponentLook(context, components, schemas, this::all);
        readiness = new Readiness(look, SETTLED, LIMIT);

        var history = new History(home.resolve("var/config"));
        var settings = new Settings(
                home.resolve("etc/culvert.yaml"), history, schemas, InstantSource.system(), applier());
        List<String> problems = load(settings);

        moduleSettings = context.registerService(
                ModuleSettings.class, new ModuleEntries(settings, look), new Hashtable<>());
        new SystemCommands(settings, look, readiness, problems, this::stop).all().forEach(this::offer);
        new ConfigCommands(settings).all().forEach(this::offer);
        offer(new ProfileCommand(this::all));
        try {
            socket = new ControlSocket(home.resolve("run/control.sock"), new CommandTable(this::commands));
        } catch (IOException e) {
            String line = "cannot open " + home.resolve("run/control.sock") + ": " + e.getMessage();
            LOG.error("control socket: {}", line);
            if (failures != null) {
                failures.accept(line);
            }
        }
    }

    /** To the socket and to the console. */
    private void offer(Command command) {
        own.add(context.registerService(Command.class, command, new Hashtable<>()));
    }

    private List<String> load(Settings settings) {
        try {
            Plan plan = settings.load();
            writer.write(plan);
            stopOthers(plan);
            return List.of();
        } catch (SettingsException e) {
            stopOthers(Plan.empty());
            return e.problems();
        }
    }

    /** Stops modules that are not to run; those whose start level is still to come are not started then. */
    private void stopOthers(Plan plan) {
        Set<String> running = schemas.running(plan);
        schemas.bundles().forEach((id, bundle) -> {
            try {
                if (!running.contains(id)) {
                    bundle.stop();
                }
            } catch (BundleException e) {
                LOG.error("control module={}: {}", id, e.getMessage());
            }
        });
    }

    /** Starts modules that a change has added. */
    private void startAll(Plan plan) {
        Set<String> running = schemas.running(plan);
        schemas.bundles().forEach((id, bundle) -> {
            try {
                if (running.contains(id) && bundle.getState() != Bundle.ACTIVE) {
                    bundle.start();
                }
            } catch (BundleException e) {
                LOG.error("control module={}: {}", id, e.getMessage());
            }
        });
    }

    private Settings.Applier applier() {
        return new Settings.Applier() {
            @Override
            public void apply(Plan plan) throws SettingsException, InterruptedException {
                ControlComponent.this.apply(plan);
            }

            @Override
            public void hand(Plan plan) throws SettingsException {
                writer.write(plan);
            }
        };
    }

    private void apply(Plan plan) throws SettingsException, InterruptedException {
        var before = Readiness.problems(look.look(plan));
        writer.write(plan);
        stopOthers(plan);
        startAll(plan);
        writer.awaitDelivery();
        // What was wrong already is no reason against this change.
        var problems = new ArrayList<>(Readiness.problems(readiness.await(plan)));
        problems.removeAll(before);
        if (!problems.isEmpty()) {
            throw new SettingsException(problems);
        }
    }

    private List<Command> commands() {
        return all(Command.class);
    }

    /** Services stay in use until they go, so that a component behind one is not made anew for each request. */
    private <T> List<T> all(Class<T> type) {
        try {
            var services = new ArrayList<T>();
            context.getServiceReferences(type, null).stream()
                    .sorted(java.util.Comparator.<ServiceReference<T>>naturalOrder().reversed())
                    .map(context::getService)
                    .forEach(service -> {
                        if (service != null) {
                            services.add(service);
                        }
                    });
            return services;
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private void stop() {
        Bundle system = context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION);
        try {
            system.stop();
        } catch (BundleException e) {
            LOG.error("control stop: {}", e.getMessage());
        }
    }

    @Deactivate
    void deactivate() {
        moduleSettings.unregister();
        own.forEach(ServiceRegistration::unregister);
        if (socket != null) {
            socket.close();
        }
    }
}

package io.culvert.web.watch;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.api.config.ModuleSettings;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.PathStatus;
import io.culvert.api.status.PathWatch;
import io.culvert.api.status.SessionListener;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.web.WebEndpoints;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.metatype.annotations.Designate;

/** Offers metrics and health to the web server. What it reads may come and go: then that metric has no values. */
@Component(
        service = {},
        configurationPid = "io.culvert.web.watch",
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = WatchSettings.class)
public final class WatchComponent {
    private final List<PathWatch> paths = new CopyOnWriteArrayList<>();
    private final List<LiveSessions> sessions = new CopyOnWriteArrayList<>();
    private final List<ModuleSettings> modules = new CopyOnWriteArrayList<>();
    private final List<HealthCheck> parts = new CopyOnWriteArrayList<>();
    private final List<Command> commands = new CopyOnWriteArrayList<>();
    private final List<ServiceRegistration<?>> registrations = new ArrayList<>();

    @Activate
    public WatchComponent(BundleContext context, WatchSettings settings) {
        var scrapers = Scrapers.of(settings.scrapeFrom());
        var health = new Health(this::path, this::states);
        var changes = new ChangeCounts(() -> command("module changes"));
        var metrics = new Metrics()
                .with(new PathMetrics(this::path))
                .with(new PartMetrics(this::sessions, this::states, () -> List.copyOf(parts), changes::read));
        var times = new SessionTimes(metrics.registry(), InstantSource.system());
        registrations.add(context.registerService(SessionListener.class, times, null));
        registrations.add(context.registerService(Command.class, new DrainCommand(health), null));
        registrations.add(context.registerService(
                WebEndpoints.class, new WatchEndpoints(metrics, scrapers, health), null));
    }

    @Deactivate
    public void deactivate() {
        registrations.reversed().forEach(ServiceRegistration::unregister);
    }

    private PathStatus path() {
        return last(paths).map(PathWatch::path).orElse(PathStatus.NONE);
    }

    private List<SessionStatus> sessions() {
        return last(sessions).map(LiveSessions::list).orElse(List.of());
    }

    private List<ModuleSettings.State> states() {
        return last(modules).map(ModuleSettings::states).orElse(List.of());
    }

    private Optional<Command> command(String name) {
        return commands.stream().filter(each -> each.name().equals(name)).findFirst();
    }

    private static <T> Optional<T> last(List<T> all) {
        List<T> now = List.copyOf(all);
        return now.isEmpty() ? Optional.empty() : Optional.of(now.getLast());
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindPath(PathWatch path) {
        paths.add(path);
    }

    void unbindPath(PathWatch path) {
        paths.remove(path);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindSessions(LiveSessions live) {
        sessions.add(live);
    }

    void unbindSessions(LiveSessions live) {
        sessions.remove(live);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindModules(ModuleSettings settings) {
        modules.add(settings);
    }

    void unbindModules(ModuleSettings settings) {
        modules.remove(settings);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindPart(HealthCheck part) {
        parts.add(part);
    }

    void unbindPart(HealthCheck part) {
        parts.remove(part);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindCommand(Command command) {
        commands.add(command);
    }

    void unbindCommand(Command command) {
        commands.remove(command);
    }

    /** {@code drain}, with {@code off=true} to let clients come again, with {@code show=true} only to say how it is. */
    private record DrainCommand(Health health) implements Command {
        @Override
        public String name() {
            return "drain";
        }

        @Override
        public Object run(Map<String, Object> arguments, Reply reply) throws CommandException {
            if (!Boolean.TRUE.equals(arguments.get("show"))) {
                health.drain(!Boolean.TRUE.equals(arguments.get("off")));
            }
            return Map.of("draining", health.draining());
        }
    }
}

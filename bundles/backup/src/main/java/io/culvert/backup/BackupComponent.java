package io.culvert.backup;

import io.culvert.api.command.Command;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.store.Store;
import io.culvert.api.web.WebEndpoints;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
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

/** Offers backups to the command line and the console, and makes those of the schedule. */
@Component(
        service = {},
        configurationPid = BackupConfig.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = BackupSettings.class)
public final class BackupComponent {
    private final Kept kept;
    private final Scheduled scheduled;
    private final List<Command> commands = new CopyOnWriteArrayList<>();
    private final List<ServiceRegistration<?>> registrations = new ArrayList<>();

    @Activate
    public BackupComponent(
            BundleContext context, BackupSettings settings, @Reference(target = "(culvert.front=true)") Store store)
            throws IOException {
        String path = context.getProperty("culvert.home");
        if (path == null) {
            throw new IOException("backup: the property culvert.home is not set: start Culvert through its launcher, or set"
                    + " the property to the home directory");
        }
        Path home = Path.of(path);
        BackupConfig config = BackupConfig.of(settings, home);
        var archive = new Archive(new HomeFiles(home, config.directory()), store, context.getBundle().getVersion().toString(), host());
        InstantSource clock = InstantSource.system();
        kept = new Kept(config.directory(), archive, clock);
        kept.sweep();
        scheduled = new Scheduled(kept, config, clock, ZoneId.systemDefault());
        scheduled.start();
        registrations.add(context.registerService(HealthCheck.class, new Health(kept, scheduled), null));
        var restoring = new Restoring(home, () -> command("stop"));
        restoring.sweep();
        var own = new BackupCommands(kept, config, restoring);
        for (Command command : own.all()) {
            registrations.add(context.registerService(Command.class, command, null));
        }
        registrations.add(context.registerService(
                WebEndpoints.class, new BackupEndpoints(kept, config, scheduled, own, host(), () -> command("config set")), null));
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "unknown";
        }
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindCommand(Command command) {
        commands.add(command);
    }

    void unbindCommand(Command command) {
        commands.remove(command);
    }

    private Optional<Command> command(String name) {
        return commands.stream().filter(each -> each.name().equals(name)).findFirst();
    }

    @Deactivate
    public void deactivate() {
        registrations.reversed().forEach(ServiceRegistration::unregister);
        scheduled.close();
    }

    private record Health(Kept kept, Scheduled scheduled) implements HealthCheck {
        @Override
        public String name() {
            return "backup";
        }

        @Override
        public Map<String, Object> status() {
            Map<String, Object> facts = new LinkedHashMap<>();
            try {
                List<Kept.Backup> backups = kept.list();
                facts.put("kept", backups.size());
                backups.stream().findFirst().ifPresent(newest -> facts.put("newest", newest.created().toString()));
            } catch (IOException e) {
                facts.put("problem", "the backups cannot be seen: " + e.getMessage());
            }
            scheduled.next().ifPresent(next -> facts.put("next", next.toString()));
            scheduled.problems().forEach(problem -> facts.put("problem", problem));
            return facts;
        }
    }
}

package io.culvert.web.rest.resource;

import io.culvert.api.command.Command;
import io.culvert.api.config.ModuleSettings;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.PathStatus;
import io.culvert.api.status.PathWatch;
import io.culvert.api.store.Store;
import io.culvert.api.web.AuditTrail;
import io.culvert.api.web.WebEndpoint;
import io.culvert.web.rest.resource.ChangesResource.Change;
import io.culvert.web.rest.resource.OverviewResource.Throughput;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Everything that the API answers about the appliance, put together. Plain Java. */
public final class Appliance {
    private final Services services;
    private final InstantSource clock;
    private final History history = new History();
    private final LastSeen seen;
    private final SessionsResource sessions;
    private final ChangesResource changes;
    private final HealthResource health;
    private final List<WebEndpoint> endpoints = new ArrayList<>();
    private volatile Throughput throughput = new Throughput(0, 0, 0, 0);

    /** What runs now; each may come and go. */
    public interface Services {
        Optional<Command> command(String name);

        Optional<LiveSessions> sessions();

        Optional<PathWatch> path();

        Optional<ModuleSettings> modules();

        Optional<AuditTrail> audit();

        Optional<Store> store();
    }

    /** @param home of the appliance */
    public Appliance(Services services, Path home, String version, InstantSource clock, SecureRandom random) {
        this.services = services;
        this.clock = clock;
        var commands = new Commands(services::command);
        seen = new LastSeen(clock);
        sessions = new SessionsResource(services::sessions);
        var profiles = new ProfilesResource(commands, services::store, home, clock, random);
        var users = new UsersResource(commands, sessions, profiles, seen);
        var catalogue = new CatalogueResource(commands, clock);
        changes = new ChangesResource(commands, home, clock);
        var modules = new ModulesResource(commands, catalogue, changes);
        health = new HealthResource(services::modules, commands, version);
        var metrics = new MetricsResource(history, clock);
        var overview = new OverviewResource(
                commands, health, sessions, users, changes, catalogue, metrics, live(), clock, version);
        endpoints.addAll(overview.endpoints());
        endpoints.addAll(metrics.endpoints());
        endpoints.addAll(sessions.endpoints());
        endpoints.addAll(users.endpoints());
        endpoints.addAll(profiles.endpoints());
        endpoints.addAll(modules.endpoints());
        endpoints.addAll(new UploadsResource(commands, home).endpoints());
        endpoints.addAll(catalogue.endpoints());
        endpoints.addAll(new KeysResource(commands).endpoints());
        endpoints.addAll(changes.endpoints());
        endpoints.addAll(new ConfigResource(commands, changes).endpoints());
        endpoints.addAll(new LogResource(commands).endpoints());
        endpoints.addAll(health.endpoints());
    }

    private OverviewResource.Live live() {
        return new OverviewResource.Live() {
            @Override
            public Throughput throughput() {
                return throughput;
            }

            @Override
            public PathStatus path() {
                return Appliance.this.path();
            }
        };
    }

    public List<WebEndpoint> endpoints() {
        return List.copyOf(endpoints);
    }

    /** Is told of sessions that begin and end. */
    public LastSeen seen() {
        return seen;
    }

    public Instant now() {
        return clock.instant();
    }

    /** The packet path as it is; costs the packet loops nothing. */
    public PathStatus path() {
        return services.path().map(PathWatch::path).orElse(PathStatus.NONE);
    }

    /** Adds to the history. */
    public double[] sample(long second, PathStatus path) {
        double[] moved = history.sample(second, path);
        throughput = new Throughput((long) moved[0], (long) moved[1], (long) moved[2], (long) moved[3]);
        return moved;
    }

    public SessionsResource.Tally tally() {
        return sessions.tally();
    }

    public List<ModuleSettings.State> modules() {
        return health.states();
    }

    /** The newest ones of each kind, newest first. */
    public List<Change> changes(int count) throws InterruptedException {
        return changes.newest(count);
    }

    /** The number of the newest entry of the audit log; 0 when there is none. */
    public long newestAudit() {
        try {
            Optional<AuditTrail> audit = services.audit();
            return audit.isEmpty()
                    ? 0
                    : audit.get().find(Optional.empty(), "", 1).stream()
                            .mapToLong(AuditTrail.Numbered::number)
                            .findFirst()
                            .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }
}

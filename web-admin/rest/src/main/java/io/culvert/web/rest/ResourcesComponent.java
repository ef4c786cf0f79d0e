package io.culvert.web.rest;

import io.culvert.api.command.Command;
import io.culvert.api.config.ModuleSettings;
import io.culvert.api.log.LogSink;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.PathWatch;
import io.culvert.api.status.SessionListener;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.store.Store;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.web.AuditTrail;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoints;
import io.culvert.web.rest.events.EventHub;
import io.culvert.web.rest.events.EventsResource;
import io.culvert.web.rest.events.LogStream;
import io.culvert.web.rest.events.Pulse;
import io.culvert.web.rest.openapi.OpenApiResource;
import io.culvert.web.rest.resource.Appliance;
import io.culvert.web.rest.server.Json;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;

/** Offers the endpoints about the appliance, and keeps an eye on it once a second. */
@Component(service = {WebEndpoints.class, SessionListener.class}, immediate = true)
public final class ResourcesComponent implements WebEndpoints, SessionListener, Appliance.Services {
    private static final long PING_MILLIS = 15_000;

    private final BundleContext context;
    private final List<WebEndpoint> endpoints = new ArrayList<>();
    private final List<Command> commands = new CopyOnWriteArrayList<>();
    private final Appliance appliance;
    private final EventHub hub;
    private final LogStream logs;
    private final Pulse pulse;
    private final Thread beating;
    private @Nullable ServiceRegistration<LogSink> tap;
    private boolean closed;

    @Activate
    public ResourcesComponent(BundleContext context) {
        this.context = context;
        var json = new Json();
        var random = new SecureRandom();
        String version = context.getBundle().getVersion().toString();
        Path home = Path.of(context.getProperty("culvert.home"));
        appliance = new Appliance(this, home, version, InstantSource.system(), random);
        hub = new EventHub(random);
        logs = new LogStream(hub, json::text);
        pulse = new Pulse(appliance, hub, json::text, this::tap);
        endpoints.addAll(appliance.endpoints());
        endpoints.addAll(new EventsResource(hub, this::tap, version, PING_MILLIS).endpoints());
        endpoints.addAll(new OpenApiResource(this::all, version).endpoints());
        beating = Thread.ofVirtual().name("web.rest-pulse").start(pulse);
    }

    @Override
    public List<WebEndpoint> endpoints() {
        return List.copyOf(endpoints);
    }

    /** Log entries are taken while somebody follows them, and only then. */
    private synchronized void tap() {
        boolean wanted = !closed && hub.followsLog();
        ServiceRegistration<LogSink> present = tap;
        if (wanted && present == null) {
            tap = context.registerService(LogSink.class, logs, new Hashtable<>());
        } else if (!wanted && present != null) {
            tap = null;
            present.unregister();
        }
    }

    private List<WebEndpoint> all() {
        try {
            var all = new ArrayList<WebEndpoint>();
            for (ServiceReference<WebEndpoints> reference : context.getServiceReferences(WebEndpoints.class, null)) {
                WebEndpoints service = context.getService(reference);
                if (service != null) {
                    all.addAll(service.endpoints());
                }
            }
            return all;
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    // ---- what runs now ----

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindCommand(Command command) {
        commands.addFirst(command);
    }

    void unbindCommand(Command command) {
        commands.remove(command);
    }

    @Override
    public Optional<Command> command(String name) {
        // While a module is exchanged both versions answer: the newest comes first.
        return commands.stream().filter(command -> command.name().equals(name)).findFirst();
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    private volatile @Nullable LiveSessions sessions;

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    private volatile @Nullable PathWatch path;

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    private volatile @Nullable ModuleSettings modules;

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    private volatile @Nullable AuditTrail audit;

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            target = "(culvert.front=true)")
    private volatile @Nullable Store store;

    @Override
    public Optional<Store> store() {
        return Optional.ofNullable(store);
    }

    @Override
    public Optional<LiveSessions> sessions() {
        return Optional.ofNullable(sessions);
    }

    @Override
    public Optional<PathWatch> path() {
        return Optional.ofNullable(path);
    }

    @Override
    public Optional<ModuleSettings> modules() {
        return Optional.ofNullable(modules);
    }

    @Override
    public Optional<AuditTrail> audit() {
        return Optional.ofNullable(audit);
    }

    @Override
    public void started(SessionStatus session) {
        appliance.seen().started(session);
    }

    @Override
    public void ended(SessionStatus session, CloseCause cause) {
        appliance.seen().ended(session, cause);
    }

    @Deactivate
    void deactivate() throws InterruptedException {
        synchronized (this) {
            closed = true;
        }
        pulse.close();
        beating.interrupt();
        beating.join();
        tap();
    }
}

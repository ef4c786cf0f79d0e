package io.culvert.store.local;

import io.culvert.api.config.ConfigException;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.store.Store;
import io.culvert.api.store.StoreException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceRegistration;
import org.osgi.annotation.bundle.Capability;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the store when the module is configured, and closes it when it leaves. One version has the files at a time: a newer
 * one that is started beside it waits until they are closed.
 */
@Component(
        service = {},
        configurationPid = StoreLocalComponent.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = StoreLocalSettings.class)
// It registers the service itself, when its turn has come; whoever misses a store is told where there is one.
@Capability(namespace = "osgi.service", attribute = "objectClass:List<String>=\"io.culvert.api.store.Store\"")
public final class StoreLocalComponent {
    static final String PID = "io.culvert.store.local";

    private static final Logger LOG = LoggerFactory.getLogger(StoreLocalComponent.class);
    private static final String MODULE = "store.local";

    private final BundleContext context;
    private final Path home;
    private final int maxWaiting;
    private final Semaphore turn;
    private final @Nullable Thread wings;

    // ---- guarded by this

    private @Nullable SqliteStore store;
    private List<ServiceRegistration<?>> registrations = List.of();
    private boolean leaving;

    @Activate
    public StoreLocalComponent(BundleContext context, StoreLocalSettings settings) throws StoreException {
        this.context = context;
        maxWaiting = settings.maxWaiting();
        if (maxWaiting < 16 || maxWaiting > 1_000_000) {
            throw new ConfigException(PID, "maxWaiting", maxWaiting, "must be 16 to 1000000 transactions");
        }
        String path = context.getProperty("culvert.home");
        if (path == null) {
            throw new StoreException("store local: the property culvert.home is not set: start Culvert through its"
                    + " launcher, or set the property to the home directory");
        }
        home = Path.of(path);
        turn = turn(context);
        if (!turn.tryAcquire()) {
            LOG.info("store local: version {} waits until the one in force has closed the files",
                    context.getBundle().getVersion());
            wings = Thread.ofVirtual().name("store-wings").start(this::follow);
            return;
        }
        wings = null;
        try {
            open();
        } catch (StoreException | RuntimeException | Error e) {
            turn.release();
            throw e;
        }
    }

    /** The launcher's, which all versions of this module share; one of our own where it has none. */
    @SuppressWarnings("unchecked")
    private static Semaphore turn(BundleContext context) {
        try {
            var found = context.getServiceReferences(Function.class, "(culvert.turns=true)").iterator();
            Object turns = found.hasNext() ? context.getService(found.next()) : null;
            return turns == null ? new Semaphore(1) : ((Function<String, Semaphore>) turns).apply(MODULE);
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private void follow() {
        try {
            turn.acquire();
        } catch (InterruptedException e) {
            return;
        }
        try {
            open();
        } catch (StoreException | RuntimeException | Error e) {
            LOG.error("store local: version {} could not follow", context.getBundle().getVersion(), e);
            turn.release();
        }
    }

    private synchronized void open() throws StoreException {
        if (leaving) {
            turn.release();
            return;
        }
        SqliteStore opened = SqliteStore.open(home, maxWaiting);
        store = opened;
        registrations = List.of(
                context.registerService(HealthCheck.class, new Health(opened), null),
                context.registerService(Store.class, opened, null));
    }

    /** Not the component itself: a store and a health check are both called by name, by different ones. */
    private record Health(SqliteStore store) implements HealthCheck {
        @Override
        public String name() {
            return "store.local";
        }

        @Override
        public Map<String, Object> status() {
            return store.status();
        }
    }

    @Deactivate
    public void deactivate() {
        Thread waiting = wings;
        if (waiting != null) {
            waiting.interrupt();
        }
        close();
    }

    private synchronized void close() {
        leaving = true;
        SqliteStore opened = store;
        if (opened == null) {
            return;
        }
        store = null;
        // Nobody is given it any more, and those who have it have let go.
        registrations.reversed().forEach(ServiceRegistration::unregister);
        registrations = List.of();
        try {
            opened.close();
        } finally {
            turn.release();
        }
    }
}

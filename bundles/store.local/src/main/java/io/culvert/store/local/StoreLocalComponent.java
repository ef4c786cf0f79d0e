package io.culvert.store.local;

import io.culvert.api.config.ConfigException;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.store.Store;
import io.culvert.api.store.StoreException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.Designate;

/** Opens the store when the module is configured, and closes it when it leaves. */
@Component(
        service = Store.class,
        configurationPid = StoreLocalComponent.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = StoreLocalSettings.class)
public final class StoreLocalComponent implements Store {
    static final String PID = "io.culvert.store.local";

    private final SqliteStore store;
    private final ServiceRegistration<HealthCheck> health;

    @Activate
    public StoreLocalComponent(BundleContext context, StoreLocalSettings settings) throws StoreException {
        int maxWaiting = settings.maxWaiting();
        if (maxWaiting < 16 || maxWaiting > 1_000_000) {
            throw new ConfigException(PID, "maxWaiting", maxWaiting, "must be 16 to 1000000 transactions");
        }
        String home = context.getProperty("culvert.home");
        if (home == null) {
            throw new StoreException("store local: the property culvert.home is not set: start Culvert through its"
                    + " launcher, or set the property to the home directory");
        }
        store = SqliteStore.open(Path.of(home), maxWaiting);
        health = context.registerService(HealthCheck.class, new Health(store), null);
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
        health.unregister();
        store.close();
    }

    @Override
    public String name() {
        return store.name();
    }

    @Override
    public Optional<Entry> read(String key) throws StoreException {
        return store.read(key);
    }

    @Override
    public List<Entry> list(String prefix) throws StoreException {
        return store.list(prefix);
    }

    @Override
    public CompletionStage<TxnResult> txn(List<Guard> guards, List<Op> ops) {
        return store.txn(guards, ops);
    }
}

package io.culvert.store.front;

import io.culvert.api.status.HealthCheck;
import io.culvert.api.store.Store;
import io.culvert.api.store.StoreException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Offers the store in force as a service with {@code culvert.front=true}, from the first store on and for as long as this
 * module runs: those who need a store stay while it is exchanged.
 *
 * <p>One store is in force. A newcomer of the same name follows when that one leaves. An empty one of another name gets
 * all records at once, and is in force then.
 */
@Component(service = {}, immediate = true)
public final class StoreFrontComponent implements HealthCheck {
    private static final Logger LOG = LoggerFactory.getLogger(StoreFrontComponent.class);
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final FrontStore front = new FrontStore(PATIENCE);
    private final BundleContext context;
    private final RestoredRecords restored;

    /** In the order of their arrival. Guarded by this, as all below. */
    private final List<Store> stores = new ArrayList<>();

    private final List<ServiceRegistration<?>> registrations = new ArrayList<>();
    private String problem = "";

    @Activate
    public StoreFrontComponent(BundleContext context) {
        this.context = context;
        restored = new RestoredRecords(Path.of(Objects.requireNonNullElse(context.getProperty("culvert.home"), "")));
    }

    @Activate
    synchronized void activate() {
        registrations.add(context.registerService(HealthCheck.class, this, null));
    }

    @Deactivate
    synchronized void deactivate() {
        registrations.reversed().forEach(ServiceRegistration::unregister);
        registrations.clear();
        front.close();
    }

    @Reference(
            target = "(!(culvert.front=true))",
            cardinality = ReferenceCardinality.MULTIPLE,
            policy = ReferencePolicy.DYNAMIC)
    synchronized void bindStore(Store store) {
        stores.add(store);
        Store now = front.inForce();
        if (now == null) {
            use(store);
        } else if (!now.name().equals(store.name())) {
            move(now, store);
        }
    }

    synchronized void unbindStore(Store store) {
        stores.remove(store);
        front.withdraw(store);
        if (front.inForce() == null) {
            List.copyOf(stores).forEach(each -> {
                if (front.inForce() == null) {
                    use(each);
                }
            });
        }
    }

    private void use(Store store) {
        Optional<String> moved = movedTo(store);
        if (moved.isPresent()) {
            problem = "the records of store " + store.name() + " were moved to store " + moved.get()
                    + ": install that module, or restore a backup";
            LOG.error("store: {}", problem);
            return;
        }
        try {
            int count = restored.giveTo(store);
            if (count >= 0) {
                LOG.info("store: {} records of a backup were restored to {}", count, store.name());
            }
        } catch (StoreException | RuntimeException e) {
            problem = e.getMessage();
            LOG.error("store: {}", problem, e);
            return;
        }
        problem = "";
        front.use(store);
        LOG.info("store: {} is in force", store.name());
        offer();
    }

    private Optional<String> movedTo(Store store) {
        try {
            return store.read(StoreCopy.MOVED).map(entry -> new String(entry.value(), StandardCharsets.UTF_8));
        } catch (StoreException | RuntimeException e) {
            LOG.error("store: {} cannot be read", store.name(), e);
            return Optional.empty();
        }
    }

    private void offer() {
        if (registrations.stream().noneMatch(each -> each.getReference().getProperty("culvert.front") != null)) {
            Dictionary<String, Object> properties = new Hashtable<>();
            properties.put("culvert.front", "true");
            properties.put(Constants.SERVICE_RANKING, Integer.MAX_VALUE);
            registrations.add(context.registerService(Store.class, front, properties));
        }
    }

    private void move(Store from, Store to) {
        try {
            if (movedTo(to).isPresent()) {
                LOG.info("store: {} stays in force, the records were moved there from {}", from.name(), to.name());
                return;
            }
            if (!StoreCopy.isEmpty(to)) {
                problem = "store " + to.name() + " has records of its own and is not used: remove them, or the module";
                LOG.error("store: {}", problem);
                return;
            }
            // Most of it while everything goes on, the rest while nobody changes anything.
            StoreCopy.copy(from, to);
            front.replace(to, before -> {
                StoreCopy.copy(before, to);
                StoreCopy.leave(before, to.name());
            });
            LOG.info("store: the records of {} were moved to {}, which is in force", from.name(), to.name());
        } catch (StoreException | RuntimeException e) {
            problem = "the records could not be moved from store " + from.name() + " to store " + to.name() + ": "
                    + e.getMessage();
            LOG.error("store: {}", problem, e);
        }
    }

    @Override
    public String name() {
        return "store.front";
    }

    @Override
    public Map<String, Object> status() {
        Map<String, Object> facts = new LinkedHashMap<>();
        @Nullable Store store = front.inForce();
        facts.put("inForce", store == null ? "none" : store.name());
        facts.put("waiting", front.waiting());
        facts.put("longestGapMs", front.longestGapNs() / 1_000_000);
        synchronized (this) {
            if (!problem.isEmpty()) {
                facts.put("problem", problem);
            }
        }
        return facts;
    }
}

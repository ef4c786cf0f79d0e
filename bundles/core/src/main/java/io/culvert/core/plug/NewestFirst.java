package io.culvert.core.plug;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;

/** The services of a kind, the higher ranking first, then the newer one: its version, or if that is the same its arrival. */
final class NewestFirst<S> {
    private static final Comparator<ServiceReference<?>> ORDER =
            Comparator.<ServiceReference<?>>comparingInt(NewestFirst::ranking)
                    .thenComparing(reference -> reference.getBundle().getVersion())
                    .thenComparing(reference -> (Long) reference.getProperty(Constants.SERVICE_ID))
                    .reversed();

    private final Map<ServiceReference<S>, S> services = new HashMap<>();
    private volatile List<S> inForce = List.of();

    private static int ranking(ServiceReference<?> reference) {
        return reference.getProperty(Constants.SERVICE_RANKING) instanceof Integer ranking ? ranking : 0;
    }

    synchronized void add(ServiceReference<S> reference, S service) {
        services.put(reference, service);
        sort();
    }

    synchronized void remove(ServiceReference<S> reference) {
        services.remove(reference);
        sort();
    }

    private void sort() {
        // A bundle that is being uninstalled has lost its reference's bundle already, and comes with no order any more.
        inForce = services.keySet().stream()
                .filter(reference -> reference.getBundle() != null)
                .sorted(ORDER)
                .map(services::get)
                .toList();
    }

    List<S> inForce() {
        return inForce;
    }
}

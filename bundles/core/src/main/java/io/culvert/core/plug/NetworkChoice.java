package io.culvert.core.plug;

import io.culvert.api.net.NetworkProtocol;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;

/** The network protocols that are there. Of two for one ether type the higher ranking comes first, then the newer one. */
final class NetworkChoice {
    private static final Comparator<ServiceReference<NetworkProtocol>> ORDER =
            Comparator.<ServiceReference<NetworkProtocol>>comparingInt(NetworkChoice::ranking)
                    .thenComparing(reference -> reference.getBundle().getVersion())
                    .thenComparing(reference -> (Long) reference.getProperty(Constants.SERVICE_ID))
                    .reversed();

    private final Map<ServiceReference<NetworkProtocol>, NetworkProtocol> services = new HashMap<>();
    private volatile List<NetworkProtocol> inForce = List.of();

    private static int ranking(ServiceReference<NetworkProtocol> reference) {
        return reference.getProperty(Constants.SERVICE_RANKING) instanceof Integer ranking ? ranking : 0;
    }

    synchronized void add(ServiceReference<NetworkProtocol> reference, NetworkProtocol protocol) {
        services.put(reference, protocol);
        sort();
    }

    synchronized void remove(ServiceReference<NetworkProtocol> reference) {
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

    List<NetworkProtocol> inForce() {
        return inForce;
    }
}

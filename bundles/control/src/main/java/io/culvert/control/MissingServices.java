package io.culvert.control;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.osgi.framework.Bundle;
import org.osgi.framework.wiring.BundleRevision;

/**
 * Services that modules wait for. Where one module waits for another that itself waits, only the end of that chain is a
 * problem that somebody can mend.
 */
final class MissingServices {
    private final Map<String, Bundle> bundles;
    private final Set<String> running;
    private final Map<String, Set<String>> waitingFor = new LinkedHashMap<>();

    /** @param running ids of the modules that ought to run */
    MissingServices(Map<String, Bundle> bundles, Set<String> running) {
        this.bundles = bundles;
        this.running = running;
    }

    /** @param title who waits, {@code tunnel.openvpn udp} */
    void add(String title, String service) {
        waitingFor.computeIfAbsent(service, _ -> new TreeSet<>()).add(title);
    }

    List<String> lines() {
        var ends = new ArrayList<String>();
        var chained = new ArrayList<String>();
        waitingFor.forEach((service, titles) -> {
            List<String> providers = providers(service);
            boolean chain = providers.stream().anyMatch(running::contains);
            String name = service.substring(service.lastIndexOf('.') + 1);
            String line = "no running module offers " + name + ", which " + words(titles) + (titles.size() == 1 ? " needs" : " need");
            if (chain) {
                chained.add(line);
            } else if (providers.isEmpty()) {
                ends.add(line + "; install a module that does");
            } else {
                ends.add(line + "; add '" + providers.getFirst() + ": {}' to the modules in etc/culvert.yaml");
            }
        });
        return ends.isEmpty() ? chained : ends;
    }

    /** Modules whose components offer the service when they run, from what their manifests declare. */
    private List<String> providers(String service) {
        return bundles.entrySet().stream()
                .filter(entry -> offers(entry.getValue(), service))
                .map(Map.Entry::getKey)
                .toList();
    }

    private static boolean offers(Bundle bundle, String service) {
        return bundle.adapt(BundleRevision.class).getDeclaredCapabilities("osgi.service").stream()
                .map(capability -> capability.getAttributes().get("objectClass"))
                .anyMatch(names -> names instanceof Collection<?> list && list.contains(service)
                        || names instanceof String[] array && Arrays.asList(array).contains(service)
                        || service.equals(names));
    }

    private static String words(Set<String> titles) {
        return String.join(", ", titles);
    }
}

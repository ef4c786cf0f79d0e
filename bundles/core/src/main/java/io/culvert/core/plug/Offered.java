package io.culvert.core.plug;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.Version;

/**
 * The services of one kind, best first: by ranking, then by which module was here first, then the newer version of a
 * module before the older one. So an update is in force before the version that it replaces has stopped, and takes its
 * place. Threads: any.
 */
final class Offered<T> {
    private static final String OURS = "io.culvert.";

    private final Map<ServiceReference<?>, T> services = new HashMap<>();

    /** In which order modules first came; they keep their place while they are exchanged. */
    private final Map<String, Integer> arrivals = new LinkedHashMap<>();

    private volatile List<T> best = List.of();
    private volatile List<T> newest = List.of();

    synchronized void add(ServiceReference<?> reference, T service) {
        services.put(reference, service);
        arrivals.putIfAbsent(name(reference), arrivals.size());
        sort();
    }

    synchronized @Nullable T remove(ServiceReference<?> reference) {
        T gone = services.remove(reference);
        sort();
        return gone;
    }

    private void sort() {
        List<ServiceReference<?>> sorted = new ArrayList<>(services.keySet());
        sorted.sort(Comparator.<ServiceReference<?>>comparingInt(Offered::ranking)
                .reversed()
                .thenComparingInt(reference -> arrivals.getOrDefault(name(reference), Integer.MAX_VALUE))
                .thenComparing(Offered::version, Comparator.reverseOrder())
                .thenComparing((one, other) -> other.compareTo(one)));
        best = sorted.stream().map(services::get).toList();
        newest = sorted.stream()
                .filter(reference -> sorted.stream()
                        .noneMatch(other -> name(other).equals(name(reference))
                                && version(other).compareTo(version(reference)) > 0))
                .map(services::get)
                .toList();
    }

    /** The one in force. */
    @Nullable T first() {
        List<T> now = best;
        return now.isEmpty() ? null : now.getFirst();
    }

    /** All, best first. */
    List<T> all() {
        return best;
    }

    /** All but those of which a newer version of the same module is here. */
    List<T> newest() {
        return newest;
    }

    private static int ranking(ServiceReference<?> reference) {
        return reference.getProperty("service.ranking") instanceof Integer ranking ? ranking : 0;
    }

    private static String name(ServiceReference<?> reference) {
        Bundle bundle = reference.getBundle();
        return bundle == null ? "" : String.valueOf(bundle.getSymbolicName());
    }

    private static Version version(ServiceReference<?> reference) {
        Bundle bundle = reference.getBundle();
        return bundle == null ? Version.emptyVersion : bundle.getVersion();
    }

    /** {@code tls.jsse/0.1.0}. */
    static String module(ServiceReference<?> reference) {
        String name = name(reference);
        return (name.startsWith(OURS) ? name.substring(OURS.length()) : name) + "/" + version(reference);
    }
}

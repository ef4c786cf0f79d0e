package io.culvert.core.plug;

import java.util.IdentityHashMap;
import java.util.Map;
import org.osgi.framework.ServiceReference;

/** Which module a service is from, by the service itself. Threads: any. */
final class Modules {
    private final Map<Object, String> byService = new IdentityHashMap<>();

    synchronized void add(Object service, ServiceReference<?> reference) {
        byService.put(service, Offered.module(reference));
    }

    synchronized void remove(Object service) {
        byService.remove(service);
    }

    /** As {@code tls.jsse/0.1.0}; empty for a service that is not here. */
    synchronized String of(Object service) {
        return byService.getOrDefault(service, "");
    }
}

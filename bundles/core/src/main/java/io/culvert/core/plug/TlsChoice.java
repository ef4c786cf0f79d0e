package io.culvert.core.plug;

import io.culvert.api.status.PathStatus.Handshakes;
import io.culvert.api.tls.TlsProvider;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.ServiceReference;

/** Which provider of TLS is in force, and how its handshakes go. Threads: any. */
final class TlsChoice {
    private final Offered<MeteredTls> offered = new Offered<>();

    /** By module; those that are gone stay. */
    private final Map<String, MeteredTls.Counters> counters = new ConcurrentHashMap<>();

    /** Returns the provider as it is used. */
    MeteredTls add(ServiceReference<TlsProvider> reference, TlsProvider provider) {
        var metered = new MeteredTls(
                provider, counters.computeIfAbsent(Offered.module(reference), first -> new MeteredTls.Counters()));
        offered.add(reference, metered);
        return metered;
    }

    @Nullable MeteredTls remove(ServiceReference<TlsProvider> reference) {
        return offered.remove(reference);
    }

    @Nullable MeteredTls current() {
        return offered.first();
    }

    Map<String, Handshakes> handshakes() {
        Map<String, Handshakes> all = new HashMap<>();
        counters.forEach((module, each) -> all.put(module, each.handshakes()));
        return all;
    }
}

package io.culvert.core.bus;

import io.culvert.api.tunnel.CloseCause;
import java.util.LinkedHashMap;
import java.util.Map;

/** Why sessions ended: one counter per kind. Written by one packet loop, read roughly by others. */
final class CloseCounters {
    private static final CloseCause.Kind[] KINDS = CloseCause.Kind.values();

    private final long[] counts = new long[KINDS.length];

    void count(CloseCause.Kind kind) {
        counts[kind.ordinal()]++;
    }

    Map<String, Object> snapshot() {
        Map<String, Object> snapshot = new LinkedHashMap<>();
        for (CloseCause.Kind kind : KINDS) {
            if (counts[kind.ordinal()] != 0) {
                snapshot.put(kind.name(), counts[kind.ordinal()]);
            }
        }
        return snapshot;
    }
}

package io.culvert.core.bus;

import io.culvert.api.handover.SessionRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Sessions that a version of their protocol could not go on with: they wait for one that can. By instance, as {@code
 * openvpn/udp}. Threads: any.
 */
final class KeptSessions {
    /** How long, before the address of a session that nobody wants is given back. */
    static final long LIFETIME_NS = 3_600_000_000_000L;

    /**
     * A session as data.
     *
     * @param live as {@code TunnelSession.freezeLive} gave it; empty when the session was not frozen in this process
     * @param sinceNs when it was kept
     */
    record Kept(SessionRecord record, byte[] live, long sinceNs) {
        @Override
        public String toString() {
            return "Kept[" + record + "]";
        }
    }

    private final Map<String, Map<Long, Kept>> byInstance = new HashMap<>();

    synchronized void keep(String instance, Kept kept) {
        byInstance.computeIfAbsent(instance, first -> new HashMap<>()).put(kept.record.sessionId(), kept);
    }

    /** Takes out all of the instance: whoever has them is to go on with each, or to keep it again. */
    synchronized List<Kept> take(String instance) {
        Map<Long, Kept> found = byInstance.remove(instance);
        return found == null ? List.of() : List.copyOf(found.values());
    }

    /** Takes out those that have waited for their whole lifetime. */
    synchronized List<Kept> expired(long nowNs) {
        List<Kept> expired = new ArrayList<>();
        for (Map<Long, Kept> each : byInstance.values()) {
            each.values().removeIf(kept -> nowNs - kept.sinceNs >= LIFETIME_NS && expired.add(kept));
        }
        byInstance.values().removeIf(Map::isEmpty);
        return expired;
    }

    synchronized int count(String instance) {
        return byInstance.getOrDefault(instance, Map.of()).size();
    }
}

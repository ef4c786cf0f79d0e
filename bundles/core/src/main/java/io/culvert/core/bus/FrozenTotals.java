package io.culvert.core.bus;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What was counted of sessions that are records now, until they are thawed. Threads: any. */
final class FrozenTotals {
    private final Map<Long, Kept> kept = new ConcurrentHashMap<>();

    private record Kept(String name, String instance, SessionTotals totals) {
        boolean isOf(String name, String instance) {
            return this.name.equals(name) && this.instance.equals(instance);
        }
    }

    void put(String name, String instance, long sessionId, SessionTotals totals) {
        kept.put(sessionId, new Kept(name, instance, totals));
    }

    /** Takes out what was counted of the session; null when nothing is known. */
    @Nullable SessionTotals take(long sessionId) {
        Kept found = kept.remove(sessionId);
        return found == null ? null : found.totals;
    }

    /** Forgets the protocol's sessions that have no record: nobody will ever take theirs out. */
    void retain(String name, String instance, Set<Long> records) {
        kept.entrySet().removeIf(each -> each.getValue().isOf(name, instance) && !records.contains(each.getKey()));
    }

    int size() {
        return kept.size();
    }
}

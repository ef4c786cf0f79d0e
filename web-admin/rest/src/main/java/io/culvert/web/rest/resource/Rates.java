package io.culvert.web.rest.resource;

import io.culvert.api.status.SessionStatus;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How fast each session is, measured between two looks that are at least a second apart. Threads: any. */
final class Rates {
    private static final long PERIOD_NS = 1_000_000_000L;

    private Map<Long, long[]> counts = Map.of();
    private Map<Long, Rate> rates = Map.of();
    private long takenNs;

    /** Bits a second; in is from the peer. */
    record Rate(long in, long out) {
        static final Rate NONE = new Rate(0, 0);
    }

    synchronized Map<Long, Rate> of(List<SessionStatus> sessions, long nowNs) {
        long sinceNs = nowNs - takenNs;
        if (!counts.isEmpty() && sinceNs < PERIOD_NS) {
            return rates;
        }
        var newest = new HashMap<Long, long[]>(sessions.size() * 2);
        var fresh = new HashMap<Long, Rate>(sessions.size() * 2);
        for (SessionStatus session : sessions) {
            long[] now = {session.bytesIn(), session.bytesOut()};
            long[] before = counts.get(session.id());
            newest.put(session.id(), now);
            if (before != null) {
                fresh.put(session.id(), new Rate(perSecond(now[0] - before[0], sinceNs), perSecond(now[1] - before[1], sinceNs)));
            }
        }
        counts = newest;
        rates = fresh;
        takenNs = nowNs;
        return rates;
    }

    private static long perSecond(long bytes, long ns) {
        return Math.max(0, Math.round(bytes * 8e9 / ns));
    }
}

package io.culvert.core.bus;

import io.culvert.api.status.PathStatus.Handshakes;
import io.culvert.api.status.PathStatus.Traffic;
import io.culvert.api.tunnel.CloseCause;
import java.util.EnumMap;
import java.util.Map;

/** What one loop counts of one tunnel instance, over all its versions. Written by the loop, read roughly by others. */
final class PathCounters {
    private static final CloseCause.Kind[] KINDS = CloseCause.Kind.values();

    private final long[] failed = new long[KINDS.length];
    private final long[] ended = new long[KINDS.length];
    private int sessions;
    private long begun;
    private long completed;
    private long packetsIn;
    private long bytesIn;
    private long packetsOut;
    private long bytesOut;

    /** A session came (+1) or went (-1). */
    void sessions(int change) {
        sessions += change;
    }

    int sessions() {
        return sessions;
    }

    void begun() {
        begun++;
    }

    void completed() {
        completed++;
    }

    void closed(CloseCause.Kind kind, boolean wasEstablished) {
        (wasEstablished ? ended : failed)[kind.ordinal()]++;
    }

    void countIn(int lengthBytes) {
        packetsIn++;
        bytesIn += lengthBytes;
    }

    void countOut(int lengthBytes) {
        packetsOut++;
        bytesOut += lengthBytes;
    }

    Handshakes handshakes() {
        return new Handshakes(begun, completed, map(failed));
    }

    Map<CloseCause.Kind, Long> ended() {
        return map(ended);
    }

    Traffic traffic() {
        return new Traffic(packetsIn, bytesIn, packetsOut, bytesOut);
    }

    private static Map<CloseCause.Kind, Long> map(long[] counts) {
        Map<CloseCause.Kind, Long> map = new EnumMap<>(CloseCause.Kind.class);
        for (CloseCause.Kind kind : KINDS) {
            if (counts[kind.ordinal()] != 0) {
                map.put(kind, counts[kind.ordinal()]);
            }
        }
        return map;
    }
}

package io.culvert.core.buffer;

import io.culvert.api.packet.DropReason;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where packets end before their destination: one counter per reason.
 *
 * <p>Threads: one packet loop; {@link #snapshot} may be read by others and is then only roughly true.
 */
public final class Drops {
    private static final DropReason[] REASONS = DropReason.values();

    private final long[] counts = new long[REASONS.length];

    /** Counts a packet that never was in a buffer of ours. */
    public void count(DropReason reason) {
        counts[reason.ordinal()]++;
    }

    /** Ends the packet, which is core's. */
    public void drop(PooledBuffer packet, DropReason reason) {
        counts[reason.ordinal()]++;
        packet.release();
    }

    public long of(DropReason reason) {
        return counts[reason.ordinal()];
    }

    /** The reasons that occurred. */
    public Map<String, Object> snapshot() {
        Map<String, Object> snapshot = new LinkedHashMap<>();
        for (DropReason reason : REASONS) {
            if (counts[reason.ordinal()] != 0) {
                snapshot.put(reason.name(), counts[reason.ordinal()]);
            }
        }
        return snapshot;
    }
}

package io.culvert.tunnel.openvpn;

import java.util.Arrays;

/** The timers of one session: monotonic times, in nanoseconds. */
final class Deadlines {
    enum Kind {
        /** A control packet is sent again. */
        CONTROL,
        /** The negotiation must be complete. */
        HANDSHAKE,
        /** Nothing was sent for long. */
        PING,
        /** Nothing was heard for long. */
        SILENCE,
        /** A new key is due. */
        REKEY,
        /** The key before the current one is forgotten. */
        EXPIRE,
        /** The client has moved and is not yet found at its new address. */
        MOVE,
        /** The record is written (again). */
        SAVE,
        /** A session that was told to go is gone. */
        LEAVE
    }

    private static final long NEVER = Long.MAX_VALUE;

    private final long[] at = new long[Kind.values().length];
    private long earliest = NEVER;

    Deadlines() {
        Arrays.fill(at, NEVER);
    }

    void set(Kind kind, long timeNs) {
        at[kind.ordinal()] = timeNs;
        update();
    }

    /** Moves a deadline to {@code timeNs} unless it is earlier already. */
    void earlier(Kind kind, long timeNs) {
        if (timeNs < at[kind.ordinal()]) {
            set(kind, timeNs);
        }
    }

    /** Moves a deadline to {@code timeNs} unless it is later already or not set. */
    void later(Kind kind, long timeNs) {
        if (at[kind.ordinal()] != NEVER && timeNs > at[kind.ordinal()]) {
            set(kind, timeNs);
        }
    }

    void clear(Kind kind) {
        set(kind, NEVER);
    }

    void clearAll() {
        Arrays.fill(at, NEVER);
        earliest = NEVER;
    }

    /** True, and cleared, when the deadline has passed. */
    boolean due(Kind kind, long nowNs) {
        if (at[kind.ordinal()] > nowNs) {
            return false;
        }
        clear(kind);
        return true;
    }

    long earliest() {
        return earliest;
    }

    private void update() {
        long least = NEVER;
        for (long time : at) {
            least = Math.min(least, time);
        }
        earliest = least;
    }
}

package io.culvert.api.status;

import io.culvert.api.tunnel.CloseCause;
import java.util.EnumMap;
import java.util.Map;

/**
 * The packet path at one moment. Counters only ever grow while core runs, over updates of every other module: the
 * difference of two snapshots is what happened between them.
 *
 * @param timeNs when, as {@link System#nanoTime}
 * @param sessions that live, half-open ones included
 * @param tunnels by tunnel instance, as {@code openvpn/udp}; those that are gone stay
 * @param tls the TLS handshakes, first ones and later ones alike, by the module whose engines ran them, as
 *     {@code tls.jsse/0.1.0}; those that are gone stay
 * @param drops packets that were dropped, by reason
 * @param longestPauseNs the longest time that some packet loop moved no packets while there may have been some, be it for
 *     a hand-over or for one long round, since core began or {@link PathWatch#resetPause}
 * @param moves the latest move of sessions from one module to another, by kind: {@code tunnel openvpn/udp}, {@code tls}
 * @param waiting tunnel modules that wait for the one in force to leave, by instance, as {@code openvpn/udp}
 */
public record PathStatus(
        long timeNs,
        int sessions,
        Map<String, Tunnel> tunnels,
        Map<String, Handshakes> tls,
        Map<String, Long> drops,
        long longestPauseNs,
        Map<String, Move> moves,
        Map<String, Waiting> waiting) {
    /** Of a core that does not run. */
    public static final PathStatus NONE = new PathStatus(0, 0, Map.of(), Map.of(), Map.of(), 0, Map.of(), Map.of());

    public PathStatus {
        tunnels = Map.copyOf(tunnels);
        tls = Map.copyOf(tls);
        drops = Map.copyOf(drops);
        moves = Map.copyOf(moves);
        waiting = Map.copyOf(waiting);
    }

    /** The first negotiations of all tunnels. */
    public Handshakes handshakes() {
        return tunnels.values().stream().map(Tunnel::handshakes).reduce(Handshakes.NONE, Handshakes::plus);
    }

    /** The inner packets of all tunnels. */
    public Traffic traffic() {
        return tunnels.values().stream().map(Tunnel::traffic).reduce(Traffic.NONE, Traffic::plus);
    }

    /** Packets that were dropped for whatever reason. */
    public long dropped() {
        return drops.values().stream().mapToLong(Long::longValue).sum();
    }

    /**
     * One tunnel instance.
     *
     * @param module in force, as {@code tunnel.openvpn/0.1.0}; empty while there is none
     * @param sessions that live, half-open ones included
     * @param handshakes from the first authentic packet until the session is established
     * @param ended established sessions that ended, by cause
     */
    public record Tunnel(
            String module, int sessions, Handshakes handshakes, Map<CloseCause.Kind, Long> ended, Traffic traffic) {
        public Tunnel {
            ended = Map.copyOf(ended);
        }
    }

    /**
     * What became of handshakes.
     *
     * @param begun so many; those that neither completed nor failed are under way
     * @param failed by cause
     */
    public record Handshakes(long begun, long completed, Map<CloseCause.Kind, Long> failed) {
        public static final Handshakes NONE = new Handshakes(0, 0, Map.of());

        public Handshakes {
            failed = Map.copyOf(failed);
        }

        /** How many failed for whatever cause. */
        public long failures() {
            return failed.values().stream().mapToLong(Long::longValue).sum();
        }

        /** Both together. */
        public Handshakes plus(Handshakes other) {
            Map<CloseCause.Kind, Long> sum = new EnumMap<>(CloseCause.Kind.class);
            sum.putAll(failed);
            other.failed.forEach((kind, count) -> sum.merge(kind, count, Long::sum));
            return new Handshakes(begun + other.begun, completed + other.completed, sum);
        }
    }

    /** Inner packets; in is from the peers. */
    public record Traffic(long packetsIn, long bytesIn, long packetsOut, long bytesOut) {
        public static final Traffic NONE = new Traffic(0, 0, 0, 0);

        /** Both together. */
        public Traffic plus(Traffic other) {
            return new Traffic(
                    packetsIn + other.packetsIn,
                    bytesIn + other.bytesIn,
                    packetsOut + other.packetsOut,
                    bytesOut + other.bytesOut);
        }
    }

    /**
     * Sessions on their way from one module to another.
     *
     * @param to the module, as {@code tls.jsse/0.1.1}
     * @param done so many of {@code total} are there; those that ended on the way count as there
     * @param pauseNs for how long no packets moved; 0 when they never stopped
     */
    public record Move(String to, int done, int total, long pauseNs) {}

    /**
     * A module that waits in the wings.
     *
     * @param module as {@code tunnel.openvpn/0.1.1}
     * @param ready whether it was warmed up, and was shown the stored records of the sessions it is to take over
     * @param problem why it cannot take sessions over, in one line; empty when it can, as far as is known
     */
    public record Waiting(String module, boolean ready, String problem) {}
}

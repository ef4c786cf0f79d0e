package io.culvert.core.bus;

import io.culvert.api.status.PathStatus;
import io.culvert.api.status.PathStatus.Handshakes;
import io.culvert.api.status.PathStatus.Traffic;
import io.culvert.api.tunnel.CloseCause;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** What is told of the packet path: the loops' counters together, pauses, and sessions that move. Threads: any. */
final class PathMeter {
    private final PacketLoop[] loops;
    private final AtomicLong longestPauseNs = new AtomicLong();
    private final Map<String, PathStatus.Move> moves = new ConcurrentHashMap<>();

    PathMeter(PacketLoop[] loops) {
        this.loops = loops;
    }

    /** Some packets had to wait for so long. */
    void paused(long ns) {
        longestPauseNs.accumulateAndGet(ns, Math::max);
    }

    long longestPauseNs() {
        long longest = longestPauseNs.get();
        for (PacketLoop loop : loops) {
            longest = Math.max(longest, loop.longestRoundNs());
        }
        return longest;
    }

    long reset() {
        long longest = longestPauseNs();
        longestPauseNs.set(0);
        for (PacketLoop loop : loops) {
            loop.commands.post(loop::resetLongestRound);
        }
        return longest;
    }

    void moved(String kind, PathStatus.Move move) {
        moves.put(kind, move);
    }

    Map<String, PathStatus.Move> moves() {
        return moves;
    }

    Map<String, Long> drops() {
        Map<String, Long> drops = new HashMap<>();
        for (PacketLoop loop : loops) {
            loop.drops.snapshot().forEach((reason, count) -> drops.merge(reason, ((Number) count).longValue(), Long::sum));
        }
        return drops;
    }

    int sessions() {
        return Arrays.stream(loops).mapToInt(PacketLoop::sessionCount).sum();
    }

    /** @param inForce the modules in force, by instance; all others have none */
    Map<String, PathStatus.Tunnel> tunnels(Map<String, String> inForce) {
        Map<String, PathStatus.Tunnel> tunnels = new HashMap<>();
        for (PacketLoop loop : loops) {
            loop.protocols().counters().forEach((instance, counters) -> {
                var here = new PathStatus.Tunnel(
                        inForce.getOrDefault(instance, ""),
                        counters.sessions(),
                        counters.handshakes(),
                        counters.ended(),
                        counters.traffic());
                tunnels.merge(instance, here, PathMeter::sum);
            });
        }
        inForce.forEach((instance, module) -> tunnels.putIfAbsent(
                instance, new PathStatus.Tunnel(module, 0, Handshakes.NONE, Map.of(), Traffic.NONE)));
        return tunnels;
    }

    private static PathStatus.Tunnel sum(PathStatus.Tunnel one, PathStatus.Tunnel other) {
        Map<CloseCause.Kind, Long> ended = new EnumMap<>(CloseCause.Kind.class);
        ended.putAll(one.ended());
        other.ended().forEach((kind, count) -> ended.merge(kind, count, Long::sum));
        return new PathStatus.Tunnel(
                one.module(),
                one.sessions() + other.sessions(),
                one.handshakes().plus(other.handshakes()),
                ended,
                one.traffic().plus(other.traffic()));
    }
}

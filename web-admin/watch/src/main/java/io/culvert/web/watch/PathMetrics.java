package io.culvert.web.watch;

import io.culvert.api.packet.DropReason;
import io.culvert.api.status.PathStatus;
import io.culvert.api.tunnel.CloseCause;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The packet path: sessions, traffic, handshakes, drops, ends and moves, all read from one snapshot. */
final class PathMetrics implements MultiCollector {
    private final Supplier<PathStatus> path;

    PathMetrics(Supplier<PathStatus> path) {
        this.path = path;
    }

    @Override
    public MetricSnapshots collect() {
        PathStatus now = path.get();
        Family info = Family.gauge("culvert_tunnel_module", "The module that serves a tunnel: 1.", "tunnel", "module", "version");
        Family sessions = Family.gauge("culvert_sessions", "Live sessions, half-open ones included.", "tunnel");
        Family begun = Family.counter("culvert_handshakes_begun", "Handshakes from the first authentic packet on.", "tunnel");
        Family handshakes = Family.counter(
                "culvert_handshakes", "Handshakes that ended: completed, or by why they failed.", "tunnel", "outcome");
        Family packets = Family.counter("culvert_packets", "Inner packets; in is from the peers.", "tunnel", "direction");
        Family bytes = Family.counter("culvert_bytes", "Bytes of inner packets; in is from the peers.", "tunnel", "direction");
        Family ended = Family.counter("culvert_sessions_ended", "Established sessions that ended.", "tunnel", "cause");
        new TreeMap<>(now.tunnels()).forEach((name, tunnel) -> {
            if (!tunnel.module().isEmpty()) {
                info.add(1, name, id(tunnel.module()), version(tunnel.module()));
            }
            sessions.add(tunnel.sessions(), name);
            begun.add(tunnel.handshakes().begun(), name);
            outcomes(handshakes, tunnel.handshakes(), name);
            packets.add(tunnel.traffic().packetsIn(), name, "in").add(tunnel.traffic().packetsOut(), name, "out");
            bytes.add(tunnel.traffic().bytesIn(), name, "in").add(tunnel.traffic().bytesOut(), name, "out");
            for (CloseCause.Kind cause : CloseCause.Kind.values()) {
                ended.add(tunnel.ended().getOrDefault(cause, 0L), name, word(cause.name()));
            }
        });
        Family tls = Family.counter(
                "culvert_tls_handshakes", "TLS handshakes, later ones included, by who ran them.", "module", "version", "outcome");
        new TreeMap<>(now.tls()).forEach((module, each) -> outcomes(tls, each, id(module), version(module)));
        return new MetricSnapshots(List.of(
                info.read(), sessions.read(), begun.read(), handshakes.read(), packets.read(), bytes.read(), ended.read(),
                tls.read(), drops(now).read(),
                Family.gauge("culvert_longest_pause_seconds", "The longest time that a packet loop moved no packets.")
                        .add(now.longestPauseNs() / 1e9)
                        .read(),
                moving(now).read(), pauses(now).read(), waiting(now).read()));
    }

    private static void outcomes(Family family, PathStatus.Handshakes handshakes, String... labels) {
        family.add(handshakes.completed(), with(labels, "completed"));
        for (CloseCause.Kind cause : CloseCause.Kind.values()) {
            Long failed = handshakes.failed().get(cause);
            if (failed != null) {
                family.add(failed, with(labels, word(cause.name())));
            }
        }
    }

    private static Family drops(PathStatus now) {
        Family drops = Family.counter("culvert_drops", "Packets that were dropped.", "reason");
        Map<String, Long> counts = new TreeMap<>(now.drops());
        for (DropReason reason : DropReason.values()) {
            counts.putIfAbsent(reason.name(), 0L);
        }
        counts.forEach((reason, count) -> drops.add(count, word(reason)));
        return drops;
    }

    private static Family moving(PathStatus now) {
        Family moving = Family.gauge(
                "culvert_move_sessions", "Sessions of the latest move to another module.", "kind", "to", "state");
        now.moves().forEach((kind, move) -> moving
                .add(move.done(), kind, move.to(), "moved")
                .add(move.total() - move.done(), kind, move.to(), "left"));
        return moving;
    }

    private static Family pauses(PathStatus now) {
        Family pauses = Family.gauge(
                "culvert_move_pause_seconds", "For how long no packets moved in the latest move.", "kind", "to");
        now.moves().forEach((kind, move) -> pauses.add(move.pauseNs() / 1e9, kind, move.to()));
        return pauses;
    }

    private static Family waiting(PathStatus now) {
        Family waiting = Family.gauge(
                "culvert_tunnel_waiting", "A module that waits to take a tunnel over: 1 when it is ready.", "tunnel", "module");
        now.waiting().forEach((tunnel, each) -> waiting.add(each.ready() ? 1 : 0, tunnel, each.module()));
        return waiting;
    }

    private static String[] with(String[] labels, String last) {
        String[] all = java.util.Arrays.copyOf(labels, labels.length + 1);
        all[labels.length] = last;
        return all;
    }

    private static String word(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    /** {@code tls.jsse} of {@code tls.jsse/0.1.0}. */
    static String id(String module) {
        return module.contains("/") ? module.substring(0, module.indexOf('/')) : module;
    }

    static String version(String module) {
        return module.contains("/") ? module.substring(module.indexOf('/') + 1) : "";
    }
}

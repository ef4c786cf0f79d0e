package io.culvert.web.watch;

import io.culvert.api.config.ModuleSettings;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.status.PathStatus;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.status.TunnelStatus;
import io.culvert.api.tunnel.CloseCause.Kind;
import io.culvert.api.tunnel.Transport;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An appliance at one moment, with something of everything. */
final class Samples {
    static final Instant NOW = Instant.parse("2026-05-04T03:14:00Z");

    static final PathStatus PATH = new PathStatus(
            1,
            3,
            Map.of("openvpn/udp", new PathStatus.Tunnel(
                    "tunnel.openvpn/0.1.0",
                    3,
                    new PathStatus.Handshakes(10, 6, Map.of(Kind.TLS_FAILED, 2L)),
                    Map.of(Kind.PEER_EXIT, 4L),
                    new PathStatus.Traffic(100, 1_000, 200, 2_000))),
            Map.of("tls.jsse/0.1.0", new PathStatus.Handshakes(10, 9, Map.of(Kind.TLS_FAILED, 1L))),
            Map.of("REPLAYED", 7L),
            2_500_000,
            Map.of("tls", new PathStatus.Move("tls.jsse/0.1.1", 2, 3, 1_000_000)),
            Map.of("openvpn/udp", new PathStatus.Waiting("tunnel.openvpn/0.1.1", true, "")));

    private Samples() {}

    static SessionStatus session(Instant since) {
        return new SessionStatus(
                1, "openvpn", "udp", Optional.empty(), Optional.empty(), Transport.UDP,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 1), since, true, 0, 0, 0, 0,
                new TunnelStatus("active", "", "", ""),
                Map.of("tunnel", "tunnel.openvpn/0.1.0", "tls", "tls.jsse/0.1.0"));
    }

    static List<ModuleSettings.State> states(String state) {
        return List.of(new ModuleSettings.State("pki", "0.1.0", state, ""));
    }

    static HealthCheck part(String name, Map<String, Object> facts) {
        return new HealthCheck() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Map<String, Object> status() {
                return facts;
            }
        };
    }

    /** All metrics of that moment. */
    static Metrics metrics() {
        var changes = new ChangeCounts(Optional::empty);
        var metrics = new Metrics()
                .with(new PathMetrics(() -> PATH))
                .with(new PartMetrics(
                        () -> List.of(session(NOW)),
                        () -> states("running"),
                        () -> List.of(part("core", Map.of("pool", Map.of("buffers", 5), "problem", "x")), broken()),
                        changes::read));
        var times = new SessionTimes(metrics.registry(), () -> NOW);
        times.started(session(NOW.minusMillis(120)));
        times.ended(session(NOW.minusSeconds(120)), io.culvert.api.tunnel.CloseCause.silently(Kind.PEER_EXIT, ""));
        return metrics;
    }

    private static HealthCheck broken() {
        return new HealthCheck() {
            @Override
            public String name() {
                return "broken";
            }

            @Override
            public Map<String, Object> status() {
                throw new IllegalStateException("gone");
            }
        };
    }
}

package io.culvert.it.watch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.Netns;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Prometheus reads the metrics of a real session over HTTP/2, a stranger does not, and a load balancer sees it drain. */
@RequiresRoot
class MetricsIT {
    private static final Duration CALL = Duration.ofSeconds(20);

    @Test
    void shouldTellWhatASessionDoesAndWhetherClientsMayCome() {
        try (var lab = Lab.open("metrics", 1)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(
                    List.of("redirectGateway: false"), List.of("udp: { transport: udp, port: 1194 }"), "web.rest",
                    "web.watch");
            appliance.up();
            appliance.process().await("web: listening", CALL);
            appliance.cli("user", "add", "alice").ok();
            var host = lab.client(1);
            try (var client = OpenVpnClient.start(
                    lab, host, "alice", appliance.profile("alice", Lab.serverIpv4(1), "udp", ""))) {
                client.awaitConnected();
                assertEquals(3, host.ping("10.8.0.1", 3));

                String metrics = get(lab.server, "https://127.0.0.1:8443/metrics");
                assertTrue(metrics.endsWith("200 2"), "over HTTP/2: " + metrics);
                has(metrics, "culvert_sessions{tunnel=\"openvpn/udp\"} 1.0");
                has(metrics, "culvert_handshakes_total{outcome=\"completed\",tunnel=\"openvpn/udp\"} 1.0");
                has(metrics, "culvert_session_setup_seconds_count{module=\"tunnel.openvpn\",version=\"0.1.0\"} 1");
                assertTrue(metrics.contains("culvert_loop_busy_seconds_total{loop=\"0\"}"), metrics);
                assertTrue(metrics.contains("culvert_sessions_served{kind=\"cipher\""), metrics);

                String stranger = get(host, "https://" + Lab.serverIpv4(1) + ":8443/metrics");
                assertTrue(stranger.endsWith("401 2"), stranger);

                assertTrue(health(host, "ready").endsWith("200 2"));
                appliance.cli("drain").ok();
                assertTrue(health(host, "ready").endsWith("503 2"));
                assertTrue(health(host, "draining").endsWith("200 2"));
                assertTrue(health(host, "live").endsWith("200 2"));
                assertEquals(3, host.ping("10.8.0.1", 3), "sessions go on");
                appliance.cli("drain", "--off").ok();
                assertTrue(health(host, "ready").endsWith("200 2"));
            }
        }
    }

    private static void has(String metrics, String line) {
        assertTrue(metrics.lines().anyMatch(line::equals), () -> line + " is not in\n" + metrics);
    }

    private static String health(Netns from, String what) {
        return get(from, "https://" + Lab.serverIpv4(1) + ":8443/health/" + what);
    }

    /** The answer, then its status and the version of HTTP. */
    private static String get(Netns from, String url) {
        return from.exec(CALL, "curl", "-sk", "--max-time", "15", "-w", "\n%{http_code} %{http_version}", url).output().strip();
    }
}

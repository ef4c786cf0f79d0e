package io.culvert.web.watch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.culvert.api.command.Command;
import io.culvert.api.status.PathStatus;
import io.culvert.api.web.Caller;
import io.culvert.api.web.Role;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class MetricsTest {
    private static String text(String accept) throws IOException {
        return new String(Samples.metrics().read(accept).body(), UTF_8);
    }

    private static void has(String text, String line) {
        assertTrue(text.lines().anyMatch(line::equals), () -> line + " is not in\n" + text);
    }

    // ---- what is told

    @Test
    void shouldTellOfTheWholePath() throws IOException {
        String text = text("");
        has(text, "culvert_sessions{tunnel=\"openvpn/udp\"} 3.0");
        has(text, "culvert_tunnel_module{module=\"tunnel.openvpn\",tunnel=\"openvpn/udp\",version=\"0.1.0\"} 1.0");
        has(text, "culvert_handshakes_total{outcome=\"completed\",tunnel=\"openvpn/udp\"} 6.0");
        has(text, "culvert_handshakes_total{outcome=\"tls_failed\",tunnel=\"openvpn/udp\"} 2.0");
        has(text, "culvert_tls_handshakes_total{module=\"tls.jsse\",outcome=\"completed\",version=\"0.1.0\"} 9.0");
        has(text, "culvert_bytes_total{direction=\"out\",tunnel=\"openvpn/udp\"} 2000.0");
        has(text, "culvert_sessions_ended_total{cause=\"peer_exit\",tunnel=\"openvpn/udp\"} 4.0");
        has(text, "culvert_drops_total{reason=\"replayed\"} 7.0");
        has(text, "culvert_drops_total{reason=\"no_route\"} 0.0");
        has(text, "culvert_longest_pause_seconds 0.0025");
        has(text, "culvert_move_sessions{kind=\"tls\",state=\"left\",to=\"tls.jsse/0.1.1\"} 1.0");
        has(text, "culvert_sessions_served{kind=\"tls\",module=\"tls.jsse\",version=\"0.1.0\"} 1.0");
        has(text, "culvert_module{module=\"pki\",state=\"running\",version=\"0.1.0\"} 1.0");
        has(text, "culvert_status{fact=\"pool.buffers\",part=\"core\"} 5.0");
        has(text, "culvert_problem{part=\"core\"} 1.0");
        has(text, "culvert_problem{part=\"broken\"} 1.0");
        has(text, "culvert_session_setup_seconds_bucket{module=\"tunnel.openvpn\",version=\"0.1.0\",le=\"0.1\"} 0");
        has(text, "culvert_session_setup_seconds_bucket{module=\"tunnel.openvpn\",version=\"0.1.0\",le=\"0.25\"} 1");
        assertTrue(text.contains("jvm_memory_used_bytes") && text.contains("process_cpu_seconds_total"), text);
    }

    @Test
    void shouldSpeakOpenMetricsToWhoAsksForIt() throws IOException {
        assertTrue(text("application/openmetrics-text;version=1.0.0").endsWith("# EOF\n"));
        assertFalse(text("text/plain").contains("# EOF"));
    }

    @Test
    void shouldTellTheCpuTimeOfPacketLoops() throws Exception {
        var end = new java.util.concurrent.CountDownLatch(1);
        Thread loop = Thread.ofPlatform().name("culvert-loop-0").start(() -> {
            try {
                end.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        try {
            assertTrue(text("").contains("culvert_loop_busy_seconds_total{loop=\"0\"}"));
        } finally {
            end.countDown();
            loop.join();
        }
    }

    @Test
    void shouldTellNothingWhenNothingRuns() throws IOException {
        var metrics = new Metrics().with(new PathMetrics(() -> PathStatus.NONE));
        String text = new String(metrics.read("").body(), UTF_8);
        has(text, "culvert_drops_total{reason=\"no_route\"} 0.0");
    }

    @Test
    void shouldCountEachChangeOnceWhenItIsOver() {
        var changes = new ArrayList<Map<String, Object>>();
        changes.add(Map.of("id", 1, "kind", "update", "state", "kept"));
        Command list = new Command() {
            @Override
            public String name() {
                return "module changes";
            }

            @Override
            public Object run(Map<String, Object> arguments, Reply reply) {
                return changes;
            }
        };
        var counts = new ChangeCounts(() -> Optional.of(list));
        var kept = new ChangeCounts.Outcome("update", "kept");
        assertEquals(0, counts.read().get(kept), "from before");
        changes.add(Map.of("id", 2, "kind", "update", "state", "watching"));
        assertEquals(0, counts.read().get(kept));
        changes.set(1, Map.of("id", 2, "kind", "update", "state", "kept"));
        assertEquals(1, counts.read().get(kept));
        assertEquals(1, counts.read().get(kept));
        changes.add(Map.of("id", 3, "kind", "update", "state", "rolled-back"));
        assertEquals(1, counts.read().get(new ChangeCounts.Outcome("update", "rolled-back")));
    }

    // ---- who is told

    @Test
    void shouldTellNeighboursAndThoseWhoSignedInOnly() {
        var scrapers = Scrapers.of(new String[] {"127.0.0.0/8", "::1/128", "192.0.2.0/24"});
        assertTrue(scrapers.allows(nobody("127.0.0.1")));
        assertTrue(scrapers.allows(nobody("[::1]")));
        assertTrue(scrapers.allows(nobody("192.0.2.9")));
        assertFalse(scrapers.allows(nobody("198.51.100.1")));
        assertFalse(scrapers.allows(nobody("[fe80::1%eth0]")));
        assertFalse(scrapers.allows(nobody("nonsense")));
        assertTrue(scrapers.allows(new Caller("grafana", Role.VIEWER, Caller.Means.TOKEN, "198.51.100.1")));
        assertFalse(scrapers.allows(new Caller("alice", Role.SELF, Caller.Means.SESSION, "198.51.100.1")), "a VPN user");
    }

    private static Caller nobody(String from) {
        return new Caller("", Role.NONE, Caller.Means.NOTHING, from);
    }

    // ---- health

    @Test
    void shouldBeReadyWhileATunnelIsServedAndNothingFails() {
        assertTrue(new Health(() -> Samples.PATH, () -> Samples.states("running")).ready());
        assertFalse(new Health(() -> Samples.PATH, () -> Samples.states("fails")).ready());
        assertFalse(new Health(() -> PathStatus.NONE, () -> Samples.states("running")).ready());
        var health = new Health(() -> Samples.PATH, () -> Samples.states("running"));
        health.drain(true);
        assertTrue(health.draining() && !health.ready());
        health.drain(false);
        assertTrue(health.ready());
    }

    // ---- the dashboard

    @Test
    void shouldAskInTheDashboardForMetricsThatThereAre() throws IOException {
        Set<String> names = new HashSet<>();
        text("").lines().filter(line -> !line.startsWith("#")).forEach(line -> names.add(line.split("[{ ]")[0]));
        // Only there while packet loops run.
        names.add("culvert_loop_busy_seconds_total");
        var dashboard = JSON.std.mapFrom(WatchEndpoints.dashboard());
        var queries = new ArrayList<String>();
        for (Object panel : (List<?>) dashboard.get("panels")) {
            for (Object target : (List<?>) ((Map<?, ?>) panel).get("targets")) {
                queries.add(String.valueOf(((Map<?, ?>) target).get("expr")));
            }
        }
        assertTrue(queries.size() > 20, "queries: " + queries.size());
        var metric = Pattern.compile("\\b((?:culvert|jvm|process)_[a-z_]+)");
        for (String query : queries) {
            var asked = metric.matcher(query).results().map(found -> found.group(1)).toList();
            assertFalse(asked.isEmpty(), query);
            assertTrue(names.containsAll(asked), () -> query + " asks for what is not in " + names);
        }
    }
}

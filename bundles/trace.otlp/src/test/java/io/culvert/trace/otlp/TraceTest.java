package io.culvert.trace.otlp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.culvert.api.command.Command;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.status.TunnelStatus;
import io.culvert.api.tunnel.Transport;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TraceTest {
    private static final Instant NOW = Instant.parse("2026-05-04T03:14:00Z");

    private final LinkedBlockingQueue<String> bodies = new LinkedBlockingQueue<>();
    private final LinkedBlockingQueue<String> headers = new LinkedBlockingQueue<>();
    private volatile int status = 200;
    private HttpServer collector;
    private OtlpExporter exporter;

    @BeforeEach
    void listen() throws Exception {
        collector = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/v1/traces", exchange -> {
            headers.add(exchange.getRequestHeaders().getFirst("Content-Type") + " "
                    + exchange.getRequestHeaders().getFirst("Authorization"));
            bodies.add(new String(exchange.getRequestBody().readAllBytes(), ISO_8859_1));
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        collector.start();
        exporter = new OtlpExporter(
                URI.create("http://127.0.0.1:" + collector.getAddress().getPort() + "/v1/traces"), "Bearer t");
    }

    @AfterEach
    void close() {
        collector.stop(0);
    }

    private static SessionStatus session() {
        return new SessionStatus(
                0x7f3a, "openvpn", "udp", Optional.empty(), Optional.empty(), Transport.UDP,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 1), NOW.minusMillis(120), true, 0, 0, 0, 0,
                new TunnelStatus("active", "AES-256-GCM", "TLSv1.3", ""), Map.of("tls", "tls.jsse/0.1.0"));
    }

    private static Map<String, Object> change(int id, String state) {
        return Map.of(
                "id", id, "kind", "update", "module", "tls.jsse", "from", "0.1.0", "version", "0.1.1", "state", state,
                "reason", "handshakes fail", "created", NOW.toString(), "updated", NOW.plusSeconds(9).toString(),
                "steps", List.of(Map.of("time", NOW.plusSeconds(1).toString(), "line", "staged beside the old one")));
    }

    @Test
    void shouldSendHandshakesAndChangesToTheCollector() throws Exception {
        var provider = TraceOtlpComponent.provider(exporter, "my-vpn", "0.1.0");
        var spans = new Spans(provider.get("io.culvert"), () -> NOW, 100);
        spans.started(session());
        spans.change(change(1, "rolled-back"));
        assertTrue(provider.shutdown().join(10, TimeUnit.SECONDS).isSuccess());
        String body = String.valueOf(bodies.poll(10, TimeUnit.SECONDS));
        for (String text : List.of(
                "my-vpn", "handshake", "openvpn/udp", "7f3a", "tls.jsse/0.1.0", "change update", "staged beside the old one",
                "handshakes fail")) {
            assertTrue(body.contains(text), text);
        }
        assertEquals("application/x-protobuf Bearer t", headers.poll());
        assertEquals(2, exporter.sent());
        assertEquals("", exporter.problem());
    }

    @Test
    void shouldTraceNoHandshakesWhenToldSo() throws Exception {
        var provider = TraceOtlpComponent.provider(exporter, "my-vpn", "0.1.0");
        new Spans(provider.get("io.culvert"), () -> NOW, 0).started(session());
        provider.shutdown().join(10, TimeUnit.SECONDS);
        assertTrue(bodies.isEmpty());
    }

    @Test
    void shouldSayThatTheCollectorTakesNothing() throws Exception {
        status = 503;
        var provider = TraceOtlpComponent.provider(exporter, "my-vpn", "0.1.0");
        new Spans(provider.get("io.culvert"), () -> NOW, 100).started(session());
        provider.forceFlush().join(10, TimeUnit.SECONDS);
        assertEquals(1, exporter.lost());
        assertTrue(exporter.problem().contains("HTTP 503"), exporter.problem());
        assertFalse(exporter.problem().contains("Bearer"));
        provider.shutdown().join(10, TimeUnit.SECONDS);
    }

    @Test
    void shouldTellOfEachChangeOnceWhenItIsOver() throws Exception {
        var list = new ArrayList<Map<String, Object>>(List.of(change(1, "kept")));
        Command command = new Command() {
            @Override
            public String name() {
                return "module changes";
            }

            @Override
            public Object run(Map<String, Object> arguments, Reply reply) {
                return arguments.containsKey("change")
                        ? change(Integer.parseInt((String) arguments.get("change")), "kept")
                        : list;
            }
        };
        var told = new ArrayList<Object>();
        try (var changes = new Changes(() -> Optional.of(command), change -> told.add(change.get("id")))) {
            changes.look();
            list.add(change(2, "watching"));
            changes.look();
            assertEquals(List.of(), told);
            list.set(1, change(2, "kept"));
            changes.look();
            changes.look();
            assertEquals(List.of(2), told);
        }
    }
}

package io.culvert.log.syslog;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.api.config.ConfigException;
import io.culvert.api.log.LogRecord;
import io.culvert.testsupport.Eventually;
import io.culvert.testsupport.RsyslogServer;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a real rsyslogd. */
class RsyslogTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir
    static Path home;

    private static RsyslogServer server;

    @BeforeAll
    static void start() throws IOException {
        assumeTrue(RsyslogServer.isInstalled(), "rsyslog or rsyslog-gnutls is not installed");
        server = RsyslogServer.start(home.resolve("rsyslog"));
    }

    @AfterAll
    static void stop() throws InterruptedException {
        if (server != null) {
            server.close();
        }
    }

    private static SyslogSink sink(String transport, Map<String, Object> more) {
        var values = new HashMap<String, Object>(Map.of(
                "transport", transport,
                "port", switch (transport) {
                    case "udp" -> server.udpPort;
                    case "tcp" -> server.tcpPort;
                    default -> server.tlsPort;
                },
                "facility", "local4",
                "hostName", "gate"));
        if (transport.equals("tls")) {
            values.putAll(Map.of(
                    "trust", server.authority().toString(),
                    "certificate", "rsyslog/client.pem",
                    "key", "rsyslog/client.key"));
        }
        values.putAll(more);
        return new SyslogSink(settings(values), home);
    }

    private static SyslogSink.Settings settings(Map<String, Object> values) {
        return (SyslogSink.Settings) Proxy.newProxyInstance(
                RsyslogTest.class.getClassLoader(),
                new Class<?>[] {SyslogSink.Settings.class},
                (proxy, method, arguments) -> values.getOrDefault(method.getName(), method.getDefaultValue()));
    }

    private static LogRecord entry(String message) {
        return SyslogFormatTest.entry(LogRecord.Level.WARN, 7, "main", message, Optional.empty());
    }

    private static List<String> texts(String begin) {
        return server.messages().stream()
                .map(line -> line.substring(line.lastIndexOf('|') + 1))
                // rsyslogd keeps the byte order mark.
                .map(text -> text.startsWith("\ufeff") ? text.substring(1) : text)
                .filter(text -> text.startsWith(begin))
                .toList();
    }

    private static void awaitTexts(String begin, List<String> expected) {
        Eventually.await(SOON, () -> begin + ": " + texts(begin), () -> texts(begin).size() >= expected.size());
        assertEquals(expected, texts(begin));
    }

    @ParameterizedTest
    @ValueSource(strings = {"udp", "tcp", "tls"})
    void shouldBeUnderstood(String transport) throws IOException {
        var sink = sink(transport, Map.of());
        sink.write(List.of(entry(transport + " peer=J\u00fcrgen \"x\" ]"), entry(transport + " plain")));
        awaitTexts(transport + " ", List.of(transport + " peer=J\u00fcrgen \"x\" ]", transport + " plain"));
        String line = server.messages().stream().filter(m -> m.endsWith(transport + " plain")).findFirst().orElseThrow();
        var parts = line.split("\\|");
        assertEquals("164", parts[0]);
        assertTrue(parts[1].startsWith("2003-10-11T22:14:15.003"), line);
        assertEquals("gate", parts[2]);
        assertEquals("culvert", parts[3]);
        assertEquals("tunnel.openvpn", parts[5]);
        assertTrue(parts[6].startsWith("[meta sequenceId=\"7\"][culvert@32473 run=\"00000000000000ff\" sequence=\"7\""), line);
        assertEquals(2L, sink.status().get("sent"));
        sink.deactivate();
    }

    @ParameterizedTest
    @ValueSource(strings = {"udp", "tcp", "tls"})
    void shouldFailWhileTheReceiverIsDeadAndGoOnAfterwards(String transport) throws Exception {
        String begin = transport + "-death";
        var sink = sink(transport, Map.of());
        var before = numbered(begin, 0, 100);
        sink.write(before.stream().map(RsyslogTest::entry).toList());
        awaitTexts(begin, before);
        server.kill();
        var during = numbered(begin, 100, 200);
        var batch = during.stream().map(RsyslogTest::entry).toList();
        assertThrows(IOException.class, () -> sink.write(batch));
        assertThrows(IOException.class, () -> sink.write(batch));
        server.start();
        sink.write(batch);
        awaitTexts(begin, numbered(begin, 0, 200));
        sink.deactivate();
    }

    private static List<String> numbered(String begin, int from, int until) {
        return IntStream.range(from, until).mapToObj(i -> "%s %04d".formatted(begin, i)).toList();
    }

    @Test
    void shouldNotTrustAnotherAuthorityNorAnotherName() throws IOException {
        var name = sink("tls", Map.of("serverName", "elsewhere.example.org"));
        assertThrows(IOException.class, () -> name.write(List.of(entry("untrusted"))));
        Path other = home.resolve("other.pem");
        Files.copy(server.clientChain(), other);
        var authority = sink("tls", Map.of("trust", "other.pem"));
        assertThrows(IOException.class, () -> authority.write(List.of(entry("untrusted"))));
        assertEquals(List.of(), texts("untrusted"));
    }

    @Test
    void shouldRefuseWhatCannotWork() {
        assertEquals("facility", refused("udp", Map.of("facility", "local9")));
        assertEquals("transport", refused("sctp", Map.of("port", 1)));
        assertEquals("maxBytes", refused("udp", Map.of("maxBytes", 100)));
        assertEquals("dataId", refused("udp", Map.of("dataId", "culvert")));
        assertEquals("trust", refused("tls", Map.of("trust", "missing.pem")));
        assertEquals("key", refused("tls", Map.of("key", "")));
        assertEquals("key", refused("tls", Map.of("key", "rsyslog/client.pem")));
    }

    private static String refused(String transport, Map<String, Object> values) {
        return assertThrows(ConfigException.class, () -> sink(transport, values)).attribute();
    }
}

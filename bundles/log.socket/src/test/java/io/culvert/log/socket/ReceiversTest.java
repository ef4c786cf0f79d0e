package io.culvert.log.socket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.api.config.ConfigException;
import io.culvert.api.log.LogRecord;
import io.culvert.log.support.Json;
import io.culvert.testsupport.Eventually;
import io.culvert.testsupport.RsyslogServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against real receivers: rsyslogd for lines, ncat for TLS and for GELF in a stream. */
class ReceiversTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir
    Path home;

    private SocketSink sink(Map<String, Object> values) {
        var settings = (SocketSink.Settings) Proxy.newProxyInstance(
                ReceiversTest.class.getClassLoader(),
                new Class<?>[] {SocketSink.Settings.class},
                (proxy, method, arguments) -> values.getOrDefault(method.getName(), method.getDefaultValue()));
        return new SocketSink(settings, home);
    }

    private static List<LogRecord> entries(String begin, int from, int until) {
        return IntStream.range(from, until)
                .mapToObj(i -> GelfTest.entry("%s %04d \u00fc".formatted(begin, i), Optional.empty()))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "unix"})
    void shouldGoOnWithLinesWhenTheReceiverIsBack(String transport) throws Exception {
        assumeTrue(RsyslogServer.isInstalled(), "rsyslog or rsyslog-gnutls is not installed");
        try (var server = RsyslogServer.start(home.resolve("rsyslog"))) {
            var sink = sink(Map.of("transport", transport, "port", server.linesPort, "path", "rsyslog/lines.sock"));
            var all = entries(transport, 0, 200);
            sink.write(all.subList(0, 100));
            Eventually.await(SOON, () -> "too few lines: " + server.lines().size(), () -> server.lines().size() >= 100);
            server.kill();
            assertThrows(IOException.class, () -> sink.write(all.subList(100, 200)));
            assertThrows(IOException.class, () -> sink.write(all.subList(100, 200)));
            server.start();
            sink.write(all.subList(100, 200));
            Eventually.await(SOON, () -> "too few lines: " + server.lines().size(), () -> server.lines().size() >= 200);
            assertEquals(all.stream().map(Json::entry).toList(), server.lines());
            assertEquals(200L, sink.status().get("sent"));
            sink.deactivate();
        }
    }

    @Test
    void shouldSendGelfOverTls() throws Exception {
        assumeTrue(RsyslogServer.isInstalled(), "rsyslog or rsyslog-gnutls is not installed");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/ncat")), "ncat is not installed");
        // Borrowed for its certificates and a port.
        var server = RsyslogServer.start(home.resolve("rsyslog"));
        server.close();
        Path out = home.resolve("out");
        var ncat = new ProcessBuilder(
                        "ncat", "-l", "127.0.0.1", String.valueOf(server.tlsPort), "--ssl", "--ssl-cert",
                        "rsyslog/server.pem", "--ssl-key", "rsyslog/server.key")
                .directory(home.toFile())
                .redirectOutput(out.toFile())
                .redirectError(home.resolve("ncat.log").toFile())
                .start();
        try {
            var sink = sink(Map.of(
                    "transport", "tls", "format", "gelf", "port", server.tlsPort, "hostName", "gate",
                    "trust", "rsyslog/authority.pem"));
            var all = entries("tls", 0, 3);
            Eventually.await(SOON, () -> "ncat does not listen", () -> {
                sink.write(all);
                return true;
            });
            String expected = String.join("", all.stream().map(each -> Gelf.message(each, "gate") + '\0').toList());
            Eventually.await(SOON, () -> "not received", () -> Files.readString(out).equals(expected));
            sink.deactivate();
        } finally {
            ncat.destroyForcibly().waitFor();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldSendGelfInChunks(boolean compress) throws Exception {
        try (var receiver = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            receiver.setSoTimeout((int) SOON.toMillis());
            var values = new HashMap<String, Object>(Map.of("transport", "udp", "format", "gelf", "hostName", "gate"));
            values.putAll(Map.of("host", "127.0.0.1", "port", receiver.getLocalPort(), "compress", compress));
            var sink = sink(values);
            byte[] noise = new byte[4000];
            new Random(1).nextBytes(noise);
            var large = GelfTest.entry("noise " + HexFormat.of().formatHex(noise), Optional.empty());
            var small = GelfTest.entry("small", Optional.empty());
            sink.write(List.of(large, small));
            assertEquals(Gelf.message(large, "gate"), received(receiver, compress));
            assertEquals(Gelf.message(small, "gate"), received(receiver, compress));
            sink.deactivate();
        }
    }

    /** One message, put together as GELF demands it of a receiver. */
    private static String received(DatagramSocket receiver, boolean compressed) throws IOException {
        var parts = new TreeMap<Integer, byte[]>();
        int expected = 1;
        while (parts.size() < expected) {
            var packet = new DatagramPacket(new byte[65536], 65536);
            receiver.receive(packet);
            assertTrue(packet.getLength() <= 1420, "length " + packet.getLength());
            var bytes = Arrays.copyOf(packet.getData(), packet.getLength());
            if (ByteBuffer.wrap(bytes).getShort() == 0x1e0f) {
                expected = bytes[11];
                parts.put((int) bytes[10], Arrays.copyOfRange(bytes, 12, bytes.length));
            } else {
                parts.put(0, bytes);
            }
        }
        var whole = new ByteArrayOutputStream();
        parts.values().forEach(whole::writeBytes);
        if (!compressed) {
            return whole.toString(StandardCharsets.UTF_8);
        }
        try (var in = new GZIPInputStream(new ByteArrayInputStream(whole.toByteArray()))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void shouldNoticeThatNobodyTakesDatagrams() throws Exception {
        int port;
        try (var receiver = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            port = receiver.getLocalPort();
        }
        var sink = sink(Map.of("transport", "udp", "host", "127.0.0.1", "port", port));
        assertThrows(IOException.class, () -> sink.write(entries("udp", 0, 1)));
        try (var receiver = new DatagramSocket(port, InetAddress.getLoopbackAddress())) {
            receiver.setSoTimeout((int) SOON.toMillis());
            sink.write(entries("udp", 0, 1));
            var packet = new DatagramPacket(new byte[2000], 2000);
            receiver.receive(packet);
            assertEquals(
                    Json.entry(entries("udp", 0, 1).getFirst()),
                    new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8));
        }
        sink.deactivate();
    }

    @Test
    void shouldRefuseWhatCannotWork() {
        assertEquals("path", refused(Map.of("transport", "unix")));
        assertEquals("transport", refused(Map.of("transport", "carrier-pigeon")));
        assertEquals("format", refused(Map.of("format", "xml")));
        assertEquals("trust", refused(Map.of("transport", "tls", "trust", "missing.pem")));
    }

    private String refused(Map<String, Object> values) {
        return assertThrows(ConfigException.class, () -> sink(values)).attribute();
    }
}

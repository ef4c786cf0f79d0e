package io.culvert.it.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Debian's client with every wrapping, transport, cipher and TLS version: one appliance, a listener for each wrapping. */
@RequiresRoot
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MatrixIT {
    private static final List<String> WRAPS = List.of("plain", "tls-auth", "tls-crypt", "tls-crypt-v2");
    private static final List<String> TRANSPORTS = List.of("udp", "tcp");
    private static final List<String> CIPHERS = List.of("AES-256-GCM", "AES-128-GCM", "CHACHA20-POLY1305");
    private static final List<String> TLS = List.of("1.2", "1.3");

    private Lab lab;
    private Appliance appliance;

    @BeforeAll
    void start() {
        lab = Lab.open("matrix", 1);
        appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
        var instances = new ArrayList<String>();
        int port = 1200;
        for (var wrap : WRAPS) {
            for (var transport : TRANSPORTS) {
                instances.add(wrap + "-" + transport + ": { transport: " + transport + ", port: " + port++ + ", wrap: " + wrap
                        + " }");
            }
        }
        appliance.configure(List.of("redirectGateway: false"), instances);
        appliance.up();
        appliance.cli("user", "add", "alice").ok();
    }

    @AfterAll
    void stop() {
        lab.close();
    }

    static Stream<Arguments> combinations() {
        return WRAPS.stream()
                .flatMap(wrap -> TRANSPORTS.stream()
                        .flatMap(transport -> CIPHERS.stream().flatMap(cipher -> TLS.stream()
                                .map(tls -> Arguments.of(wrap, transport, cipher, tls)))));
    }

    @ParameterizedTest(name = "{0} over {1}, {2}, TLS {3}")
    @MethodSource("combinations")
    void shouldConnectAndCarryTraffic(String wrap, String transport, String cipher, String tls) {
        var profile = appliance.profile("alice", Lab.serverIpv4(1), transport, wrap + "-" + transport);
        var label = String.join("-", wrap, transport, cipher, tls).toLowerCase(Locale.ROOT);
        try (var client = OpenVpnClient.start(
                lab, lab.client(1), label, profile, "data-ciphers " + cipher, "tls-version-min " + tls,
                "tls-version-max " + tls, "explicit-exit-notify 1".repeat("udp".equals(transport) ? 1 : 0))) {
            client.awaitConnected();
            assertTrue(client.line("Control Channel: TLSv[0-9.]+").endsWith(tls));
            assertTrue(client.line("Data Channel: cipher '[^']+'").contains(cipher));
            assertEquals(3, lab.client(1).ping("10.8.0.1", 3));
            assertEquals(3, lab.client(1).ping("fd08::1", 3));
        }
    }
}

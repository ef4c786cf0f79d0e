package io.culvert.it.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Debian's client at an appliance whose only TLS and whose only ciphers are Bouncy Castle's. */
@RequiresRoot
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BouncyCastleIT {
    private Lab lab;
    private Appliance appliance;

    @BeforeAll
    void start() {
        lab = Lab.open("bc", 1);
        appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
        String modules = Stream.of(
                        "store.local", "pki", "tls.bouncycastle", "crypto.bouncycastle", "auth.file", "net.ipv4", "net.ipv6",
                        "log.console")
                .map(module -> "  " + module + ": {}\n")
                .collect(Collectors.joining());
        appliance.configure("modules:\n"
                + "  core: { ipv4: 10.8.0.0/24, ipv6: \"fd08::/64\", tun: cvtun, redirectGateway: false }\n"
                + modules
                + "  tunnel.openvpn:\n"
                + "    udp: { transport: udp, port: 1194, tlsGroups: [X25519MLKEM768, x25519, secp256r1] }\n");
        appliance.up();
        appliance.cli("user", "add", "alice").ok();
    }

    @AfterAll
    void stop() {
        lab.close();
    }

    @ParameterizedTest(name = "TLS {0}, {1}")
    @CsvSource({"1.2, AES-256-GCM", "1.3, AES-256-GCM", "1.3, CHACHA20-POLY1305"})
    void shouldServeAStockClient(String tls, String cipher) {
        var profile = appliance.profile("alice", Lab.serverIpv4(1), "udp", "udp");
        try (var client = OpenVpnClient.start(
                lab, lab.client(1), "bc-" + tls + "-" + cipher.toLowerCase(java.util.Locale.ROOT), profile,
                "data-ciphers " + cipher, "tls-version-min " + tls, "tls-version-max " + tls, "explicit-exit-notify 1")) {
            client.awaitConnected();
            assertTrue(client.line("Control Channel: TLSv[0-9.]+").endsWith(tls));
            assertTrue(client.line("Data Channel: cipher '[^']+'").contains(cipher));
            assertEquals(3, lab.client(1).ping("10.8.0.1", 3));
            assertEquals(3, lab.client(1).ping("fd08::1", 3));
        }
    }
}

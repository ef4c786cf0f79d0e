package io.culvert.it.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.Netns;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Stock clients with each kind of compression in their configuration meet listeners that allow more or less of it. */
@RequiresRoot
class CompressionIT {
    private static final int REFUSE = 1194;
    private static final String YES = "allow-compression yes";

    private static Lab lab;
    private static Appliance appliance;
    private static String profile;

    @BeforeAll
    static void start() throws Exception {
        lab = Lab.open("compression", 1);
        appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
        appliance.configure(
                List.of("redirectGateway: false", "duplicateLogins: true"),
                List.of(
                        "refuse: { transport: udp, port: 1194, wrap: plain }",
                        "stub: { transport: udp, port: 1195, wrap: plain, compression: stub }",
                        "receive: { transport: udp, port: 1196, wrap: plain, compression: receive }",
                        "both: { transport: udp, port: 1197, wrap: plain, compression: both }"),
                "codec.stub",
                "codec.lz4");
        appliance.up();
        appliance.cli("user", "add", "alice").ok();
        profile = appliance.profile("alice", Lab.serverIpv4(1), "udp", "refuse");
    }

    @AfterAll
    static void stop() {
        if (lab != null) {
            lab.close();
        }
    }

    private static OpenVpnClient connect(int port, String... options) {
        String here = profile.replaceAll("(?m)^remote (\\S+) \\d+", "remote $1 " + port);
        return OpenVpnClient.start(lab, lab.client(1), "alice-" + port, here, options);
    }

    /** Packets that compress well, with a pattern that shows each wrong byte. */
    private static void carries(Netns host) {
        for (String pattern : List.of("00", "50", "0102030405060708")) {
            var ping = host.exec(
                    Duration.ofSeconds(15), "ping", "-n", "-c", "5", "-i", "0.2", "-W", "2", "-s", "1200", "-p", pattern,
                    "10.8.0.1");
            assertTrue(ping.output().contains("5 received"), ping.output());
            assertFalse(ping.output().contains("wrong data byte"), ping.output());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1195, compress stub-v2, compress stub-v2",
        "1195, comp-lzo no, compress stub-v2",
        "1196, compress lz4-v2, compress lz4-v2",
        "1197, compress lz4-v2, compress lz4-v2",
        "1197, compress stub-v2, compress stub-v2"
    })
    void shouldAgreeOnWhatBothAllow(int port, String option, String pushed) {
        try (var client = connect(port, YES, option).awaitConnected()) {
            assertTrue(client.line("PUSH_REPLY.*").contains(pushed), client.line("PUSH_REPLY.*"));
            carries(lab.client(1));
        }
    }

    @Test
    void shouldCompressNothingForClientsThatDoNotAsk() {
        try (var client = connect(1197).awaitConnected()) {
            assertFalse(client.line("PUSH_REPLY.*").contains("compress"), client.line("PUSH_REPLY.*"));
            carries(lab.client(1));
        }
    }

    @Test
    void shouldRefuseCompressionWhereItIsNotAllowed() {
        try (var client = connect(REFUSE, YES, "compress lz4-v2")) {
            client.process().await("AUTH_FAILED,compression is refused", Duration.ofSeconds(20));
        }
    }

    /** The codec leaves while a client compresses: what it compresses is dropped, the session stays, all flows again after. */
    @Test
    void shouldGoOnWhenTheCodecComesBack() {
        try (var client = connect(1197, YES, "compress lz4-v2").awaitConnected()) {
            carries(lab.client(1));
            appliance.cli("module", "stop", "codec.lz4").ok();
            var ping = lab.client(1).exec(
                    Duration.ofSeconds(15), "ping", "-n", "-c", "2", "-i", "0.2", "-W", "1", "-s", "1200", "10.8.0.1");
            assertTrue(ping.output().contains(" 0 received"), ping.output());
            appliance.cli("module", "start", "codec.lz4").ok();
            carries(lab.client(1));
            assertEquals(1, client.connectionAttempts());
        }
    }
}

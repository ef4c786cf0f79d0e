package io.culvert.it.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.Proc;
import io.culvert.it.lab.RequiresRoot;
import io.culvert.testsupport.Eventually;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The console's certificate from an authority that speaks ACME, and what happens while that is away. */
@RequiresRoot
class AcmeIT {
    private static final Path AUTHORITY = Path.of("/usr/bin/pebble");
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Duration CALL = Duration.ofSeconds(20);
    private static final String NAME = "vpn.example.test";
    /** In seconds; the next one is asked for when two thirds of it are over. */
    private static final int VALID = 45;

    private static Lab lab;
    private static Appliance appliance;
    private static Proc authority;

    @BeforeAll
    static void start() throws IOException {
        assumeTrue(Files.isExecutable(AUTHORITY), "pebble is not installed");
        lab = Lab.open("acme", 1);
        sh("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
                + " -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout acme.key -out acme.pem 2>&1");
        Files.writeString(lab.directory().resolve("pebble.json"), """
                {"pebble": {"listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000",
                 "certificate": "acme.pem", "privateKey": "acme.key", "httpPort": 5002, "tlsPort": 5001,
                 "ocspResponderURL": "", "externalAccountBindingRequired": false, "certificateValidityPeriod": %d}}
                """.formatted(VALID));
        lab.with(lab.server.start("names", List.of("pebble-challtestsrv", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "",
                "-dns01", "127.0.0.1:8053", "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", "127.0.0.1:8055")));
        appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
        appliance.configure("""
                modules:
                  core: { ipv4: 10.8.0.0/24, tun: cvtun }
                  store.local: {}
                  pki: {}
                  log.console: {}
                  web.rest: {}
                  web.acme: { directory: "https://127.0.0.1:14000/dir", email: admin@example.test, agreeToTerms: true,
                    names: [%s], port: 5002, trustFile: "%s", retrySeconds: 2 }
                """.formatted(NAME, lab.directory().resolve("acme.pem")));
    }

    @AfterAll
    static void stop() {
        if (lab != null) {
            lab.close();
        }
    }

    private static String sh(String line) {
        return lab.server.exec(CALL, "sh", "-c", "cd " + lab.directory() + " && " + line).ok();
    }

    private static Proc authority() {
        return lab.with(lab.server.start("pebble", List.of("sh", "-c",
                "cd " + lab.directory() + " && PEBBLE_VA_NOSLEEP=1 exec pebble -config pebble.json -dnsserver 127.0.0.1:8053")));
    }

    private static Map<String, Object> shown() throws IOException {
        String answer = lab.server.exec(CALL, "curl", "-sS", "--max-time", "15", "--unix-socket",
                appliance.home().resolve("run/control.sock").toString(), "http://localhost/api/v1/certificate").ok();
        return JSON.std.mapFrom(answer);
    }

    private static Map<?, ?> order() throws IOException {
        return (Map<?, ?>) shown().get("order");
    }

    private static String issuer() {
        return lab.server.exec(CALL, "sh", "-c", "echo | openssl s_client -connect 127.0.0.1:8443 -servername " + NAME
                + " 2>/dev/null | openssl x509 -noout -issuer -ext subjectAltName").output();
    }

    private static boolean isOpen(int port) {
        return lab.server.exec(CALL, "ss", "-Htln", "sport = :" + port).output().contains(":" + port);
    }

    @Test
    void shouldGetAndRenewTheCertificateAlsoWhenTheAuthorityWasAway() throws Exception {
        appliance.up();
        appliance.process().await("web: listening on", SOON);
        // Nobody answers yet: the console shows its own certificate and says why.
        appliance.process().await("acme: no certificate, .*try 2", SOON);
        assertEquals("own", shown().get("source"));
        assertFalse(String.valueOf(order().get("problem")).isEmpty());
        assertTrue(order().get("next") != null && order().get("tried") != null, order().toString());

        authority = authority();
        Eventually.await(SOON, () -> "still another one", () -> "acme".equals(shown().get("source")));
        Map<String, Object> first = shown();
        assertEquals(List.of(NAME), first.get("names"));
        assertEquals("", order().get("problem"));
        Eventually.await(SOON, AcmeIT::issuer, () -> issuer().contains("Pebble") && issuer().contains(NAME));
        assertFalse(isOpen(5002), "the port of the question is open though nobody asks");

        // Away when the next one is due, and back.
        authority.kill9();
        int line = appliance.process().lineCount();
        appliance.process().await("acme: no certificate, .*the present one is good until", line, SOON);
        assertFalse(String.valueOf(order().get("problem")).isEmpty());
        authority = authority();
        Eventually.await(SOON, () -> "not renewed", () -> {
            Map<String, Object> now = shown();
            return "acme".equals(now.get("source")) && !now.get("fingerprint").equals(first.get("fingerprint"));
        });
        survivesAKill();
    }

    private void survivesAKill() throws Exception {
        Object before = shown().get("notBefore");
        appliance.kill9();
        appliance.up();
        appliance.process().await("web: listening on", SOON);
        Eventually.await(SOON, () -> "not shown again", () -> "acme".equals(shown().get("source")));
        assertTrue(String.valueOf(shown().get("notBefore")).compareTo(String.valueOf(before)) >= 0);
        assertFalse(appliance.process().lines().stream().anyMatch(each -> each.contains("PRIVATE KEY")));
    }
}

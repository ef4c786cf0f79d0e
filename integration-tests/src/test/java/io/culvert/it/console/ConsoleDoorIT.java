package io.culvert.it.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.RequiresRoot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The console's port and socket as they are found from outside. */
@RequiresRoot
class ConsoleDoorIT {
    private static final Path TOOL = Path.of("/usr/bin/testssl");
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final Duration TOOLS_TIME = Duration.ofMinutes(8);
    private static final String TESTS = "--protocols --std --server-defaults --headers --heartbleed --ccs-injection "
            + "--ticketbleed --renegotiation --compression";
    private static final Pattern FINDING = Pattern.compile(
            "\"id\"\\s*:\\s*\"([^\"]*)\"[^}]*\"severity\"\\s*:\\s*\"([^\"]*)\"[^}]*\"finding\"\\s*:\\s*\"([^\"]*)\"");
    /** What the tool says of itself and not of the port: whether its own OpenSSL can load engines. */
    private static final List<String> OF_THE_TOOL = List.of("engine_problem");

    private static Lab lab;
    private static Appliance appliance;

    @BeforeAll
    static void start() {
        lab = Lab.open("console-door", 1);
        appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home"))
                .configure(
                        List.of("redirectGateway: false"),
                        List.of("udp: { transport: udp, port: 1194 }"),
                        "web.rest"));
        appliance.up();
        appliance.process().await("web: listening on", SOON);
    }

    @AfterAll
    static void stop() {
        if (lab != null) {
            lab.close();
        }
    }

    private static String curl(String... arguments) {
        var line = new ArrayList<>(List.of("curl", "-sS", "--max-time", "20"));
        line.addAll(List.of(arguments));
        return lab.server.exec(SOON, line.toArray(String[]::new)).ok();
    }

    /** Its own words for it are enough; the server's inner parts are none of the operator's business. */
    @Test
    void shouldSayNothingOfTheServerInsideOnTheTerminalAndInTheLog() {
        var said = new ArrayList<>(appliance.process().lines());
        said.addAll(appliance.cli("logs", "--level", "info").ok().lines().toList());
        assertTrue(said.stream().anyMatch(line -> line.contains("web: listening on")), String.join("\n", said));
        var inner = Pattern.compile("jetty|oejs|x509=|ServerConnector|SslContext|Started ");
        assertEquals(List.of(), said.stream().filter(line -> inner.matcher(line).find()).toList());
    }

    @Test
    void shouldAnswerRootAtTheControlSocket() {
        String socket = appliance.home().resolve("run/control.sock").toString();
        String health = curl("-i", "--unix-socket", socket, "http://localhost/api/v1/health");
        assertTrue(health.startsWith("HTTP/1.1 200 "), health);
        String people = curl("-i", "--unix-socket", socket, "http://localhost/api/v1/administrators");
        assertTrue(people.startsWith("HTTP/1.1 200 "), "root needs no sign-in: " + people);
        assertEquals("rw-------", permissions("run/web.sock"));
    }

    @Test
    void shouldAnswerWithACertificateOfItsOwnAuthority() throws IOException {
        Path authority = authority();
        String answer = curl("-i", "--cacert", authority.toString(), "https://localhost:8443/api/v1/auth/session");
        assertTrue(answer.startsWith("HTTP/2 200"), answer);
        String refused = curl("-o", "-", "-w", " %{http_code}", "--cacert", authority.toString(),
                "https://localhost:8443/api/v1/administrators");
        assertTrue(refused.endsWith("403"), "it is not set up: " + refused);
    }

    @Test
    void shouldServeTheFreshRevocationListThatItsCertificateNames() throws IOException {
        Path authority = authority();
        Path list = lab.directory().resolve("authority.crl");
        String shown = lab.server
                .exec(SOON, "sh", "-c", "echo | openssl s_client -connect 127.0.0.1:8443 2>/dev/null | openssl x509 -noout -ext crlDistributionPoints")
                .ok();
        assertTrue(shown.contains(":8443/authority.crl"), shown);
        String head = curl("-D", "-", "-o", list.toString(), "--cacert", authority.toString(),
                "https://localhost:8443/authority.crl").toLowerCase(java.util.Locale.ROOT);
        assertTrue(head.startsWith("http/2 200"), head);
        assertTrue(head.contains("content-type: application/pkix-crl") && head.contains("cache-control: public, max-age=3600"), head);
        String verified = lab.server
                .exec(SOON, "sh", "-c", "openssl crl -inform DER -in " + list + " -noout -nextupdate -CAfile " + authority + " 2>&1")
                .ok();
        assertTrue(verified.contains("verify OK") && verified.contains("nextUpdate="), verified);
    }

    @Test
    void shouldBeClaimedWithTheCodeOfTheTerminal() throws IOException {
        assertTrue(appliance.process().await("set-up code: [0-9A-Z]{4}-[0-9A-Z]{4}", SOON).find(0));
        assertEquals("rw-------", permissions("run/setup-code"));
        appliance.cli("setup", "code").ok();
        String code = Files.readString(appliance.home().resolve("run/setup-code")).strip();
        String answer = curl("-i", "--cacert", authority().toString(), "-H", "Content-Type: application/json", "-d",
                "{\"code\":\"" + code + "\"}", "https://localhost:8443/api/v1/setup/claim");
        assertTrue(answer.contains("__Host-culvert=") && answer.contains("\"claimed\":true"), answer);
        assertTrue(appliance.cli("audit", "verify").ok().contains("intact"));
    }

    @Test
    void shouldGiveAPublicToolNothingToFind() throws Exception {
        assumeTrue(Files.isExecutable(TOOL), "testssl.sh is not installed");
        Path findings = lab.directory().resolve("findings.json");
        var line = new ArrayList<>(List.of(
                TOOL.toString(), "--quiet", "--warnings", "off", "--color", "0", "--nodns", "none", "--ip", "127.0.0.1",
                "--connect-timeout", "10", "--openssl-timeout", "10", "--add-ca", authority().toString(), "--jsonfile",
                findings.toString()));
        line.addAll(List.of(TESTS.split(" ")));
        line.add("localhost:8443");
        String output = String.valueOf(lab.server.exec(TOOLS_TIME, line.toArray(String[]::new)));
        var bad = new ArrayList<String>();
        var ids = new ArrayList<String>();
        for (var each = FINDING.matcher(Files.readString(findings)); each.find(); ) {
            ids.add(each.group(1));
            if (!OF_THE_TOOL.contains(each.group(1)) && !List.of("OK", "INFO", "LOW", "DEBUG").contains(each.group(2))) {
                bad.add(each.group(1) + " " + each.group(2) + ": " + each.group(3));
            }
        }
        assertEquals(List.of(), bad, output);
        assertTrue(ids.containsAll(List.of("SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3", "HSTS_time")), ids.toString());
    }

    /** The second certificate that the server shows. */
    private static Path authority() throws IOException {
        Path file = lab.directory().resolve("authority.pem");
        String shown = lab.server
                .exec(SOON, "sh", "-c", "echo | openssl s_client -connect 127.0.0.1:8443 -showcerts 2>/dev/null")
                .ok();
        int second = shown.indexOf("-----BEGIN CERTIFICATE-----", shown.indexOf("-----END CERTIFICATE-----"));
        String end = "-----END CERTIFICATE-----";
        Files.writeString(file, shown.substring(second, shown.indexOf(end, second) + end.length()) + "\n");
        return file;
    }

    private static String permissions(String file) {
        try {
            return java.nio.file.attribute.PosixFilePermissions.toString(
                    Files.getPosixFilePermissions(appliance.home().resolve(file)));
        } catch (IOException e) {
            return e.toString();
        }
    }
}

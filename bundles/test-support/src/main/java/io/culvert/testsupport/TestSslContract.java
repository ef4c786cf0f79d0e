package io.culvert.testsupport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsPolicy.PeerCertificate;
import io.culvert.api.tls.TlsPolicy.Version;
import io.culvert.api.tls.TlsProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What testssl.sh finds at a provider's server: nothing above LOW about protocols, ciphers and known attacks. System
 * property {@code culvert.testssl} names other groups of tests than the fast ones.
 */
public abstract class TestSslContract {
    private static final Path TOOL = Path.of("/usr/bin/testssl");
    private static final long DEADLINE_MINUTES = 10;
    private static final String FAST =
            "--protocols --std --heartbleed --ccs-injection --ticketbleed --renegotiation --compression";
    private static final Pattern FINDING = Pattern.compile(
            "\"id\"\\s*:\\s*\"([^\"]*)\"[^}]*\"severity\"\\s*:\\s*\"([^\"]*)\"[^}]*\"finding\"\\s*:\\s*\"([^\"]*)\"");

    protected abstract TlsProvider provider();

    @Test
    void shouldGiveAPublicToolNothingToFind(@TempDir Path directory) throws Exception {
        assumeTrue(Files.isExecutable(TOOL), "testssl.sh is not installed");
        var authority = new TestAuthority("authority");
        var policy = new TlsPolicy(
                Optional.of(authority.server("localhost")),
                List.of(authority.certificate()),
                PeerCertificate.NOT_ASKED,
                Version.TLS_1_2,
                Version.TLS_1_3,
                List.of(),
                List.of());
        Path findings = directory.resolve("findings.json");
        Path output = directory.resolve("output");
        try (var socket = new TlsSocket(provider(), policy)) {
            var line = new ArrayList<>(List.of(
                    TOOL.toString(), "--quiet", "--warnings", "off", "--color", "0", "--nodns", "none", "--ip", "127.0.0.1",
                    "--connect-timeout", "10", "--openssl-timeout", "10", "--jsonfile", findings.toString()));
            line.addAll(List.of(System.getProperty("culvert.testssl", FAST).split(" ")));
            line.add("localhost:" + socket.port());
            Process tool = new ProcessBuilder(line)
                    .redirectErrorStream(true)
                    .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(output.toFile())
                    .start();
            try {
                assertTrue(tool.waitFor(DEADLINE_MINUTES, TimeUnit.MINUTES), "it ends: " + text(output));
            } finally {
                tool.descendants().forEach(ProcessHandle::destroyForcibly);
                tool.destroyForcibly();
            }
        }
        check(text(findings), text(output));
    }

    private static void check(String findings, String output) {
        var bad = new ArrayList<String>();
        var ids = new ArrayList<String>();
        for (var each = FINDING.matcher(findings); each.find(); ) {
            ids.add(each.group(1));
            // The certificate is a test's, and of a day; the tool finds faults with its own OpenSSL, too.
            boolean tests = List.of("cert", "DNS_CAA", "engine_problem").stream().anyMatch(each.group(1)::startsWith);
            if (!tests && !List.of("OK", "INFO", "LOW", "DEBUG").contains(each.group(2))) {
                bad.add(each.group(1) + " " + each.group(2) + ": " + each.group(3));
            }
        }
        assertEquals(List.of(), bad, output);
        assertTrue(ids.containsAll(List.of("SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3")), output);
        assertTrue(ids.size() > 15, ids + output);
    }

    private static String text(Path file) throws IOException {
        return Files.exists(file) ? Files.readString(file) : "";
    }
}

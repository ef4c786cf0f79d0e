package io.culvert.it.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.RequiresRoot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A certificate that is brought over the API: shown at once at the open port, and again after kill -9. */
@RequiresRoot
class ImportedCertificateIT {
    private static final Duration CALL = Duration.ofSeconds(30);
    private static final String PATH = "http://localhost/api/v1/certificate";

    private Lab lab;
    private Appliance appliance;

    private String sh(String line) {
        return lab.server.exec(CALL, "sh", "-c", "cd " + lab.directory() + " && " + line).ok();
    }

    private String shown() {
        return sh("echo | openssl s_client -connect 127.0.0.1:8443 2>/dev/null | openssl x509 -noout -issuer");
    }

    private String call(String arguments) {
        return sh("curl -sS --max-time 20 --unix-socket " + appliance.home().resolve("run/control.sock") + " " + arguments);
    }

    private Map<String, Object> bring(String key) throws IOException {
        Files.writeString(lab.directory().resolve("import.json"), JSON.std.asString(Map.of(
                "chain", Files.readString(lab.directory().resolve("leaf.pem")) + Files.readString(lab.directory().resolve("ca.pem")),
                "key", Files.readString(lab.directory().resolve(key)))));
        return JSON.std.mapFrom(call("-H 'Content-Type: application/json' -d @import.json " + PATH));
    }

    @Test
    void shouldShowItAtTheOpenPortAndAgainAfterAKill() throws Exception {
        try (var opened = Lab.open("import", 1)) {
            lab = opened;
            appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(
                    List.of("redirectGateway: false"), List.of("udp: { transport: udp, port: 1194 }"), "web.rest");
            certificates();
            appliance.up();
            appliance.process().await("web: listening on", CALL);
            assertTrue(shown().contains("Culvert CA"), shown());

            Map<String, Object> refused = bring("other.key");
            assertEquals(400, refused.get("status"), refused.toString());
            assertTrue(refused.toString().contains("not that of the first certificate"), refused.toString());
            assertTrue(shown().contains("Culvert CA"));

            int listening = appliance.process().lineCount();
            assertEquals("imported", bring("leaf.key").get("source"));
            assertTrue(shown().contains("Example CA"), shown());
            assertFalse(appliance.process().lines().stream().skip(listening).anyMatch(each -> each.contains("web: listening")),
                    "the port was closed");
            nobodyElseReads();

            appliance.kill9();
            appliance.up();
            appliance.process().await("web: listening on", CALL);
            assertTrue(shown().contains("Example CA"), shown());

            assertEquals("204", call("-o answer -w '%{http_code}' -X DELETE " + PATH).strip());
            assertTrue(shown().contains("Culvert CA"), shown());
        }
    }

    private void certificates() {
        sh("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj '/CN=Example CA'"
                + " -addext keyUsage=critical,keyCertSign -keyout ca.key -out ca.pem 2>&1");
        sh("openssl req -newkey rsa:2048 -nodes -subj /CN=vpn.example.test -keyout leaf.key -out leaf.csr 2>&1"
                + " && printf 'subjectAltName=DNS:vpn.example.test\\nextendedKeyUsage=serverAuth\\n' > leaf.ext"
                + " && openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3 -extfile leaf.ext -out leaf.pem 2>&1"
                + " && openssl genrsa -out other.key 2048 2>&1");
    }

    /** The key is in the store only: sealed, and in files of root. */
    private void nobodyElseReads() throws IOException {
        byte[] secret = Files.readAllLines(lab.directory().resolve("leaf.key")).get(5).getBytes(StandardCharsets.US_ASCII);
        try (Stream<Path> all = Files.walk(appliance.home().resolve("var"))) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                String content = Files.readString(file, StandardCharsets.ISO_8859_1);
                assertFalse(content.contains(new String(secret, StandardCharsets.US_ASCII)), file + " has the key");
                if (file.startsWith(appliance.home().resolve("var/store"))) {
                    var rights = Files.getPosixFilePermissions(file);
                    assertFalse(rights.contains(PosixFilePermission.OTHERS_READ) || rights.contains(PosixFilePermission.GROUP_READ),
                            file + " " + rights);
                }
            }
        }
    }
}

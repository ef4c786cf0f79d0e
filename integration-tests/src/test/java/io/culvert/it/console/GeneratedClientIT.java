package io.culvert.it.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.Proc;
import io.culvert.it.lab.RequiresRoot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The client that a public generator makes of the OpenAPI document, on another host than the appliance it asks. */
@RequiresRoot
class GeneratedClientIT {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final String YAML =
            """
            modules:
              core: { ipv4: 10.8.0.0/24, tun: cvtun, redirectGateway: false }
              store.local: {}
              pki: {}
              tls.jsse: {}
              crypto.jce: {}
              net.ipv4: {}
              auth.file: {}
              log.console: {}
              web.rest: { address: "::", port: 8443, names: [%s] }
              tunnel.openvpn:
                udp: { transport: udp, port: 1194 }
            """;

    @Test
    void shouldListTheSessionOfAStockClientOverTrustedTls() throws Exception {
        try (var lab = Lab.open("generated-client", 2)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(YAML.formatted(Lab.serverIpv4(2))).up();
            appliance.awaitConsole();
            appliance.cli("user", "add", "alice").ok();
            String profile = appliance.profile("alice", Lab.serverIpv4(1), "udp", "");
            String token = token(lab, appliance);
            Path authority = Files.writeString(lab.directory().resolve("authority.pem"), between(profile, "<ca>", "</ca>"));

            assertTrue(ask(lab, authority, token).contains("total 0"), "nobody is connected yet");
            try (var client = OpenVpnClient.start(lab, lab.client(1), "alice", profile)) {
                client.awaitConnected();
                String listed = ask(lab, authority, token);
                assertTrue(listed.contains("total 1\nsession alice openvpn established=true tls=tls.jsse/"), listed);
                assertTrue(listed.contains("all 1"), listed);
            }
        }
    }

    private static String between(String text, String from, String to) {
        return text.substring(text.indexOf(from) + from.length(), text.indexOf(to)).strip() + "\n";
    }

    private static String token(Lab lab, Appliance appliance) throws Exception {
        local(lab, appliance, "/administrators", "{\"name\":\"ops\",\"role\":\"administrator\",\"password\":\"a long pass phrase for ops\"}");
        String made = local(lab, appliance, "/tokens", "{\"name\":\"script\",\"role\":\"viewer\",\"days\":1}");
        return String.valueOf(JSON.std.mapFrom(made).get("secret"));
    }

    private static String local(Lab lab, Appliance appliance, String path, String body) {
        return lab.server
                .exec(
                        SOON, "curl", "-sS", "--fail-with-body", "--unix-socket", appliance.home().resolve("run/web.sock").toString(),
                        "-H", "Content-Type: application/json", "-d", body, "http://localhost/api/v1" + path)
                .ok();
    }

    private static String ask(Lab lab, Path authority, String token) throws Exception {
        Path secret = lab.directory().resolve("token");
        Files.writeString(secret, token + "\n");
        Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
        var line = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx128m", "-XX:+UseSerialGC",
                "-cp", System.getProperty("java.class.path"), GeneratedClientMain.class.getName(),
                "https://" + Lab.serverIpv4(2) + ":8443", authority.toString(), "alice");
        String shell = "exec " + String.join(" ", line) + " < " + secret;
        Proc.Result result = lab.client(2).exec(SOON, "sh", "-c", shell);
        assertEquals(0, result.exit(), result.output());
        return result.output();
    }
}

package io.culvert.it.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Certificate, password, both: the right ones get in, every wrong one stays out. */
@RequiresRoot
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LoginIT {
    private static final String PASSWORD = "correct horse battery";

    private Lab lab;
    private Appliance appliance;

    @BeforeAll
    void start() {
        lab = Lab.open("login", 1);
        appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
        appliance.configure(
                List.of("redirectGateway: false"),
                List.of(
                        "cert: { transport: udp, port: 1301, login: certificate }",
                        "pass: { transport: udp, port: 1302, login: password }",
                        "both: { transport: udp, port: 1303, login: certificate-and-password }"));
        appliance.up();
        appliance.addUser("alice", PASSWORD);
        appliance.addUser("bob", "another long secret");
    }

    @AfterAll
    void stop() {
        lab.close();
    }

    private OpenVpnClient client(String label, String user, String instance, String... options) {
        var profile = appliance.profile(user, Lab.serverIpv4(1), "udp", instance);
        return OpenVpnClient.start(lab, lab.client(1), label, profile, options);
    }

    private String login(String label, String user, String password) {
        return "auth-user-pass " + OpenVpnClient.login(lab, label, user, password);
    }

    private void assertIn(OpenVpnClient client) {
        try (client) {
            client.awaitConnected();
            assertEquals(2, lab.client(1).ping("10.8.0.1", 2));
        }
    }

    private void assertOut(OpenVpnClient client) {
        try (client) {
            client.process().await("AUTH_FAILED|TLS handshake failed|TLS Error: TLS key negotiation failed", Duration.ofSeconds(30));
            assertFalse(client.process().lines().stream().anyMatch(l -> l.contains(OpenVpnClient.CONNECTED)));
        }
    }

    @Test
    void shouldAdmitByCertificate() {
        assertIn(client("cert-right", "alice", "cert"));
    }

    @Test
    void shouldAdmitByPassword() {
        assertIn(client("pass-right", "alice", "pass", login("pass-right", "alice", PASSWORD)));
    }

    @Test
    void shouldAdmitByBoth() {
        assertIn(client("both-right", "alice", "both", login("both-right", "alice", PASSWORD)));
    }

    @Test
    void shouldRefuseAWrongPassword() {
        var client = client("pass-wrong", "alice", "pass", login("pass-wrong", "alice", PASSWORD + "!"));
        assertOut(client);
        assertTrue(client.process().lines().stream().anyMatch(l -> l.contains("AUTH_FAILED")), "with AUTH_FAILED, not silence");
    }

    @Test
    void shouldRefuseAnEmptyPassword() {
        assertOut(client("pass-empty", "alice", "pass", login("pass-empty", "alice", "\"\"")));
    }

    @Test
    void shouldRefuseAnUnknownUser() {
        assertOut(client("pass-unknown", "alice", "pass", login("pass-unknown", "mallory", PASSWORD)));
    }

    @Test
    void shouldRefuseAnotherUsersPasswordWithTheCertificate() {
        assertOut(client("both-mixed", "alice", "both", login("both-mixed", "bob", "another long secret")));
    }

    @Test
    void shouldRefuseTheCertificateWithAWrongPassword() {
        assertOut(client("both-wrong", "alice", "both", login("both-wrong", "alice", "nonsense")));
    }

    @Test
    void shouldRefuseAClientWithoutACertificate() {
        var profile = appliance.profile("alice", Lab.serverIpv4(1), "udp", "both")
                .replaceAll("(?s)<cert>.*?</cert>", "")
                .replaceAll("(?s)<key>.*?</key>", "");
        assertOut(OpenVpnClient.start(lab, lab.client(1), "both-bare", profile, login("both-bare", "alice", PASSWORD), "hand-window 10"));
    }

    @Test
    void shouldRefuseADisabledUserUntilEnabledAgain() {
        appliance.cli("user", "add", "carol").ok();
        var profile = appliance.profile("carol", Lab.serverIpv4(1), "udp", "cert");
        appliance.cli("user", "disable", "carol").ok();
        assertOut(OpenVpnClient.start(lab, lab.client(1), "cert-disabled", profile, "hand-window 10"));
        appliance.cli("user", "enable", "carol").ok();
        assertIn(OpenVpnClient.start(lab, lab.client(1), "cert-enabled", profile));
    }
}

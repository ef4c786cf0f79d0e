package io.culvert.it.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Users that others know: the host, by PAM, and an OpenID Connect provider, in the browser. */
@RequiresRoot
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OtherUsersIT {
    private static final String PROVIDER = "10.99.1.2";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private Lab lab;
    private Appliance appliance;

    @BeforeAll
    void start() throws Exception {
        lab = Lab.open("other-users", 1);
        Path pam = Files.createDirectories(lab.directory().resolve("pam.d"));
        Path check = pam.resolve("check");
        Files.writeString(check, "#!/bin/sh\n[ \"$PAM_USER:$(tr -d '\\0')\" = 'paula:open sesame' ]\n");
        assertTrue(check.toFile().setExecutable(true));
        Files.writeString(pam.resolve("culvert"), "auth [success=1 default=ignore] pam_succeed_if.so quiet user = paula\n"
                + "auth [default=die] pam_debug.so auth=user_unknown\n"
                + "auth required pam_exec.so quiet expose_authtok " + check + "\naccount required pam_permit.so\n");
        lab.client(1)
                .start("provider", List.of(
                        System.getProperty("java.home") + "/bin/java", "-XX:+UseSerialGC", "-Xmx64m", "-cp",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                        StubProvider.class.getName(), PROVIDER, "8080"))
                .await("provider is there", PATIENCE);
        appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
        appliance.configure("""
                modules:
                  core:
                    ipv4: 10.8.0.0/24
                    tun: cvtun
                    redirectGateway: false
                    authenticators: ["sufficient pam", "required oidc"]
                  store.local: {}
                  pki: {}
                  net.ipv4: {}
                  tls.jsse: {}
                  crypto.jce: {}
                  auth.file: { otherUsers: true }
                  auth.pam: { directory: "%s" }
                  auth.oidc:
                    issuer: "http://10.99.1.2:8080"
                    clientId: culvert
                    clientSecret: well-kept
                    publicUrl: "http://10.99.1.1:8081"
                    address: 10.99.1.1
                    port: 8081
                    insecure: true
                  log.console: {}
                  tunnel.openvpn:
                    udp: { transport: udp, port: 1304, login: password }
                """.formatted(pam));
        appliance.up();
        appliance.addUser("alice", "a password that nobody asks for");
    }

    @AfterAll
    void stop() {
        lab.close();
    }

    private OpenVpnClient client(String label, String user, String password, String... more) {
        String profile = appliance.profile("alice", Lab.serverIpv4(1), "udp", "udp")
                + "\nauth-user-pass " + OpenVpnClient.login(lab, label, user, password);
        return OpenVpnClient.start(lab, lab.client(1), label, profile, more);
    }

    @Test
    void shouldAdmitAUserOfTheHost() {
        try (var client = client("pam-right", "paula", "open sesame")) {
            client.awaitConnected();
            assertEquals(2, lab.client(1).ping("10.8.0.1", 2));
        }
    }

    @Test
    void shouldRefuseAUserOfTheHostWithAWrongPassword() {
        try (var client = client("pam-wrong", "paula", "open Sesame")) {
            client.process().await("AUTH_FAILED", PATIENCE);
        }
    }

    @Test
    void shouldTellAClientThatItNeedsABrowser() {
        try (var client = client("oidc-bare", "alice", "x")) {
            client.process().await("AUTH_FAILED,this login needs a browser", PATIENCE);
        }
    }

    @Test
    void shouldAdmitWhoLogsInInTheBrowser() throws Exception {
        Path socket = lab.directory().resolve("mgmt");
        try (var client = client(
                        "oidc-right", "alice", "x", "setenv IV_SSO webauth,openurl", "push-peer-info",
                        "management " + socket + " unix", "management-hold");
                var management = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            client.process().await("unix domain socket|MANAGEMENT: ", PATIENCE);
            management.connect(UnixDomainSocketAddress.of(socket));
            management.write(ByteBuffer.wrap("hold release\n".getBytes(StandardCharsets.US_ASCII)));
            String url = pageToOpen(management);
            String id = url.replaceAll(".*login=", "");
            assertTrue(browse(url).contains("Log in a VPN client as <b>alice</b>"), "the user is asked first");
            assertTrue(browse("-L", "--data", "login=" + id, "http://10.99.1.1:8081/start").contains("You are logged in"));
            client.awaitConnected();
            assertEquals(2, lab.client(1).ping("10.8.0.1", 2));
        }
    }

    private static String pageToOpen(SocketChannel management) throws Exception {
        var lines = new BufferedReader(
                new InputStreamReader(Channels.newInputStream(management), StandardCharsets.US_ASCII));
        String mark = ">INFOMSG:WEB_AUTH::";
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith(mark)) {
                return line.substring(mark.length());
            }
        }
        throw new AssertionError("the client was sent nowhere");
    }

    /** In the client's namespace; the cookies are those of one browser. */
    private String browse(String... what) {
        String cookies = lab.directory().resolve("cookies").toString();
        var command = new ArrayList<>(List.of("curl", "-sS", "-m", "20", "-b", cookies, "-c", cookies));
        command.addAll(List.of(what));
        return lab.client(1).exec(PATIENCE, command.toArray(String[]::new)).ok();
    }
}

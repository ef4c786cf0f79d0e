package io.culvert.it.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.RequiresRoot;
import io.culvert.testsupport.Eventually;
import io.culvert.testsupport.SlapdServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.math.BigInteger;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A one-time code and a directory's password, asked once and not again while the session lasts. */
@RequiresRoot
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SecondFactorIT {
    private static final String BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    private Lab lab;
    private Appliance appliance;
    private SlapdServer directory;

    @BeforeAll
    void start() throws Exception {
        Assumptions.assumeTrue(SlapdServer.isInstalled(), "slapd is not installed");
        lab = Lab.open("factor", 2);
        directory = SlapdServer.start(
                lab.directory().resolve("slapd"),
                """
                dn: uid=alice,dc=example,dc=org
                objectClass: inetOrgPerson
                uid: alice
                cn: Alice
                sn: A
                userPassword: wonderland

                dn: uid=bob,dc=example,dc=org
                objectClass: inetOrgPerson
                uid: bob
                cn: Bob
                sn: B
                userPassword: builder
                """,
                List.of("ip", "netns", "exec", lab.server.name()));
        appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
        appliance.configure(
                List.of("redirectGateway: false", "authenticators: [requisite totp, required ldap]"),
                List.of("pass: { transport: udp, port: 1302, login: password, renegotiateSeconds: 6 }"));
        Path settings = appliance.home().resolve("etc/culvert.yaml");
        Files.writeString(
                settings,
                Files.readString(settings).replace("  auth.file: {}\n", "  auth.file: { otherUsers: true }\n")
                        + "  auth.totp: { withoutSecret: pass }\n  auth.ldap:\n    urls: [\"ldap://localhost:" + directory.port
                        + "\"]\n    trustFile: " + directory.authority() + "\n    searchBase: dc=example,dc=org\n    bindDn: \""
                        + SlapdServer.SERVICE_DN + "\"\n    bindPassword: " + SlapdServer.SERVICE_PASSWORD + "\n");
        appliance.up();
        appliance.cli("user", "add", "alice").ok();
        appliance.cli("user", "add", "bob").ok();
    }

    @AfterAll
    void stop() throws Exception {
        if (lab != null) {
            lab.close();
        }
        if (directory != null) {
            directory.close();
        }
    }

    @Test
    void shouldAskForACodeOnceAndRenegotiateWithoutAskingAgain() throws Exception {
        String uri = String.valueOf(appliance.json("user", "totp", "alice").get("uri"));
        String profile = appliance.profile("alice", Lab.serverIpv4(1), "udp", "pass");
        assertTrue(profile.contains("static-challenge \"Enter your code\" 1\n"), profile);
        Path socket = lab.directory().resolve("management");
        try (var client = OpenVpnClient.start(lab, lab.client(1), "code", profile,
                        "management " + socket + " unix", "management-query-passwords");
                var management = new Management(socket)) {
            management.await(">PASSWORD:Need 'Auth' username/password SC:1,Enter your code");
            management.say("username \"Auth\" \"alice\"");
            management.say("password \"Auth\" \"SCRV1:" + base64("wonderland") + ":" + base64(code(uri)) + "\"");
            client.awaitConnected();
            assertEquals(2, lab.client(1).ping("10.8.0.1", 2));
            Eventually.await(Duration.ofSeconds(60), () -> "no renegotiations: " + client.process().lines(), () ->
                    client.process().lines().stream().filter(l -> l.contains("Outgoing Data Channel: Cipher")).count() >= 3);
            assertEquals(2, lab.client(1).ping("10.8.0.1", 2));
            assertEquals(1, client.connectionAttempts());
            assertEquals(1, management.lines.stream().filter(l -> l.startsWith(">PASSWORD:Need")).count());
        }
    }

    @Test
    void shouldAdmitByTheDirectoryAndRefuseItsWrongPasswords() {
        String profile = appliance.profile("bob", Lab.serverIpv4(2), "udp", "pass")
                .replaceAll("static-challenge[^\n]*\n", "");
        try (var client = OpenVpnClient.start(lab, lab.client(2), "wrong", profile,
                "auth-user-pass " + OpenVpnClient.login(lab, "wrong", "bob", "wrong"))) {
            client.process().await("AUTH_FAILED", Duration.ofSeconds(30));
            assertFalse(client.process().lines().stream().anyMatch(l -> l.contains(OpenVpnClient.CONNECTED)));
        }
        try (var client = OpenVpnClient.start(lab, lab.client(2), "right", profile,
                "auth-user-pass " + OpenVpnClient.login(lab, "right", "bob", "builder"))) {
            client.awaitConnected();
            assertEquals(2, lab.client(2).ping("10.8.0.1", 2));
        }
    }

    /** What an app shows now for the secret in {@code uri}. */
    private static String code(String uri) throws GeneralSecurityException {
        String secret = uri.replaceAll(".*[?&]secret=([A-Z2-7]+).*", "$1");
        var bits = BigInteger.ZERO;
        for (char each : secret.toCharArray()) {
            bits = bits.shiftLeft(5).or(BigInteger.valueOf(BASE32.indexOf(each)));
        }
        byte[] signed = bits.toByteArray();
        byte[] key = new byte[secret.length() * 5 / 8];
        int length = Math.min(key.length, signed.length);
        System.arraycopy(signed, signed.length - length, key, key.length - length, length);
        Mac mac = Mac.getInstance("HmacSHA1");
        mac.init(new SecretKeySpec(key, "HmacSHA1"));
        byte[] hash = mac.doFinal(
                ByteBuffer.allocate(8).putLong(System.currentTimeMillis() / 30_000).array());
        int number = ByteBuffer.wrap(hash).getInt(hash[19] & 15) & 0x7FFF_FFFF;
        return "%06d".formatted(number % 1_000_000);
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The other end of the client's management interface. */
    private static final class Management implements AutoCloseable {
        final List<String> lines = new CopyOnWriteArrayList<>();
        private final SocketChannel channel;

        Management(Path socket) throws IOException {
            Eventually.await(Duration.ofSeconds(20), () -> "no " + socket, () -> Files.exists(socket));
            channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
            var reader = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8));
            Thread.ofVirtual().start(() -> {
                try {
                    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                        lines.add(line);
                    }
                } catch (IOException e) {
                    lines.add("closed: " + e);
                }
            });
        }

        void await(String text) {
            Eventually.await(
                    Duration.ofSeconds(30),
                    () -> "no '" + text + "' in " + lines,
                    () -> lines.stream().anyMatch(line -> line.contains(text)));
        }

        void say(String line) throws IOException {
            channel.write(ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8)));
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}

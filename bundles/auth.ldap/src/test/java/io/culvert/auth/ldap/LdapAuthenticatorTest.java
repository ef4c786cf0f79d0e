package io.culvert.auth.ldap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Refused;
import io.culvert.api.auth.AuthDecision.Unknown;
import io.culvert.api.auth.Credentials;
import io.culvert.api.config.ConfigException;
import io.culvert.testsupport.SlapdServer;
import io.culvert.testsupport.TestAuthority;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a real slapd. */
@Timeout(60)
class LdapAuthenticatorTest {
    @TempDir
    static Path directory;

    private static SlapdServer server;

    @BeforeAll
    static void start() throws Exception {
        Assumptions.assumeTrue(SlapdServer.isInstalled(), "slapd is not installed");
        server = SlapdServer.start(directory, """
                dn: ou=people,dc=example,dc=org
                objectClass: organizationalUnit
                ou: people

                dn: uid=alice,ou=people,dc=example,dc=org
                objectClass: inetOrgPerson
                uid: alice
                cn: Alice
                sn: A
                employeeNumber: 10.8.0.77
                userPassword: wonderland

                dn: uid=bob,ou=people,dc=example,dc=org
                objectClass: inetOrgPerson
                uid: bob
                cn: Bob
                sn: B
                employeeType: gone
                userPassword: builder

                dn: uid=odd\\+na\\,me,ou=people,dc=example,dc=org
                objectClass: inetOrgPerson
                uid: odd+na,me
                cn: Odd
                sn: O
                userPassword: strange

                dn: cn=vpn,dc=example,dc=org
                objectClass: groupOfNames
                cn: vpn
                member: uid=alice,ou=people,dc=example,dc=org

                dn: cn=staff,dc=example,dc=org
                objectClass: groupOfNames
                cn: staff
                member: uid=alice,ou=people,dc=example,dc=org
                member: uid=bob,ou=people,dc=example,dc=org
                """);
    }

    @AfterAll
    static void stop() throws Exception {
        if (server != null) {
            server.close();
        }
    }

    private static LdapConfig config(Map<String, Object> given) {
        Map<String, Object> all = new HashMap<>(Map.of(
                "urls", new String[] {"ldap://localhost:" + server.port},
                "trustFile", server.authority().toString(),
                "searchBase", "ou=people,dc=example,dc=org",
                "bindDn", SlapdServer.SERVICE_DN,
                "bindPassword", SlapdServer.SERVICE_PASSWORD,
                "connectSeconds", 1,
                "answerSeconds", 1));
        all.putAll(given);
        return LdapConfig.of((AuthLdapSettings) Proxy.newProxyInstance(
                AuthLdapSettings.class.getClassLoader(),
                new Class<?>[] {AuthLdapSettings.class},
                (proxy, method, arguments) -> all.getOrDefault(method.getName(), method.getDefaultValue())));
    }

    private static AuthDecision login(LdapAuthenticator ldap, String user, String password) throws IOException {
        return ldap.authenticate(new Credentials("openvpn", user, password.getBytes(StandardCharsets.UTF_8), List.of(),
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 1), Map.of()));
    }

    private static AuthDecision once(Map<String, Object> given, String user, String password) throws IOException {
        try (var ldap = new LdapAuthenticator(config(given))) {
            return login(ldap, user, password);
        }
    }

    private static String refusal(AuthDecision decision) {
        var refused = assertInstanceOf(Refused.class, decision);
        assertEquals("authentication failed", refused.peerText());
        return refused.logText();
    }

    @Test
    void shouldFindTheUserAndBindByStartTls() throws Exception {
        try (var ldap = new LdapAuthenticator(config(Map.of()))) {
            for (int i = 0; i < 3; i++) {
                assertEquals(new Accepted(Map.of()), login(ldap, "alice", "wonderland"));
                assertTrue(refusal(login(ldap, "alice", "builder")).contains("invalid credentials"));
                assertEquals(new Unknown(), login(ldap, "carol", "wonderland"));
            }
            assertTrue(ldap.connections() <= 1, "one connection is used again and again");
        }
    }

    @Test
    void shouldSpeakLdaps() throws Exception {
        var urls = new String[] {"ldaps://localhost:" + server.tlsPort};
        assertEquals(new Accepted(Map.of()), once(Map.of("urls", urls), "alice", "wonderland"));
    }

    @Test
    void shouldTellNothingToAServerWithAnotherName() {
        for (String url : List.of("ldap://127.0.0.1:" + server.port, "ldaps://127.0.0.1:" + server.tlsPort)) {
            assertThrows(IOException.class, () -> once(Map.of("urls", new String[] {url}), "alice", "wonderland"), url);
        }
    }

    @Test
    void shouldTellNothingToAServerThatNobodyVouchesFor() throws Exception {
        Path other = directory.resolve("other.pem");
        String base64 = Base64.getMimeEncoder().encodeToString(new TestAuthority("other").certificate().getEncoded());
        Files.writeString(other, "-----BEGIN CERTIFICATE-----\n" + base64 + "\n-----END CERTIFICATE-----\n");
        for (String url : List.of("ldap://localhost:" + server.port, "ldaps://localhost:" + server.tlsPort)) {
            Map<String, Object> given = Map.of("urls", new String[] {url}, "trustFile", other.toString());
            assertThrows(IOException.class, () -> once(given, "alice", "wonderland"), url);
        }
    }

    @Test
    void shouldBindByTemplate() throws Exception {
        Map<String, Object> given = Map.of(
                "userTemplate", "uid={user},ou=people,dc=example,dc=org", "bindDn", "", "bindPassword", "",
                "attributes", new String[] {"address=employeeNumber"});
        assertEquals(new Accepted(Map.of("address", "10.8.0.77")), once(given, "alice", "wonderland"));
        assertEquals(new Accepted(Map.of()), once(given, "odd+na,me", "strange"));
        refusal(once(given, "alice", "wrong"));
        refusal(once(given, "alice,ou=people", "wonderland"));
        refusal(once(given, "carol", "wonderland"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "alice)(uid=*", "*", "alice*", "alice)(|(uid=*", "\\2a", "alice\u0000", "{dn}", "a(b"})
    void shouldTakeNoNameForAPartOfAFilter(String name) throws Exception {
        assertEquals(new Unknown(), once(Map.of(), name, "wonderland"));
    }

    @Test
    void shouldEscapeNamesInGroupFilters() {
        LdapConfig config = config(Map.of("groupFilter", "(|(member={dn})(memberUid={user}))"));
        assertEquals("(|(member=uid=\\28x)(memberUid=\\2a{dn}\\29))", config.groupFilter("uid=(x", "*{dn})"));
    }

    @Test
    void shouldRefuseAnEmptyPassword() throws Exception {
        assertTrue(refusal(once(Map.of(), "alice", "")).contains("sent no password"));
        Map<String, Object> template = Map.of("userTemplate", "uid={user},ou=people,dc=example,dc=org");
        assertTrue(refusal(once(template, "alice", "")).contains("sent no password"));
    }

    @Test
    void shouldTellGroupsAndDemandThem() throws Exception {
        Map<String, Object> given =
                Map.of("groupBase", "dc=example,dc=org", "requiredGroups", new String[] {"vpn", "admins"});
        assertEquals(
                new Accepted(Map.of("groups", "staff,vpn", "group", "vpn")), once(given, "alice", "wonderland"));
        assertTrue(refusal(once(given, "bob", "builder")).contains("is in none of the groups"));
    }

    @Test
    void shouldRefuseDisabledUsers() throws Exception {
        Map<String, Object> given = Map.of("refusedFilter", "(employeeType=gone)");
        assertTrue(refusal(once(given, "bob", "builder")).contains("disabled or locked"));
        assertEquals(new Accepted(Map.of()), once(given, "alice", "wonderland"));
    }

    @Test
    void shouldRefuseANameWithSeveralEntries() throws Exception {
        Map<String, Object> given = Map.of("searchFilter", "(|(uid={user})(sn=B))");
        assertTrue(refusal(once(given, "alice", "wonderland")).contains("several entries"));
    }

    @Test
    void shouldFailWithAWrongServiceAccount() {
        assertThrows(IOException.class, () -> once(Map.of("bindPassword", "wrong"), "alice", "wonderland"));
    }

    @Test
    void shouldGoOnWhenTheServerDiesAndComesBack() throws Exception {
        try (var ldap = new LdapAuthenticator(config(Map.of()))) {
            assertEquals(new Accepted(Map.of()), login(ldap, "alice", "wonderland"));
            server.kill();
            assertThrows(IOException.class, () -> login(ldap, "alice", "wonderland"));
            server.start();
            assertEquals(new Accepted(Map.of()), login(ldap, "alice", "wonderland"));
            server.kill();
            server.start();
            assertEquals(new Accepted(Map.of()), login(ldap, "alice", "wonderland"), "a connection that died unnoticed");
        }
    }

    @Test
    void shouldGiveUpOnAServerThatNeverAnswersAndAskTheNext() throws Exception {
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            String mute = "ldap://localhost:" + silent.getLocalPort();
            long begun = System.nanoTime();
            assertThrows(
                    IOException.class, () -> once(Map.of("urls", new String[] {mute}), "alice", "wonderland"));
            assertTrue(System.nanoTime() - begun < 8_000_000_000L);
        }
        int closed;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        var both = new String[] {"ldap://localhost:" + closed, "ldap://localhost:" + server.port};
        assertEquals(new Accepted(Map.of()), once(Map.of("urls", both), "alice", "wonderland"));
    }

    @Test
    void shouldNotShowSecrets() {
        assertFalse(config(Map.of()).toString().contains(SlapdServer.SERVICE_PASSWORD));
    }

    @Test
    void shouldNameTheSettingThatIsWrong() {
        wrong("urls", Map.of("urls", new String[] {}));
        wrong("urls", Map.of("urls", new String[] {"http://localhost"}));
        wrong("urls", Map.of("urls", new String[] {"ldap://a", "ldaps://b"}));
        wrong("startTls", Map.of("startTls", false));
        wrong("searchBase", Map.of("searchBase", ""));
        wrong("searchFilter", Map.of("searchFilter", "(uid=alice)"));
        wrong("searchFilter", Map.of("searchFilter", "uid={user})"));
        wrong("userTemplate", Map.of("userTemplate", "uid=alice"));
        wrong("requiredGroups", Map.of("requiredGroups", new String[] {"vpn"}));
        wrong("bindDn", Map.of("bindPassword", ""));
        wrong("trustFile", Map.of("trustFile", "/nowhere"));
        wrong("attributes", Map.of("attributes", new String[] {"address"}));
        wrong("answerSeconds", Map.of("answerSeconds", 0));
        wrong("connections", Map.of("connections", 0));
        wrong("bindPasswordFile", Map.of("bindPasswordFile", "/nowhere"));
    }

    private static void wrong(String attribute, Map<String, Object> given) {
        assertEquals(attribute, assertThrows(ConfigException.class, () -> config(given)).attribute());
    }
}

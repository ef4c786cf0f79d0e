package io.culvert.pki;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.pki.CertificateAuthority.Issued;
import io.culvert.api.pki.CertificateAuthority.Profile;
import io.culvert.api.pki.PkiException;
import io.culvert.api.tls.TlsPolicy.Identity;
import java.security.SecureRandom;
import java.security.Security;
import java.security.Signature;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AuthorityTest {
    private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

    private final MemoryStore store = new MemoryStore();
    private final VirtualClock clock = new VirtualClock();
    private Authority authority;

    static PkiConfig config(int authorityDays, int serverDays, int clientDays, int crlDays) {
        return PkiConfig.of("ec-p256", "Culvert CA", "vpn.example.org", authorityDays, serverDays, clientDays, crlDays);
    }

    @BeforeEach
    void openAuthority() throws PkiException {
        authority = open();
    }

    private Authority open() throws PkiException {
        return Authority.open(store, config(3650, 397, 825, 30), clock, new SecureRandom());
    }

    @Test
    void shouldMakeAnAuthorityForTenYears() throws Exception {
        X509Certificate certificate = authority.authorities().getFirst();
        assertEquals(0, certificate.getBasicConstraints());
        assertTrue(certificate.getKeyUsage()[5] && certificate.getKeyUsage()[6], "keyCertSign, cRLSign");
        assertEquals(256, ((ECPublicKey) certificate.getPublicKey()).getParams().getOrder().bitLength());
        assertEquals(
                Duration.ofDays(3650),
                Duration.between(certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant()));
        assertTrue(certificate.getSubjectX500Principal().getName().matches("CN=Culvert CA [0-9a-f]{8}"));
    }

    @Test
    void shouldIssueServerAndClientCertificatesThatTheJdkAccepts() throws Exception {
        Identity server = authority.serverIdentity();
        X509Certificate serverLeaf = server.chain().getFirst();
        assertEquals(List.of(SERVER_AUTH), serverLeaf.getExtendedKeyUsage());
        assertOnlyDigitalSignature(serverLeaf);
        assertEquals("vpn.example.org", serverLeaf.getSubjectAlternativeNames().iterator().next().get(1));
        validate(serverLeaf);
        assertBelongTogether(server);

        Identity client = authority.issue("Alice.B@example").identity();
        X509Certificate clientLeaf = client.chain().getFirst();
        assertEquals(List.of(CLIENT_AUTH), clientLeaf.getExtendedKeyUsage());
        assertOnlyDigitalSignature(clientLeaf);
        assertEquals("CN=Alice.B@example", clientLeaf.getSubjectX500Principal().getName());
        validate(clientLeaf);
        assertBelongTogether(client);
        assertEquals(1, client.chain().size(), "without the trust anchor");
    }

    @Test
    void shouldNameItsRevocationListWhereItIsAskedTo() throws Exception {
        List<String> names = List.of("console.example.org", "192.0.2.1");
        List<String> lists = List.of("https://console.example.org:8443/authority.crl");
        X509Certificate plain = authority.serverIdentity("console", names).chain().getFirst();
        assertTrue(X509.hasLists(plain, List.of()));
        X509Certificate pointing = authority.serverIdentity("console", names, lists).chain().getFirst();
        assertNotEquals(plain, pointing);
        validate(pointing);
        assertTrue(X509.hasLists(pointing, lists));
        assertTrue(new String(pointing.getExtensionValue("2.5.29.31"), java.nio.charset.StandardCharsets.ISO_8859_1)
                .contains(lists.getFirst()));
        assertEquals(pointing, authority.serverIdentity("console", names, lists).chain().getFirst());
        assertEquals(pointing, open().serverIdentity("console", names, lists).chain().getFirst());
        assertNotEquals(
                pointing,
                authority.serverIdentity("console", names, List.of("https://192.0.2.1/authority.crl")).chain().getFirst());
    }

    private static void assertOnlyDigitalSignature(X509Certificate certificate) {
        boolean[] usage = certificate.getKeyUsage();
        for (int bit = 0; bit < usage.length; bit++) {
            assertEquals(bit == 0, usage[bit], "key usage " + bit);
        }
        assertEquals(-1, certificate.getBasicConstraints());
    }

    private static void assertBelongTogether(Identity identity) throws Exception {
        byte[] text = {1, 2, 3};
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(identity.key());
        signature.update(text);
        byte[] signed = signature.sign();
        signature.initVerify(identity.chain().getFirst());
        signature.update(text);
        assertTrue(signature.verify(signed));
    }

    private void validate(X509Certificate leaf) throws Exception {
        var anchor = new TrustAnchor(authority.authorities().getFirst(), null);
        var parameters = new PKIXParameters(Set.of(anchor));
        parameters.setDate(Date.from(clock.instant()));
        parameters.addCertStore(CertStore.getInstance(
                "Collection", new CollectionCertStoreParameters(List.of(authority.crl()))));
        var path = CertificateFactory.getInstance("X.509").generateCertPath(List.of(leaf));
        CertPathValidator.getInstance("PKIX").validate(path, parameters);
    }

    @Test
    void shouldComeBackAsTheSameAuthority() throws Exception {
        Issued issued = authority.issue("alice");
        authority.issue("bob");
        authority.revoke("bob", "lost");
        Authority again = open();
        assertEquals(authority.authorities(), again.authorities());
        assertEquals(authority.serverIdentity().chain(), again.serverIdentity().chain());
        assertEquals(authority.crl(), again.crl());
        assertEquals(List.of(issued.profile()), again.profiles("alice"));
        assertEquals(List.of(), again.profiles("bob"));
        assertEquals(1, again.revoked("bob"));
        assertArrayEquals(
                issued.identity().key().getEncoded(),
                again.latest("alice").orElseThrow().identity().key().getEncoded());
    }

    @Test
    void shouldGiveTheNewestProfileWithItsKey() throws Exception {
        assertTrue(authority.latest("alice").isEmpty());
        Issued first = authority.issue("alice");
        Issued second = authority.issue("alice");
        assertNotEquals(first.profile().id(), second.profile().id());
        Issued latest = authority.latest("alice").orElseThrow();
        assertEquals(second.profile(), latest.profile());
        assertBelongTogether(latest.identity());
        assertEquals(List.of(first.profile(), second.profile()), authority.profiles("alice"));
        assertFalse(latest.toString().contains("PrivateKey"), latest.toString());
    }

    @Test
    void shouldRefuseEverythingThatIsRevoked() throws Exception {
        Issued first = authority.issue("alice");
        Issued second = authority.issue("alice");
        Issued bobs = authority.issue("bob");
        X509Certificate leaf = second.identity().chain().getFirst();
        assertTrue(authority.refusal(leaf, clock.instant()).isEmpty());

        assertEquals(List.of(first.profile(), second.profile()), authority.revoke("alice", "laptop stolen"));

        assertTrue(authority.refusal(leaf, clock.instant()).orElseThrow().contains("laptop stolen"));
        assertTrue(authority.refusal(peer("alice", first.profile())).orElseThrow().contains("revoked"));
        assertTrue(authority.latest("alice").isEmpty());
        assertEquals(List.of(), authority.profiles("alice"));
        assertTrue(authority.crl().isRevoked(leaf));
        // The JDK takes a certificate as revoked after the moment of its revocation.
        clock.advance(Duration.ofSeconds(1));
        assertThrows(CertPathValidatorException.class, () -> validate(leaf));
        assertTrue(store.list("pki/profile/").stream().noneMatch(e -> e.key().endsWith(first.profile().id())), "keys gone");

        assertTrue(authority.refusal(peer("bob", bobs.profile())).isEmpty());
        validate(bobs.identity().chain().getFirst());
        assertEquals(List.of(), authority.revoke("alice", "again"));
        assertTrue(open().refusal(leaf, clock.instant()).isPresent(), "after a restart");
    }

    private static PeerIdentity peer(String user, Profile profile) {
        return new PeerIdentity(user, profile.id(), Map.of());
    }

    @Test
    void shouldRevokeMoreThanFitsInOneTransaction() throws Exception {
        for (int i = 0; i < 70; i++) {
            authority.issue("alice");
        }
        assertEquals(70, authority.revoke("alice", "all").size());
        assertEquals(70, authority.crl().getRevokedCertificates().size());
        assertEquals(70, open().revoked("alice"));
    }

    @Test
    void shouldRefuseCertificatesThatAreNotForClientsOrOutOfTheirTime() throws Exception {
        Issued issued = authority.issue("alice");
        X509Certificate leaf = issued.identity().chain().getFirst();
        Instant begin = issued.profile().notBefore();
        assertTrue(authority.refusal(leaf, begin.minusSeconds(1)).orElseThrow().contains("clocks"));
        assertTrue(authority.refusal(leaf, begin).isEmpty());
        assertTrue(authority.refusal(leaf, issued.profile().notAfter().minusSeconds(1)).isEmpty());
        assertTrue(authority.refusal(leaf, issued.profile().notAfter()).orElseThrow().contains("expired"));
        X509Certificate server = authority.serverIdentity().chain().getFirst();
        assertTrue(authority.refusal(server, clock.instant()).isPresent());
        clock.advanceTo(issued.profile().notAfter());
        assertTrue(authority.refusal(peer("alice", issued.profile())).orElseThrow().contains("expired"));
        assertEquals(List.of(), authority.profiles("alice"));
    }

    @Test
    void shouldRefuseProfilesThatItDoesNotKnow() {
        assertTrue(authority.refusal(new PeerIdentity("eve", "41", Map.of())).isPresent());
        assertTrue(authority.refusal(new PeerIdentity("eve", "", Map.of())).isEmpty(), "password login");
    }

    @Test
    void shouldRefuseUserNamesThatAreNone() {
        for (String name : List.of("", "a b", "a,b", "a/b", "\u00e4", "x".repeat(65))) {
            assertThrows(PkiException.class, () -> authority.issue(name), name);
        }
    }

    @Test
    void shouldNotTouchTheProvidersOfTheJvm() throws Exception {
        authority.issue("alice");
        for (var provider : Security.getProviders()) {
            assertFalse(provider.getName().startsWith("BC"), provider.getName());
        }
    }

    @Test
    void shouldShowInTheStatusWhatEndsWhen() throws Exception {
        authority.issue("alice");
        Map<String, Object> status = authority.status();
        assertEquals("2027-04-02T11:00:00Z", status.get("serverUntil"));
        assertEquals("2026-03-31T12:00:00Z", status.get("crlNextUpdate"));
        assertEquals(1, status.get("profiles"));
        assertEquals(0, status.get("revoked"));
        assertFalse(status.containsKey("problem"));
    }
}

package io.culvert.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.pki.CertificateAuthority.Issued;
import io.culvert.api.pki.PkiException;
import io.culvert.api.tls.TlsPolicy.Identity;
import java.security.SecureRandom;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1OctetString;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RenewalTest {
    private final MemoryStore store = new MemoryStore();
    private final VirtualClock clock = new VirtualClock();
    private Authority authority;

    @BeforeEach
    void openAuthority() throws PkiException {
        authority = open("ec-p256", "vpn.example.org");
    }

    private Authority open(String keyType, String serverName) throws PkiException {
        var config = PkiConfig.of(keyType, "Culvert CA", serverName, 3650, 90, 365, 30);
        return Authority.open(store, config, clock, new SecureRandom());
    }

    private X509Certificate server() throws PkiException {
        return authority.serverIdentity().chain().getFirst();
    }

    @Test
    void shouldRenewTheServerCertificateWhenTwoThirdsAreOver() throws Exception {
        Identity first = authority.serverIdentity();
        Instant due = server().getNotAfter().toInstant().minus(Duration.ofDays(30));
        clock.advanceTo(due.minusSeconds(1));
        assertSame(first, authority.serverIdentity());
        clock.advanceTo(due);
        Identity second = authority.serverIdentity();
        assertNotEquals(first.chain(), second.chain());
        assertNotEquals(first.key(), second.key());
        assertTrue(second.chain().getFirst().getNotAfter().toInstant().isAfter(clock.instant().plus(Duration.ofDays(89))));
        second.chain().getFirst().verify(authority.authorities().getFirst().getPublicKey());
        assertEquals(second.chain(), open("ec-p256", "vpn.example.org").serverIdentity().chain(), "kept");
    }

    @Test
    void shouldServeValidCertificatesAndListsForThirtyYears() throws Exception {
        Issued issued = authority.issue("alice");
        X509Certificate firstAuthority = authority.authorities().getFirst();
        for (int week = 0; week < 30 * 52; week++) {
            clock.advance(Duration.ofDays(7));
            var now = java.util.Date.from(clock.instant());
            X509Certificate anchor = authority.authorities().getFirst();
            anchor.checkValidity(now);
            server().checkValidity(now);
            server().verify(anchor.getPublicKey());
            assertFalse(server().getNotAfter().after(anchor.getNotAfter()));
            X509CRL crl = authority.crl();
            assertTrue(crl.getNextUpdate().after(now), "never past its nextUpdate");
            crl.verify(anchor.getPublicKey());
            if (clock.instant().isBefore(issued.profile().notAfter())) {
                assertTrue(authority.refusal(issued.identity().chain().getFirst(), clock.instant()).isEmpty());
            }
        }
        X509Certificate last = authority.authorities().getFirst();
        assertNotEquals(firstAuthority, last);
        assertEquals(firstAuthority.getPublicKey(), last.getPublicKey());
        assertEquals(firstAuthority.getSubjectX500Principal(), last.getSubjectX500Principal());
    }

    @Test
    void shouldNeverIssueWhatOutlivesTheAuthorityItCarries() throws Exception {
        for (int year = 0; year < 20; year++) {
            Issued issued = authority.issue("alice");
            assertFalse(issued.profile().notAfter().isAfter(
                    authority.authorities().getFirst().getNotAfter().toInstant()));
            clock.advance(Duration.ofDays(365));
        }
    }

    @Test
    void shouldRenewTheListAheadOfNextUpdateWithALargerNumber() throws Exception {
        X509CRL first = authority.crl();
        clock.advance(Duration.ofDays(14));
        assertSame(first, authority.crl());
        clock.advance(Duration.ofDays(1));
        X509CRL second = authority.crl();
        assertTrue(second.getNextUpdate().after(first.getNextUpdate()));
        assertEquals(number(first) + 1, number(second));
        authority.issue("alice");
        authority.revoke("alice", "lost");
        assertEquals(number(first) + 2, number(authority.crl()), "at once");
    }

    private static int number(X509CRL crl) {
        byte[] extension = ASN1OctetString.getInstance(crl.getExtensionValue("2.5.29.20")).getOctets();
        return ASN1Integer.getInstance(extension).intValueExact();
    }

    @Test
    void shouldKeepServingWhileTheStoreRefusesAndTryAgainLater() throws Exception {
        Identity first = authority.serverIdentity();
        Instant end = server().getNotAfter().toInstant();
        clock.advanceTo(end.minus(Duration.ofDays(20)));
        store.faults.add(MemoryStore.Fault.FAILS);
        assertSame(first, authority.serverIdentity());
        assertTrue(String.valueOf(authority.status().get("problem")).contains("disk full"));
        assertSame(first, authority.serverIdentity(), "waits a minute");
        clock.advance(Duration.ofMinutes(1));
        assertNotEquals(first.chain(), authority.serverIdentity().chain());
        assertFalse(authority.status().containsKey("problem"));
    }

    @Test
    void shouldFailRatherThanServeWhatHasEnded() throws Exception {
        clock.advanceTo(server().getNotAfter().toInstant());
        store.faults.add(MemoryStore.Fault.FAILS);
        assertThrows(PkiException.class, () -> authority.serverIdentity());
        assertTrue(authority.serverIdentity().chain().getFirst().getNotAfter().toInstant().isAfter(clock.instant()));
    }

    @Test
    void shouldRenewWhenTheClockWasSetBack() throws Exception {
        clock.advance(Duration.ofDays(400));
        X509Certificate later = server();
        clock.advance(Duration.ofDays(-400));
        assertNotEquals(later, server());
        server().checkValidity(java.util.Date.from(clock.instant()));
    }

    @Test
    void shouldIssueTheServerCertificateAgainUnderAnotherNameOrKeyType() throws Exception {
        var moved = open("ec-p384", "other.example.org").serverIdentity().chain().getFirst();
        assertEquals("CN=other.example.org", moved.getSubjectX500Principal().getName());
        moved.verify(authority.authorities().getFirst().getPublicKey());
    }
}

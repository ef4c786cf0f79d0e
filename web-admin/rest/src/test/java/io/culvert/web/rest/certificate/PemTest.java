package io.culvert.web.rest.certificate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.web.Problem;
import io.culvert.testsupport.TestAuthority;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.junit.jupiter.api.Test;

class PemTest {
    private static final Instant NOW = Instant.now();

    private final TestAuthority authority = new TestAuthority("public authority");
    private final TlsPolicy.Identity good = server(NOW.plus(Duration.ofDays(30)));

    private TlsPolicy.Identity server(Instant until) {
        return authority.server(
                List.of("vpn.example.org", "*.office.example.org"), until.minus(Duration.ofDays(60)), until);
    }

    private static Map<String, String> complaint(org.junit.jupiter.api.function.Executable call) {
        return assertThrows(Problem.class, call).fields();
    }

    private static void assertComplaint(String field, String words, org.junit.jupiter.api.function.Executable call) {
        Map<String, String> fields = complaint(call);
        assertTrue(fields.getOrDefault(field, "").contains(words), fields.toString());
    }

    private static void check(List<X509Certificate> chain, String... names) throws Problem {
        Acceptance.check(chain, List.of(names), NOW);
    }

    @Test
    void shouldReadBackWhatItWrites() throws Problem {
        var read = Pem.identity("# from somewhere\n" + Pem.text(good.chain()), Pem.text(good.key()));
        assertEquals(good.chain(), read.chain());
        assertEquals(good.key(), read.key());
    }

    @Test
    void shouldReadKeysOfTheirKindAlone() throws Exception {
        for (TlsPolicy.Identity each : List.of(authority.server("ec"), authority.rsaServer("rsa"))) {
            String kind = each.key().getAlgorithm() + " PRIVATE KEY";
            byte[] bare = PrivateKeyInfo.getInstance(each.key().getEncoded()).parsePrivateKey().toASN1Primitive().getEncoded();
            String text = "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder().encodeToString(bare) + "\n-----END "
                    + kind + "-----\n";
            assertEquals(each.key(), Pem.identity(Pem.text(each.chain()), text).key());
        }
    }

    @Test
    void shouldSayWhatIsWrongWithTheKeyAndNeverShowIt() {
        String chain = Pem.text(good.chain());
        assertComplaint("key", "is not that of", () -> Pem.identity(chain, Pem.text(authority.server("other").key())));
        assertComplaint("key", "is not that of", () -> Pem.identity(chain, Pem.text(authority.rsaServer("other").key())));
        assertComplaint("key", "encrypted", () -> Pem.identity(chain,
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----"));
        assertComplaint("key", "openssl pkcs8", () -> Pem.identity(chain, "what key"));
        String broken = Pem.text(good.key()).replaceFirst("\n.", "\n!");
        assertFalse(complaint(() -> Pem.identity(chain, broken)).toString().contains(broken.substring(40, 60)));
    }

    @Test
    void shouldSayWhatIsWrongWithTheChain() {
        assertComplaint("chain", "no certificate", () -> Pem.identity("none", ""));
        assertComplaint("chain", "damaged", () -> Pem.identity(
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", ""));
        assertComplaint("chain", "begins with an authority", () -> check(good.chain().reversed()));
        assertComplaint("chain", "not in order", () -> check(List.of(
                good.chain().getFirst(), new TestAuthority("public authority").certificate())));
        assertComplaint("chain", "has expired", () -> check(server(NOW.minusSeconds(1)).chain()));
        assertComplaint("chain", "not valid yet", () -> check(server(NOW.plus(Duration.ofDays(90))).chain()));
        assertComplaint("chain", "not for servers", () -> check(authority.client("alice").chain()));
        assertComplaint("chain", "subject alternative name", () -> check(authority.server("vpn.example.org").chain()));
    }

    @Test
    void shouldWantTheNamesThatBrowsersUse() throws Problem {
        check(good.chain(), "vpn.example.org", "VPN.example.org", "a.office.example.org");
        for (String other : List.of("example.org", "office.example.org", "a.b.office.example.org", "192.0.2.1", "2001:db8::1")) {
            assertComplaint("chain", "is not for " + other, () -> check(good.chain(), other));
        }
    }
}

package io.culvert.tls.bouncycastle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsPolicy.PeerCertificate;
import io.culvert.api.tls.TlsPolicy.Version;
import io.culvert.api.tls.TlsProvider;
import io.culvert.testsupport.TestAuthority;
import io.culvert.tls.jsse.JsseTlsProvider;
import io.culvert.tls.openssl.OpenSslTlsProvider;
import java.security.Security;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.bouncycastle.tls.NamedGroup;
import org.junit.jupiter.api.Test;

class HybridTest {
    private static final TestAuthority AUTHORITY = new TestAuthority("authority");
    private static final byte[] NOTHING = {};
    /** Of ML-KEM-768 and X25519: an encapsulation key or a ciphertext, and a public key. */
    private static final int CLIENT_SHARE = 1184 + 32;
    private static final int SERVER_SHARE = 1088 + 32;

    @Test
    void shouldAgreeOnTheHybridWithItself() throws Exception {
        byte[] answer = answer(new BcTlsProvider(), new BcTlsProvider(), List.of());
        assertEquals(NamedGroup.X25519MLKEM768, group(answer, SERVER_SHARE));
    }

    @Test
    void shouldFallBackWithServersThatHaveNone() throws Exception {
        for (TlsProvider server : List.of(new JsseTlsProvider(), new OpenSslTlsProvider())) {
            assertEquals(NamedGroup.x25519, group(answer(server, new BcTlsProvider(), List.of("x25519")), 32));
        }
    }

    @Test
    void shouldFallBackWithClientsThatHaveNone() throws Exception {
        for (TlsProvider client : List.of(new JsseTlsProvider(), new OpenSslTlsProvider())) {
            assertEquals(NamedGroup.x25519, group(answer(new BcTlsProvider(), client, List.of("x25519")), 32));
        }
    }

    @Test
    void shouldShowBothSharesAtOnceSoThatNobodyAsksAgain() throws Exception {
        try (TlsEngine client = new BcTlsProvider().newClientEngine(policy(List.of()))) {
            byte[] hello = client.step(NOTHING, List.of()).toPeer();
            assertTrue(hello.length > CLIENT_SHARE + 32 && hello.length < 2 * CLIENT_SHARE, hello.length + " bytes");
        }
    }

    @Test
    void shouldLeaveNeitherThreadsNorSecurityProviders() throws Exception {
        Set<Thread> threads = Thread.getAllStackTraces().keySet();
        int providers = Security.getProviders().length;
        answer(new BcTlsProvider(), new BcTlsProvider(), List.of());
        assertEquals(providers, Security.getProviders().length);
        var more = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !threads.contains(thread))
                .map(Thread::getName)
                .filter(name -> name.contains("BC") || name.contains("ntropy"))
                .collect(Collectors.toSet());
        assertEquals(Set.of(), more);
    }

    /** The server's first flight, once the whole handshake has worked. */
    private static byte[] answer(TlsProvider servers, TlsProvider clients, List<String> groups) throws Exception {
        try (TlsEngine server = servers.newServerEngine(policy(groups));
                TlsEngine client = clients.newClientEngine(policy(List.of()))) {
            byte[] answer = server.step(client.step(NOTHING, List.of()).toPeer(), List.of()).toPeer();
            server.step(client.step(answer, List.of()).toPeer(), List.of());
            assertTrue(server.handshakeComplete());
            return answer;
        }
    }

    /** Of the ServerHello's key share, a length that no other group has. */
    private static int group(byte[] answer, int length) {
        for (int i = 0; i < 200; i++) {
            byte[] header = {0, 51, (byte) (length + 4 >> 8), (byte) (length + 4)};
            if (Arrays.equals(answer, i, i + 4, header, 0, 4)) {
                return (answer[i + 4] & 0xff) << 8 | answer[i + 5] & 0xff;
            }
        }
        return -1;
    }

    private static TlsPolicy policy(List<String> groups) {
        return new TlsPolicy(
                Optional.of(AUTHORITY.server("server")),
                List.of(AUTHORITY.certificate()),
                PeerCertificate.NOT_ASKED,
                Version.TLS_1_3,
                Version.TLS_1_3,
                List.of(),
                groups);
    }
}

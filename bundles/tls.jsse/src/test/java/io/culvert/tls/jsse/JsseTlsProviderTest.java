package io.culvert.tls.jsse;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsPolicy.PeerCertificate;
import io.culvert.api.tls.TlsPolicy.Version;
import io.culvert.testsupport.TestAuthority;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JsseTlsProviderTest {
    private static final TestAuthority AUTHORITY = new TestAuthority("test authority");
    private final JsseTlsProvider provider = new JsseTlsProvider();

    @ParameterizedTest
    @EnumSource
    void shouldExportTheSameKeysAtBothEnds(Version version) throws Exception {
        TlsEngine server = provider.newServerEngine(serverPolicy(PeerCertificate.REQUIRED, version));
        TlsEngine client = provider.newClientEngine(clientPolicy(Optional.of(AUTHORITY.client("alice")), version));
        handshake(client, server, 7);
        assertTrue(client.handshakeComplete() && server.handshakeComplete());
        assertEquals("CN=alice", subject(server.peerCertificates()));
        assertEquals("CN=server", subject(client.peerCertificates()));
        assertTrue(server.description().startsWith(version == Version.TLS_1_3 ? "TLSv1.3 TLS_" : "TLSv1.2 TLS_"));
        byte[] keys = server.exportKeyingMaterial("EXPORTER-OpenVPN-datakeys", 256);
        assertEquals(256, keys.length);
        assertArrayEquals(keys, client.exportKeyingMaterial("EXPORTER-OpenVPN-datakeys", 256));
    }

    @Test
    void shouldMakeOneRecordOfEachMessage() throws Exception {
        TlsEngine server = provider.newServerEngine(serverPolicy(PeerCertificate.NOT_ASKED, Version.TLS_1_3));
        TlsEngine client = provider.newClientEngine(clientPolicy(Optional.empty(), Version.TLS_1_3));
        var atServer = new ArrayList<byte[]>();
        byte[] toServer = client.step(new byte[0], List.of(bytes("one"), bytes("two"))).toPeer();
        while (atServer.size() < 2) {
            var step = server.step(toServer, List.of());
            atServer.addAll(step.messages());
            toServer = client.step(step.toPeer(), List.of()).toPeer();
        }
        assertEquals(List.of("one", "two"), atServer.stream().map(String::new).toList());
    }

    @Test
    void shouldRefuseAClientWithoutCertificateWhenOneIsRequired() throws Exception {
        TlsEngine server = provider.newServerEngine(serverPolicy(PeerCertificate.REQUIRED, Version.TLS_1_3));
        TlsEngine client = provider.newClientEngine(clientPolicy(Optional.empty(), Version.TLS_1_3));
        assertThrows(TlsException.class, () -> handshake(client, server, 4096));
        assertFalse(server.handshakeComplete());
    }

    @Test
    void shouldTellThePeerWhyWhenItsCertificateIsOfAnotherAuthority() throws Exception {
        var stranger = new TestAuthority("test authority").client("mallory");
        TlsEngine server = provider.newServerEngine(serverPolicy(PeerCertificate.OPTIONAL, Version.TLS_1_3));
        TlsEngine client = provider.newClientEngine(clientPolicy(Optional.of(stranger), Version.TLS_1_3));
        var failure = assertThrows(TlsException.class, () -> handshake(client, server, 4096));
        assertTrue(failure.alert().length > 0, "an alert for the client");
    }

    @Test
    void shouldRefuseAServerCertificateAsAClients() throws Exception {
        TlsEngine server = provider.newServerEngine(serverPolicy(PeerCertificate.REQUIRED, Version.TLS_1_3));
        TlsEngine client = provider.newClientEngine(clientPolicy(Optional.of(AUTHORITY.server("srv")), Version.TLS_1_3));
        assertThrows(TlsException.class, () -> handshake(client, server, 4096));
    }

    @Test
    void shouldFailOnGarbageWithoutAnythingButTlsException() throws Exception {
        TlsEngine server = provider.newServerEngine(serverPolicy(PeerCertificate.REQUIRED, Version.TLS_1_3));
        assertThrows(TlsException.class, () -> server.step(bytes("GET / HTTP/1.1\r\n\r\n"), List.of()));
        TlsEngine patient = provider.newServerEngine(serverPolicy(PeerCertificate.REQUIRED, Version.TLS_1_3));
        assertThrows(TlsException.class, () -> patient.exportKeyingMaterial("label", 32));
    }

    private static TlsPolicy serverPolicy(PeerCertificate certificate, Version version) {
        return new TlsPolicy(
                Optional.of(SERVER), List.of(AUTHORITY.certificate()), certificate, version, version, List.of(), List.of());
    }

    private static final TlsPolicy.Identity SERVER = AUTHORITY.server("server");

    private static TlsPolicy clientPolicy(Optional<TlsPolicy.Identity> identity, Version version) {
        return new TlsPolicy(
                identity,
                List.of(AUTHORITY.certificate()),
                PeerCertificate.REQUIRED,
                version,
                version,
                List.of(),
                List.of());
    }

    /** Passes everything on in pieces of {@code cut} bytes until both are done. */
    private static void handshake(TlsEngine client, TlsEngine server, int cut) throws TlsException {
        byte[] toServer = client.step(new byte[0], List.of()).toPeer();
        for (int round = 0; round < 10; round++) {
            byte[] toClient = feed(server, toServer, cut);
            toServer = feed(client, toClient, cut);
        }
    }

    private static byte[] feed(TlsEngine engine, byte[] bytes, int cut) throws TlsException {
        var out = new java.io.ByteArrayOutputStream();
        for (int i = 0; i < bytes.length; i += cut) {
            byte[] piece = Arrays.copyOfRange(bytes, i, Math.min(bytes.length, i + cut));
            out.writeBytes(engine.step(piece, List.of()).toPeer());
        }
        return out.toByteArray();
    }

    private static String subject(List<X509Certificate> chain) {
        return chain.getFirst().getSubjectX500Principal().getName();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

package io.culvert.tls.openssl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsPolicy.PeerCertificate;
import io.culvert.api.tls.TlsPolicy.Version;
import io.culvert.api.tls.TlsStep;
import io.culvert.testsupport.TestAuthority;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenSslTlsEngineTest {
    private static final byte[] NOTHING = {};
    private static final TestAuthority AUTHORITY = new TestAuthority("authority");
    private static final KeyLog KEY_LOG = new KeyLog();
    private static final int HEADER = 5;

    /** What TLS 1.3 adds to a fragment: type and tag. */
    private static final int PROTECTION = 1 + Tls13Keys.TAG_BYTES;

    @ParameterizedTest
    @CsvSource({"0, 16384, true", "1, 512, false", "2, 1024, false", "3, 2048, false", "4, 4096, false"})
    void shouldStayInOpenSslForAClientThatWantsSmallFragments(byte mode, int most, boolean leaves) throws Exception {
        try (Context servers = new Context(policy(), true, KEY_LOG);
                Context clients = new Context(policy(), false, KEY_LOG)) {
            var server = new OpenSslTlsEngine(servers.newConnection(), KEY_LOG);
            long ssl = clients.newConnection();
            fragments(ssl, mode);
            var client = new OpenSslTlsEngine(ssl, null);
            byte[] question = new byte[9_000];
            byte[] answer = new byte[20_000];
            answer[answer.length - 1] = 1;

            byte[] hello = client.step(NOTHING, List.of()).toPeer();
            // The client's first words come along with its Finished.
            byte[] finished = client.step(server.step(hello, List.of()).toPeer(), List.of(question)).toPeer();
            TlsStep first = server.step(finished, List.of(answer));
            assertTrue(server.handshakeComplete());
            assertEquals(leaves, server.hasLeft());
            assertArrayEquals(question, joined(first.messages()));
            assertTrue(longestFragment(first.toPeer()) <= most);
            assertArrayEquals(answer, joined(client.step(first.toPeer(), List.of()).messages()));

            byte[] again = client.step(NOTHING, List.of(question)).toPeer();
            TlsStep second = server.step(again, List.of(answer));
            assertEquals(leaves, server.hasLeft(), "for good");
            assertArrayEquals(question, joined(second.messages()));
            assertTrue(longestFragment(second.toPeer()) <= most);
            assertArrayEquals(answer, joined(client.step(second.toPeer(), List.of()).messages()));
            assertArrayEquals(
                    client.exportKeyingMaterial("EXPORTER-test", 32), server.exportKeyingMaterial("EXPORTER-test", 32));
            server.close();
            client.close();
        }
    }

    private static TlsPolicy policy() {
        return new TlsPolicy(
                Optional.of(AUTHORITY.server("server")),
                List.of(AUTHORITY.certificate()),
                PeerCertificate.NOT_ASKED,
                Version.TLS_1_3,
                Version.TLS_1_3,
                List.of(),
                List.of());
    }

    /** SSL_set_tlsext_max_fragment_length. */
    private static void fragments(long ssl, byte mode) throws Exception {
        var function = Linker.nativeLinker()
                .downcallHandle(
                        SymbolLookup.libraryLookup("libssl.so.3", Arena.global())
                                .find("SSL_set_tlsext_max_fragment_length")
                                .orElseThrow(),
                        FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_BYTE));
        try {
            assertEquals(1, (int) function.invokeExact(ssl, mode));
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    private static int longestFragment(byte[] records) {
        int longest = 0;
        for (int at = 0; at < records.length; ) {
            int length = (records[at + 3] & 0xff) << Byte.SIZE | records[at + 4] & 0xff;
            longest = Math.max(longest, length - PROTECTION);
            at += HEADER + length;
        }
        return longest;
    }

    private static byte[] joined(List<byte[]> messages) {
        var all = new ByteArrayOutputStream();
        messages.forEach(all::writeBytes);
        return all.toByteArray();
    }
}

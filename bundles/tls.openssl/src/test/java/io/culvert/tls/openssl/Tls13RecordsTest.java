package io.culvert.tls.openssl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsPolicy.PeerCertificate;
import io.culvert.api.tls.TlsPolicy.Version;
import io.culvert.api.tls.TlsStep;
import io.culvert.testsupport.TestAuthority;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class Tls13RecordsTest {
    private static final byte[] NOTHING = {};
    private static final Tls13Keys SUITE = Tls13Keys.TLS_AES_128_GCM_SHA256;

    // RFC 8448 section 3.
    private static final byte[] CLIENT_SECRET =
            hex("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5");
    private static final byte[] SERVER_SECRET =
            hex("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643");
    private static final byte[] CLIENT_RECORD = hex("1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f"
            + "2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4");

    private final Tls13Records records = fresh();

    private static Tls13Records fresh() {
        return new Tls13Records(SUITE, CLIENT_SECRET.clone(), SERVER_SECRET.clone());
    }

    @Test
    void shouldDeriveTheKeysOfTheStandardsExample() throws Exception {
        assertArrayEquals(hex("17422dda596ed5d9acd890e3c63f5051"), SUITE.key(CLIENT_SECRET));
        assertArrayEquals(hex("5b78923dee08579033e523d9"), SUITE.iv(CLIENT_SECRET));
        assertArrayEquals(hex("9f02283b6c9c07efc26bb9f2ac92e356"), SUITE.key(SERVER_SECRET));
        assertArrayEquals(hex("cf782b88dd83549aadf1e984"), SUITE.iv(SERVER_SECRET));
    }

    @Test
    void shouldReadTheRecordOfTheStandardsExampleHoweverItIsCut() throws Exception {
        TlsStep step = new TlsStep(NOTHING, List.of(), false);
        for (byte each : CLIENT_RECORD) {
            assertEquals(List.of(), step.messages());
            step = records.step(new byte[] {each}, List.of());
        }
        byte[] expected = new byte[50];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = (byte) i;
        }
        assertArrayEquals(expected, step.messages().getFirst());
    }

    @Test
    void shouldNotTakeARecordTwice() throws Exception {
        records.step(CLIENT_RECORD, List.of());
        assertTrue(assertThrows(TlsException.class, () -> records.step(CLIENT_RECORD, List.of())).alert().length > 0);
    }

    @Test
    void shouldRefuseAnyChangedByteOfARecord() {
        for (int i = 0; i < CLIENT_RECORD.length; i++) {
            byte[] changed = CLIENT_RECORD.clone();
            changed[i] ^= 0x40;
            Tls13Records fresh = fresh();
            if (i == 3 || i == 4) {
                // A length: the record is refused when it is whole, or at once when it could never be.
                byte[] longer = Arrays.copyOf(changed, changed.length + 0x5000);
                assertThrows(TlsException.class, () -> fresh.step(longer, List.of()));
            } else {
                assertThrows(TlsException.class, () -> fresh.step(changed, List.of()), "byte " + i);
            }
        }
    }

    @Test
    void shouldRefuseARecordWithoutProtection() {
        for (String plain : List.of("14030300 0101", "150303000201 00", "16030300050000000000")) {
            Tls13Records fresh = fresh();
            byte[] record = hex(plain.replace(" ", ""));
            assertThrows(TlsException.class, () -> fresh.step(record, List.of()));
        }
    }

    @Test
    void shouldTellAPeerThatItsRecordIsForged() throws Exception {
        byte[] forged = CLIENT_RECORD.clone();
        forged[20] ^= 1;
        byte[] alert = assertThrows(TlsException.class, () -> records.step(forged, List.of())).alert();
        // The other end has the secrets the other way round.
        var peer = new Tls13Records(SUITE, SERVER_SECRET.clone(), CLIENT_SECRET.clone());
        String heard = assertThrows(TlsException.class, () -> peer.step(alert, List.of())).getMessage();
        assertEquals("the peer refuses: TLS alert 20", heard);
    }

    @Test
    void shouldTakeTheLongestRecordAndNoLongerOneWhetherItIsTextOrPadding() throws Exception {
        var client = new Client();
        byte[] text = new byte[16_384];
        Arrays.fill(text, (byte) 'a');
        assertArrayEquals(text, records.step(client.record(23, text), List.of()).messages().getFirst());
        byte[] padded = Arrays.copyOf(new byte[] {'b', 23}, 16_385);
        assertEquals("b", new String(records.step(client.seal(padded), List.of()).messages().getFirst()));
        assertEquals(22, alert(records, client.seal(Arrays.copyOf(padded, 16_386))));
    }

    @Test
    void shouldSayWhatIsWrongWithARecord() throws Exception {
        assertEquals(47, alert(fresh(), new Client().record(22, 24, 0, 0, 1, 2)), "a key update with request_update 2");
        assertEquals(10, alert(fresh(), new Client().record(22, 1, 0, 0, 0)), "a client hello");
        assertEquals(50, alert(fresh(), new Client().record(21, 1)), "half an alert");
        assertEquals(50, alert(fresh(), new Client().record(21, 1, 0, 1, 0)), "two alerts");
        assertEquals(10, alert(fresh(), new Client().record(21)), "an empty alert");
        assertEquals(10, alert(fresh(), new Client().record(99, 1)), "an unknown content type");
        assertEquals(10, alert(fresh(), new Client().seal(new byte[100])), "nothing but padding");
    }

    @ParameterizedTest
    @EnumSource
    void shouldCarryManyRecordsInAStep(Tls13Keys suite) throws Exception {
        byte[] one = Arrays.copyOf(CLIENT_SECRET, 48);
        byte[] other = Arrays.copyOf(SERVER_SECRET, 48);
        var server = new Tls13Records(suite, one.clone(), other.clone());
        var peer = new Tls13Records(suite, other.clone(), one.clone());
        for (int round = 0; round < 3; round++) {
            byte[] text = new byte[40_000];
            Arrays.fill(text, (byte) round);
            TlsStep question = peer.step(NOTHING, List.of(bytes("first"), text));
            TlsStep answer = server.step(question.toPeer(), List.of(text, bytes("last")));
            var heard = new ByteArrayOutputStream();
            answer.messages().forEach(heard::writeBytes);
            peer.step(answer.toPeer(), List.of()).messages().forEach(heard::writeBytes);
            var expected = new ByteArrayOutputStream();
            List.of(bytes("first"), text, text, bytes("last")).forEach(expected::writeBytes);
            assertArrayEquals(expected.toByteArray(), heard.toByteArray());
        }
    }

    @Test
    void shouldHearAPeerThatClosesAfterRecordsWithoutData() throws Exception {
        var client = new Client();
        for (int i = 0; i < 32; i++) {
            records.step(client.record(23), List.of());
        }
        assertTrue(records.step(client.record(21, 1, 0), List.of()).closed());
    }

    @Test
    void shouldTakeNewKeysAmidAStep() throws Exception {
        var client = new Client();
        var all = new ByteArrayOutputStream();
        for (int i = 0; i < 3; i++) {
            all.writeBytes(client.record(23, 'x'));
            all.writeBytes(client.record(23, 'y'));
            all.writeBytes(client.update());
        }
        assertEquals(6, records.step(all.toByteArray(), List.of()).messages().size());
    }

    @Test
    void shouldBearRecordsWithoutDataUpToALimitThatDataResets() throws Exception {
        var client = new Client();
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 32; i++) {
                // Empty records, alerts that mean nothing, and key updates.
                byte[] record = switch (i % 3) {
                    case 0 -> client.record(23);
                    case 1 -> client.record(21, 1, 90);
                    default -> client.update();
                };
                assertEquals(List.of(), records.step(record, List.of()).messages());
            }
            assertEquals(1, records.step(client.record(23, 'x'), List.of()).messages().size());
        }
        for (int i = 0; i < 32; i++) {
            records.step(client.record(23), List.of());
        }
        assertEquals(10, alert(records, client.record(23)));
    }

    /** The alert that the record, the client's last, is answered with. */
    private static int alert(Tls13Records server, byte[] record) {
        byte[] alert = assertThrows(TlsException.class, () -> server.step(record, List.of())).alert();
        var peer = new Tls13Records(SUITE, SERVER_SECRET.clone(), CLIENT_SECRET.clone());
        String heard = assertThrows(TlsException.class, () -> peer.step(alert, List.of())).getMessage();
        return Integer.parseInt(heard.substring(heard.lastIndexOf(' ') + 1));
    }

    @Test
    void shouldFollowAPeerThatChangesItsKeysAndThenCloses() throws Exception {
        var authority = new TestAuthority("authority");
        var provider = new OpenSslTlsProvider();
        TlsEngine server = provider.newServerEngine(new TlsPolicy(
                Optional.of(authority.server("server")),
                List.of(authority.certificate()),
                PeerCertificate.NOT_ASKED,
                Version.TLS_1_3,
                Version.TLS_1_3,
                List.of(),
                List.of()));
        var client = new JdkClient(authority);
        client.engine.beginHandshake();
        for (byte[] flight = client.take(NOTHING); flight.length > 0; ) {
            flight = client.take(server.step(flight, List.of()).toPeer());
        }
        assertTrue(server.handshakeComplete());
        for (int i = 0; i < 3; i++) {
            // After the handshake this is a KeyUpdate that asks for one in return.
            client.engine.beginHandshake();
            byte[] update = client.take(NOTHING);
            assertTrue(update.length > 0);
            byte[] answer = client.take(server.step(update, List.of(bytes("new keys"))).toPeer());
            assertEquals("new keys", client.heard());
            var atServer = new ArrayList<>(server.step(answer, List.of()).messages());
            atServer.addAll(server.step(client.say("hello"), List.of()).messages());
            assertEquals(List.of("hello"), atServer.stream().map(String::new).toList());
        }
        client.engine.closeOutbound();
        assertTrue(server.step(client.take(NOTHING), List.of()).closed());
        server.close();
        provider.close();
    }

    /** A client that seals whatever it is told to. */
    private static final class Client {
        private byte[] secret = CLIENT_SECRET;
        private long records;

        byte[] record(int type, int... content) throws Exception {
            byte[] bytes = new byte[content.length];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) content[i];
            }
            return record(type, bytes);
        }

        byte[] record(int type, byte[] content) throws Exception {
            byte[] inner = Arrays.copyOf(content, content.length + 1);
            inner[content.length] = (byte) type;
            return seal(inner);
        }

        /** A key update that asks for none. */
        byte[] update() throws Exception {
            byte[] record = record(22, 24, 0, 0, 1, 0);
            secret = SUITE.next(secret);
            records = 0;
            return record;
        }

        byte[] seal(byte[] inner) throws Exception {
            ByteBuffer nonce = ByteBuffer.wrap(SUITE.iv(secret));
            nonce.putLong(4, nonce.getLong(4) ^ records++);
            int length = inner.length + Tls13Keys.TAG_BYTES;
            byte[] header = {23, 3, 3, (byte) (length >> 8), (byte) length};
            Cipher cipher = Cipher.getInstance(SUITE.cipher);
            var key = new SecretKeySpec(SUITE.key(secret), SUITE.keyAlgorithm);
            cipher.init(Cipher.ENCRYPT_MODE, key, SUITE.nonce(nonce.array()));
            cipher.updateAAD(header);
            return ByteBuffer.allocate(header.length + length)
                    .put(header)
                    .put(cipher.doFinal(inner))
                    .array();
        }
    }

    /** The JDK's client, of which this package needs more than a provider's engine can do. */
    private static final class JdkClient {
        final SSLEngine engine;
        private final ByteBuffer text = ByteBuffer.allocate(64 * 1024);

        JdkClient(TestAuthority authority) throws Exception {
            KeyStore anchors = KeyStore.getInstance("PKCS12");
            anchors.load(null, null);
            anchors.setCertificateEntry("anchor", authority.certificate());
            var trust = TrustManagerFactory.getInstance("PKIX");
            trust.init(anchors);
            SSLContext context = SSLContext.getInstance("TLSv1.3");
            context.init(null, trust.getTrustManagers(), null);
            engine = context.createSSLEngine();
            engine.setUseClientMode(true);
        }

        /** Reads {@code bytes} and gives what there is to say then. */
        byte[] take(byte[] bytes) throws Exception {
            ByteBuffer input = ByteBuffer.wrap(bytes);
            var out = new ByteArrayOutputStream();
            while (true) {
                switch (engine.getHandshakeStatus()) {
                    case NEED_TASK -> engine.getDelegatedTask().run();
                    case NEED_WRAP -> wrap(NOTHING, out);
                    default -> {
                        if (!input.hasRemaining()) {
                            return out.toByteArray();
                        }
                        assertEquals(SSLEngineResult.Status.OK, engine.unwrap(input, text).getStatus());
                    }
                }
            }
        }

        byte[] say(String message) throws Exception {
            var out = new ByteArrayOutputStream();
            wrap(bytes(message), out);
            return out.toByteArray();
        }

        String heard() {
            String heard = new String(text.array(), 0, text.position(), StandardCharsets.UTF_8);
            text.clear();
            return heard;
        }

        private void wrap(byte[] message, ByteArrayOutputStream out) throws Exception {
            ByteBuffer network = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
            engine.wrap(ByteBuffer.wrap(message), network);
            out.write(network.array(), 0, network.position());
        }
    }

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

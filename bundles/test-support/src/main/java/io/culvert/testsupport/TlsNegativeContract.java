package io.culvert.testsupport;

import static io.culvert.testsupport.ClientHello.handshake;
import static io.culvert.testsupport.ClientHello.joined;
import static io.culvert.testsupport.ClientHello.keyShare;
import static io.culvert.testsupport.ClientHello.numbers;
import static io.culvert.testsupport.ClientHello.record;
import static io.culvert.testsupport.ClientHello.vector16;
import static io.culvert.testsupport.ClientHello.vector8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsPolicy.Identity;
import io.culvert.api.tls.TlsPolicy.PeerCertificate;
import io.culvert.api.tls.TlsPolicy.Version;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tls.TlsStep;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a server's engine must refuse, bear or pass over, whoever makes it: what peers say that no peer should. Messages
 * are made by hand, so that they are wrong in one thing only. A test class of a provider extends it.
 */
public abstract class TlsNegativeContract {
    private static final TestAuthority AUTHORITY = new TestAuthority("authority");
    private static final Identity SERVER = AUTHORITY.server("server");
    private static final byte[] NOTHING = {};
    private static final int MAX_FRAGMENT = 16_384;
    private static final int MANY = 1_000;

    private static final int ALERT = 21;
    private static final int HANDSHAKE = 22;
    private static final int DATA = 23;

    private final List<TlsEngine> engines = new ArrayList<>();
    private final HandmadeClient client = new HandmadeClient();

    protected abstract TlsProvider provider();

    @AfterEach
    void closeEngines() {
        engines.forEach(TlsEngine::close);
    }

    // ---- the hand-made client itself

    @Test
    void shouldTalkToAClientThatDoesNothingWrong() throws Exception {
        TlsEngine server = connected();
        assertEquals(List.of("hello"), texts(client.say(server, DATA, bytes("hello"))));
        assertEquals("welcome", client.read(server.step(NOTHING, List.of(bytes("welcome"))).toPeer()));
    }

    // ---- records

    @Test
    void shouldRefuseARecordOfNoVersionOfTls() throws Exception {
        refused(record(HANDSHAKE, 0x0505, client.hello().message()));
    }

    @Test
    void shouldRefuseAnOversizedRecord() throws Exception {
        refused(record(HANDSHAKE, new byte[MAX_FRAGMENT + 2048 + 1]));
    }

    @Test
    void shouldRefuseARecordOfAnUnknownType() throws Exception {
        refused(record(99, client.hello().message()));
    }

    @Test
    void shouldRefuseDataBeforeTheHandshake() throws Exception {
        refused(record(DATA, bytes("hello")));
    }

    @Test
    void shouldRefuseEndlessEmptyHandshakeRecords() throws Exception {
        TlsEngine server = server();
        assertThrows(TlsException.class, () -> {
            for (int i = 0; i < MANY; i++) {
                server.step(record(HANDSHAKE, NOTHING), List.of());
            }
        });
    }

    @Test
    void shouldPutTogetherAHelloThatCameInRecordsOfOneByte() throws Exception {
        TlsEngine server = server();
        var answer = new ByteArrayOutputStream();
        for (byte b : client.hello().message()) {
            answer.writeBytes(server.step(record(HANDSHAKE, new byte[] {b}), List.of()).toPeer());
        }
        client.hear(answer.toByteArray());
        server.step(client.finished(), List.of());
        assertTrue(server.handshakeComplete());
    }

    @Test
    void shouldRefuseARecordWithoutAContentType() throws Exception {
        refused(connected(), client.sealInner(new byte[20]));
    }

    @Test
    void shouldRefuseAnOversizedPlaintext() throws Exception {
        byte[] inner = new byte[MAX_FRAGMENT + 2];
        inner[MAX_FRAGMENT + 1] = DATA;
        refused(connected(), client.sealInner(inner));
    }

    @Test
    void shouldNotTakePaddingForData() throws Exception {
        TlsEngine server = connected();
        byte[] inner = Arrays.copyOf(bytes("hello"), 100);
        inner[5] = DATA;
        assertEquals(List.of("hello"), texts(server.step(client.sealInner(inner), List.of())));
    }

    @Test
    void shouldRefuseARecordInTheClearAfterTheHandshake() throws Exception {
        refused(connected(), record(HANDSHAKE, handshake(24, new byte[] {0})));
    }

    // ---- hellos

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 10, 40, 60})
    void shouldRefuseAHelloThatEndsTooSoon(int missing) throws Exception {
        byte[] message = client.hello().message();
        byte[] body = Arrays.copyOfRange(message, 4, message.length - missing);
        refused(record(HANDSHAKE, handshake(1, body)));
    }

    @Test
    void shouldRefuseAHelloThatGoesOnTooLong() throws Exception {
        client.hello().trailer = new byte[] {1, 2, 3};
        refused(client.hello().record());
    }

    @Test
    void shouldRefuseASessionIdThatIsTooLong() throws Exception {
        client.hello().session = new byte[33];
        refused(client.hello().record());
    }

    @Test
    void shouldPassOverWhatItDoesNotKnow() throws Exception {
        // RFC 8701: values that nobody has, everywhere.
        var hello = client.hello();
        hello.suites = new int[] {0x0a0a, ClientHello.TLS_AES_128_GCM_SHA256, 0xfafa};
        hello.first(0x1a1a, NOTHING).with(0x2a2a, new byte[] {1, 2, 3});
        hello.replaced(ClientHello.SUPPORTED_VERSIONS, vector8(numbers(0x3a3a, ClientHello.TLS_1_3)));
        hello.replaced(ClientHello.SUPPORTED_GROUPS, vector16(numbers(0x4a4a, ClientHello.X25519)));
        hello.replaced(
                ClientHello.KEY_SHARE,
                vector16(joined(
                        keyShare(0x4a4a, new byte[] {0}), keyShare(ClientHello.X25519, client.publicKey()))));
        hello.replaced(ClientHello.SIGNATURE_ALGORITHMS, vector16(numbers(0x5a5a, 0x0403)));
        assertTrue(connected().handshakeComplete());
    }

    @ParameterizedTest
    @ValueSource(ints = {ClientHello.SUPPORTED_GROUPS, ClientHello.SUPPORTED_VERSIONS, ClientHello.KEY_SHARE})
    void shouldRefuseAnExtensionThatComesTwice(int type) throws Exception {
        var twice = client.hello().extensions.stream().filter(e -> e.type() == type).findFirst().orElseThrow();
        refused(client.hello().with(type, twice.body()).record());
    }

    @Test
    void shouldRefuseWithoutASuiteInCommon() throws Exception {
        client.hello().suites = new int[] {0x1304, 0x1305};
        assertEquals(40, refused(client.hello().record()));
    }

    @Test
    void shouldRefuseWithoutASuiteInCommonOnTls12() throws Exception {
        var hello = ClientHello.classic();
        hello.suites = new int[] {0x000a, 0x0005, 0x00ff};
        assertEquals(40, refused(hello.record()));
    }

    @Test
    void shouldRefuseWithoutAGroupInCommon() throws Exception {
        client.hello().replaced(ClientHello.SUPPORTED_GROUPS, vector16(numbers(0x001a)));
        client.hello().replaced(ClientHello.KEY_SHARE, vector16(keyShare(0x001a, new byte[65])));
        refused(client.hello().record());
    }

    @ParameterizedTest
    @ValueSource(ints = {ClientHello.SUPPORTED_GROUPS, ClientHello.SIGNATURE_ALGORITHMS, ClientHello.KEY_SHARE})
    void shouldRefuseAHelloThatLacksWhatTls13Needs(int type) throws Exception {
        refused(client.hello().without(type).record());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 31, 33})
    void shouldRefuseAKeyShareOfAnotherLength(int length) throws Exception {
        byte[] share = Arrays.copyOf(client.publicKey(), length);
        refused(client.hello()
                .replaced(ClientHello.KEY_SHARE, vector16(keyShare(ClientHello.X25519, share)))
                .record());
    }

    @Test
    void shouldRefuseAKeyShareThatGivesNoSecret() throws Exception {
        // RFC 8446 section 7.4.2: the point of order one, whose product with anything is zero.
        refused(client.hello()
                .replaced(ClientHello.KEY_SHARE, vector16(keyShare(ClientHello.X25519, new byte[32])))
                .record());
    }

    @Test
    void shouldRefuseCompressionOnTls13() throws Exception {
        client.hello().compressions = new byte[] {0, 1};
        refused(client.hello().record());
    }

    @Test
    void shouldRefuseCompressionAloneOnTls12() throws Exception {
        var hello = ClientHello.classic();
        hello.compressions = new byte[] {1};
        refused(hello.record());
    }

    @ParameterizedTest
    @ValueSource(ints = {0x0300, 0x0301, 0x0302})
    void shouldRefuseOldVersions(int version) throws Exception {
        var hello = ClientHello.classic();
        hello.version = version;
        int alert = refused(record(HANDSHAKE, 0x0301, hello.message()));
        assertTrue(alert == 70 || alert == 40, "protocol_version or handshake_failure, not " + alert);
    }

    @Test
    void shouldRefuseAHelloOfSsl2() throws Exception {
        byte[] body = joined(new byte[] {1, 3, 3, 0, 3, 0, 0, 0, 16, 0, 0, 0x2f}, new byte[16]);
        refused(joined(new byte[] {(byte) 0x80, (byte) body.length}, body));
    }

    @Test
    void shouldMarkADowngradeInItsRandom() throws Exception {
        byte[] answer = server().step(ClientHello.classic().record(), List.of()).toPeer();
        // Record header, message header, version; then 32 bytes, RFC 8446 section 4.1.3.
        byte[] marker = Arrays.copyOfRange(answer, 5 + 4 + 2 + 24, 5 + 4 + 2 + 32);
        assertArrayEquals(joined(bytes("DOWNGRD"), new byte[] {1}), marker);
    }

    @Test
    void shouldNoticeADowngradeAsAClient() throws Exception {
        TlsEngine victim = provider().newClientEngine(policy(null, PeerCertificate.REQUIRED, Version.TLS_1_2));
        engines.add(victim);
        byte[] hello = victim.step(NOTHING, List.of()).toPeer();
        // Somebody between makes the offer of TLS 1.3 unreadable, and adds nothing else.
        boolean found = false;
        for (int i = 40; i < hello.length - 8 && !found; i++) {
            found = hello[i] == 0 && hello[i + 1] == ClientHello.SUPPORTED_VERSIONS && hello[i + 2] == 0
                    && hello[i + 4] == hello[i + 3] - 1 && hello[i + 5] == 3;
            if (found) {
                hello[i] = 0x3a;
                hello[i + 1] = 0x3a;
            }
        }
        assertTrue(found, "an offer of TLS 1.3");
        byte[] answer = server().step(hello, List.of()).toPeer();
        TlsException failure = assertThrows(TlsException.class, () -> victim.step(answer, List.of()));
        assertEquals(47, code(failure), "illegal_parameter");
    }

    @Test
    void shouldRefuseASecondHello() throws Exception {
        TlsEngine server = server();
        byte[] flight = server.step(client.hello().record(), List.of()).toPeer();
        assertTrue(flight.length > 0);
        refused(server, client.hello().record());
    }

    // ---- messages out of place

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 4, 8, 11, 12, 14, 15, 16, 20, 24, 99})
    void shouldRefuseToBeginWithAnythingButAHello(int type) throws Exception {
        refused(record(HANDSHAKE, handshake(type, new byte[32])));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8, 12, 13, 14, 15, 16, 20, 99})
    void shouldRefuseOtherMessagesAfterTheHandshake(int type) throws Exception {
        TlsEngine server = connected();
        refused(server, client.seal(HANDSHAKE, handshake(type, new byte[32])));
    }

    @Test
    void shouldRefuseAWrongFinished() throws Exception {
        TlsEngine server = server();
        client.hear(server.step(client.hello().record(), List.of()).toPeer());
        byte[] finished = client.finishedMessage();
        finished[finished.length - 1] ^= 1;
        refused(server, client.seal(HANDSHAKE, finished));
        assertFalse(server.handshakeComplete());
    }

    @Test
    void shouldRefuseDataInsteadOfFinished() throws Exception {
        TlsEngine server = server();
        client.hear(server.step(client.hello().record(), List.of()).toPeer());
        refused(server, client.seal(DATA, bytes("hello")));
    }

    @Test
    void shouldRefuseAHandshakeWithoutFinished() throws Exception {
        TlsEngine server = server();
        client.hear(server.step(client.hello().record(), List.of()).toPeer());
        client.finish();
        refused(server, client.seal(DATA, bytes("hello")));
    }

    @Test
    void shouldNeverDeliverEarlyData() throws Exception {
        TlsEngine server = server();
        byte[] early = record(DATA, new byte[100]);
        client.hello().with(ClientHello.EARLY_DATA, NOTHING);
        byte[] hello = client.hello().record();
        try {
            for (byte[] bytes : List.of(hello, early, early)) {
                assertEquals(List.of(), server.step(bytes, List.of()).messages());
            }
        } catch (TlsException e) {
            assertFalse(String.valueOf(e.getMessage()).isEmpty());
        }
        assertFalse(server.handshakeComplete());
    }

    // ---- change_cipher_spec

    @Test
    void shouldPassOverOneChangeCipherSpecInTheHandshake() throws Exception {
        TlsEngine server = server();
        byte[] hello = joined(client.hello().record(), record(20, new byte[] {1}));
        client.hear(server.step(hello, List.of()).toPeer());
        server.step(client.finished(), List.of());
        assertTrue(server.handshakeComplete());
    }

    @Test
    void shouldNotBearAFloodOfChangeCipherSpecs() throws Exception {
        TlsEngine server = server();
        server.step(client.hello().record(), List.of());
        assertThrows(TlsException.class, () -> {
            for (int i = 0; i < MANY; i++) {
                server.step(record(20, new byte[] {1}), List.of());
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"02", "0101", "00"})
    void shouldRefuseAChangeCipherSpecOfAnotherContent(String content) throws Exception {
        TlsEngine server = server();
        server.step(client.hello().record(), List.of());
        refused(server, record(20, java.util.HexFormat.of().parseHex(content)));
    }

    @Test
    void shouldRefuseAChangeCipherSpecBeforeAHello() throws Exception {
        refused(record(20, new byte[] {1}));
    }

    @Test
    void shouldRefuseAChangeCipherSpecAfterTheHandshake() throws Exception {
        refused(connected(), record(20, new byte[] {1}));
    }

    // ---- alerts

    @Test
    void shouldEndByAFatalAlertWithoutAnAnswer() throws Exception {
        TlsEngine server = connected();
        byte[] alert = client.seal(ALERT, new byte[] {2, 80});
        TlsException heard = assertThrows(TlsException.class, () -> server.step(alert, List.of()));
        assertFalse(String.valueOf(heard.getMessage()).isEmpty());
        assertThrows(TlsException.class, () -> server.step(NOTHING, List.of()));
    }

    @Test
    void shouldEndByAFatalAlertInTheHandshake() throws Exception {
        TlsEngine server = server();
        server.step(client.hello().record(), List.of());
        refused(server, record(ALERT, new byte[] {2, 80}));
    }

    @Test
    void shouldRefuseAnAlertOfOneByte() throws Exception {
        refused(connected(), client.seal(ALERT, new byte[] {1}), client.seal(DATA, bytes("hello")));
    }

    @Test
    void shouldDeliverNothingAfterCloseNotify() throws Exception {
        TlsEngine server = connected();
        byte[] goodbye = client.seal(ALERT, new byte[] {1, 0});
        byte[] late = client.seal(DATA, bytes("late"));
        TlsStep step = server.step(joined(goodbye, late), List.of());
        assertTrue(step.closed());
        assertEquals(List.of(), step.messages());
        try {
            assertEquals(List.of(), server.step(client.seal(DATA, bytes("later")), List.of()).messages());
        } catch (TlsException e) {
            assertFalse(String.valueOf(e.getMessage()).isEmpty());
        }
    }

    // ---- KeyUpdate

    @Test
    void shouldFollowAKeyUpdate() throws Exception {
        TlsEngine server = connected();
        for (int i = 0; i < 3; i++) {
            client.say(server, HANDSHAKE, handshake(24, new byte[] {0}));
            client.updateOwn();
            assertEquals(List.of("hello"), texts(client.say(server, DATA, bytes("hello"))));
        }
    }

    @Test
    void shouldAnswerAKeyUpdateThatAsksForOne() throws Exception {
        TlsEngine server = connected();
        byte[] answer = client.say(server, HANDSHAKE, handshake(24, new byte[] {1})).toPeer();
        client.updateOwn();
        byte[] word = server.step(client.seal(DATA, bytes("hello")), List.of(bytes("welcome"))).toPeer();
        assertEquals("welcome", client.read(joined(answer, word)));
        // Under the next keys: those of before do not open it.
        assertEquals("again", client.read(server.step(NOTHING, List.of(bytes("again"))).toPeer()));
    }

    @Test
    void shouldRefuseAKeyUpdateOfAnotherContent() throws Exception {
        refused(connected(), client.seal(HANDSHAKE, handshake(24, new byte[] {2})));
    }

    @Test
    void shouldRefuseDataUnderKeysThatWereUpdated() throws Exception {
        TlsEngine server = connected();
        client.say(server, HANDSHAKE, handshake(24, new byte[] {0}));
        refused(server, client.seal(DATA, bytes("hello")));
    }

    @Test
    void shouldRefuseAKeyUpdateBeforeFinished() throws Exception {
        TlsEngine server = server();
        client.hear(server.step(client.hello().record(), List.of()).toPeer());
        refused(server, client.seal(HANDSHAKE, handshake(24, new byte[] {0})));
    }

    // ---- renegotiation

    @Test
    void shouldNotRenegotiateOnTls12() throws Exception {
        TlsEngine server = server();
        var peer = new JdkClient();
        peer.engine.beginHandshake();
        for (byte[] flight = peer.take(NOTHING); flight.length > 0; ) {
            flight = peer.take(server.step(flight, List.of()).toPeer());
        }
        assertTrue(server.handshakeComplete());
        assertTrue(server.description().startsWith("TLSv1.2"), server.description());
        peer.engine.beginHandshake();
        byte[] hello = peer.take(NOTHING);
        assertEquals(HANDSHAKE, hello[0]);
        byte[] answer;
        try {
            answer = server.step(hello, List.of()).toPeer();
        } catch (TlsException e) {
            answer = e.alert();
        }
        for (int at = 0; at < answer.length; at += 5 + ((answer[at + 3] & 0xff) << 8 | answer[at + 4] & 0xff)) {
            assertEquals(ALERT, answer[at], "no ServerHello");
        }
    }

    /** The JDK's client of TLS 1.2, which can ask for a renegotiation. */
    private static final class JdkClient {
        final SSLEngine engine;

        JdkClient() throws Exception {
            KeyStore anchors = KeyStore.getInstance("PKCS12");
            anchors.load(null, null);
            anchors.setCertificateEntry("anchor", AUTHORITY.certificate());
            var trust = TrustManagerFactory.getInstance("PKIX");
            trust.init(anchors);
            SSLContext context = SSLContext.getInstance("TLSv1.2");
            context.init(null, trust.getTrustManagers(), null);
            engine = context.createSSLEngine();
            engine.setUseClientMode(true);
            engine.setEnabledProtocols(new String[] {"TLSv1.2"});
        }

        /** Reads {@code bytes} and gives what there is to say then. */
        byte[] take(byte[] bytes) throws Exception {
            ByteBuffer input = ByteBuffer.wrap(bytes);
            ByteBuffer text = ByteBuffer.allocate(64 * 1024);
            ByteBuffer network = ByteBuffer.allocate(64 * 1024);
            while (true) {
                switch (engine.getHandshakeStatus()) {
                    case NEED_TASK -> engine.getDelegatedTask().run();
                    case NEED_WRAP -> engine.wrap(ByteBuffer.allocate(0), network);
                    default -> {
                        if (!input.hasRemaining()) {
                            return Arrays.copyOf(network.array(), network.position());
                        }
                        engine.unwrap(input, text);
                    }
                }
            }
        }
    }

    // ---- certificates

    @ParameterizedTest
    @EnumSource
    void shouldRefuseAnExpiredCertificate(Version version) throws Exception {
        refused(version, AUTHORITY.expiredClient("carol"));
    }

    @ParameterizedTest
    @EnumSource
    void shouldRefuseACertificateOfTheFuture(Version version) throws Exception {
        refused(version, AUTHORITY.futureClient("dave"));
    }

    @ParameterizedTest
    @EnumSource
    void shouldRefuseACertificateThatOnlyItselfVouchesFor(Version version) throws Exception {
        refused(version, TestAuthority.selfSignedClient("mallory"));
    }

    @ParameterizedTest
    @EnumSource
    void shouldRefuseACertificateOfAnUnknownAuthority(Version version) throws Exception {
        refused(version, new TestAuthority("another").client("mallory"));
    }

    @ParameterizedTest
    @EnumSource
    void shouldRefuseACertificateForServers(Version version) throws Exception {
        refused(version, AUTHORITY.server("mallory"));
    }

    @ParameterizedTest
    @EnumSource
    void shouldRefuseTheAuthoritysCertificateWithAnotherKey(Version version) throws Exception {
        refused(
                version,
                new Identity(
                        AUTHORITY.client("mallory").key(),
                        AUTHORITY.client("alice").chain()));
    }

    private void refused(Version version, Identity identity) throws Exception {
        TlsEngine server = provider().newServerEngine(policy(SERVER, PeerCertificate.REQUIRED, version));
        engines.add(server);
        var only = new TlsPolicy(
                Optional.of(identity),
                List.of(AUTHORITY.certificate()),
                PeerCertificate.REQUIRED,
                version,
                version,
                List.of(),
                List.of());
        TlsEngine peer;
        try {
            peer = provider().newClientEngine(only);
        } catch (TlsException e) {
            return; // it does not even make such a client
        }
        engines.add(peer);
        assertThrows(TlsException.class, () -> {
            byte[] flight = peer.step(NOTHING, List.of()).toPeer();
            while (flight.length > 0) {
                flight = peer.step(server.step(flight, List.of()).toPeer(), List.of()).toPeer();
            }
        });
        assertFalse(server.handshakeComplete());
    }

    // ---- servers

    private TlsEngine server() throws TlsException {
        TlsEngine server = provider().newServerEngine(policy(SERVER, PeerCertificate.NOT_ASKED, Version.TLS_1_2));
        engines.add(server);
        return server;
    }

    /** A server that has shaken hands with the hand-made client. */
    private TlsEngine connected() throws Exception {
        TlsEngine server = server();
        client.connect(server);
        assertTrue(server.handshakeComplete());
        return server;
    }

    private static TlsPolicy policy(
            @org.jspecify.annotations.Nullable Identity identity, PeerCertificate peerCertificate, Version lowest) {
        return new TlsPolicy(
                Optional.ofNullable(identity),
                List.of(AUTHORITY.certificate()),
                peerCertificate,
                lowest,
                Version.TLS_1_3,
                List.of(),
                List.of());
    }

    private int refused(byte[] bytes) throws TlsException {
        return refused(server(), bytes);
    }

    /** The alert's code, 0 where the provider says nothing or says it sealed. */
    private static int refused(TlsEngine server, byte[]... steps) {
        boolean before = server.handshakeComplete();
        TlsException failure = assertThrows(TlsException.class, () -> {
            for (byte[] bytes : steps) {
                assertEquals(List.of(), server.step(bytes, List.of()).messages());
            }
        });
        assertFalse(String.valueOf(failure.getMessage()).isEmpty());
        assertEquals(before, server.handshakeComplete());
        assertThrows(TlsException.class, () -> server.step(NOTHING, List.of()), "it stays failed");
        return code(failure);
    }

    private static int code(TlsException failure) {
        byte[] alert = failure.alert();
        return alert.length == 7 && alert[0] == ALERT ? alert[6] : 0;
    }

    private static List<String> texts(TlsStep step) {
        return step.messages().stream().map(text -> new String(text, StandardCharsets.UTF_8)).toList();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

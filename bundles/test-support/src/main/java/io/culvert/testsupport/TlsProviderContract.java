package io.culvert.testsupport;

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
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What {@link TlsProvider} and {@link TlsEngine} promise. A test class of a provider extends it and names the providers
 * at the two ends, which may be two.
 */
public abstract class TlsProviderContract {
    private static final TestAuthority AUTHORITY = new TestAuthority("test authority");
    private static final Identity SERVER = AUTHORITY.server("server");
    private static final Identity RSA_SERVER = AUTHORITY.rsaServer("server");
    private static final Identity ALICE = AUTHORITY.client("alice");
    private static final byte[] NOTHING = {};
    private static final int MAX_RECORD = 16_384;
    private static final int MAX_MESSAGE = 16_000;
    private static final int MANY_ROUNDS = 10;

    private final List<TlsEngine> engines = new ArrayList<>();

    /** Who makes the server's engines. */
    protected abstract TlsProvider server();

    /** Who makes the client's engines. */
    protected abstract TlsProvider client();

    @AfterEach
    void closeEngines() {
        engines.forEach(TlsEngine::close);
    }

    // ---- handshakes ----

    @ParameterizedTest
    @CsvSource({"TLS_1_2, 1", "TLS_1_2, 7", "TLS_1_2, 100000", "TLS_1_3, 1", "TLS_1_3, 7", "TLS_1_3, 100000"})
    void shouldAgreeHoweverTheBytesAreCut(Version version, int cut) throws Exception {
        var pair = pair(policy(SERVER, version), policy(ALICE, version));
        pair.shake(cut);
        assertTrue(pair.server.handshakeComplete() && pair.client.handshakeComplete());
        assertEquals(pair.server.description(), pair.client.description());
        assertTrue(pair.server.description().startsWith(version == Version.TLS_1_3 ? "TLSv1.3 TLS_" : "TLSv1.2 TLS_"));
        assertEquals(ALICE.chain(), pair.server.peerCertificates());
        assertEquals(SERVER.chain(), pair.client.peerCertificates());
    }

    @ParameterizedTest
    @EnumSource
    void shouldExportTheSameKeysAtBothEnds(Version version) throws Exception {
        var pair = pair(policy(SERVER, version), policy(ALICE, version));
        pair.shake(MAX_RECORD);
        byte[] keys = pair.server.exportKeyingMaterial("EXPORTER-OpenVPN-datakeys", 256);
        assertEquals(256, keys.length);
        assertArrayEquals(keys, pair.client.exportKeyingMaterial("EXPORTER-OpenVPN-datakeys", 256));
        assertFalse(Arrays.equals(keys, pair.client.exportKeyingMaterial("EXPORTER-Channel-Binding", 256)));
    }

    @ParameterizedTest
    @CsvSource({
        "TLS_AES_256_GCM_SHA384, false",
        "TLS_AES_128_GCM_SHA256, false",
        "TLS_CHACHA20_POLY1305_SHA256, false",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, false",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, false",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, false",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, true",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, true",
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, true",
        "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384, true",
        "TLS_AES_256_GCM_SHA384, true"
    })
    void shouldTakeTheSuiteThatThePolicyNames(String suite, boolean rsa) throws Exception {
        var pair = pair(
                policy(rsa ? RSA_SERVER : SERVER, PeerCertificate.REQUIRED, List.of(suite), List.of()),
                policy(ALICE, PeerCertificate.REQUIRED, List.of(), List.of()));
        pair.shake(MAX_RECORD);
        assertEquals(suite, pair.server.description().split(" ")[1]);
        assertEquals(pair.server.description(), pair.client.description());
    }

    @ParameterizedTest
    @ValueSource(strings = {"x25519", "secp256r1", "secp384r1"})
    void shouldTakeTheGroupThatThePolicyNames(String group) throws Exception {
        var pair = pair(
                policy(SERVER, PeerCertificate.REQUIRED, List.of(), List.of(group)),
                policy(ALICE, PeerCertificate.REQUIRED, List.of(), List.of()));
        pair.shake(MAX_RECORD);
        assertTrue(pair.server.handshakeComplete());
    }

    @Test
    void shouldFailWithoutAGroupInCommon() throws Exception {
        var pair = pair(
                policy(SERVER, PeerCertificate.REQUIRED, List.of(), List.of("secp384r1")),
                policy(ALICE, PeerCertificate.REQUIRED, List.of(), List.of("x25519")));
        assertTrue(pair.failure().alert().length > 0);
    }

    @Test
    void shouldFailWithoutAVersionInCommon() throws Exception {
        var pair = pair(policy(SERVER, Version.TLS_1_3), policy(ALICE, Version.TLS_1_2));
        assertTrue(pair.failure().alert().length > 0);
    }

    @Test
    void shouldTakeTheHighestVersionInCommon() throws Exception {
        var pair = pair(
                policy(SERVER, PeerCertificate.REQUIRED, List.of(), List.of()),
                policy(ALICE, PeerCertificate.REQUIRED, List.of(), List.of()));
        pair.shake(MAX_RECORD);
        assertTrue(pair.server.description().startsWith("TLSv1.3 "));
    }

    @Test
    void shouldServeAClientWithoutCertificateWhenNoneIsRequired() throws Exception {
        for (PeerCertificate wanted : List.of(PeerCertificate.OPTIONAL, PeerCertificate.NOT_ASKED)) {
            var pair = pair(policy(SERVER, wanted, List.of(), List.of()), policy(null, PeerCertificate.REQUIRED));
            pair.shake(MAX_RECORD);
            assertTrue(pair.server.handshakeComplete());
            assertEquals(List.of(), pair.server.peerCertificates());
            assertEquals(SERVER.chain(), pair.client.peerCertificates());
        }
    }

    @Test
    void shouldNotAskForACertificateThatIsNotWanted() throws Exception {
        var pair = pair(policy(SERVER, PeerCertificate.NOT_ASKED), policy(ALICE, PeerCertificate.REQUIRED));
        pair.shake(MAX_RECORD);
        assertEquals(List.of(), pair.server.peerCertificates());
    }

    @Test
    void shouldVerifyAnOptionalCertificateThatIsShown() throws Exception {
        var pair = pair(policy(SERVER, PeerCertificate.OPTIONAL), policy(ALICE, PeerCertificate.REQUIRED));
        pair.shake(MAX_RECORD);
        assertEquals(ALICE.chain(), pair.server.peerCertificates());
    }

    // ---- certificates ----

    @ParameterizedTest
    @EnumSource
    void shouldFollowAChainThroughAnIntermediateAuthority(Version version) throws Exception {
        Identity below = AUTHORITY.clientOfIntermediate("branch", "bob");
        var pair = pair(policy(SERVER, version), policy(below, version));
        pair.shake(MAX_RECORD);
        assertEquals(below.chain(), pair.server.peerCertificates());
    }

    @ParameterizedTest
    @EnumSource
    void shouldRefuseAClientWithoutCertificateWhenOneIsRequired(Version version) throws Exception {
        refused(version, null);
    }

    @ParameterizedTest
    @EnumSource
    void shouldRefuseACertificateOfAnotherAuthority(Version version) throws Exception {
        refused(version, new TestAuthority("test authority").client("mallory"));
    }

    @ParameterizedTest
    @EnumSource
    void shouldRefuseAnExpiredCertificateAndSayWhy(Version version) throws Exception {
        String reason = refused(version, AUTHORITY.expiredClient("carol"));
        assertTrue(reason.contains("expired") || reason.contains("NotAfter"), reason);
    }

    @ParameterizedTest
    @EnumSource
    void shouldRefuseAServerCertificateAsAClients(Version version) throws Exception {
        String reason = refused(version, AUTHORITY.server("server"));
        assertTrue(reason.contains("usage") || reason.contains("purpose"), reason);
    }

    /** The server's reason. */
    private String refused(Version version, @Nullable Identity identity) throws Exception {
        var pair = pair(policy(SERVER, version), policy(identity, version));
        TlsException failure = pair.failure();
        assertTrue(failure.alert().length > 0, "an alert for the client");
        assertFalse(pair.server.handshakeComplete());
        assertThrows(TlsException.class, () -> pair.client.step(failure.alert(), List.of()), "the client hears it");
        assertThrows(TlsException.class, () -> pair.server.exportKeyingMaterial("label", 32));
        assertThrows(TlsException.class, () -> pair.server.step(NOTHING, List.of()), "it stays failed");
        return String.valueOf(failure.getMessage());
    }

    @ParameterizedTest
    @EnumSource
    void shouldNotTalkToAServerWithAClientsCertificate(Version version) throws Exception {
        var pair = pair(policy(AUTHORITY.client("mallory"), version), policy(ALICE, version));
        TlsException failure = pair.failure();
        assertFalse(pair.client.handshakeComplete());
        assertTrue(failure.alert().length > 0);
        TlsException heard = assertThrows(TlsException.class, () -> pair.server.step(failure.alert(), List.of()));
        assertFalse(String.valueOf(heard.getMessage()).isEmpty());
    }

    @Test
    void shouldTrustNobodyWithoutAnchors() throws Exception {
        var lonely = new TlsPolicy(
                Optional.of(ALICE),
                List.of(),
                PeerCertificate.REQUIRED,
                Version.TLS_1_3,
                Version.TLS_1_3,
                List.of(),
                List.of());
        pair(policy(SERVER, Version.TLS_1_3), lonely).failure();
    }

    @Test
    void shouldUseTheIdentityOfTheMoment() throws Exception {
        for (String name : List.of("one", "two", "one")) {
            var pair = pair(policy(AUTHORITY.server(name), Version.TLS_1_3), policy(ALICE, Version.TLS_1_3));
            pair.shake(MAX_RECORD);
            assertEquals("CN=" + name, subject(pair.client.peerCertificates()));
        }
    }

    // ---- messages ----

    @ParameterizedTest
    @EnumSource
    void shouldMakeOneRecordOfEachMessageThatWaitedForTheHandshake(Version version) throws Exception {
        var pair = pair(policy(SERVER, version), policy(ALICE, version));
        pair.say(pair.client, "one", "two");
        pair.say(pair.server, "three");
        pair.say(pair.client, "four");
        pair.shake(MAX_RECORD);
        assertEquals(List.of("one", "two", "four"), texts(pair.atServer));
        assertEquals(List.of("three"), texts(pair.atClient));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1000, 100_000})
    void shouldPutTogetherWhatIsCutOrCoalesced(int cut) throws Exception {
        var pair = pair(policy(SERVER, Version.TLS_1_3), policy(ALICE, Version.TLS_1_3));
        pair.shake(MAX_RECORD);
        var random = new Random(1);
        var sent = new ArrayList<byte[]>();
        for (int length : new int[] {1, 5000, MAX_MESSAGE, 3, MAX_MESSAGE - 1}) {
            byte[] message = new byte[length];
            random.nextBytes(message);
            sent.add(message);
        }
        for (TlsEngine from : List.of(pair.client, pair.server)) {
            List<byte[]> got = from == pair.client ? pair.atServer : pair.atClient;
            pair.pass(from, from.step(NOTHING, sent).toPeer(), cut);
            assertEquals(sent.size(), got.size());
            for (int i = 0; i < sent.size(); i++) {
                assertArrayEquals(sent.get(i), got.get(i));
            }
        }
    }

    @Test
    void shouldHaveNothingToSayWhenNothingHappens() throws Exception {
        var pair = pair(policy(SERVER, Version.TLS_1_3), policy(ALICE, Version.TLS_1_3));
        assertEquals(0, pair.server.step(NOTHING, List.of()).toPeer().length);
        assertFalse(pair.server.handshakeComplete());
        assertEquals("", pair.server.description());
        assertThrows(TlsException.class, () -> pair.server.exportKeyingMaterial("label", 32));
        pair.shake(MAX_RECORD);
        TlsStep idle = pair.server.step(NOTHING, List.of());
        assertEquals(0, idle.toPeer().length);
        assertEquals(0, idle.messages().size());
        assertFalse(idle.closed());
    }

    // ---- what is no TLS ----

    @Test
    void shouldFailOnGarbageWithoutAnythingButTlsException() throws Exception {
        TlsEngine server = pair(policy(SERVER, Version.TLS_1_3), policy(ALICE, Version.TLS_1_3)).server;
        assertThrows(TlsException.class, () -> server.step(bytes("GET / HTTP/1.1\r\n\r\n"), List.of()));
    }

    @ParameterizedTest
    @EnumSource
    void shouldFailCleanlyOnAnyChangedByteOfAHello(Version version) throws Exception {
        byte[] hello = pair(policy(SERVER, version), policy(ALICE, version)).client.step(NOTHING, List.of()).toPeer();
        for (int i = 0; i < hello.length; i++) {
            byte[] changed = hello.clone();
            changed[i] ^= (byte) 0x55;
            try (TlsEngine server = server().newServerEngine(policy(SERVER, version))) {
                server.step(changed, List.of());
                assertFalse(server.handshakeComplete());
            } catch (TlsException e) {
                assertFalse(String.valueOf(e.getMessage()).isEmpty());
            }
        }
    }

    @Test
    void shouldWaitForTheRestOfATruncatedHello() throws Exception {
        var pair = pair(policy(SERVER, Version.TLS_1_3), policy(ALICE, Version.TLS_1_3));
        byte[] hello = pair.client.step(NOTHING, List.of()).toPeer();
        TlsStep step = pair.server.step(Arrays.copyOf(hello, hello.length - 1), List.of());
        assertEquals(0, step.toPeer().length);
        assertFalse(pair.server.handshakeComplete());
    }

    @ParameterizedTest
    @EnumSource
    void shouldFailOnAForgedRecord(Version version) throws Exception {
        var pair = pair(policy(SERVER, version), policy(ALICE, version));
        pair.shake(MAX_RECORD);
        byte[] record = pair.client.step(NOTHING, List.of(bytes("secret"))).toPeer();
        record[record.length - 1] ^= 1;
        TlsException failure = assertThrows(TlsException.class, () -> pair.server.step(record, List.of()));
        assertTrue(failure.alert().length > 0);
        assertThrows(TlsException.class, () -> pair.client.step(failure.alert(), List.of()));
    }

    @Test
    void shouldNotKeepEndlessBytesOfAStranger() throws Exception {
        TlsEngine server = pair(policy(SERVER, Version.TLS_1_3), policy(ALICE, Version.TLS_1_3)).server;
        // A handshake message that announces 16 MB, in records of 16 KB.
        byte[] record = new byte[5 + MAX_RECORD];
        record[0] = 22;
        record[1] = 3;
        record[2] = 1;
        record[3] = MAX_RECORD >> 8;
        record[5] = 1;
        record[6] = (byte) 0xff;
        assertThrows(TlsException.class, () -> {
            for (int i = 0; i < 100; i++) {
                server.step(record, List.of());
            }
        });
    }

    // ---- policies ----

    @Test
    void shouldRefuseAServerWithoutIdentity() {
        assertThrows(TlsException.class, () -> server().newServerEngine(policy(null, Version.TLS_1_3)));
    }

    @Test
    void shouldRefuseASuiteThatNobodyKnows() {
        var unknown = policy(SERVER, PeerCertificate.REQUIRED, List.of("TLS_ROT13"), List.of());
        String reason = String.valueOf(
                assertThrows(TlsException.class, () -> server().newServerEngine(unknown)).getMessage());
        assertTrue(reason.contains("TLS_ROT13"), reason);
    }

    @Test
    void shouldRefuseAGroupThatNobodyKnows() {
        var unknown = policy(SERVER, PeerCertificate.REQUIRED, List.of(), List.of("curve1"));
        assertThrows(TlsException.class, () -> server().newServerEngine(unknown));
    }

    @Test
    void shouldPassOverAGroupThatItLacks() throws Exception {
        var pair = pair(
                policy(SERVER, PeerCertificate.REQUIRED, List.of(), List.of("curve1", "secp384r1")),
                policy(ALICE, PeerCertificate.REQUIRED, List.of(), List.of("curve2", "secp384r1", "x25519")));
        pair.shake(MAX_RECORD);
        assertTrue(pair.server.handshakeComplete());
    }

    /** A hybrid where both have it, else what is next: neither end need know of the other. */
    @Test
    void shouldAgreeThoughTheHybridIsWantedFirst() throws Exception {
        List<String> groups = List.of("X25519MLKEM768", "x25519");
        var pair = pair(
                policy(SERVER, PeerCertificate.REQUIRED, List.of(), groups),
                policy(ALICE, PeerCertificate.REQUIRED, List.of(), groups));
        pair.shake(MAX_RECORD);
        assertTrue(pair.server.description().startsWith("TLSv1.3 "));
    }

    // ---- the end ----

    @ParameterizedTest
    @EnumSource
    void shouldStayClosed(Version version) throws Exception {
        var pair = pair(policy(SERVER, version), policy(ALICE, version));
        pair.shake(MAX_RECORD);
        byte[] late = pair.client.step(NOTHING, List.of(bytes("late"))).toPeer();
        for (int i = 0; i < 3; i++) {
            pair.server.close();
        }
        assertThrows(TlsException.class, () -> pair.server.step(late, List.of()));
        assertThrows(TlsException.class, () -> pair.server.step(NOTHING, List.of(bytes("late"))));
        assertThrows(TlsException.class, () -> pair.server.exportKeyingMaterial("label", 32));
        assertEquals(List.of(), pair.server.peerCertificates());
        assertEquals("", pair.server.description());
    }

    @Test
    void shouldCloseInTheMiddleOfAHandshake() throws Exception {
        var pair = pair(policy(SERVER, Version.TLS_1_3), policy(ALICE, Version.TLS_1_3));
        byte[] hello = pair.client.step(NOTHING, List.of(bytes("never"))).toPeer();
        byte[] answer = pair.server.step(hello, List.of()).toPeer();
        pair.server.close();
        pair.client.close();
        assertThrows(TlsException.class, () -> pair.client.step(answer, List.of()));
    }

    // ---- two ends ----

    private static final class Pair {
        final TlsEngine server;
        final TlsEngine client;
        final List<byte[]> atServer = new ArrayList<>();
        final List<byte[]> atClient = new ArrayList<>();
        private final ByteArrayOutputStream toServer = new ByteArrayOutputStream();
        private final ByteArrayOutputStream toClient = new ByteArrayOutputStream();

        Pair(TlsEngine server, TlsEngine client) {
            this.server = server;
            this.client = client;
        }

        void say(TlsEngine from, String... messages) throws TlsException {
            (from == client ? toServer : toClient)
                    .writeBytes(from.step(NOTHING, Arrays.stream(messages).map(TlsProviderContract::bytes).toList())
                            .toPeer());
        }

        /** Passes everything on, in pieces of {@code cut} bytes, until both have nothing more to say. */
        void shake(int cut) throws TlsException {
            toServer.writeBytes(client.step(NOTHING, List.of()).toPeer());
            for (int i = 0; i < MANY_ROUNDS; i++) {
                byte[] forServer = toServer.toByteArray();
                toServer.reset();
                toClient.writeBytes(pass(client, forServer, cut));
                byte[] forClient = toClient.toByteArray();
                toClient.reset();
                toServer.writeBytes(pass(server, forClient, cut));
            }
        }

        byte[] pass(TlsEngine from, byte[] bytes, int cut) throws TlsException {
            TlsEngine to = from == client ? server : client;
            var answer = new ByteArrayOutputStream();
            for (int i = 0; i < bytes.length; i += cut) {
                TlsStep step = to.step(Arrays.copyOfRange(bytes, i, Math.min(bytes.length, i + cut)), List.of());
                answer.writeBytes(step.toPeer());
                (to == server ? atServer : atClient).addAll(step.messages());
            }
            return answer.toByteArray();
        }

        TlsException failure() {
            return assertThrows(TlsException.class, () -> shake(MAX_RECORD));
        }
    }

    private Pair pair(TlsPolicy atServer, TlsPolicy atClient) throws TlsException {
        TlsEngine server = server().newServerEngine(atServer);
        engines.add(server);
        TlsEngine client = client().newClientEngine(atClient);
        engines.add(client);
        return new Pair(server, client);
    }

    private static TlsPolicy policy(@Nullable Identity identity, Version version) {
        return policy(identity, PeerCertificate.REQUIRED, version, version, List.of(), List.of());
    }

    private static TlsPolicy policy(
            @Nullable Identity identity, PeerCertificate peerCertificate) {
        return policy(identity, peerCertificate, List.of(), List.of());
    }

    private static TlsPolicy policy(
            @Nullable Identity identity,
            PeerCertificate peerCertificate,
            List<String> suites,
            List<String> groups) {
        return policy(identity, peerCertificate, Version.TLS_1_2, Version.TLS_1_3, suites, groups);
    }

    private static TlsPolicy policy(
            @Nullable Identity identity,
            PeerCertificate peerCertificate,
            Version min,
            Version max,
            List<String> suites,
            List<String> groups) {
        return new TlsPolicy(
                Optional.ofNullable(identity),
                List.of(AUTHORITY.certificate()),
                peerCertificate,
                min,
                max,
                suites,
                groups);
    }

    private static String subject(List<X509Certificate> chain) {
        return chain.getFirst().getSubjectX500Principal().getName();
    }

    private static List<String> texts(List<byte[]> messages) {
        return messages.stream().map(bytes -> new String(bytes, StandardCharsets.UTF_8)).toList();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

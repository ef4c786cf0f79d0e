package io.culvert.tunnel.openvpn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.packet.DropReason;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.CloseCause.Kind;
import io.culvert.testsupport.TestAuthority;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who gets in, who does not, and what both are told. */
class LoginTest {
    private final SessionPair.Settings settings = new SessionPair.Settings();

    private SessionPair pair(String login) {
        settings.login = login;
        return new SessionPair(3, settings);
    }

    private static void password(SessionPair pair, String user, String password) {
        pair.client.username = user;
        pair.client.password = password.getBytes(StandardCharsets.UTF_8);
        pair.core.authenticator = c -> c.username().equals("alice")
                        && new String(c.password(), StandardCharsets.UTF_8).equals("right")
                ? new AuthDecision.Accepted(Map.of("group", "staff"))
                : new AuthDecision.Refused("wrong password of " + c.username(), "wrong name or password");
    }

    private static void assertRefused(SessionPair pair, Kind kind, String message) {
        assertTrue(pair.time.runUntil(() -> !pair.core.closes.isEmpty(), 20));
        assertEquals(kind, pair.core.closes.getFirst().kind(), pair.core.closes::toString);
        assertEquals(message, String.join("|", pair.client.messages));
        assertFalse(pair.client.connected());
        assertTrue(pair.core.records.isEmpty(), "nothing of a refused client is kept");
        assertEquals(0, pair.protocol.halfOpen().count());
    }

    @Test
    void shouldTakeACertificate() {
        var pair = pair("certificate");
        assertTrue(pair.connect(10));
        var record = pair.core.records.values().iterator().next();
        assertEquals("alice", record.peer().user());
        assertFalse(record.peer().profile().isEmpty());
        assertTrue(pair.core.asked.isEmpty(), "nobody asks for a password");
    }

    @Test
    void shouldRefuseAClientWithoutCertificate() {
        var pair = pair("certificate");
        pair.client.identity = Optional.empty();
        pair.client.start();
        assertRefused(pair, Kind.TLS_FAILED, "");
    }

    @Test
    void shouldRefuseACertificateOfAnotherAuthority() {
        var pair = pair("certificate");
        pair.client.identity = Optional.of(new TestAuthority("test authority").client("alice"));
        pair.client.start();
        assertRefused(pair, Kind.TLS_FAILED, "");
    }

    @Test
    void shouldRefuseARevokedCertificate() {
        var pair = pair("certificate");
        pair.core.certificates = c -> Optional.of("revoked");
        pair.client.start();
        assertRefused(pair, Kind.REFUSED, "AUTH_FAILED,login refused");
    }

    @Test
    void shouldRefuseWhenTheCertificateCheckFails() {
        var pair = pair("certificate");
        pair.core.certificates = c -> {
            throw new IllegalStateException("the authority is broken");
        };
        pair.client.start();
        assertRefused(pair, Kind.REFUSED, "AUTH_FAILED,login refused");
    }

    @Test
    void shouldTakeAPassword() {
        var pair = pair("password");
        pair.client.identity = Optional.empty();
        password(pair, "alice", "right");
        assertTrue(pair.connect(10));
        var record = pair.core.records.values().iterator().next();
        assertEquals("", record.peer().profile());
        assertEquals("staff", record.peer().attributes().get("group"));
    }

    @Test
    void shouldRefuseAWrongPassword() {
        var pair = pair("password");
        password(pair, "alice", "wrong");
        pair.client.start();
        assertRefused(pair, Kind.REFUSED, "AUTH_FAILED,wrong name or password");
    }

    @Test
    void shouldRefuseWhenNobodyKnowsTheUser() {
        var pair = pair("password");
        password(pair, "mallory", "right");
        pair.core.authenticator = c -> new AuthDecision.Unknown();
        pair.client.start();
        assertRefused(pair, Kind.REFUSED, "AUTH_FAILED,login refused");
    }

    @Test
    void shouldRefuseAPasswordListenersClientWithoutPassword() {
        var pair = pair("password");
        pair.client.start();
        assertRefused(pair, Kind.REFUSED, "AUTH_FAILED,login refused");
        assertTrue(pair.core.asked.isEmpty());
    }

    @Test
    void shouldWantBothOfTheSameUser() {
        var pair = pair("certificate-and-password");
        password(pair, "alice", "right");
        assertTrue(pair.connect(10));

        var other = pair("certificate-and-password");
        password(other, "alice", "right");
        other.client.identity = Optional.of(TestCore.AUTHORITY.client("bob"));
        other.client.start();
        assertRefused(other, Kind.REFUSED, "AUTH_FAILED,login refused");

        var alone = pair("certificate-and-password");
        alone.client.start();
        assertRefused(alone, Kind.REFUSED, "AUTH_FAILED,login refused");
    }

    @Test
    void shouldTakeEither() {
        var certificate = pair("certificate-or-password");
        assertTrue(certificate.connect(10));
        var password = pair("certificate-or-password");
        password.client.identity = Optional.empty();
        password(password, "alice", "right");
        assertTrue(password.connect(10));
        var neither = pair("certificate-or-password");
        neither.client.identity = Optional.empty();
        neither.client.start();
        assertRefused(neither, Kind.REFUSED, "AUTH_FAILED,login refused");
    }

    @Test
    void shouldAskAQuestionAndWaitForTheAnswer() {
        var pair = pair("password");
        password(pair, "alice", "right");
        var answer = new CompletableFuture<AuthDecision>();
        var typed = new CompletableFuture<byte[]>();
        var question = new AuthDecision.Prompt.Question("Your code?", true, typed::complete);
        pair.core.authenticator = c -> new AuthDecision.Pending(Duration.ofSeconds(90), question, answer);
        pair.client.moreInfo = "IV_SSO=webauth,crtext\n";
        pair.client.start();
        assertTrue(pair.time.runUntil(() -> pair.client.messages.size() == 2, 10));
        assertEquals("AUTH_PENDING,timeout 90", pair.client.messages.get(0));
        assertEquals("INFO_PRE,CR_TEXT:E,R:Your code?", pair.client.messages.get(1));
        pair.client.active = pair.client.negotiating;
        pair.client.sendMessage("CR_RESPONSE,NDI=");
        assertTrue(pair.time.runUntil(typed::isDone, 10));
        assertArrayEquals("42".getBytes(StandardCharsets.UTF_8), typed.join());
        answer.complete(new AuthDecision.Accepted(Map.of()));
        assertTrue(pair.time.runUntil(pair.client::connected, 10));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "webauth,openurl,crtext | INFO_PRE,WEB_AUTH::https://login.example/start?login=1",
        "openurl | INFO_PRE,OPEN_URL:https://login.example/start?login=1",
    })
    void shouldSendAUserToTheBrowser(String sso, String message) {
        var pair = pair("password");
        password(pair, "alice", "right");
        var answer = new CompletableFuture<AuthDecision>();
        var page = new AuthDecision.Prompt.OpenUrl("https://login.example/start?login=1");
        pair.core.authenticator = c -> new AuthDecision.Pending(Duration.ofSeconds(90), page, answer);
        pair.client.moreInfo = "IV_SSO=" + sso + "\n";
        pair.client.start();
        assertTrue(pair.time.runUntil(() -> pair.client.messages.size() == 2, 10));
        assertEquals(message, pair.client.messages.get(1));
        answer.complete(new AuthDecision.Accepted(Map.of()));
        assertTrue(pair.time.runUntil(pair.client::connected, 10));
    }

    @Test
    void shouldRefuseAClientThatOpensNoBrowserWhateverComesLater() {
        var pair = pair("password");
        password(pair, "alice", "right");
        var answer = new CompletableFuture<AuthDecision>();
        var page = new AuthDecision.Prompt.OpenUrl("https://login.example");
        pair.core.authenticator = c -> new AuthDecision.Pending(Duration.ofSeconds(90), page, answer);
        pair.client.moreInfo = "IV_SSO=crtext\n";
        pair.client.start();
        assertTrue(pair.time.runUntil(() -> !pair.client.messages.isEmpty(), 10));
        answer.complete(new AuthDecision.Accepted(Map.of()));
        assertRefused(pair, Kind.REFUSED, "AUTH_FAILED,this login needs a browser and this client does not open one");
    }

    @Test
    void shouldRefuseWhoHasNoPlace() {
        var pair = pair("certificate");
        pair.core.check = p -> Optional.of(new CloseCause(Kind.OVERLOAD, "no address is left", "server full"));
        pair.client.start();
        assertRefused(pair, Kind.OVERLOAD, "AUTH_FAILED,server full");
    }

    @Test
    void shouldRefuseWhenTheSessionCannotBeSaved() {
        var pair = pair("certificate");
        pair.core.storeFails = true;
        pair.client.start();
        assertRefused(pair, Kind.OVERLOAD, "AUTH_FAILED,try again later");
    }

    @Test
    void shouldRefuseAClientWithoutASharedCipher() {
        settings.dataCiphers = new String[] {"CHACHA20-POLY1305"};
        var pair = pair("certificate");
        pair.client.start();
        assertRefused(
                pair,
                Kind.NEGOTIATION_FAILED,
                "AUTH_FAILED,Data channel cipher negotiation failed (no shared cipher)");
    }

    @ParameterizedTest
    @CsvSource({"tun, tap", "tap, tun"})
    void shouldRefuseAClientThatCarriesSomethingElse(String client, String listener) {
        settings.dev = listener;
        var pair = pair("certificate");
        pair.client.devType = client;
        pair.client.start();
        assertRefused(
                pair,
                Kind.NEGOTIATION_FAILED,
                "AUTH_FAILED,the client has dev " + client + " and this listener serves dev " + listener + ": write 'dev "
                        + listener + "' into its configuration");
    }

    @Test
    void shouldServeEthernetFramesToAClientThatCarriesThem() {
        settings.dev = "tap";
        var pair = pair("certificate");
        pair.client.devType = "tap";
        assertTrue(pair.connect(20));
        String pushed = String.join(" ", pair.client.messages);
        assertTrue(pushed.contains("ifconfig 10.8.") && !pushed.contains("topology"), pushed);
    }

    @Test
    void shouldHangUpOnAClientWhoseKeysAreNonsense() {
        for (byte[] nonsense : new byte[][] {new byte[1], new byte[200], "GET / HTTP/1.1".getBytes(StandardCharsets.UTF_8)}) {
            var pair = pair("certificate");
            pair.client.nonsense = nonsense;
            pair.client.start();
            assertRefused(pair, Kind.PROTOCOL_ERROR, "");
        }
    }

    @Test
    void shouldCarryNothingBeforeTheSessionStandsAndAfterItIsRefused() {
        var pair = pair("certificate");
        pair.core.check = p -> Optional.of(new CloseCause(Kind.REFUSED, "not today", "login refused"));
        pair.client.start();
        assertTrue(pair.time.runUntil(() -> !pair.core.sessions.isEmpty(), 5));
        var session = pair.core.sessions.getFirst();
        session.live().onIpPacket(pair.core.buffers.of(SessionPairTest.INNER), pair.time.nowNs(), pair.core.buffers);
        assertEquals(1, pair.core.buffers.drops(DropReason.NOT_ESTABLISHED));
        assertTrue(pair.time.runUntil(() -> !pair.client.messages.isEmpty(), 5));
        session.live().onIpPacket(pair.core.buffers.of(SessionPairTest.INNER), pair.time.nowNs(), pair.core.buffers);
        assertEquals(1, pair.core.buffers.drops(DropReason.CLOSING));
    }

    @Test
    void shouldEndASessionWhosePeerMayNoLongerBeHereAtItsRekey() {
        settings.renegotiateSeconds = 20;
        var pair = pair("certificate");
        assertTrue(pair.connect(10));
        pair.core.check = p -> Optional.of(new CloseCause(Kind.REVOKED, "disabled", "login refused"));
        assertTrue(pair.time.runUntil(() -> !pair.core.closes.isEmpty(), 60));
        assertEquals(Kind.REVOKED, pair.core.closes.getFirst().kind());
        assertEquals("AUTH_FAILED,login refused", pair.client.messages.getLast());
    }
}

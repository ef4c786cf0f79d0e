package io.culvert.core.admission;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.AccessCheck;
import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Pending;
import io.culvert.api.auth.AuthDecision.Prompt;
import io.culvert.api.auth.AuthDecision.Refused;
import io.culvert.api.auth.AuthDecision.Unknown;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.network.Admission;
import io.culvert.api.network.Admission.Granted;
import io.culvert.api.network.NetworkSettings;
import io.culvert.api.network.Prefix;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.CloseCause.Kind;
import io.culvert.api.tunnel.Transport;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class AdmissionChainTest {
    private static final Accepted ACCEPTED = new Accepted(Map.of("group", "staff"));

    private static final InetSocketAddress PLACE = new InetSocketAddress("192.0.2.7", 40_000);

    private final List<Authenticator> authenticators = new ArrayList<>();
    private final List<AccessCheck> checks = new ArrayList<>();
    private final List<String> ended = new ArrayList<>();
    private final List<String> asked = new ArrayList<>();

    @Test
    void shouldLetTheFirstThatKnowsTheUserDecide() {
        authenticators.add(says("one", new Unknown()));
        authenticators.add(says("two", ACCEPTED));
        authenticators.add(says("three", new Refused("no", "no")));
        assertEquals(ACCEPTED, chain().authenticate(credentials("secret")));
        assertEquals(List.of("one", "two"), asked);
    }

    @Test
    void shouldLetARefusalStand() {
        var refused = new Refused("wrong password", "sorry");
        authenticators.add(says("one", refused));
        authenticators.add(says("two", ACCEPTED));
        assertEquals(refused, chain().authenticate(credentials("secret")));
    }

    @Test
    void shouldRefuseWhomNobodyKnows() {
        authenticators.add(says("one", new Unknown()));
        assertTrue(refusal(chain().authenticate(credentials("secret"))).contains("alice"));
    }

    @Test
    void shouldRefuseWithoutAuthenticators() {
        assertTrue(refusal(chain().authenticate(credentials("secret"))).contains("no authenticator is installed"));
    }

    @Test
    void shouldRefuseWhenAnAuthenticatorFailsAndNotAskFurther() {
        authenticators.add(fails(new IllegalStateException("directory is down")));
        authenticators.add(says("two", ACCEPTED));
        assertTrue(refusal(chain().authenticate(credentials("secret"))).contains("directory is down"));
        assertEquals(List.of(), asked);
    }

    @Test
    void shouldRefuseWhenAnAuthenticatorsCodeIsGone() {
        authenticators.add(new Authenticator() {
            @Override
            public String name() {
                throw new NoClassDefFoundError("gone");
            }

            @Override
            public AuthDecision authenticate(Credentials credentials) {
                throw new NoClassDefFoundError("gone");
            }
        });
        refusal(chain().authenticate(credentials("secret")));
    }

    @Test
    void shouldNotRepeatThePasswordOfAFailure() {
        authenticators.add(fails(new IllegalStateException("cannot bind with secret")));
        assertFalse(refusal(chain().authenticate(credentials("secret"))).contains("secret"));
    }

    @Test
    void shouldPassPendingThroughAndRefuseWhatIsNoDecision() throws Exception {
        var answer = new CompletableFuture<AuthDecision>();
        var prompt = new Prompt.OpenUrl("https://login.example");
        authenticators.add(says("one", new Pending(Duration.ofSeconds(60), prompt, answer)));
        var first = assertInstanceOf(Pending.class, chain().authenticate(credentials("secret")));
        assertEquals(prompt, first.prompt());
        assertEquals(Duration.ofSeconds(60), first.timeout());
        assertFalse(first.answer().toCompletableFuture().isDone());
        answer.complete(ACCEPTED);
        assertEquals(ACCEPTED, first.answer().toCompletableFuture().get());

        for (CompletableFuture<AuthDecision> bad : List.of(
                CompletableFuture.<AuthDecision>completedFuture(new Unknown()),
                CompletableFuture.<AuthDecision>completedFuture(null),
                CompletableFuture.<AuthDecision>failedFuture(new IllegalStateException("secret")))) {
            authenticators.set(0, says("one", new Pending(Duration.ofSeconds(60), prompt, bad)));
            var pending = (Pending) chain().authenticate(credentials("secret"));
            assertFalse(refusal(pending.answer().toCompletableFuture().get()).contains("secret"));
        }
    }

    @Test
    void shouldKeepAStrangersNameOnOneLine() {
        authenticators.add(says("one", new Unknown()));
        var credentials = new Credentials("openvpn", "a\nb" + "c".repeat(500), new byte[0], List.of(),
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 1), Map.of());
        String text = refusal(chain().authenticate(credentials));
        assertTrue(text.contains("a?bc") && text.length() < 150, text);
    }

    @Test
    void shouldGrantAddressesAndTellTheNetwork() {
        var granted = granted(chain().admit(peer("alice"), 1, at(1)));
        assertTrue(granted.addresses().ipv4().isPresent());
        assertEquals(1400, granted.network().mtu());
        assertEquals(granted, chain.admit(peer("alice"), 1, at(1)));
    }

    @Test
    void shouldAskEveryCheckAtAdmissionAndLater() {
        checks.add(peer -> Optional.of("disabled"));
        checks.add(peer -> Optional.empty());
        checks.add(peer -> Optional.of("revoked"));
        CloseCause cause = refused(chain().admit(peer("alice"), 1, at(1)));
        assertEquals(Kind.REFUSED, cause.kind());
        assertEquals("disabled; revoked", cause.logText());
        assertFalse(cause.peerText().contains("revoked"));
        CloseCause later = chain.recheck(peer("alice"));
        assertEquals(Kind.REVOKED, later.kind());
        assertEquals("disabled; revoked", later.logText());
        checks.clear();
        assertNull(chain.recheck(peer("alice")));
    }

    @Test
    void shouldRefuseWhenACheckFails() {
        checks.add(peer -> {
            throw new java.io.IOException("list cannot be read");
        });
        assertTrue(refused(chain().admit(peer("alice"), 1, at(1))).logText().contains("list cannot be read"));
        assertEquals(Kind.REVOKED, chain.recheck(peer("alice")).kind());
    }

    @Test
    void shouldReplaceTheFormerSessionOfAPeer() {
        var first = granted(chain().admit(peer("alice"), 0xa, at(0xa)));
        granted(chain.admit(peer("bob"), 0xb, at(0xb)));
        granted(chain.admit(new PeerIdentity("alice", "7f", Map.of()), 0xc, at(0xc)));
        var second = granted(chain.admit(peer("alice"), 0xd, at(0xd)));
        assertEquals(List.of("a REPLACED"), ended);
        assertEquals(first.addresses(), second.addresses());
    }

    @Test
    void shouldGiveAnotherAddressWhenTheFormerSessionStays() {
        chain = chain(new AdmissionChain.Limits(10, false), (id, cause) -> {
            throw new IllegalStateException("stuck");
        });
        var first = granted(chain.admit(peer("alice"), 1, at(1)));
        var second = granted(chain.admit(peer("alice"), 2, at(2)));
        assertFalse(first.addresses().equals(second.addresses()));
    }

    @Test
    void shouldRefuseWhenInterrupted() {
        chain = chain(new AdmissionChain.Limits(10, false), (id, cause) -> {
            throw new InterruptedException();
        });
        granted(chain.admit(peer("alice"), 1, at(1)));
        assertEquals(Kind.SHUTDOWN, refused(chain.admit(peer("alice"), 2, at(2))).kind());
        assertTrue(Thread.interrupted());
    }

    @Test
    void shouldAllowDuplicateLoginsWhenAsked() {
        chain = chain(new AdmissionChain.Limits(10, true), this::end);
        granted(chain.admit(peer("alice"), 1, at(1)));
        granted(chain.admit(peer("alice"), 2, at(2)));
        assertEquals(List.of(), ended);
    }

    @Test
    void shouldLetASessionFromTheSamePlaceInheritTheFormerOne() {
        chain = chain(new AdmissionChain.Limits(1, true), inheriting());
        String address = address(chain.admit(peer("alice"), 1, PLACE));
        assertEquals(address, address(chain.admit(peer("alice"), 2, PLACE)));
        assertEquals(List.of("1 bequeathed to 2"), ended);
        assertFalse(chain.restore(record(3, "bob", address)), "it is the second's");
        chain.release(2);
        assertTrue(chain.restore(record(3, "bob", address)));
    }

    @Test
    void shouldLeaveTheFormerSessionWhatItHasWhenTheNewOneIsRefused() {
        chain = chain(new AdmissionChain.Limits(10, false), inheriting());
        String address = address(chain.admit(peer("alice"), 1, PLACE));
        var elsewhere = new PeerIdentity("alice", "", Map.of("address", "10.9.0.1"));
        assertEquals(Kind.REFUSED, refused(chain.admit(elsewhere, 2, PLACE)).kind());
        assertEquals(List.of(), ended);
        chain.release(2);
        assertTrue(chain.restore(record(1, "alice", address)));
        assertFalse(chain.restore(record(3, "bob", address)));
    }

    @Test
    void shouldEndASessionWhosePeerIsElsewhere() {
        chain = chain(new AdmissionChain.Limits(10, false), inheriting());
        granted(chain.admit(peer("alice"), 1, PLACE));
        granted(chain.admit(peer("alice"), 2, new InetSocketAddress("192.0.2.8", 40_000)));
        assertEquals(List.of("1 REPLACED"), ended);
    }

    @Test
    void shouldFollowAPeerThatMoves() {
        chain = chain(new AdmissionChain.Limits(10, true), inheriting());
        String address = address(chain.admit(peer("alice"), 1, at(1)));
        chain.moved(1, PLACE);
        chain.moved(9, at(9));
        assertEquals(address, address(chain.admit(peer("alice"), 2, PLACE)));
        assertEquals(List.of("1 bequeathed to 2"), ended);
        granted(chain.admit(peer("alice"), 3, at(1)));
        granted(chain.admit(peer("bob"), 4, PLACE));
        assertEquals(List.of("1 bequeathed to 2"), ended, "neither another place nor another peer");
    }

    private static InetSocketAddress at(long id) {
        return new InetSocketAddress("192.0.2.1", (int) id);
    }

    private static String address(Admission admission) {
        return granted(admission).addresses().ipv4().orElseThrow().getHostAddress();
    }

    private SessionEnd inheriting() {
        return new SessionEnd() {
            @Override
            public void end(long sessionId, CloseCause cause) {
                AdmissionChainTest.this.end(sessionId, cause);
            }

            @Override
            public void bequeath(long sessionId, long heir, CloseCause cause) {
                ended.add(Long.toHexString(sessionId) + " bequeathed to " + Long.toHexString(heir));
                chain.release(sessionId);
            }
        };
    }

    @Test
    void shouldStopAtTheLimitOfSessions() {
        chain = chain(new AdmissionChain.Limits(2, false), this::end);
        granted(chain.admit(peer("u1"), 1, at(1)));
        granted(chain.admit(peer("u2"), 2, at(2)));
        CloseCause cause = refused(chain.admit(peer("u3"), 3, at(3)));
        assertEquals(Kind.OVERLOAD, cause.kind());
        assertTrue(cause.logText().contains("maxSessions"), cause.logText());
        granted(chain.admit(peer("u2"), 4, at(4)));
        chain.release(1);
        chain.release(1);
        granted(chain.admit(peer("u3"), 3, at(3)));
    }

    @Test
    void shouldSayThatNoAddressIsLeft() {
        chain = chain("10.8.0.0/30", new AdmissionChain.Limits(10, false), this::end);
        granted(chain.admit(peer("u1"), 1, at(1)));
        CloseCause cause = refused(chain.admit(peer("u2"), 2, at(2)));
        assertEquals(Kind.OVERLOAD, cause.kind());
        assertTrue(cause.logText().contains("core.ipv4"), cause.logText());
    }

    @Test
    void shouldFixTheAddressByAttribute() {
        var fixed = new PeerIdentity("alice", "", Map.of("address", "10.8.0.50"));
        assertEquals(
                "10.8.0.50",
                granted(chain().admit(fixed, 1, at(1))).addresses().ipv4().orElseThrow().getHostAddress());
        var taken = new PeerIdentity("bob", "", Map.of("address", "10.8.0.50"));
        CloseCause cause = refused(chain.admit(taken, 2, at(2)));
        assertEquals(Kind.OVERLOAD, cause.kind());
        assertTrue(cause.logText().contains("10.8.0.50"), cause.logText());
        for (String bad : List.of("10.9.0.1", "10.8.0.1", "host.example", "")) {
            var peer = new PeerIdentity("carol", "", Map.of("address", bad));
            assertEquals(Kind.REFUSED, refused(chain.admit(peer, 3, at(3))).kind(), bad);
        }
    }

    @Test
    void shouldRestoreAThawedSession() {
        assertTrue(chain().restore(record(1, "alice", "10.8.0.9")));
        assertTrue(chain.restore(record(1, "alice", "10.8.0.9")));
        assertFalse(chain.restore(record(2, "bob", "10.8.0.9")));
        assertFalse(chain.restore(record(2, "bob", "10.9.0.9")));
        granted(chain.admit(peer("alice"), 3, at(3)));
        assertEquals(List.of("1 REPLACED"), ended);
    }

    @Test
    void shouldHoldItsLimitsWhenManyComeAtOnce() throws Exception {
        Set<Long> live = ConcurrentHashMap.newKeySet();
        var replaced = new AtomicInteger();
        chain = chain(new AdmissionChain.Limits(20, false), (id, cause) -> {
            if (live.remove(id)) {
                replaced.incrementAndGet();
            }
            chain.release(id);
        });
        var tasks = new ArrayList<Callable<Admission>>();
        for (int i = 0; i < 400; i++) {
            long id = i;
            tasks.add(() -> {
                Admission admission = chain.admit(peer("u" + id % 40), id, at(id));
                if (admission instanceof Granted) {
                    live.add(id);
                }
                return admission;
            });
        }
        var addresses = new HashSet<TunnelAddresses>();
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var result : executor.invokeAll(tasks)) {
                if (result.get() instanceof Granted granted) {
                    addresses.add(granted.addresses());
                }
            }
        }
        assertTrue(addresses.size() <= 40, addresses.toString());
        for (int i = 0; i < 400; i++) {
            chain.release(i);
        }
        granted(chain.admit(peer("last"), 1000, at(1000)));
    }

    private AdmissionChain chain;

    private AdmissionChain chain() {
        chain = chain(new AdmissionChain.Limits(10, false), this::end);
        return chain;
    }

    private AdmissionChain chain(AdmissionChain.Limits limits, SessionEnd end) {
        return chain("10.8.0.0/24", limits, end);
    }

    private AdmissionChain chain(String ipv4, AdmissionChain.Limits limits, SessionEnd end) {
        var pool = new AddressPool(Optional.of(Prefix.parse(ipv4)), Optional.empty());
        var network = new NetworkSettings(Optional.of(Prefix.parse(ipv4)), pool.ipv4Gateway(), Optional.empty(),
                Optional.empty(), 1400, List.of(), true, List.of(), List.of());
        return new AdmissionChain(
                new AuthenticatorChain(
                        () -> List.copyOf(authenticators),
                        List.of(),
                        GuardedAuthenticator.Limits.DEFAULT,
                        System::nanoTime,
                        Runnable::run),
                () -> List.copyOf(checks),
                new AdmissionChain.Network(network, Optional.of(pool)),
                new AdmissionChain.Network(network, Optional.empty()),
                limits, end);
    }

    private void end(long sessionId, CloseCause cause) {
        ended.add(Long.toHexString(sessionId) + " " + cause.kind());
        chain.release(sessionId);
    }

    private Authenticator says(String name, AuthDecision decision) {
        return new Authenticator() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public AuthDecision authenticate(Credentials credentials) {
                asked.add(name);
                return decision;
            }
        };
    }

    private static Authenticator fails(RuntimeException failure) {
        return new Authenticator() {
            @Override
            public String name() {
                return "failing";
            }

            @Override
            public AuthDecision authenticate(Credentials credentials) {
                throw failure;
            }
        };
    }

    private static Credentials credentials(String password) {
        return new Credentials(
                "openvpn",
                "alice",
                password.getBytes(StandardCharsets.UTF_8),
                List.of(),
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
                Map.of());
    }

    private static PeerIdentity peer(String user) {
        return new PeerIdentity(user, "", Map.of());
    }

    private static SessionRecord record(long id, String user, String ipv4) {
        return new SessionRecord("openvpn", "udp", 1, id, peer(user),
                new TunnelAddresses(Optional.of((Inet4Address) InetAddress.ofLiteral(ipv4)), Optional.empty()),
                new SessionRecord.RemoteEnd(Transport.UDP, new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
                        InetAddress.getLoopbackAddress(), 1194),
                new byte[0]);
    }

    private static String refusal(AuthDecision decision) {
        var refused = assertInstanceOf(Refused.class, decision);
        assertEquals("authentication failed", refused.peerText());
        return refused.logText();
    }

    private static Granted granted(Admission admission) {
        return assertInstanceOf(Granted.class, admission);
    }

    private static CloseCause refused(Admission admission) {
        return assertInstanceOf(Admission.Refused.class, admission).cause();
    }
}

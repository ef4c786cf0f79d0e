package io.culvert.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.auth.UserDirectory;
import io.culvert.api.command.CommandException;
import io.culvert.api.pki.CertificateAuthority.Profile;
import io.culvert.api.pki.PkiException;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.status.TunnelStatus;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.Transport;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RevokeCommandTest {
    private final MemoryStore store = new MemoryStore();
    private Authority authority;
    private Revoking revoking;
    private final FakeSessions sessions = new FakeSessions();

    /** Ends sessions and remembers whether the revocation was durable by then. */
    private final class FakeSessions implements LiveSessions {
        final List<SessionStatus> present = new ArrayList<>();
        final List<CloseCause> causes = new ArrayList<>();
        int durable;

        void add(String user, String profile) {
            present.add(new SessionStatus(
                    present.size(), "openvpn", "udp", Optional.of(new PeerIdentity(user, profile, Map.of())),
                    Optional.empty(), Transport.UDP, new InetSocketAddress(1), Instant.EPOCH, true, 0, 0, 0, 0,
                    new TunnelStatus("up", "", "", "")));
        }

        @Override
        public List<SessionStatus> list() {
            return List.copyOf(present);
        }

        @Override
        public int end(Predicate<SessionStatus> which, CloseCause cause) {
            durable = store.list("pki/revoked/").size();
            causes.add(cause);
            int ended = 0;
            for (Iterator<SessionStatus> each = present.iterator(); each.hasNext(); ) {
                if (which.test(each.next())) {
                    each.remove();
                    ended++;
                }
            }
            return ended;
        }
    }

    @BeforeEach
    void openAuthority() throws PkiException {
        authority = Authority.open(
                store, AuthorityTest.config(3650, 397, 825, 30), new VirtualClock(), new SecureRandom());
        revoking = new Revoking(authority);
        revoking.sessions(sessions);
    }

    private Map<?, ?> revoke(String user) throws Exception {
        return assertInstanceOf(Map.class, new RevokeCommand(revoking).run(Map.of("name", user), _ -> true));
    }

    private String refusal(Map<String, Object> arguments) {
        return assertThrows(CommandException.class, () -> new RevokeCommand(revoking).run(arguments, _ -> true)).getMessage();
    }

    @Test
    void shouldRevokeFirstAndThenEndTheSessions() throws Exception {
        Profile profile = authority.issue("alice").profile();
        Profile bobs = authority.issue("bob").profile();
        sessions.add("alice", profile.id());
        sessions.add("bob", bobs.id());
        sessions.add("alice", "");

        Map<?, ?> answer = revoke("alice");

        assertEquals(List.of(profile.id()), answer.get("revoked"));
        assertEquals(2, answer.get("sessionsEnded"));
        assertEquals(1, sessions.durable);
        assertEquals(CloseCause.Kind.REVOKED, sessions.causes.getFirst().kind());
        assertEquals(1, sessions.present.size());
        assertFalse(answer.containsKey("note"));
    }

    @Test
    void shouldEndSessionsAgainWhenEverythingWasRevokedBefore() throws Exception {
        Profile profile = authority.issue("alice").profile();
        revoking.sessions(null);
        assertEquals(0, revoke("alice").get("sessionsEnded"));
        revoking.sessions(sessions);
        sessions.add("alice", profile.id());
        Map<?, ?> answer = revoke("alice");
        assertEquals(List.of(), answer.get("revoked"));
        assertEquals(1L, answer.get("revokedBefore"));
        assertEquals(1, answer.get("sessionsEnded"));
    }

    @Test
    void shouldSayHowToStopAUserWithAPassword() throws Exception {
        revoking.directories().add(name -> {
            throw new java.io.IOException("broken");
        });
        revoking.directories().add(name -> Optional.of(new UserDirectory.User(name, true, true)));
        assertTrue(refusal(Map.of("name", "alice")).contains("culvert user disable alice"));
        authority.issue("alice");
        assertTrue(String.valueOf(revoke("alice").get("note")).contains("culvert user disable alice"));
    }

    @Test
    void shouldRefuseUnknownNames() {
        sessions.add("eve", "");
        assertTrue(refusal(Map.of("name", "eve")).contains("profile list"));
        assertTrue(refusal(Map.of()).contains("name is missing"));
        assertEquals(1, sessions.present.size());
    }

    @Test
    void shouldReportAStoreThatFails() throws Exception {
        authority.issue("alice");
        store.faults.add(MemoryStore.Fault.FAILS);
        assertTrue(refusal(Map.of("name", "alice")).contains("disk full"));
        assertEquals(List.of(), sessions.causes);
    }

    @Test
    void shouldListProfiles() throws Exception {
        Profile bobs = authority.issue("bob").profile();
        Profile alices = authority.issue("alice").profile();
        var command = new ProfileListCommand(authority);
        List<?> all = assertInstanceOf(List.class, command.run(Map.of(), _ -> true));
        assertEquals(List.of(alices.id(), bobs.id()), all.stream().map(row -> ((Map<?, ?>) row).get("id")).toList());
        assertEquals(1, assertInstanceOf(List.class, command.run(Map.of("name", "bob"), _ -> true)).size());
    }

    @Test
    void shouldRevokeOneProfileAndEndItsSessionsOnly() throws Exception {
        Profile laptop = authority.issue("alice").profile();
        Profile phone = authority.issue("alice").profile();
        sessions.add("alice", laptop.id());
        sessions.add("alice", phone.id());
        var answer = (Map<?, ?>) new RevokeCommand(revoking).run(Map.of("profile", laptop.id()), _ -> true);
        assertEquals("alice", answer.get("name"));
        assertEquals(1, answer.get("sessionsEnded"));
        assertEquals(List.of(phone), authority.profiles("alice"));
        assertThrows(
                CommandException.class,
                () -> new RevokeCommand(revoking).run(Map.of("profile", laptop.id()), _ -> true));
    }
}

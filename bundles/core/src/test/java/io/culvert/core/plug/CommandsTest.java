package io.culvert.core.plug;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.command.CommandException;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.status.TunnelStatus;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.Transport;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

final class CommandsTest {
    private static final SessionStatus ALICE = new SessionStatus(
            0x7f3aL,
            "openvpn",
            "udp",
            Optional.of(new PeerIdentity("alice", "", Map.of())),
            Optional.of(new TunnelAddresses(
                    Optional.of((Inet4Address) InetAddress.ofLiteral("10.8.0.2")), Optional.empty())),
            Transport.UDP,
            new InetSocketAddress("192.0.2.1", 4000),
            Instant.EPOCH,
            true,
            1,
            100,
            2,
            200,
            new TunnelStatus("established", "AES-256-GCM", "TLSv1.3", "client"));

    private final List<CloseCause> causes = new ArrayList<>();
    private final LiveSessions sessions = new LiveSessions() {
        @Override
        public List<SessionStatus> list() {
            return List.of(ALICE);
        }

        @Override
        public int end(Predicate<SessionStatus> which, CloseCause cause) {
            causes.add(cause);
            return which.test(ALICE) ? 1 : 0;
        }
    };

    @Test
    void shouldListSessionsAsMaps() {
        var list = (List<?>) new SessionsCommand(sessions).run(Map.of(), part -> true);
        var map = (Map<?, ?>) list.getFirst();
        assertEquals("7f3a", map.get("id"));
        assertEquals("alice", map.get("user"));
        assertEquals(List.of("10.8.0.2"), map.get("addresses"));
        assertEquals("192.0.2.1:4000", map.get("remote"));
        assertEquals("1970-01-01T00:00:00Z", map.get("since"));
        assertEquals(200L, map.get("bytesOut"));
    }

    @Test
    void shouldKillByIdAndByUser() throws Exception {
        var kill = new KillCommand(sessions);
        assertEquals(Map.of("ended", 1), kill.run(Map.of("session", "7f3a"), part -> true));
        assertEquals(Map.of("ended", 1), kill.run(Map.of("session", "alice"), part -> true));
        assertTrue(causes.stream().allMatch(cause -> cause.kind() == CloseCause.Kind.KILLED));
        assertThrows(CommandException.class, () -> kill.run(Map.of("session", "bob"), part -> true));
        assertThrows(CommandException.class, () -> kill.run(Map.of(), part -> true));
    }
}

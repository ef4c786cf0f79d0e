package io.culvert.auth.radius;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.status.TunnelStatus;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.Transport;
import io.culvert.testsupport.Eventually;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against a real freeradius. */
@Timeout(120)
class AccountingTest {
    private static SessionStatus session(long bytesIn) {
        return new SessionStatus(
                0xabc, "openvpn", "udp", Optional.of(new PeerIdentity("alice", "", Map.of())),
                Optional.of(new TunnelAddresses(
                        Optional.of((Inet4Address) InetAddress.ofLiteral("10.8.0.9")), Optional.empty())),
                Transport.UDP, new InetSocketAddress(InetAddress.ofLiteral("192.0.2.7"), 4711),
                Instant.now().minusSeconds(100), true, 10, bytesIn, 20, 2000, new TunnelStatus("", "", "", ""));
    }

    private static final class Sessions implements LiveSessions {
        @Override
        public List<SessionStatus> list() {
            return List.of(session(5));
        }

        @Override
        public int end(Predicate<SessionStatus> which, CloseCause cause) {
            throw new UnsupportedOperationException();
        }
    }

    @Test
    void shouldReportStartInterimAndStopAlsoWhenTheServerWasAway(@TempDir Path directory) throws Exception {
        Assumptions.assumeTrue(FreeRadiusServer.isInstalled(), "freeradius is not installed");
        try (var server = FreeRadiusServer.start(directory)) {
            RadiusConfig given = new RadiusConfig(
                    List.of(),
                    List.of(new RadiusClient.Server("127.0.0.1", server.accountingPort)),
                    new Seals(FreeRadiusServer.SECRET.getBytes(StandardCharsets.UTF_8)),
                    false, "culvert", 500, 1, true, Duration.ZERO, Duration.ofSeconds(1));
            var classes = new Classes();
            classes.put("alice", new byte[] {'v', 'i', 'p'});
            try (var accounting = new Accounting(given, classes, Sessions::new, InstantSource.system())) {
                accounting.started(session(0));
                reported(server, "Acct-Status-Type = Start");
                reported(server, "Acct-Status-Type = Interim-Update");
                server.kill();
                accounting.ended(
                        session((5L << 32) + 7), CloseCause.silently(CloseCause.Kind.PEER_EXIT, "the peer left"));
                assertTrue(accounting.waiting() > 0);
                server.start();
                reported(server, "Acct-Status-Type = Stop");
            }
            Map<String, String> stop = new HashMap<>();
            server.accounts().substring(server.accounts().indexOf("Acct-Status-Type = Stop")).lines()
                    .map(line -> line.strip().split(" = ", 2))
                    .filter(parts -> parts.length == 2)
                    .forEach(parts -> stop.putIfAbsent(parts[0], parts[1]));
            assertEquals("\"abc\"", stop.get("Acct-Session-Id"));
            assertEquals("\"alice\"", stop.get("User-Name"));
            assertEquals("10.8.0.9", stop.get("Framed-IP-Address"));
            assertEquals("0x766970", stop.get("Class"));
            assertEquals("7", stop.get("Acct-Input-Octets"));
            assertEquals("5", stop.get("Acct-Input-Gigawords"));
            assertEquals("2000", stop.get("Acct-Output-Octets"));
            assertEquals("User-Request", stop.get("Acct-Terminate-Cause"));
        }
    }

    private static void reported(FreeRadiusServer server, String text) {
        Eventually.await(
                Duration.ofSeconds(40), () -> "no " + text + " in " + server.accounts(), () -> server.accounts().contains(text));
    }
}

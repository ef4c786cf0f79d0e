package io.culvert.core.admission;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.net.FrameBridge;
import io.culvert.api.net.FrameProtocol;
import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.network.Admission;
import io.culvert.api.network.NetworkSettings;
import io.culvert.api.network.Prefix;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.net.ipv4.Ipv4;
import io.culvert.net.ipv6.Ipv6;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class CarriedNetworksTest {
    private static final NetworkSettings BOTH = new NetworkSettings(
            Optional.of(Prefix.parse("10.8.0.0/24")),
            Optional.of(InetAddress.ofLiteral("10.8.0.1")),
            Optional.of(Prefix.parse("fd00::/64")),
            Optional.of(InetAddress.ofLiteral("fd00::1")),
            1500,
            List.of(Prefix.parse("192.0.2.0/24"), Prefix.parse("2001:db8::/32")),
            true,
            List.of(InetAddress.ofLiteral("192.0.2.53"), InetAddress.ofLiteral("2001:db8::53")),
            List.of("example.org"));

    private static final InetSocketAddress PLACE = new InetSocketAddress("192.0.2.7", 40_000);

    private final List<Long> released = new ArrayList<>();
    private Admission answer = new Admission.Granted(
            new TunnelAddresses(
                    Optional.of((Inet4Address) InetAddress.ofLiteral("10.8.0.2")),
                    Optional.of((Inet6Address) InetAddress.ofLiteral("fd00::2"))),
            BOTH);

    private final Admissions all = new Admissions() {
        @Override
        public AuthDecision authenticate(Credentials credentials) {
            return new AuthDecision.Unknown();
        }

        @Override
        public Admission admit(PeerIdentity peer, long sessionId, InetSocketAddress from) {
            return answer;
        }

        @Override
        public Admission admitFrames(PeerIdentity peer, long sessionId, InetSocketAddress from) {
            return answer;
        }

        @Override
        public boolean restoreFrames(SessionRecord record) {
            return true;
        }

        @Override
        public @Nullable CloseCause recheck(PeerIdentity peer) {
            return null;
        }

        @Override
        public void release(long sessionId) {
            released.add(sessionId);
        }

        @Override
        public boolean restore(SessionRecord record) {
            return true;
        }
    };

    private Admission admit(NetworkProtocol... networks) {
        return new CarriedNetworks(all, () -> List.of(networks), List::of).admit(new PeerIdentity("alice", "", Map.of()), 7, PLACE);
    }

    @Test
    void shouldTellNothingOfAFamilyThatIsNotCarried() {
        assertEquals(answer, admit(new Ipv4(), new Ipv6()));

        var four = assertInstanceOf(Admission.Granted.class, admit(new Ipv4()));
        assertEquals("10.8.0.2", four.addresses().ipv4().orElseThrow().getHostAddress());
        assertTrue(four.addresses().ipv6().isEmpty());
        assertTrue(four.network().ipv6().isEmpty());
        assertTrue(four.network().ipv6Gateway().isEmpty());
        assertEquals(List.of(Prefix.parse("192.0.2.0/24")), four.network().routes());
        assertEquals(List.of(InetAddress.ofLiteral("192.0.2.53")), four.network().nameServers());

        var six = assertInstanceOf(Admission.Granted.class, admit(new Ipv6()));
        assertTrue(six.addresses().ipv4().isEmpty());
        assertTrue(six.network().ipv4().isEmpty());
        assertEquals(List.of(Prefix.parse("2001:db8::/32")), six.network().routes());
        assertEquals(List.of(), released);
    }

    @Test
    void shouldLetNobodyInAndKeepNoAddressWhenNothingIsCarried() {
        var refused = assertInstanceOf(Admission.Refused.class, admit());
        assertTrue(refused.cause().logText().contains("net.ipv4"), refused.cause().logText());
        assertEquals(List.of(7L), released);
    }

    @Test
    void shouldLetEthernetInOnlyWhileThereIsABridge() {
        var alice = new PeerIdentity("alice", "", Map.of());
        List<FrameProtocol> bridges = new ArrayList<>();
        var carried = new CarriedNetworks(all, List::<NetworkProtocol>of, () -> bridges);
        var refused = assertInstanceOf(Admission.Refused.class, carried.admitFrames(alice, 7, PLACE));
        assertTrue(refused.cause().logText().contains("net.ethernet"), refused.cause().logText());

        bridges.add(new FrameProtocol() {
            @Override
            public String name() {
                return "none";
            }

            @Override
            public FrameBridge newBridge() {
                throw new AssertionError("nothing passes here");
            }
        });
        assertEquals(answer, carried.admitFrames(alice, 7, PLACE), "the families are the frames' own affair");
    }

    @Test
    void shouldLeaveARefusalAlone() {
        answer = new Admission.Refused(new CloseCause(CloseCause.Kind.REVOKED, "revoked", ""));
        assertEquals(answer, admit(new Ipv4()));
        assertEquals(List.of(), released);
    }
}

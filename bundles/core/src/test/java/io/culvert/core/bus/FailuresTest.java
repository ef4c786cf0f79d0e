package io.culvert.core.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.packet.DropReason;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Transport;
import io.culvert.net.ipv4.Ipv4;
import io.culvert.net.ipv6.Ipv6;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.link.EndpointTable;
import io.culvert.core.link.FakeLink;
import io.culvert.core.link.IpAddress;
import io.culvert.core.link.LinkEndpoint;
import io.culvert.core.link.LinkResources;
import io.culvert.core.link.Pollable;
import io.culvert.core.link.Poller;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What must never fail fails: nothing is lost but what met it. */
final class FailuresTest {
    private static final int BUFFERS = 16;

    private final FakeTun tun = new FakeTun();
    private final ScriptedPoller poller = new ScriptedPoller();
    private @Nullable LinkResources resources;
    private final PacketLoop loop = new PacketLoop(
            0, PacketLoop.pool(0, new BusSettings(BUFFERS, 1500, true)), true, tun, poller, () -> 7, new EndpointTable.Key(1, 2), given -> {
                resources = given;
                return (claim, steering, group) -> new FakeLink(claim, given);
            });

    FailuresTest() {
        Crossing.all(new PacketLoop[] {loop}, BUFFERS);
        loop.networks().inForce(List.of(new Ipv4(), new Ipv6()));
    }

    private static final class ScriptedPoller implements Poller {
        final List<Pollable> sources = new ArrayList<>();
        final List<Long> timeouts = new ArrayList<>();
        Runnable dispatch = () -> {};

        @Override
        public void add(Pollable source) {
            sources.add(source);
        }

        @Override
        public void watchWriting(Pollable source, boolean writing) {}

        @Override
        public void remove(Pollable source) {
            sources.remove(source);
        }

        @Override
        public boolean await(long timeoutNs) {
            timeouts.add(timeoutNs);
            return true;
        }

        @Override
        public void dispatch() {
            dispatch.run();
        }

        @Override
        public void wake() {}

        @Override
        public void close() {}
    }

    private LinkEndpoint endpoint() {
        var link = new FakeLink(
                new ListenerClaim(Transport.UDP, new InetSocketAddress("127.0.0.1", 1194)), resources);
        return link.endpoint(new InetSocketAddress("192.0.2.1", 4000));
    }

    /** A session of no protocol: whatever is delivered to it fails. */
    private LoopSession failing() {
        return new LoopSession(loop, null, null, 1, endpoint(), new SessionTotals(Instant.EPOCH), false);
    }

    private PooledBuffer packet() {
        PooledBuffer buffer = loop.pool.allocate();
        buffer.bounds(buffer.offset(), 40);
        return buffer;
    }

    @Test
    void shouldNotWaitAfterARoundThatFailed() {
        poller.dispatch = () -> {
            if (poller.timeouts.size() <= 2) {
                // Signalled and woken: the wake-up is read, and the round fails before the signal is taken back.
                loop.commands.signal();
                throw new IllegalStateException("a round that fails on purpose");
            }
            if (poller.timeouts.size() == 4) {
                loop.stop();
            }
        };
        loop.run();
        assertEquals(List.of(Long.MAX_VALUE, 0L, 0L, Long.MAX_VALUE), poller.timeouts);
    }

    @Test
    void shouldReleaseTheRestOfWhatWasDeferredAndGoOn() {
        for (int round = 1; round <= 2; round++) {
            LoopSession to = failing();
            PooledBuffer first = packet();
            loop.outbound.defer(first, to);
            loop.outbound.defer(packet(), to);
            loop.outbound.defer(packet(), to);
            assertThrows(NullPointerException.class, loop.outbound::deliverDeferred);
            first.release();
            assertEquals(BUFFERS, loop.pool.free());
            assertEquals(2 * round, loop.drops.of(DropReason.LINK_ERROR));
        }
    }

    @Test
    void shouldReleaseTheRestOfABatchFromTheTun() {
        loop.route(0, IpAddress.low(InetAddress.ofLiteral("10.8.0.2")), failing(), true);
        byte[] packet = Packets.ipv4("10.8.0.1", "10.8.0.2", 64, 20);
        for (int i = 0; i < 3; i++) {
            tun.arrive(packet);
        }
        assertThrows(NullPointerException.class, () -> loop.outbound.onReady(true, false));
        assertEquals(BUFFERS - 1, loop.pool.free(), "the packet that met the failure is the session's");
        assertEquals(2, loop.drops.of(DropReason.LINK_ERROR));
    }

    @Test
    void shouldLeaveATunAloneThatIsGone() throws Exception {
        loop.open();
        assertTrue(poller.sources.contains(loop.outbound));
        tun.broken = true;
        loop.outbound.onReady(true, false);
        assertFalse(poller.sources.contains(loop.outbound));
        loop.holdTun();
        loop.releaseTun();
        assertFalse(poller.sources.contains(loop.outbound), "whoever holds and releases it");
    }

    @Test
    void shouldReleaseWhatTheTunDoesNotTake() {
        var fixture = new BusFixture();
        fixture.attach();
        fixture.join(1, "alice", BusFixture.ALICE);
        int free = free(fixture);
        fixture.tun.fails = true;
        fixture.send('D', 1, Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 30), BusFixture.ALICE);
        fixture.settle();
        assertEquals(free, free(fixture));
    }

    private static int free(BusFixture fixture) {
        return (int) ((Map<?, ?>) fixture.bus.status().get("pool")).get("free");
    }

    @Test
    void shouldReleaseWhatALinkDoesNotTake() {
        LinkEndpoint to = endpoint();
        ((FakeLink) to.link()).fails = true;
        PooledBuffer datagram = packet();
        loop.beginCall(null, datagram);
        assertThrows(IllegalStateException.class, () -> loop.outbox.toLink(datagram, to));
        assertEquals(0, loop.endCall());
        assertEquals(BUFFERS, loop.pool.free());
    }
}

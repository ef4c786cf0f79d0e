package io.culvert.core.bus;

import static io.culvert.core.bus.BusFixture.ALICE;
import static io.culvert.core.bus.BusFixture.BOB;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.packet.DropReason;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.core.link.FakeLink;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two loops; sessions with even keys are steered to the first, with odd keys to the second. */
final class SeveralLoopsTest {
    /** Rounds that a swap surely takes. */
    private static final int MOMENTS = 16;

    private final BusFixture fixture = new BusFixture(2);

    private FakeLink link(int loop) {
        return fixture.links.get(loop);
    }

    private void join(int throughLoop, long key, String user, InetSocketAddress from) {
        link(throughLoop).arrive(ToyProtocol.datagram('H', key, user.getBytes(StandardCharsets.UTF_8)), from);
        fixture.settle();
    }

    private void drainLinks() {
        fixture.links.forEach(FakeLink::drain);
    }

    @AfterEach
    void shouldHaveEveryBufferBack() {
        fixture.settle();
        var pool = (Map<?, ?>) fixture.bus.status().get("pool");
        assertEquals(pool.get("buffers"), pool.get("free"));
    }

    @Test
    void shouldMakeASessionOnTheLoopThatItsKeyIsSteeredTo() {
        fixture.attach();
        join(0, 1, "alice", ALICE);
        assertEquals(0, link(0).drain().size());
        var sent = link(1).drain();
        assertEquals('E', sent.getFirst().bytes()[0]);
        assertEquals(ALICE, sent.getFirst().to());
        assertEquals(1, fixture.bus.status().get("sessions"));
    }

    @Test
    void shouldHandADatagramToTheSessionsLoop() {
        fixture.attach();
        join(1, 1, "alice", ALICE);
        byte[] packet = Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 30);
        link(0).arrive(ToyProtocol.datagram('D', 1, packet), ALICE);
        fixture.settle();
        assertArrayEquals(packet, fixture.tuns.get(1).drain().getFirst());
        assertEquals(0, fixture.tuns.get(0).drain().size());
    }

    @Test
    void shouldHandAPacketFromAnyTunQueueToTheSessionsLoop() {
        fixture.attach();
        join(1, 1, "alice", ALICE);
        drainLinks();
        byte[] packet = Packets.ipv4("198.51.100.1", "10.8.0.2", 64, 30);
        fixture.tuns.get(0).arrive(packet);
        fixture.tuns.get(1).arrive(packet);
        fixture.settle();
        assertEquals(0, link(0).drain().size());
        var sent = link(1).drain();
        assertEquals(2, sent.size());
        assertArrayEquals(packet, Arrays.copyOfRange(sent.getFirst().bytes(), ToyProtocol.HEADER, sent.getFirst().bytes().length));
    }

    @Test
    void shouldCarryPacketsBetweenClientsOfDifferentLoops() {
        fixture.attach();
        join(0, 2, "alice", ALICE);
        join(1, 1, "bob", BOB);
        drainLinks();
        link(0).arrive(ToyProtocol.datagram('D', 2, Packets.ipv4("10.8.0.2", "10.8.0.3", 64, 30)), ALICE);
        link(1).arrive(ToyProtocol.datagram('D', 1, Packets.ipv4("10.8.0.3", "10.8.0.2", 64, 30)), BOB);
        fixture.settle();
        assertEquals(BOB, link(1).drain().getFirst().to());
        assertEquals(ALICE, link(0).drain().getFirst().to());
    }

    @Test
    void shouldKnowTheWayToAClientBeforeItHearsThatItIsConnected() {
        fixture.attach();
        join(0, 2, "alice", ALICE);
        drainLinks();
        link(1).arrive(ToyProtocol.datagram('H', 1, "bob".getBytes(StandardCharsets.UTF_8)), BOB);
        for (int steps = 0; link(1).drain().isEmpty(); steps++) {
            assertTrue(steps < MOMENTS);
            fixture.bus.step();
        }
        // The first loop had its turn before the second said so.
        link(0).arrive(ToyProtocol.datagram('D', 2, Packets.ipv4("10.8.0.2", "10.8.0.3", 64, 30)), ALICE);
        fixture.tuns.get(0).arrive(Packets.ipv4("198.51.100.1", "10.8.0.3", 64, 30));
        fixture.settle();
        assertEquals(2, link(1).drain().size());
        assertEquals(0, fixture.tuns.get(0).drain().size());
        assertEquals(0, fixture.bus.drops(DropReason.NO_ROUTE));
    }

    @Test
    void shouldFindASessionThatWasThawedOnAnotherLoopThanItIsSteeredTo() {
        ToyProtocol old = fixture.attach();
        join(1, 1, "alice", ALICE);
        fixture.ask(fixture.bus.detach(old));
        fixture.attach(); // The toy protocol names no loop for records, so that all are thawed on the first.
        fixture.settle();
        drainLinks();
        byte[] packet = Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 30);
        link(1).arrive(ToyProtocol.datagram('D', 1, packet), ALICE);
        fixture.settle();
        assertArrayEquals(packet, fixture.tuns.get(0).drain().getFirst());
        fixture.tuns.get(1).arrive(Packets.ipv4("198.51.100.1", "10.8.0.2", 64, 30));
        fixture.settle();
        assertEquals(1, link(0).drain().size());
    }

    @Test
    void shouldForgetASessionOnEveryLoop() {
        fixture.attach();
        join(1, 1, "alice", ALICE);
        fixture.ask(fixture.bus.recheck());
        fixture.doors.refused.put("alice", CloseCause.silently(CloseCause.Kind.REVOKED, "revoked"));
        fixture.ask(fixture.bus.recheck());
        fixture.pass(4_000_000_000L);
        assertEquals(0, fixture.bus.status().get("sessions"));
        fixture.tuns.get(0).arrive(Packets.ipv4("198.51.100.1", "10.8.0.2", 64, 30));
        fixture.settle();
        assertEquals(1, fixture.bus.drops(DropReason.NO_ROUTE));
    }

    @Test
    void shouldKeepEverySessionWhenTheProtocolIsExchanged() {
        fixture.attach();
        join(0, 2, "alice", ALICE);
        join(1, 1, "bob", BOB);
        var first = fixture.list();
        fixture.attach();
        fixture.settle();
        assertEquals(first.stream().map(each -> each.id()).sorted().toList(),
                fixture.list().stream().map(each -> each.id()).sorted().toList());
        assertTrue(fixture.links.size() <= 4);
    }

    @Test
    void shouldDropAndCountWhatDoesNotFitBetweenLoops() {
        fixture.attach();
        join(1, 1, "alice", ALICE);
        drainLinks();
        byte[] packet = Packets.ipv4("198.51.100.1", "10.8.0.2", 64, 30);
        fixture.tuns.get(0).repeated = packet;
        fixture.tuns.get(0).repeat = 256;
        fixture.settle();
        long dropped = fixture.bus.drops(DropReason.QUEUE_FULL) + fixture.tuns.get(0).readDrops();
        assertEquals(256, link(1).drain().size() + dropped);
        assertTrue(dropped > 0);
    }

    @Test
    void shouldBringNothingToASessionBehindItsRecord() {
        byte[] packet = Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 30);
        for (int moment = 0; moment < MOMENTS; moment++) {
            var swap = new BusFixture(2);
            ToyProtocol old = swap.attach();
            swap.links.get(0).arrive(ToyProtocol.datagram('H', 2, "alice".getBytes(StandardCharsets.UTF_8)), ALICE);
            swap.settle();
            swap.ask(swap.bus.attach(new ToyProtocol("udp", BusFixture.CLAIM)));
            var attached = swap.bus.detach(old);
            for (int i = 0; i < moment; i++) {
                swap.bus.step();
            }
            swap.links.get(1).arrive(ToyProtocol.datagram('D', 2, packet), ALICE);
            swap.ask(attached);
            swap.settle();
            var session = old.sessions.getFirst();
            assertEquals(session.heardWhenFrozen, session.heard, "at moment " + moment);
            assertEquals(1, swap.tun.drain().size() + swap.tuns.get(1).drain().size(), "at moment " + moment);
        }
    }

    @Test
    void shouldLoseNoOutboundPacketInASwap() {
        byte[] packet = Packets.ipv4("198.51.100.1", "10.8.0.2", 64, 30);
        for (int moment = 0; moment < MOMENTS; moment++) {
            var swap = new BusFixture(3);
            ToyProtocol old = swap.attach();
            swap.links.get(0).arrive(ToyProtocol.datagram('H', 3, "alice".getBytes(StandardCharsets.UTF_8)), ALICE);
            swap.settle();
            swap.links.forEach(FakeLink::drain);
            swap.ask(swap.bus.attach(new ToyProtocol("udp", BusFixture.CLAIM)));
            var attached = swap.bus.detach(old);
            for (int i = 0; i < moment; i++) {
                swap.bus.step();
            }
            swap.tuns.forEach(tun -> tun.arrive(packet));
            swap.ask(attached);
            swap.settle();
            assertEquals(3, swap.links.get(0).drain().size(), "at moment " + moment);
        }
    }

    @Test
    void shouldOpenAGroupAnewWhenOneOfItsSocketsIsGone() {
        ToyProtocol old = fixture.attach();
        fixture.tickNs = 10_000_000L;
        fixture.ask(fixture.bus.detach(old));
        fixture.tickNs = 0;
        // The timers of the loops are apart: the time at which the first socket alone is gone.
        while (fixture.links.stream().noneMatch(each -> each.closed)) {
            fixture.nowNs += 1_000_000L;
            fixture.bus.step();
        }
        boolean firstIsGone = link(0).closed;
        assertEquals(1, fixture.links.stream().filter(each -> each.closed).count());
        fixture.attach();
        fixture.settle();
        assertTrue(link(1).closed);
        assertEquals(firstIsGone, link(0).closed);
        assertEquals(firstIsGone ? 4 : 3, fixture.links.size());
    }

    @Test
    void shouldUndoAnAttachmentThatFailsOnALaterLoop() {
        fixture.brokenFrom = 1;
        var broken = fixture.bus.attach(new ToyProtocol("udp", BusFixture.CLAIM)).toCompletableFuture();
        fixture.settle();
        assertTrue(broken.isCompletedExceptionally());
        assertEquals(0, fixture.bus.listeners().size());
        fixture.tuns.get(0).arrive(Packets.ipv4("198.51.100.1", "10.8.0.2", 64, 30));
        fixture.settle();
        assertEquals(1, fixture.bus.drops(DropReason.NO_ROUTE));
        fixture.brokenFrom = Integer.MAX_VALUE;
        fixture.attach();
        join(0, 1, "alice", ALICE);
        assertEquals(1, fixture.bus.status().get("sessions"));
        assertEquals(1, fixture.bus.listeners().size());
    }
}

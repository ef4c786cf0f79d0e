package io.culvert.core.bus;

import static io.culvert.core.bus.BusFixture.ALICE;
import static io.culvert.core.bus.BusFixture.BOB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.packet.DropReason;
import io.culvert.api.tunnel.CloseCause;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Two versions of a protocol serve an instance side by side for a moment. */
class SideBySideTest {
    private static final long SECOND = 1_000_000_000L;
    private static final byte[] NONE = {};

    private final BusFixture fixture = new BusFixture();

    private static ToyProtocol version(long keys) {
        var made = new ToyProtocol("udp", BusFixture.CLAIM);
        made.keyMask = keys;
        return made;
    }

    private ToyProtocol attached(ToyProtocol protocol) {
        fixture.ask(fixture.bus.attach(protocol));
        return protocol;
    }

    @Test
    void shouldLetANewcomerWaitWhileTheFirstServes() {
        ToyProtocol first = attached(version(0));
        fixture.join(1, "alice", ALICE);
        ToyProtocol second = attached(version(77));
        assertEquals(1, fixture.links.size());
        assertEquals(1, fixture.bus.listeners().size());
        assertEquals(1, second.prepared);
        assertEquals(1, fixture.bus.path().waiting().size());
        assertTrue(fixture.bus.path().waiting().get("toy/udp").ready());
        assertEquals("", fixture.bus.path().waiting().get("toy/udp").problem());
        assertEquals(0, first.sessions.getFirst().closedCalls);
        // What it thawed to try it out is closed again.
        assertEquals(1, second.sessions.getFirst().closedCalls);
    }

    @Test
    void shouldMoveSessionsToTheNewcomerWhenTheFirstLeaves() {
        ToyProtocol first = attached(version(0));
        fixture.join(1, "alice", ALICE);
        fixture.join(2, "bob", BOB);
        ToyProtocol second = attached(version(77));
        fixture.ask(fixture.bus.detach(first));
        assertEquals(1, first.sessions.getFirst().closedCalls);
        assertTrue(second.sessions.getLast().resumedLive);
        assertEquals(2, fixture.bus.path().moves().get("tunnel toy/udp").done());
        assertEquals(2, fixture.bus.path().tunnels().get("toy/udp").sessions());
        fixture.send('D', 1, Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 0), ALICE);
        fixture.tun.arrive(Packets.ipv4("198.51.100.1", "10.8.0.3", 64, 0));
        fixture.settle();
        assertEquals(1, fixture.tun.drain().size());
        assertEquals(1, fixture.link().drain().size());
        assertEquals(1, fixture.links.size());
        assertFalse(fixture.link().closed);
        assertTrue(fixture.bus.path().waiting().isEmpty());
        assertEquals(2, fixture.bus.path().handshakes().completed());
    }

    @Test
    void shouldWriteNothingBeforeASessionGoesOn() {
        ToyProtocol first = attached(version(0));
        fixture.join(1, "alice", ALICE);
        attached(version(77));
        fixture.records.answer = new CompletableFuture<>();
        var gone = fixture.bus.detach(first).toCompletableFuture();
        fixture.settle();
        assertTrue(gone.isDone());
    }

    @Test
    void shouldNotAnswerAVersionThatLeft() {
        ToyProtocol first = attached(version(0));
        fixture.join(1, "alice", ALICE);
        fixture.holdWork = true;
        fixture.send('P', 1, NONE, ALICE);
        ToyProtocol second = attached(version(77));
        fixture.ask(fixture.bus.detach(first));
        fixture.heldWork.forEach(Runnable::run);
        fixture.settle();
        assertTrue(first.decisions.isEmpty());
        assertTrue(second.decisions.isEmpty());
    }

    @Test
    void shouldLetABusySessionEndWhatItDoesBeforeItMoves() {
        ToyProtocol first = attached(version(0));
        first.busy = true;
        fixture.join(1, "alice", ALICE);
        ToyProtocol second = attached(version(77));
        var gone = fixture.bus.detach(first).toCompletableFuture();
        fixture.settle();
        fixture.pass(SECOND);
        assertFalse(gone.isDone());
        fixture.send('D', 1, Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 0), ALICE);
        assertEquals(1, fixture.tun.drain().size());
        fixture.link().arrive(ToyProtocol.datagram('H', 9, "carol".getBytes(StandardCharsets.UTF_8)), BOB);
        fixture.settle();
        assertEquals("established", second.sessions.getLast().state);
        first.busy = false;
        fixture.pass(SECOND);
        assertTrue(gone.isDone());
        fixture.send('D', 1, Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 0), ALICE);
        assertEquals(1, fixture.tun.drain().size());
    }

    @Test
    void shouldNotWaitForABusySessionForEver() {
        ToyProtocol first = attached(version(0));
        first.busy = true;
        fixture.join(1, "alice", ALICE);
        attached(version(77));
        var gone = fixture.bus.detach(first).toCompletableFuture();
        fixture.settle();
        for (int i = 0; i < 7; i++) {
            fixture.pass(SECOND);
        }
        assertTrue(gone.isDone());
        assertEquals(1, fixture.bus.path().moves().get("tunnel toy/udp").done());
    }

    @Test
    void shouldSayBeforehandThatAVersionCannotGoOnWithTheSessions() {
        attached(version(0));
        fixture.join(1, "alice", ALICE);
        ToyProtocol broken = version(77);
        broken.refusesRecords = true;
        attached(broken);
        assertEquals("1 of 1 sessions could not move to it: the record is of no use",
                fixture.bus.path().waiting().get("toy/udp").problem());
    }

    @Test
    void shouldBringSessionsBackFromAVersionThatCouldNotGoOnWithThem() {
        ToyProtocol first = attached(version(0));
        for (int i = 1; i <= 20; i++) {
            fixture.join(i, "user" + i, new InetSocketAddress("192.0.2.7", 4000 + i));
        }
        ToyProtocol broken = version(77);
        broken.refusesRecords = true;
        attached(broken);
        fixture.ask(fixture.bus.detach(first));
        assertEquals(0, fixture.bus.path().sessions());
        assertEquals(20, fixture.records.stored.size());
        assertEquals(20, fixture.doors.granted.size());
        ToyProtocol again = attached(version(99));
        fixture.ask(fixture.bus.detach(broken));
        assertEquals(20, fixture.bus.path().sessions());
        assertTrue(again.sessions.getLast().resumedLive);
        fixture.send('D', 3, Packets.ipv4("10.8.0.4", "198.51.100.1", 64, 0), new InetSocketAddress("192.0.2.7", 4003));
        assertEquals(1, fixture.tun.drain().size());
    }

    @Test
    void shouldGoBackToTheFirstOverAndOver() {
        ToyProtocol now = attached(version(0));
        fixture.join(1, "alice", ALICE);
        for (int round = 1; round <= 20; round++) {
            ToyProtocol next = attached(version(round));
            fixture.ask(fixture.bus.detach(now));
            fixture.send('D', 1, Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 0), ALICE);
            assertEquals(1, fixture.tun.drain().size());
            now = next;
        }
        assertEquals(0, fixture.bus.drops(DropReason.UNKNOWN_SESSION));
        fixture.send('B', 1, NONE, ALICE);
        assertEquals(0, fixture.bus.path().sessions());
        assertEquals(1L, fixture.bus.path().tunnels().get("toy/udp").ended().get(CloseCause.Kind.PEER_EXIT));
    }

    @Test
    void shouldForgetANewcomerThatLeavesFirst() {
        ToyProtocol first = attached(version(0));
        fixture.join(1, "alice", ALICE);
        ToyProtocol second = attached(version(77));
        fixture.ask(fixture.bus.detach(second));
        assertTrue(fixture.bus.path().waiting().isEmpty());
        assertEquals(0, first.sessions.getFirst().closedCalls);
        fixture.ask(fixture.bus.detach(first));
        assertEquals(0, fixture.bus.path().sessions());
    }

    @Test
    void shouldMoveSessionsOfSeveralLoopsWithTheirKeysElsewhere() {
        var several = new BusFixture(3);
        ToyProtocol first = version(0);
        several.ask(several.bus.attach(first));
        for (int i = 0; i < 9; i++) {
            several.links.get(i % 3).arrive(
                    ToyProtocol.datagram('H', i, ("user" + i).getBytes(StandardCharsets.UTF_8)),
                    new InetSocketAddress("192.0.2.7", 4000 + i));
        }
        several.settle();
        // Masks that keep the low byte keep the loop.
        several.ask(several.bus.attach(version(0x7700)));
        several.ask(several.bus.detach(first));
        assertEquals(9, several.bus.path().sessions());
        for (int i = 0; i < 9; i++) {
            for (int link = 0; link < 3; link++) {
                several.links.get(link).arrive(
                        ToyProtocol.datagram('D', i, Packets.ipv4("10.8.0." + (i + 2), "198.51.100.1", 64, 0)),
                        new InetSocketAddress("192.0.2.7", 4000 + i));
            }
        }
        several.settle();
        assertEquals(0, several.bus.drops(DropReason.UNKNOWN_SESSION));
        assertEquals(0, several.bus.drops(DropReason.CLOSING));
    }
}

package io.culvert.core.bus;

import static io.culvert.core.bus.BusFixture.ALICE;
import static io.culvert.core.bus.BusFixture.BOB;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.net.PacketAddresses;
import io.culvert.api.packet.DropReason;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Transport;
import io.culvert.net.ipv4.Ipv4;
import io.culvert.net.ipv6.Ipv6;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

final class PacketBusTest {
    private static final byte[] NONE = {};
    private static final long SECOND = 1_000_000_000L;

    private final BusFixture fixture = new BusFixture();

    private Object closes(CloseCause.Kind kind) {
        return ((Map<?, ?>) fixture.bus.status().get("closes")).get(kind.name());
    }

    private int freeBuffers() {
        return (int) ((Map<?, ?>) fixture.bus.status().get("pool")).get("free");
    }

    @Test
    void shouldEstablishASessionAfterADurableSave() {
        fixture.attach();
        fixture.link().arrive(ToyProtocol.datagram('H', 1, "alice".getBytes()), ALICE);
        fixture.settle();
        var sent = fixture.link().drain();
        assertEquals(1, sent.size());
        assertEquals('E', sent.getFirst().bytes()[0]);
        assertEquals(ALICE, sent.getFirst().to());
        assertEquals(1, fixture.records.stored.size());
        assertEquals(1, fixture.bus.status().get("sessions"));
    }

    @Test
    void shouldCarryPacketsBothWays() {
        fixture.attach();
        fixture.join(1, "alice", ALICE);
        byte[] in = Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 30);
        fixture.send('D', 1, in, ALICE);
        List<byte[]> written = fixture.tun.drain();
        assertEquals(1, written.size());
        assertArrayEquals(in, written.getFirst());

        byte[] out = Packets.ipv6("2001:db8::1", "fd00::2", 64, 30);
        fixture.tun.arrive(out);
        fixture.settle();
        byte[] datagram = fixture.link().drain().getFirst().bytes();
        assertEquals('D', datagram[0]);
        assertArrayEquals(out, Arrays.copyOfRange(datagram, ToyProtocol.HEADER, datagram.length));

        var status = fixture.list();
        assertEquals(1, status.getFirst().packetsIn());
        assertEquals(50, status.getFirst().bytesIn());
        assertEquals(1, status.getFirst().packetsOut());
        assertEquals(70, status.getFirst().bytesOut());
        assertEquals(256, freeBuffers());
    }

    @Test
    void shouldLetASessionGoOnWithWhatAFormerOneHad() {
        ToyProtocol protocol = fixture.attach();
        fixture.join(1, "alice", ALICE);
        byte[] in = Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 30);
        fixture.send('D', 1, in, ALICE);
        fixture.join(2, "alice", ALICE);
        fixture.tun.drain();
        List<Long> ids = fixture.list().stream().map(SessionStatus::id).toList();
        var cause = CloseCause.silently(CloseCause.Kind.REPLACED, "");
        var done = fixture.bus.passOn(ids.getFirst(), ids.getLast(), cause).toCompletableFuture();
        fixture.settle();
        assertTrue(done.isDone());
        assertTrue(protocol.sessions.getLast().inherited);
        assertEquals(List.of(ids.getLast()), fixture.list().stream().map(SessionStatus::id).toList());
        assertEquals(1L, closes(CloseCause.Kind.REPLACED));

        fixture.send('D', 1, in, ALICE);
        assertEquals(1, fixture.tun.drain().size(), "the former key leads to the heir, and the address is its own");
        fixture.tun.arrive(Packets.ipv4("198.51.100.1", "10.8.0.2", 64, 30));
        fixture.settle();
        assertEquals(2, ByteBuffer.wrap(fixture.link().drain().getLast().bytes()).getLong(1));

        fixture.bus.passOn(99, ids.getLast(), cause);
        fixture.settle();
        assertEquals(1, fixture.list().size(), "there was nothing to inherit");
        assertEquals(256, freeBuffers());
    }

    @Test
    void shouldCarryOnlyWhatANetworkProtocolIsThereFor() {
        fixture.attach();
        fixture.join(1, "alice", ALICE);
        fixture.services.networks = List.of(new Ipv4());
        fixture.bus.networksChanged();
        fixture.settle();
        fixture.send('D', 1, Packets.ipv6("fd00::2", "2001:db8::1", 64, 30), ALICE);
        fixture.tun.arrive(Packets.ipv6("2001:db8::1", "fd00::2", 64, 30));
        fixture.settle();
        assertEquals(0, fixture.tun.drain().size());
        assertEquals(0, fixture.link().drain().size());
        assertEquals(2, fixture.bus.drops(DropReason.UNSUPPORTED));
        fixture.send('D', 1, Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 30), ALICE);
        assertEquals(1, fixture.tun.drain().size());

        fixture.services.networks = List.of(new Ipv4(), new Ipv6());
        fixture.bus.networksChanged();
        fixture.settle();
        fixture.send('D', 1, Packets.ipv6("fd00::2", "2001:db8::1", 64, 30), ALICE);
        assertEquals(1, fixture.tun.drain().size());
        assertEquals(256, freeBuffers());
    }

    @Test
    void shouldDropTheIpv6PacketThatPretendsToBeForAnIpv4Peer() {
        fixture.attach();
        fixture.join(1, "alice", ALICE);
        byte[] packet = Packets.ipv6("2001:db8::1", "::", 64, 30);
        System.arraycopy(new byte[] {-1, -1, 10, 8, 0, 2}, 0, packet, 34, 6);
        fixture.tun.arrive(packet);
        fixture.settle();
        assertEquals(0, fixture.link().drain().size());
        assertEquals(1, fixture.bus.drops(DropReason.MALFORMED));
    }

    @Test
    void shouldOutliveANetworkProtocolThatFails() {
        fixture.attach();
        fixture.join(1, "alice", ALICE);
        fixture.services.networks = List.of(new NetworkProtocol() {
            @Override
            public String name() {
                return "broken";
            }

            @Override
            public int etherType() {
                return IPV4;
            }

            @Override
            public boolean read(PacketBuffer packet, PacketAddresses into) {
                throw new IllegalStateException("asked for");
            }

            @Override
            public boolean hop(PacketBuffer packet) {
                throw new IllegalStateException("asked for");
            }
        }, new Ipv6());
        fixture.bus.networksChanged();
        fixture.settle();
        fixture.send('D', 1, Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 30), ALICE);
        fixture.tun.arrive(Packets.ipv4("198.51.100.1", "10.8.0.2", 64, 30));
        fixture.settle();
        assertEquals(2, fixture.bus.drops(DropReason.MALFORMED));
        assertEquals(256, freeBuffers());
    }

    @Test
    void shouldCarryPacketsBetweenClientsAndCountTheHop() {
        fixture.attach();
        fixture.join(1, "alice", ALICE);
        fixture.join(2, "bob", BOB);
        fixture.send('D', 1, Packets.ipv4("10.8.0.2", "10.8.0.3", 64, 30), ALICE);
        var sent = fixture.link().drain().getFirst();
        assertEquals(BOB, sent.to());
        assertEquals(63, sent.bytes()[ToyProtocol.HEADER + 8]);
        assertTrue(Packets.checksumHolds(sent.bytes(), ToyProtocol.HEADER));
        fixture.send('D', 2, Packets.ipv6("fd00::3", "fd00::2", 2, 30), BOB);
        assertEquals(1, fixture.link().drain().getFirst().bytes()[ToyProtocol.HEADER + 7]);
        assertTrue(fixture.tun.drain().isEmpty());
    }

    @Test
    void shouldKeepClientsApartWhenTheyMayNotMeet() {
        var apart = new BusFixture(false, 256);
        apart.attach();
        apart.join(1, "alice", ALICE);
        apart.join(2, "bob", BOB);
        apart.send('D', 1, Packets.ipv4("10.8.0.2", "10.8.0.3", 64, 30), ALICE);
        assertTrue(apart.link().drain().isEmpty());
        assertTrue(apart.tun.drain().isEmpty());
        assertEquals(1, apart.bus.drops(DropReason.NO_ROUTE));
    }

    @Test
    void shouldCountEveryInboundDropByItsReason() {
        fixture.attach();
        fixture.join(1, "alice", ALICE);
        fixture.send('D', 1, Packets.ipv4("10.8.0.99", "198.51.100.1", 64, 0), ALICE);
        fixture.send('D', 1, Packets.ipv6("fe80::1", "ff02::2", 255, 0), ALICE);
        assertEquals(2, fixture.bus.drops(DropReason.SOURCE_ADDRESS));
        fixture.send('D', 1, new byte[] {0x70, 0, 0}, ALICE);
        assertEquals(1, fixture.bus.drops(DropReason.UNSUPPORTED));
        fixture.send('D', 1, NONE, ALICE);
        fixture.send('D', 1, Arrays.copyOf(Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 8), 24), ALICE);
        assertEquals(2, fixture.bus.drops(DropReason.MALFORMED));
        fixture.join(2, "bob", BOB);
        fixture.send('D', 1, Packets.ipv4("10.8.0.2", "10.8.0.3", 1, 0), ALICE);
        assertEquals(1, fixture.bus.drops(DropReason.HOP_LIMIT));
        fixture.send('D', 77, Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 0), ALICE);
        assertEquals(1, fixture.bus.drops(DropReason.NOT_ESTABLISHED));
        fixture.send('Z', 78, NONE, ALICE);
        assertEquals(1, fixture.bus.drops(DropReason.UNKNOWN_SESSION));
        assertTrue(fixture.tun.drain().isEmpty());
        assertEquals(256, freeBuffers());
    }

    @Test
    void shouldCountEveryOutboundDropByItsReason() {
        fixture.attach();
        fixture.join(1, "alice", ALICE);
        fixture.tun.arrive(Packets.ipv4("198.51.100.1", "10.8.0.77", 64, 0));
        fixture.tun.arrive(new byte[] {0x10});
        fixture.tun.arrive(Arrays.copyOf(Packets.ipv4("198.51.100.1", "10.8.0.2", 64, 0), 19));
        fixture.tun.arrive(Packets.ipv4("198.51.100.1", "10.8.0.2", 64, 2080));
        fixture.settle();
        assertEquals(1, fixture.bus.drops(DropReason.NO_ROUTE));
        assertEquals(1, fixture.bus.drops(DropReason.UNSUPPORTED));
        assertEquals(1, fixture.bus.drops(DropReason.MALFORMED));
        assertEquals(1, fixture.bus.drops(DropReason.TOO_BIG));
        assertEquals(256, freeBuffers());
    }

    @Test
    void shouldDropWhatASessionSaysBeforeItIsEstablished() {
        fixture.attach();
        fixture.holdWork = true;
        fixture.join(1, "alice", ALICE);
        fixture.send('D', 1, Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 0), ALICE);
        assertEquals(1, fixture.bus.drops(DropReason.NOT_ESTABLISHED));
    }

    @Test
    void shouldCountDatagramsWithoutABuffer() {
        var small = new BusFixture(true, 1);
        ToyProtocol protocol = small.attach();
        small.join(1, "alice", ALICE);
        assertEquals(1, protocol.sessions.size());
        protocol.keepaliveNs = SECOND;
        // One buffer: it is free again before each datagram, so that the second allocation of a call fails.
        small.send('L', 1, NONE, ALICE);
        assertEquals(1, small.bus.drops(DropReason.POOL_EXHAUSTED));
    }

    @Test
    void shouldDropWhatComesForASessionThatIsClosing() {
        fixture.attach();
        fixture.join(1, "alice", ALICE);
        fixture.send('S', 1, Packets.ipv4("10.8.0.2", "10.8.0.2", 64, 0), ALICE);
        assertEquals(1, fixture.bus.drops(DropReason.CLOSING));
        assertEquals(256, freeBuffers());
    }

    @Test
    void shouldEndASessionThatIsRevokedWhileItIsAdmitted() throws Exception {
        ToyProtocol protocol = fixture.attach();
        fixture.holdWork = true;
        fixture.join(1, "alice", ALICE);
        assertEquals("alice", fixture.list().getFirst().peer().orElseThrow().user());
        var ended = CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return fixture.bus.end(
                                session -> session.peer().isPresent(),
                                CloseCause.silently(CloseCause.Kind.REVOKED, "revoked"));
                    } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                },
                asking -> Thread.ofVirtual().start(asking));
        while (!ended.isDone()) {
            fixture.bus.step();
            Thread.onSpinWait();
        }
        assertEquals(1, ended.get());
        fixture.heldWork.forEach(Runnable::run);
        fixture.settle();
        assertEquals(1, protocol.sessions.getFirst().closedCalls);
        assertTrue(fixture.doors.granted.isEmpty());
    }

    @Test
    void shouldRefuseTheFirstHandshakeWorkOfASessionAlone() {
        ToyProtocol protocol = fixture.attach();
        fixture.holdWork = true;
        fixture.join(1, "alice", ALICE);
        fixture.join(2, "bob", BOB);
        fixture.send('Q', 1, NONE, ALICE);
        fixture.refuseHandshakes = true;
        fixture.send('Q', 1, NONE, ALICE);
        fixture.send('Q', 2, NONE, BOB);
        assertEquals(List.of("alice", "alice"), protocol.computed);
        assertEquals(0, protocol.sessions.getFirst().closedCalls);
        assertEquals(1, protocol.sessions.getLast().closedCalls);
        assertEquals(1L, ((Map<?, ?>) fixture.bus.status().get("closes")).get("OVERLOAD"));
    }

    @Test
    void shouldCountWhatTheTunRefuses() {
        fixture.tun.refused = 3;
        assertEquals(3L, ((Map<?, ?>) fixture.bus.status().get("drops")).get("TUN_ERROR"));
    }

    @Test
    void shouldCloseASessionThatFailsAndGoOn() {
        ToyProtocol protocol = fixture.attach();
        fixture.join(1, "alice", ALICE);
        fixture.join(2, "bob", BOB);
        fixture.send('X', 1, NONE, ALICE);
        assertEquals(1L, closes(CloseCause.Kind.INTERNAL_ERROR));
        assertEquals(1, protocol.sessions.getFirst().closedCalls);
        assertEquals(1, fixture.records.stored.size());
        assertEquals(1, fixture.doors.granted.size());
        fixture.send('W', 2, NONE, BOB);
        assertEquals(2L, closes(CloseCause.Kind.INTERNAL_ERROR));
        assertEquals(0, fixture.bus.status().get("sessions"));
        fixture.send('X', 3, NONE, BOB);
        fixture.join(4, "carol", BOB);
        assertEquals(1, fixture.bus.status().get("sessions"));
        assertEquals(256, freeBuffers());
    }

    @Test
    void shouldReclaimWhatASessionKeeps() {
        fixture.attach();
        fixture.join(1, "alice", ALICE);
        fixture.send('L', 1, NONE, ALICE);
        assertEquals(256, freeBuffers());
        assertEquals(1, fixture.bus.status().get("sessions"));
    }

    @Test
    void shouldForgetAPlaceThatNoSessionWasMadeFor() {
        fixture.attach();
        fixture.send('N', 9, NONE, ALICE);
        assertEquals(0, fixture.bus.status().get("sessions"));
        assertEquals(1L, closes(CloseCause.Kind.INTERNAL_ERROR));
    }

    @Test
    void shouldForgetEverythingWhenThePeerLeaves() {
        ToyProtocol protocol = fixture.attach();
        fixture.join(1, "alice", ALICE);
        fixture.send('B', 1, NONE, ALICE);
        assertEquals(1, protocol.sessions.getFirst().closedCalls);
        assertTrue(fixture.records.stored.isEmpty());
        assertTrue(fixture.doors.granted.isEmpty());
        fixture.tun.arrive(Packets.ipv4("198.51.100.1", "10.8.0.2", 64, 0));
        fixture.settle();
        assertEquals(1, fixture.bus.drops(DropReason.NO_ROUTE));
        assertEquals(1L, closes(CloseCause.Kind.PEER_EXIT));
    }

    @Test
    void shouldGiveBackAddressesThatAreGrantedToASessionThatIsGone() {
        fixture.attach();
        fixture.holdWork = true;
        fixture.join(1, "alice", ALICE);
        fixture.send('B', 1, NONE, ALICE);
        fixture.heldWork.forEach(Runnable::run);
        fixture.settle();
        assertTrue(fixture.doors.granted.isEmpty());
        assertTrue(fixture.records.stored.isEmpty());
    }

    @Test
    void shouldCallTimersInTheirTime() {
        ToyProtocol protocol = fixture.attach();
        protocol.keepaliveNs = 10 * SECOND;
        fixture.join(1, "alice", ALICE);
        fixture.pass(9 * SECOND);
        assertTrue(fixture.link().drain().isEmpty());
        fixture.pass(SECOND + 5_000_000);
        assertEquals('K', fixture.link().drain().getFirst().bytes()[0]);
        fixture.pass(10 * SECOND + 5_000_000);
        assertEquals(1, fixture.link().drain().size());
    }

    @Test
    void shouldFollowAFloatingPeerInTheRecord() {
        fixture.attach();
        fixture.join(1, "alice", ALICE);
        fixture.pass(2 * SECOND);
        fixture.send('D', 1, Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 0), BOB);
        assertEquals(BOB, fixture.records.stored.values().iterator().next().endpoint().remote());
        fixture.tun.arrive(Packets.ipv4("198.51.100.1", "10.8.0.2", 64, 0));
        fixture.settle();
        assertEquals(BOB, fixture.link().drain().getFirst().to());
    }

    @Test
    void shouldZeroThePasswordAndBringThePendingDecisionLater() {
        ToyProtocol protocol = fixture.attach();
        fixture.join(1, "alice", ALICE);
        var later = new CompletableFuture<AuthDecision>();
        fixture.doors.decision =
                new AuthDecision.Pending(Duration.ofSeconds(30), new AuthDecision.Prompt.Wait(), later);
        fixture.send('P', 1, NONE, ALICE);
        assertArrayEquals(new byte[6], fixture.doors.asked.password());
        assertEquals(1, protocol.decisions.size());
        later.complete(new AuthDecision.Accepted(Map.of()));
        fixture.settle();
        assertEquals(new AuthDecision.Accepted(Map.of()), protocol.decisions.getLast());
        fixture.pass(31 * SECOND);
        assertEquals(2, protocol.decisions.size());
    }

    @Test
    void shouldRefuseWhenNobodyDecidesInTime() {
        ToyProtocol protocol = fixture.attach();
        fixture.join(1, "alice", ALICE);
        fixture.doors.decision = new AuthDecision.Pending(
                Duration.ofSeconds(30), new AuthDecision.Prompt.Wait(), new CompletableFuture<>());
        fixture.send('P', 1, NONE, ALICE);
        fixture.pass(31 * SECOND);
        assertTrue(protocol.decisions.getLast() instanceof AuthDecision.Refused);
    }

    @Test
    void shouldEndSessionsThatAnAccessCheckRefuses() {
        ToyProtocol protocol = fixture.attach();
        fixture.join(1, "alice", ALICE);
        fixture.join(2, "bob", BOB);
        var revoked = CloseCause.silently(CloseCause.Kind.REVOKED, "revoked");
        fixture.doors.refused.put("alice", revoked);
        fixture.ask(fixture.bus.recheck());
        assertEquals(revoked, protocol.sessions.getFirst().endedBy);
        assertEquals('B', fixture.link().drain().getFirst().bytes()[0]);
        assertEquals(1, fixture.bus.status().get("sessions"));
    }

    @Test
    void shouldTellEverySessionOfOtherCiphers() {
        fixture.attach();
        fixture.join(1, "alice", ALICE);
        fixture.join(2, "bob", BOB);
        fixture.ask(fixture.bus.ciphersChanged());
        var told = fixture.link().drain().stream().map(sent -> (char) sent.bytes()[0]).toList();
        assertEquals(List.of('C', 'C'), told);
    }

    @Test
    void shouldEndASessionThatDoesNotEndItselfAfterThreeSeconds() {
        ToyProtocol protocol = fixture.attach();
        protocol.endsOnRequest = false;
        fixture.join(1, "alice", ALICE);
        var quiet = fixture.bus.quiesce(false).toCompletableFuture();
        fixture.settle();
        assertFalse(quiet.isDone());
        fixture.pass(3 * SECOND + 10_000_000);
        assertTrue(quiet.isDone());
        assertEquals(1L, closes(CloseCause.Kind.SHUTDOWN));
        assertTrue(fixture.records.stored.isEmpty());
    }

    @Test
    void shouldHandSessionsToTheNextProtocolWithoutTellingThePeer() {
        ToyProtocol old = fixture.attach();
        fixture.join(1, "alice", ALICE);
        fixture.ask(fixture.bus.detach(old));
        assertEquals(0, fixture.bus.status().get("sessions"));
        assertEquals(1, old.sessions.getFirst().closedCalls);
        assertTrue(fixture.link().drain().isEmpty());
        assertEquals(1, fixture.records.stored.size());
        byte[] packet = Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 0);
        fixture.send('D', 1, packet, ALICE);
        assertEquals(1, fixture.link().waiting());

        ToyProtocol next = fixture.attach();
        fixture.settle();
        assertEquals(1, fixture.links.size());
        assertEquals("thawed", next.sessions.getFirst().state);
        assertArrayEquals(packet, fixture.tun.drain().getFirst());
        fixture.tun.arrive(Packets.ipv4("198.51.100.1", "10.8.0.2", 64, 0));
        fixture.settle();
        assertEquals(ALICE, fixture.link().drain().getFirst().to());
    }

    @Test
    void shouldHoldPacketsUntilThawedSessionsMaySeal() {
        fixture.ask(fixture.bus.detach(joined()));
        byte[] in = Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 0);
        fixture.send('D', 1, in, ALICE);
        fixture.records.answer = new CompletableFuture<>();
        ToyProtocol next = attachSaving();
        fixture.tun.arrive(Packets.ipv4("198.51.100.1", "10.8.0.2", 64, 0));
        fixture.settle();
        assertEquals("thawed", next.sessions.getFirst().state);
        assertTrue(fixture.tun.drain().isEmpty());
        assertTrue(fixture.link().drain().isEmpty());

        fixture.records.answer.complete(true);
        fixture.settle();
        assertEquals("saved", next.sessions.getFirst().state);
        assertArrayEquals(in, fixture.tun.drain().getFirst());
        assertEquals(1, fixture.link().drain().size());
    }

    @Test
    void shouldHoldPacketsForTheReservationsOfAThawThatTakesLong() {
        fixture.ask(fixture.bus.detach(joined()));
        fixture.records.answer = new CompletableFuture<>();
        var next = new ToyProtocol("udp", BusFixture.CLAIM);
        next.savesAfterThaw = true;
        next.whileThawed = () -> fixture.nowNs += SECOND;
        fixture.ask(fixture.bus.attach(next));
        fixture.tun.arrive(Packets.ipv4("198.51.100.1", "10.8.0.2", 64, 0));
        fixture.settle();
        fixture.pass(SECOND / 10);
        assertTrue(fixture.link().drain().isEmpty());
        fixture.records.answer.complete(true);
        fixture.settle();
        assertEquals("saved", next.sessions.getFirst().state);
        assertEquals(1, fixture.link().drain().size());
    }

    @Test
    void shouldKeepOutboundPacketsForASuccessorThatComesAtOnce() {
        fixture.ask(fixture.bus.detach(joined()));
        fixture.tun.arrive(Packets.ipv4("198.51.100.1", "10.8.0.2", 64, 0));
        fixture.pass(SECOND / 20);
        fixture.attach();
        fixture.settle();
        assertEquals(1, fixture.link().drain().size());
    }

    @Test
    void shouldNotKeepOutboundPacketsForLong() {
        fixture.ask(fixture.bus.detach(joined()));
        fixture.tun.arrive(Packets.ipv4("198.51.100.1", "10.8.0.2", 64, 0));
        fixture.pass(SECOND / 5);
        assertEquals(1, fixture.bus.drops(DropReason.NO_ROUTE));
    }

    @Test
    void shouldNotHoldPacketsForAStoreThatHangs() {
        fixture.ask(fixture.bus.detach(joined()));
        byte[] in = Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 0);
        fixture.send('D', 1, in, ALICE);
        fixture.records.answer = new CompletableFuture<>();
        attachSaving();
        fixture.pass(SECOND / 20);
        fixture.pass(SECOND / 4);
        assertArrayEquals(in, fixture.tun.drain().getFirst());
        fixture.records.answer.complete(true);
        fixture.settle();
        fixture.send('D', 1, in, ALICE);
        assertEquals(1, fixture.tun.drain().size());
    }

    private ToyProtocol joined() {
        ToyProtocol protocol = fixture.attach();
        fixture.join(1, "alice", ALICE);
        return protocol;
    }

    private ToyProtocol attachSaving() {
        var next = new ToyProtocol("udp", BusFixture.CLAIM);
        next.savesAfterThaw = true;
        fixture.ask(fixture.bus.attach(next));
        return next;
    }

    @Test
    void shouldForgetRecordsOfThoseWhoMayNotComeBack() {
        ToyProtocol old = fixture.attach();
        fixture.join(1, "alice", ALICE);
        fixture.ask(fixture.bus.detach(old));
        fixture.doors.refused.put("alice", CloseCause.silently(CloseCause.Kind.REVOKED, "revoked"));
        fixture.attach();
        assertTrue(fixture.records.stored.isEmpty());
        assertTrue(fixture.doors.granted.isEmpty());
        assertEquals(1L, closes(CloseCause.Kind.REVOKED));
    }

    @Test
    void shouldKeepARecordThatCannotBeThawedForAVersionThatCan() {
        ToyProtocol old = fixture.attach();
        fixture.join(2, "bob", BOB);
        fixture.ask(fixture.bus.detach(old));
        var broken = new ToyProtocol("udp", BusFixture.CLAIM);
        broken.refusesRecords = true;
        fixture.ask(fixture.bus.attach(broken));
        assertEquals(1L, closes(CloseCause.Kind.HANDOVER_FAILED));
        assertEquals(1, fixture.records.stored.size());
        assertEquals(1, fixture.doors.granted.size());
        fixture.ask(fixture.bus.detach(broken));
        assertEquals("thawed", fixture.attach().sessions.getFirst().state);
    }

    @Test
    void shouldForgetARecordThatNobodyCouldThawForAnHour() {
        fixture.ask(fixture.bus.detach(joined()));
        var broken = new ToyProtocol("udp", BusFixture.CLAIM);
        broken.refusesRecords = true;
        fixture.ask(fixture.bus.attach(broken));
        fixture.pass(3601 * SECOND);
        assertTrue(fixture.records.stored.isEmpty());
        assertTrue(fixture.doors.granted.isEmpty());
    }

    @Test
    void shouldCloseParkedSocketsWhenNobodyTakesThem() {
        ToyProtocol old = fixture.attach();
        fixture.ask(fixture.bus.detach(old));
        fixture.pass(29 * SECOND);
        assertFalse(fixture.link().closed);
        fixture.pass(2 * SECOND);
        assertTrue(fixture.link().closed);
    }

    @Test
    void shouldKeepRecordsWhoseListenerDoesNotOpen() {
        ToyProtocol old = fixture.attach();
        fixture.join(1, "alice", ALICE);
        fixture.ask(fixture.bus.detach(old));
        fixture.pass(31 * SECOND);
        fixture.refuseListeners = true;
        fixture.attach();
        assertEquals(1, fixture.records.stored.size());
        ListenerStatus listener = fixture.bus.listeners().getFirst();
        assertFalse(listener.isOpen());
        assertEquals("failed", listener.asMap().get("state"));
    }

    @Test
    void shouldNotReadForAProtocolThatLeavesWhileItsSessionsReserve() {
        fixture.ask(fixture.bus.detach(joined()));
        fixture.records.answer = new CompletableFuture<>();
        ToyProtocol next = attachSaving();
        var gone = fixture.bus.detach(next).toCompletableFuture();
        fixture.settle();
        fixture.pass(SECOND / 20);
        fixture.pass(SECOND / 4);
        assertFalse(gone.isDone());
        fixture.send('D', 1, Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 0), ALICE);
        assertEquals(1, fixture.link().waiting());
        fixture.records.answer.complete(true);
        fixture.settle();
        assertTrue(gone.isDone());
        assertEquals(1, fixture.link().waiting());
        fixture.attach();
        fixture.settle();
        assertEquals(1, fixture.tun.drain().size());
    }

    @Test
    void shouldNotKeepTheTotalsOfSessionsWithoutARecord() {
        ToyProtocol old = joined();
        fixture.join(2, "bob", BOB);
        fixture.ask(fixture.bus.detach(old));
        assertEquals(2, fixture.bus.frozenTotals());
        fixture.records.stored.remove(fixture.records.stored.keySet().iterator().next());
        ToyProtocol next = fixture.attach();
        assertEquals(1, next.sessions.size());
        assertEquals(0, fixture.bus.frozenTotals());
    }

    @Test
    void shouldCloseTheSessionsOfALinkThatEnds() {
        fixture.ask(fixture.bus.attach(new ToyProtocol(
                "tcp", new ListenerClaim(Transport.TCP, new InetSocketAddress("127.0.0.1", 1194)))));
        fixture.join(1, "alice", ALICE);
        fixture.join(2, "bob", BOB);
        fixture.link().breakOff(ALICE);
        assertEquals(1L, closes(CloseCause.Kind.LINK_CLOSED));
        assertEquals(1, fixture.bus.status().get("sessions"));
        fixture.send('D', 2, Packets.ipv4("10.8.0.3", "198.51.100.1", 64, 0), ALICE);
        fixture.link().breakOff(BOB);
        assertEquals(1, fixture.bus.status().get("sessions"));
        fixture.link().breakOff(ALICE);
        assertEquals(2L, closes(CloseCause.Kind.LINK_CLOSED));
        assertEquals(0, fixture.bus.status().get("sessions"));
    }
}

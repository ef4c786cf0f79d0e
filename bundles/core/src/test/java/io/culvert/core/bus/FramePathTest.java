package io.culvert.core.bus;

import static io.culvert.core.bus.BusFixture.ALICE;
import static io.culvert.core.bus.BusFixture.BOB;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.net.FrameBridge;
import io.culvert.api.net.FrameProtocol;
import io.culvert.api.packet.DropReason;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.core.link.FakeLink;
import io.culvert.net.ethernet.Ethernet;
import io.culvert.net.ethernet.EthernetSettings;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ethernet frames between sessions and a TAP, in virtual time; with two loops, odd keys are the second one's. */
final class FramePathTest {
    private static final InetSocketAddress CAROL = new InetSocketAddress("192.0.2.3", 4003);
    private static final long A = 0x02_00_00_00_00_0AL;
    private static final long B = 0x02_00_00_00_00_0BL;
    private static final long HOST = 0x02_00_00_00_00_77L;
    private static final long ALL = 0xFFFF_FFFF_FFFFL;

    private final FakeTun tap = new FakeTun();

    static byte[] frame(long destination, long source, int payload) {
        return ByteBuffer.allocate(14 + payload)
                .putShort((short) (destination >> 32)).putInt((int) destination)
                .putShort((short) (source >> 32)).putInt((int) source)
                .putShort((short) 0x88B5)
                .array();
    }

    /** The module net.ethernet with its defaults. */
    private static FrameProtocol ethernet() {
        return new Ethernet((EthernetSettings) Proxy.newProxyInstance(
                EthernetSettings.class.getClassLoader(),
                new Class<?>[] {EthernetSettings.class},
                (proxy, method, arguments) -> method.getDefaultValue()));
    }

    /** Attaches a protocol that carries frames, with a bridge and this TAP. */
    static ToyProtocol bridge(BusFixture fixture, FakeTun tap) {
        fixture.services.frames = List.of(ethernet());
        fixture.ask(fixture.bus.networksChanged());
        fixture.ask(fixture.bus.tap(tap, HOST));
        var protocol = new ToyProtocol("udp", BusFixture.CLAIM);
        protocol.frames = true;
        fixture.ask(fixture.bus.attach(protocol));
        return protocol;
    }

    private static FakeLink link(BusFixture fixture, long key) {
        return fixture.links.get(fixture.links.size() - fixture.tuns.size() + (int) (key % fixture.tuns.size()));
    }

    private static void join(BusFixture fixture, long key, String user, InetSocketAddress from) {
        link(fixture, key).arrive(ToyProtocol.datagram('H', key, user.getBytes(StandardCharsets.UTF_8)), from);
        fixture.settle();
        link(fixture, key).drain();
    }

    private static void send(BusFixture fixture, long key, InetSocketAddress from, byte[] frame) {
        link(fixture, key).arrive(ToyProtocol.datagram('D', key, frame), from);
        fixture.settle();
    }

    /** What came for the session, without the tunnel's header. */
    private static List<byte[]> received(BusFixture fixture, long key) {
        return link(fixture, key).drain().stream()
                .filter(sent -> ByteBuffer.wrap(sent.bytes()).getLong(1) == key)
                .map(sent -> Arrays.copyOfRange(sent.bytes(), ToyProtocol.HEADER, sent.bytes().length))
                .toList();
    }

    private static void assertOne(byte[] expected, List<byte[]> received) {
        assertEquals(1, received.size());
        assertArrayEquals(expected, received.getFirst());
    }

    private static void shouldHaveEveryBufferBack(BusFixture fixture) {
        fixture.settle();
        var pool = (Map<?, ?>) fixture.bus.status().get("pool");
        assertEquals(pool.get("buffers"), pool.get("free"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldFloodUntilAStationIsKnownAndThenForward(int loops) {
        var fixture = new BusFixture(loops);
        bridge(fixture, tap);
        join(fixture, 1, "alice", ALICE);
        join(fixture, 2, "bob", BOB);
        join(fixture, 3, "carol", CAROL);

        byte[] asks = frame(ALL, A, 50);
        send(fixture, 1, ALICE, asks);
        assertOne(asks, received(fixture, 2).stream().toList());
        assertOne(asks, tap.drain());

        byte[] answers = frame(A, B, 60);
        send(fixture, 2, BOB, answers);
        List<byte[]> odd = link(fixture, 1).drain().stream()
                .map(sent -> Arrays.copyOfRange(sent.bytes(), ToyProtocol.HEADER, sent.bytes().length))
                .toList();
        assertArrayEquals(answers, odd.getLast());
        assertEquals(0, tap.drain().size());

        byte[] down = frame(B, HOST, 70);
        tap.arrive(down);
        fixture.settle();
        assertOne(down, received(fixture, 2));
        assertEquals(0, link(fixture, 1).drain().size());

        byte[] up = frame(HOST, A, 80);
        send(fixture, 1, ALICE, up);
        assertOne(up, tap.drain());
        assertEquals(0, fixture.tun.drain().size(), "nothing of it meets the TUN");
        shouldHaveEveryBufferBack(fixture);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldKeepClientsApartWhenTheyMayNotReachEachOther(int loops) {
        var fixture = new BusFixture(loops, false, 256);
        bridge(fixture, tap);
        join(fixture, 1, "alice", ALICE);
        join(fixture, 2, "bob", BOB);
        send(fixture, 1, ALICE, frame(ALL, A, 50));
        send(fixture, 2, BOB, frame(A, B, 50));
        assertEquals(0, received(fixture, 2).size());
        assertEquals(0, received(fixture, 1).size());
        assertEquals(1, tap.drain().size(), "what is for all reaches the appliance");
        assertEquals(1, fixture.bus.drops(DropReason.NO_ROUTE));

        tap.arrive(frame(ALL, HOST, 50));
        fixture.settle();
        assertEquals(1, received(fixture, 1).size());
        shouldHaveEveryBufferBack(fixture);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void shouldCarryNothingWhileThereIsNoBridgeAndGoOnWithTheNext(int loops) {
        var fixture = new BusFixture(loops);
        bridge(fixture, tap);
        join(fixture, 1, "alice", ALICE);
        send(fixture, 1, ALICE, frame(HOST, A, 50));
        assertEquals(1, tap.drain().size());

        fixture.services.frames = List.of();
        fixture.ask(fixture.bus.networksChanged());
        send(fixture, 1, ALICE, frame(HOST, A, 50));
        tap.arrive(frame(A, HOST, 50));
        fixture.settle();
        assertEquals(0, tap.drain().size());
        assertEquals(0, received(fixture, 1).size());
        assertEquals(2, fixture.bus.drops(DropReason.UNSUPPORTED));
        assertTrue(String.valueOf(fixture.bus.status().get("bridge")).contains("net.ethernet"));

        fixture.services.frames = List.of(ethernet());
        fixture.ask(fixture.bus.networksChanged());
        tap.arrive(frame(A, HOST, 50));
        fixture.settle();
        assertEquals(1, received(fixture, 1).size(), "unknown again, and so for all");
        shouldHaveEveryBufferBack(fixture);
    }

    @Test
    void shouldForgetTheStationsOfASessionThatEnds() {
        var fixture = new BusFixture();
        bridge(fixture, tap);
        join(fixture, 1, "alice", ALICE);
        join(fixture, 2, "bob", BOB);
        send(fixture, 1, ALICE, frame(ALL, A, 50));
        received(fixture, 2);
        fixture.send('B', 1, new byte[0], ALICE);
        send(fixture, 2, BOB, frame(A, B, 50));
        assertEquals(2, tap.drain().size(), "the station is unknown now");
        var bridge = (Map<?, ?>) fixture.bus.status().get("bridge");
        assertEquals(1, bridge.get("ports"));
        assertEquals(2, bridge.get("stations"), "bob's, and the appliance's own");

        join(fixture, 3, "carol", CAROL);
        send(fixture, 2, BOB, frame(ALL, B, 50));
        assertEquals(1, received(fixture, 3).size(), "the port is another's");
    }

    @Test
    void shouldKeepPortsOverAnotherVersionOfTheTunnel() {
        var fixture = new BusFixture();
        ToyProtocol old = bridge(fixture, tap);
        join(fixture, 1, "alice", ALICE);
        send(fixture, 1, ALICE, frame(HOST, A, 50));
        var next = new ToyProtocol("udp", BusFixture.CLAIM);
        next.frames = true;
        fixture.ask(fixture.bus.attach(next));
        fixture.ask(fixture.bus.detach(old));
        tap.arrive(frame(A, HOST, 50));
        fixture.settle();
        assertEquals(1, received(fixture, 1).size());
        assertEquals(0, fixture.bus.drops(DropReason.NO_ROUTE));
    }

    @Test
    void shouldGoOnAfterASessionWasARecord() {
        var fixture = new BusFixture();
        ToyProtocol old = bridge(fixture, tap);
        join(fixture, 1, "alice", ALICE);
        fixture.ask(fixture.bus.detach(old));
        var next = new ToyProtocol("udp", BusFixture.CLAIM);
        next.frames = true;
        fixture.ask(fixture.bus.attach(next));
        fixture.pass(1_000_000_000L);
        tap.arrive(frame(ALL, HOST, 50));
        fixture.settle();
        assertEquals(1, received(fixture, 1).size());
    }

    @Test
    void shouldCountWhatABridgeRefuses() {
        var fixture = new BusFixture();
        bridge(fixture, tap);
        join(fixture, 1, "alice", ALICE);
        send(fixture, 1, ALICE, new byte[13]);
        send(fixture, 1, ALICE, frame(0x0180_C200_0000L, A, 50));
        send(fixture, 1, ALICE, frame(ALL, HOST, 50));
        for (int i = 0; i < 40; i++) {
            send(fixture, 1, ALICE, frame(ALL, 0x02_00_00_00_01_00L + i, 50));
        }
        assertEquals(1, fixture.bus.drops(DropReason.MALFORMED));
        assertEquals(1, fixture.bus.drops(DropReason.FILTERED));
        assertEquals(1, fixture.bus.drops(DropReason.SOURCE_ADDRESS));
        assertEquals(8, fixture.bus.drops(DropReason.ADDRESS_LIMIT));
        assertEquals(32, tap.drain().size());
        shouldHaveEveryBufferBack(fixture);
    }

    @Test
    void shouldOutliveABridgeThatFails() {
        var fixture = new BusFixture();
        bridge(fixture, tap);
        fixture.services.frames = List.of(new FrameProtocol() {
            @Override
            public String name() {
                return "broken";
            }

            @Override
            public FrameBridge newBridge() {
                return new FrameBridge() {
                    @Override
                    public void own(long address) {}

                    @Override
                    public int forward(PacketBuffer frame, int port, long nowNs) {
                        if (frame.length() == 14) {
                            return 4711;
                        }
                        throw new IllegalStateException("asked for");
                    }

                    @Override
                    public void portClosed(int port) {
                        throw new IllegalStateException("asked for");
                    }

                    @Override
                    public int stations() {
                        return 0;
                    }
                };
            }
        });
        fixture.ask(fixture.bus.networksChanged());
        join(fixture, 1, "alice", ALICE);
        send(fixture, 1, ALICE, frame(ALL, A, 50));
        send(fixture, 1, ALICE, frame(ALL, A, 0));
        assertEquals(1, fixture.bus.drops(DropReason.MALFORMED));
        assertEquals(1, fixture.bus.drops(DropReason.NO_ROUTE), "no such port");
        fixture.send('B', 1, new byte[0], ALICE);
        assertEquals(0, fixture.bus.status().get("sessions"));
        shouldHaveEveryBufferBack(fixture);
    }

    @Test
    void shouldFloodAsFarAsThereAreBuffers() {
        var fixture = new BusFixture(1, true, 8);
        bridge(fixture, tap);
        for (int i = 1; i <= 7; i++) {
            join(fixture, i, "user" + i, new InetSocketAddress("192.0.2." + i, 5000));
        }
        for (int i = 0; i < 4; i++) {
            tap.arrive(frame(ALL, HOST, 50));
        }
        fixture.settle();
        assertTrue(fixture.bus.drops(DropReason.POOL_EXHAUSTED) > 0);
        shouldHaveEveryBufferBack(fixture);
    }

    @Test
    void shouldLeaveFramesInTheKernelWhileTheTunIsHeld() {
        var fixture = new BusFixture();
        bridge(fixture, tap);
        join(fixture, 1, "alice", ALICE);
        fixture.bus.hold(1_000_000_000L);
        tap.arrive(frame(ALL, HOST, 50));
        fixture.settle();
        assertEquals(0, received(fixture, 1).size());
        fixture.bus.release();
        fixture.settle();
        assertEquals(1, received(fixture, 1).size());
    }
}

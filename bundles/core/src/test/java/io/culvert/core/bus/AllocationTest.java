package io.culvert.core.bus;

import static io.culvert.core.bus.BusFixture.ALICE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Transport;
import io.culvert.core.libc.FfmLibc;
import io.culvert.core.libc.Linux;
import io.culvert.core.link.EpollPoller;
import io.culvert.core.link.SocketListeners;
import java.lang.management.ManagementFactory;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The data path makes no garbage once it is warm. */
final class AllocationTest {
    private static final int WARM_UP = 60_000;
    private static final int MEASURED = 20_000;
    private static final long ALLOWED_BYTES = 16 << 10;

    private static final int PER_ROUND = 16;
    private static final int MAX_WINDOWS = 30;

    /**
     * Of one round over sockets. A system call costs 40 bytes, the linker's slice of the memory for errno, unless the
     * compiler inlines the whole call, which it promises to nobody; a round makes about four, whatever it carries. One
     * object for each packet would be twice as much.
     */
    private static final long ALLOWED_BYTES_PER_ROUND = 4 * 40 + 10;

    /** Looking it up makes garbage itself. */
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static long allocated() {
        return THREADS.getCurrentThreadAllocatedBytes();
    }

    @Test
    void shouldAllocateNothingFromTheTapToLinks() {
        var fixture = new BusFixture();
        var tap = new FakeTun();
        FramePathTest.bridge(fixture, tap);
        fixture.join(1, "alice", ALICE);
        fixture.join(2, "bob", BusFixture.BOB);
        fixture.link().countOnly = true;
        fixture.link().sentCount = 0;
        tap.repeated = FramePathTest.frame(0xFFFF_FFFF_FFFFL, 0x02_00_00_00_00_77L, 1200);
        tap.repeat = WARM_UP;
        steps(fixture, tap);
        long before = allocated();
        tap.repeat = MEASURED;
        steps(fixture, tap);
        long bytes = allocated() - before;
        assertEquals(2L * (WARM_UP + MEASURED), fixture.link().sentCount);
        assertTrue(bytes < ALLOWED_BYTES, bytes + " bytes");
    }

    @Test
    void shouldAllocateNothingFromTheTunToALink() {
        var fixture = new BusFixture();
        fixture.attach();
        fixture.join(1, "alice", ALICE);
        fixture.link().countOnly = true;
        fixture.link().sentCount = 0;
        fixture.tun.repeated = Packets.ipv4("198.51.100.1", "10.8.0.2", 64, 1200);
        fixture.tun.repeat = WARM_UP;
        steps(fixture);
        long before = allocated();
        fixture.tun.repeat = MEASURED;
        steps(fixture);
        long bytes = allocated() - before;
        assertEquals(WARM_UP + MEASURED, fixture.link().sentCount);
        assertTrue(bytes < ALLOWED_BYTES, () -> bytes + " bytes for " + MEASURED + " packets");
    }

    private static void steps(BusFixture fixture) {
        steps(fixture, fixture.tun);
    }

    private static void steps(BusFixture fixture, FakeTun device) {
        while (device.repeat > 0) {
            fixture.nowNs += 100_000;
            fixture.bus.step();
        }
    }

    /** The loop on the test's own thread, over epoll and real sockets. */
    @Test
    void shouldAllocateNothingFromASocketToTheTunAndBackThroughASocket() throws Exception {
        var libc = new FfmLibc();
        var tun = new FakeTun();
        tun.fd = libc.eventfd(0, Linux.EFD_NONBLOCK | Linux.EFD_CLOEXEC);
        tun.countOnly = true;
        var bus = new PacketBus(new BusSettings(1024, 1500, true), new PacketBus.Neighbours(
                java.util.List.of(new PacketBus.LoopEnds(tun, new EpollPoller(libc))),
                resources -> new SocketListeners(libc, resources),
                new BusFixture.Doors(),
                new BusFixture.Records(),
                new BusFixture.NoServices(),
                Runnable::run,
                BusFixture::computed,
                System::nanoTime,
                InstantSource.system(),
                new SecureRandom()));
        var attached = bus.attach(new ToyProtocol(
                "udp", new ListenerClaim(Transport.UDP, new InetSocketAddress("127.0.0.1", 0)))).toCompletableFuture();
        while (!attached.isDone()) {
            bus.step();
        }
        var server = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), attached.join().getFirst().port());
        try (var alice = new DatagramSocket();
                var bob = new DatagramSocket()) {
            alice.connect(server);
            bob.connect(server);
            send(alice, ToyProtocol.datagram('H', 1, "alice".getBytes()));
            waitFor(bus, () -> (int) bus.status().get("sessions") == 1);
            send(bob, ToyProtocol.datagram('H', 2, "bob".getBytes()));
            waitFor(bus, () -> (int) bus.status().get("sessions") == 2);
            byte[] toWorld = ToyProtocol.datagram('D', 1, Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 1200));
            byte[] toBob = ToyProtocol.datagram('D', 1, Packets.ipv4("10.8.0.2", "10.8.0.3", 64, 1200));
            // When it is warm depends on the compiler, which has its own threads and its own mind.
            long perRound = Long.MAX_VALUE;
            for (int window = 0; window < MAX_WINDOWS && perRound > ALLOWED_BYTES_PER_ROUND; window++) {
                long bytes = 0;
                int rounds = MEASURED / PER_ROUND;
                for (int round = 0; round < rounds; round++) {
                    for (int i = 0; i < PER_ROUND; i += 2) {
                        send(alice, toWorld);
                        send(alice, toBob);
                    }
                    long goal = tun.writtenCount + PER_ROUND / 2;
                    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
                    long before = allocated();
                    while (tun.writtenCount < goal && System.nanoTime() < deadline) {
                        bus.step();
                    }
                    bytes += allocated() - before;
                }
                perRound = bytes / rounds;
            }
            long least = perRound;
            assertTrue(least <= ALLOWED_BYTES_PER_ROUND, () -> least + " bytes for " + PER_ROUND + " packets");
        }
        libc.close(tun.fd);
    }

    private static void waitFor(PacketBus bus, java.util.function.BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "timed out");
            bus.step();
        }
        for (int i = 0; i < 20; i++) {
            bus.step();
        }
    }

    private static void send(DatagramSocket socket, byte[] datagram) throws java.io.IOException {
        socket.send(new DatagramPacket(datagram, datagram.length));
    }
}

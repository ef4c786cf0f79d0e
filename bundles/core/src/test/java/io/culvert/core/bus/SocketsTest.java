package io.culvert.core.bus;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.packet.DropReason;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Steering;
import io.culvert.api.tunnel.Transport;
import io.culvert.core.libc.FfmLibc;
import io.culvert.core.libc.Linux;
import io.culvert.core.link.EpollPoller;
import io.culvert.core.link.SocketListeners;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.SecureRandom;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The bus on its own threads, with real sockets on the loopback interface. */
@Timeout(60)
class SocketsTest {
    private static final int TIMEOUT_MS = 10_000;

    private final FfmLibc libc = new FfmLibc();
    private final List<FakeTun> tuns = new ArrayList<>();
    private final BusFixture.Doors doors = new BusFixture.Doors();
    private final BusFixture.Records records = new BusFixture.Records();
    private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
    private PacketBus bus;
    private ToyProtocol protocol;

    /** How many packet loops the bus has. */
    int loops() {
        return 1;
    }

    @BeforeEach
    void start() throws Exception {
        List<PacketBus.LoopEnds> ends = new ArrayList<>();
        for (int i = 0; i < loops(); i++) {
            var tun = new FakeTun();
            tun.fd = libc.eventfd(0, Linux.EFD_NONBLOCK | Linux.EFD_CLOEXEC);
            tun.countOnly = true;
            tuns.add(tun);
            ends.add(new PacketBus.LoopEnds(tun, new EpollPoller(libc)));
        }
        bus = new PacketBus(new BusSettings(2048, 1500, true), new PacketBus.Neighbours(
                ends,
                resources -> new SocketListeners(libc, resources),
                doors,
                records,
                new BusFixture.NoServices(),
                workers,
                BusFixture::computed,
                System::nanoTime,
                InstantSource.system(),
                new SecureRandom()));
        bus.start();
        protocol = attach(0, 0);
    }

    @AfterEach
    void stop() throws Exception {
        bus.stop(true);
        workers.shutdownNow();
        for (FakeTun tun : tuns) {
            libc.close(tun.fd);
        }
    }

    private ToyProtocol attach(int udpPort, int tcpPort) throws Exception {
        var made = new ToyProtocol(
                "sockets",
                new ListenerClaim(Transport.UDP, new InetSocketAddress("::", udpPort)),
                new ListenerClaim(Transport.TCP, new InetSocketAddress("::", tcpPort)));
        List<ListenerStatus> opened = bus.attach(made).toCompletableFuture().get(10, TimeUnit.SECONDS);
        assertTrue(opened.stream().allMatch(ListenerStatus::isOpen), () -> opened.toString());
        return made;
    }

    private int port(Transport transport) {
        return bus.listeners().stream()
                .filter(listener -> listener.claim().transport() == transport)
                .findFirst()
                .orElseThrow()
                .port();
    }

    /** Sends only to, and hears only from, the address that it is connected to. */
    private DatagramSocket udp(String server) throws IOException {
        var socket = new DatagramSocket();
        socket.setSoTimeout(TIMEOUT_MS);
        socket.connect(InetAddress.ofLiteral(server), port(Transport.UDP));
        return socket;
    }

    private static void send(DatagramSocket socket, byte[] datagram) throws IOException {
        socket.send(new DatagramPacket(datagram, datagram.length));
    }

    private static byte[] receive(DatagramSocket socket) throws IOException {
        var packet = new DatagramPacket(new byte[4096], 4096);
        socket.receive(packet);
        return Arrays.copyOf(packet.getData(), packet.getLength());
    }

    /** A client over TCP. */
    private static final class Stream implements AutoCloseable {
        final Socket socket;
        final DataInputStream in;
        final DataOutputStream out;

        Stream(int port) throws IOException {
            socket = new Socket("127.0.0.1", port);
            socket.setSoTimeout(TIMEOUT_MS);
            in = new DataInputStream(socket.getInputStream());
            out = new DataOutputStream(socket.getOutputStream());
        }

        void send(byte[] datagram) throws IOException {
            out.writeShort(datagram.length);
            out.write(datagram);
        }

        byte[] receive() throws IOException {
            return in.readNBytes(in.readUnsignedShort());
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private void waitFor(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "timed out");
            Thread.onSpinWait();
        }
    }

    private static byte[] hello(long key, String user) {
        return ToyProtocol.datagram('H', key, user.getBytes(UTF_8));
    }

    /** The kernel would go on to steer as the protocol before wished. Streams are not steered. */
    @Test
    void shouldOpenSocketsAnewForAProtocolThatSteersOtherwise() throws Exception {
        int tcp = port(Transport.TCP);
        for (int keepalive : new int[] {0, 40, 0}) {
            bus.detach(protocol).toCompletableFuture().get(10, TimeUnit.SECONDS);
            var next = new ToyProtocol("sockets", protocol.listeners().toArray(ListenerClaim[]::new));
            next.steering = Optional.of(new Steering(0, 'D', 8, 8, List.of(), keepalive));
            assertTrue(bus.attach(next).toCompletableFuture().get(10, TimeUnit.SECONDS).stream()
                    .allMatch(ListenerStatus::isOpen));
            protocol = next;
            assertEquals(keepalive == 0 ? loops() : 2 * loops(), udpSockets(port(Transport.UDP)));
            assertEquals(tcp, port(Transport.TCP));
        }
        int same = port(Transport.UDP);
        bus.detach(protocol).toCompletableFuture().get(10, TimeUnit.SECONDS);
        bus.attach(protocol).toCompletableFuture().get(10, TimeUnit.SECONDS);
        assertEquals(same, port(Transport.UDP));
    }

    private static long udpSockets(int port) throws IOException {
        try (var lines = Files.lines(Path.of("/proc/net/udp6"))) {
            return lines.filter(line -> line.matches(" *\\d+: [0-9A-F]{32}:%04X .*".formatted(port))).count();
        }
    }

    @Test
    void shouldAnswerFromTheAddressThatTheDatagramCameTo() throws Exception {
        for (String server : List.of("127.0.0.1", "127.0.0.77", "::1")) {
            try (var client = udp(server)) {
                send(client, hello(server.hashCode(), "alice"));
                assertEquals('E', receive(client)[0]);
            }
        }
    }

    @Test
    void shouldCarryPacketsBetweenUdpAndTcp() throws Exception {
        try (var alice = udp("127.0.0.1");
                var bob = new Stream(port(Transport.TCP))) {
            send(alice, hello(1, "alice"));
            assertEquals('E', receive(alice)[0]);
            bob.send(hello(2, "bob"));
            assertEquals('E', bob.receive()[0]);
            for (int i = 0; i < 100; i++) {
                byte[] there = Packets.ipv4("10.8.0.2", "10.8.0.3", 64, 1400);
                send(alice, ToyProtocol.datagram('D', 1, there));
                assertEquals(ToyProtocol.HEADER + there.length, bob.receive().length);
                byte[] back = Packets.ipv4("10.8.0.3", "10.8.0.2", 64, i);
                bob.send(ToyProtocol.datagram('D', 2, back));
                byte[] heard = receive(alice);
                assertEquals(ToyProtocol.HEADER + back.length, heard.length);
                assertArrayEquals(
                        Arrays.copyOfRange(back, 12, back.length),
                        Arrays.copyOfRange(heard, ToyProtocol.HEADER + 12, heard.length));
            }
        }
    }

    @Test
    void shouldPutDatagramsTogetherFromAStreamInPieces() throws Exception {
        try (var bob = new Stream(port(Transport.TCP))) {
            byte[] hello = hello(2, "bob");
            bob.out.writeByte(0);
            bob.out.flush();
            bob.out.writeByte(hello.length);
            bob.out.write(hello, 0, 5);
            bob.out.flush();
            // The rest, and two whole datagrams behind it, in one piece.
            byte[] data = ToyProtocol.datagram('D', 2, Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 100));
            var rest = new java.io.ByteArrayOutputStream();
            rest.write(hello, 5, hello.length - 5);
            bob.out.write(rest.toByteArray());
            assertEquals('E', bob.receive()[0]);
            rest.reset();
            for (int i = 0; i < 2; i++) {
                rest.write(0);
                rest.write(data.length);
                rest.write(data);
            }
            bob.out.write(rest.toByteArray());
            waitFor(() -> bus.list().getFirst().packetsIn() == 2);
        }
        waitFor(() -> bus.list().isEmpty());
        assertEquals(1L, ((java.util.Map<?, ?>) bus.status().get("closes")).get("LINK_CLOSED"));
    }

    @Test
    void shouldCloseAConnectionThatSendsRubbish() throws Exception {
        try (var bob = new Stream(port(Transport.TCP))) {
            bob.out.writeShort(0);
            assertEquals(-1, bob.in.read());
        }
        try (var bob = new Stream(port(Transport.TCP))) {
            bob.out.writeShort(0xffff);
            assertEquals(-1, bob.in.read());
        }
    }

    @Test
    void shouldSendTheGoodbyeBeforeTheConnectionEnds() throws Exception {
        try (var bob = new Stream(port(Transport.TCP))) {
            bob.send(hello(2, "bob"));
            assertEquals('E', bob.receive()[0]);
            assertEquals(1, bus.end(session -> true, new CloseCause(CloseCause.Kind.KILLED, "killed", "")));
            assertEquals('B', bob.receive()[0]);
            assertEquals(-1, bob.in.read());
        }
    }

    @Test
    void shouldDropWhatAPeerDoesNotRead() throws Exception {
        try (var alice = udp("127.0.0.1");
                var bob = new Stream(port(Transport.TCP))) {
            send(alice, hello(1, "alice"));
            assertEquals('E', receive(alice)[0]);
            bob.send(hello(2, "bob"));
            assertEquals('E', bob.receive()[0]);
            byte[] packet = ToyProtocol.datagram('D', 1, Packets.ipv4("10.8.0.2", "10.8.0.3", 64, 1400));
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (bus.drops(DropReason.QUEUE_FULL) == 0) {
                assertTrue(System.nanoTime() < deadline, "the queue has no bound");
                send(alice, packet);
            }
            // What was queued whole is read whole, and the connection is good afterwards.
            send(alice, ToyProtocol.datagram('B', 1, new byte[0]));
            bob.socket.setSoTimeout(1000);
            int datagrams = 0;
            try {
                while (bob.receive().length == packet.length) {
                    datagrams++;
                }
            } catch (java.net.SocketTimeoutException e) {
                // The backlog is read to its end.
            }
            assertTrue(datagrams > 100, () -> "too few datagrams");
        }
    }

    @Test
    void shouldTakeUdpAndTcpSessionsOverToTheNextProtocol() throws Exception {
        try (var alice = udp("127.0.0.1");
                var bob = new Stream(port(Transport.TCP))) {
            send(alice, hello(1, "alice"));
            assertEquals('E', receive(alice)[0]);
            bob.send(hello(2, "bob"));
            assertEquals('E', bob.receive()[0]);
            bus.detach(protocol).toCompletableFuture().get(10, TimeUnit.SECONDS);
            assertTrue(bus.list().isEmpty());
            // Half a datagram arrives while nobody is there.
            byte[] data = ToyProtocol.datagram('D', 2, Packets.ipv4("10.8.0.3", "10.8.0.2", 64, 10));
            bob.out.writeShort(data.length);
            bob.out.write(data, 0, 7);
            bob.out.flush();
            attach(0, 0);
            assertEquals(2, bus.list().size());
            bob.out.write(data, 7, data.length - 7);
            assertEquals('D', receive(alice)[0]);
            send(alice, ToyProtocol.datagram('D', 1, Packets.ipv4("10.8.0.2", "10.8.0.3", 64, 10)));
            assertEquals('D', bob.receive()[0]);
        }
    }

    @Test
    void shouldSayWhichPortIsTakenAndWhatToDo() throws Exception {
        var second = new ToyProtocol(
                "second", new ListenerClaim(Transport.UDP, new InetSocketAddress("::", port(Transport.UDP))));
        ListenerStatus status =
                bus.attach(second).toCompletableFuture().get(10, TimeUnit.SECONDS).getFirst();
        assertFalse(status.isOpen());
        assertTrue(status.error().contains(":" + port(Transport.UDP) + ": Address already in use (EADDRINUSE); stop"),
                status.error());
        bus.detach(second).toCompletableFuture().get(10, TimeUnit.SECONDS);
        assertEquals(2, bus.listeners().size());
    }

    @Test
    void shouldTellItsPeersWhenItStopsForGood() throws Exception {
        try (var alice = udp("127.0.0.1");
                var bob = new Stream(port(Transport.TCP))) {
            send(alice, hello(1, "alice"));
            assertEquals('E', receive(alice)[0]);
            bob.send(hello(2, "bob"));
            assertEquals('E', bob.receive()[0]);
            bus.stop(false);
            assertEquals('B', receive(alice)[0]);
            assertEquals('B', bob.receive()[0]);
            assertEnd(bob);
            assertTrue(records.stored.isEmpty());
        }
    }

    private static void assertEnd(Stream stream) throws IOException {
        try {
            assertEquals(-1, stream.in.read());
        } catch (EOFException e) {
            // As good.
        }
    }
}

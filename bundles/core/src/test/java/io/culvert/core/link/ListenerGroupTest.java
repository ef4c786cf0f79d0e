package io.culvert.core.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Steering;
import io.culvert.api.tunnel.Transport;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.handover.Estate;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.FfmLibc;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import io.culvert.core.libc.NativeException;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.Test;

/** Several loops at one port, with real sockets. */
final class ListenerGroupTest {
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

    /** Opcode 9 by byte 3, others by byte 8. */
    private static final Optional<Steering> STEERING = Optional.of(new Steering(3, 9, 3, 8));

    private final List<Listener> opened = new ArrayList<>();
    private final List<List<byte[]>> heard = new ArrayList<>();
    private final List<LinkEndpoint> senders = new ArrayList<>();
    private final List<Runnable> timers = new ArrayList<>();
    private Libc libc = new FfmLibc();
    private long nowNs;

    @AfterEach
    void close() {
        opened.forEach(Listener::close);
    }

    private Listener open(ListenerClaim claim, Listener.Group group) throws IOException {
        return open(claim, STEERING, group, new SteppedPoller());
    }

    private Listener open(
            ListenerClaim claim, Optional<Steering> steering, Listener.Group group, SteppedPoller poller)
            throws IOException {
        return open(claim, steering, group, poller, new Estate());
    }

    private Listener open(
            ListenerClaim claim, Optional<Steering> steering, Listener.Group group, SteppedPoller poller, Estate estate)
            throws IOException {
        var resources = new LinkResources(new BufferPool(64, 64, 512), new Drops(),
                new EndpointTable(16, new EndpointTable.Key(1, 2)), poller, () -> nowNs,
                (delay, then) -> timers.add(then), new FakeGate());
        Listener listener = new SocketListeners(libc, resources, estate).open(claim, steering, group);
        opened.add(listener);
        return listener;
    }

    private void openGroup(ListenerClaim claim, int count) throws IOException {
        for (int i = 0; i < count; i++) {
            Listener listener = open(claim, new Listener.Group(i, count, i == 0 ? 0 : opened.getFirst().port()));
            List<byte[]> to = new ArrayList<>();
            heard.add(to);
            if (claim.transport().isStream()) {
                continue;
            }
            listener.resume(
                    new DatagramSink() {
                        @Override
                        public void onDatagram(PooledBuffer datagram, LinkEndpoint from) {
                            to.add(datagram.segment()
                                    .asSlice(datagram.offset(), datagram.length())
                                    .toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
                            datagram.release();
                            senders.add(from);
                        }

                        @Override
                        public void onLinkClosed(LinkEndpoint endpoint, String why) {}
                    },
                    null);
        }
    }

    private static ListenerClaim any(Transport transport, String address) {
        return new ListenerClaim(transport, new InetSocketAddress(address, 0));
    }

    private void send(byte[] datagram) throws IOException {
        // Each from a port of its own.
        try (var socket = new DatagramSocket()) {
            socket.send(new DatagramPacket(datagram, datagram.length, LOOPBACK, opened.getFirst().port()));
        }
        opened.forEach(listener -> ((UdpLink) listener).onReady(true, false));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4})
    void shouldDeliverEachDatagramAtTheLoopThatItsByteNames(int count) throws Exception {
        openGroup(any(Transport.UDP, count == 3 ? "127.0.0.1" : "::"), count);
        for (int value = 0; value < 40; value++) {
            int loop = value % count;
            int before = heard.get(loop).size();
            send(new byte[] {9 << 3 | 5, 0, 0, (byte) value, 1, 2, 3, 4, 77});
            assertEquals(before + 1, heard.get(loop).size(), "data to " + value);
            send(new byte[] {7 << 3, 0, 0, 99, 0, 0, 0, 0, (byte) value, 1});
            assertEquals(before + 2, heard.get(loop).size(), "control from " + value);
        }
        int before = heard.getFirst().size();
        send(new byte[] {7 << 3, 1});
        send(new byte[0]);
        assertEquals(before + 2, heard.getFirst().size());
    }

    /** However many strangers come at once, what sessions sent is all there, and the strangers get their turn later. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void shouldLetNoFloodOfStrangersPushOutWhatSessionsSend(int count) throws Exception {
        var steering = Optional.of(new Steering(3, 9, 3, 8, List.of(7, 10, 11)));
        var poller = new SteppedPoller();
        int[] strangers = new int[count];
        int[] known = new int[count];
        List<LinkEndpoint> from = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int loop = i;
            var group = new Listener.Group(i, count, i == 0 ? 0 : opened.getFirst().port());
            open(any(Transport.UDP, "::"), steering, group, poller).resume(
                    new DatagramSink() {
                        @Override
                        public void onDatagram(PooledBuffer datagram, LinkEndpoint sender) {
                            byte first = datagram.segment().get(java.lang.foreign.ValueLayout.JAVA_BYTE, datagram.offset());
                            (first == 9 << 3 ? known : strangers)[loop]++;
                            from.add(sender);
                            datagram.release();
                        }

                        @Override
                        public void onLinkClosed(LinkEndpoint endpoint, String why) {}
                    },
                    null);
        }
        // More than any socket's queue takes.
        byte[] flood = new byte[440];
        try (var socket = new DatagramSocket()) {
            for (int i = 0; i < 50_000; i++) {
                flood[0] = (byte) (List.of(7, 10, 11).get(i % 3) << 3);
                flood[8] = (byte) i;
                socket.send(new DatagramPacket(flood, flood.length, LOOPBACK, opened.getFirst().port()));
            }
            for (int i = 0; i < 30; i++) {
                byte[] data = {9 << 3, 0, 0, (byte) i, 1};
                socket.send(new DatagramPacket(data, data.length, LOOPBACK, opened.getFirst().port()));
            }
        }
        poller.dispatch();
        for (int i = 0; i < count; i++) {
            assertEquals(30 / count, known[i], "of sessions on loop " + i);
            assertTrue(strangers[i] > 0 && strangers[i] <= ReceiveBatch.SLOTS, "let in at once: " + strangers[i]);
        }
        for (LinkEndpoint sender : from) {
            assertEquals(LOOPBACK, sender.remote().getAddress());
            assertTrue(opened.contains(sender.link()), "answers leave through the loop's own link");
        }
    }

    /** With strangers apart as well and without. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void shouldSetKeepalivesApartAtTheSameLoop(int count) throws Exception {
        for (List<Integer> first : List.of(List.<Integer>of(), List.of(7, 10))) {
            close();
            opened.clear();
            var steering = Optional.of(new Steering(3, 9, 3, 8, first, 41));
            var poller = new SteppedPoller();
            int[] heard = new int[count];
            for (int i = 0; i < count; i++) {
                int loop = i;
                var group = new Listener.Group(i, count, i == 0 ? 0 : opened.getFirst().port());
                open(any(Transport.UDP, "127.0.0.1"), steering, group, poller).resume(
                        new DatagramSink() {
                            @Override
                            public void onDatagram(PooledBuffer datagram, LinkEndpoint sender) {
                                heard[loop]++;
                                assertEquals(opened.get(loop), sender.link(), "answers leave as all others do");
                                datagram.release();
                            }

                            @Override
                            public void onLinkClosed(LinkEndpoint endpoint, String why) {}
                        },
                        null);
            }
            for (int value = 0; value < 2 * count; value++) {
                int loop = value % count;
                for (int length : List.of(4, 40, 41)) {
                    byte[] data = new byte[length];
                    data[0] = 9 << 3;
                    data[3] = (byte) value;
                    int before = heard[loop];
                    send(data);
                    assertEquals(before, heard[loop], "it waits apart: " + length);
                    nowNs += KeepaliveSocket.TOGETHER_NS;
                    poller.dispatch();
                    assertEquals(before + 1, heard[loop], "length " + length);
                }
                byte[] packet = new byte[42];
                packet[0] = 9 << 3;
                packet[3] = (byte) value;
                int before = heard[loop];
                send(packet);
                assertEquals(before + 1, heard[loop], "a packet of a user");
                byte[] control = new byte[41];
                control[0] = 4 << 3;
                control[8] = (byte) value;
                send(control);
                assertEquals(before + 2, heard[loop], "an acknowledgement");
            }
        }
    }

    private static final Optional<Steering> WITH_KEEPALIVES = Optional.of(new Steering(3, 9, 3, 8, List.of(7), 41));
    private static final byte[] KEEPALIVE = {9 << 3, 0, 0, 1, 0};

    /** What waits at any socket of a loop is heard by the next core, and comes to the same loops as before. */
    @Test
    void shouldLeaveAllSocketsToTheNextCore() throws Exception {
        var poller = new SteppedPoller();
        ListenerClaim claim = any(Transport.UDP, "127.0.0.1");
        for (int i = 0; i < 2; i++) {
            open(claim, WITH_KEEPALIVES, group(i, 2), poller);
        }
        int port = opened.getFirst().port();
        var estate = new Estate();
        for (int i = 0; i < 2; i++) {
            opened.get(i).leave(estate, new Listener.Group(i, 2, port));
        }
        assertEquals(6, estate.descriptors());
        byte[] packet = new byte[100];
        packet[0] = 9 << 3;
        packet[3] = 1;
        byte[][] datagrams = {KEEPALIVE, packet, {7 << 3, 0, 0, 0, 0, 0, 0, 0, 1}};
        for (byte[] each : datagrams) {
            send(each, port);
        }
        opened.clear();
        int[] counts = new int[2];
        for (int i = 0; i < 2; i++) {
            int loop = i;
            open(claim, WITH_KEEPALIVES, new Listener.Group(i, 2, i == 0 ? 0 : port), poller, estate)
                    .resume(new Counter(() -> counts[loop]++), null);
        }
        assertEquals(0, estate.descriptors());
        poller.dispatch();
        assertEquals(0, counts[0]);
        assertEquals(3, counts[1]);
        for (byte[] each : datagrams) {
            send(each, port);
            nowNs += KeepaliveSocket.TOGETHER_NS;
            poller.dispatch();
        }
        assertEquals(0, counts[0]);
        assertEquals(6, counts[1]);
    }

    /** Sockets in another order would mislead the kernel. */
    @Test
    void shouldTakeNoSocketsThatAnotherSteeringHad() throws Exception {
        var without = Optional.of(new Steering(3, 9, 3, 8, List.of(7)));
        for (boolean before : new boolean[] {false, true}) {
            ListenerClaim claim = any(Transport.UDP, "127.0.0.1");
            Listener left = open(claim, before ? WITH_KEEPALIVES : without, Listener.Group.ALONE, new SteppedPoller());
            var estate = new Estate();
            left.leave(estate, Listener.Group.ALONE);
            assertEquals(before ? 3 : 2, estate.descriptors());
            var poller = new SteppedPoller();
            int[] count = new int[1];
            Listener next = open(claim, before ? without : WITH_KEEPALIVES, Listener.Group.ALONE, poller, estate);
            next.resume(new Counter(() -> count[0]++), null);
            assertEquals(0, estate.descriptors());
            send(KEEPALIVE, next.port());
            ((UdpLink) next).onReady(true, false);
            assertEquals(before ? 1 : 0, count[0], "whether it waits apart");
            poller.dispatch();
            assertEquals(1, count[0]);
        }
    }

    /** The descriptor may be somebody else's by then. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldReadNothingWhenALookComesAfterTheEnd(boolean leaves) throws Exception {
        var reads = new ArrayList<Integer>();
        libc = libc((method, arguments) -> {
            if (method.getName().equals("recvmmsg")) {
                reads.add((int) arguments[0]);
            }
        });
        var poller = new SteppedPoller();
        Listener listener = open(any(Transport.UDP, "127.0.0.1"), WITH_KEEPALIVES, Listener.Group.ALONE, poller);
        int[] count = new int[1];
        listener.resume(new Counter(() -> count[0]++), null);
        for (int i = 0; i < 2; i++) {
            send(KEEPALIVE, listener.port());
            poller.dispatch();
        }
        assertEquals(2, count[0]);
        assertEquals(1, timers.size(), "a look is due");
        var estate = new Estate();
        if (leaves) {
            listener.leave(estate, Listener.Group.ALONE);
        } else {
            listener.close();
        }
        reads.clear();
        timers.forEach(Runnable::run);
        assertEquals(List.of(), reads);
        estate.close(libc, "");
    }

    @Test
    void shouldGatherNothingWhereTheKernelDoesNotSteer() throws Exception {
        libc = libc((method, arguments) -> {
            if (method.getName().equals("setsockopt") && arguments[2].equals(Linux.SO_ATTACH_REUSEPORT_CBPF)) {
                throw new NativeException("setsockopt", Errno.EPERM);
            }
        });
        var poller = new SteppedPoller();
        Listener listener = open(any(Transport.UDP, "127.0.0.1"), WITH_KEEPALIVES, Listener.Group.ALONE, poller);
        int[] count = new int[1];
        listener.resume(new Counter(() -> count[0]++), null);
        for (int i = 1; i <= 40; i++) {
            send(KEEPALIVE, listener.port());
            poller.dispatch();
            assertEquals(i, count[0]);
        }
        assertEquals(List.of(), timers);
    }

    @Test
    void shouldCloseTheSocketsOfALoopThatCannotHaveAll() {
        var closed = new ArrayList<Object>();
        int[] binds = new int[1];
        libc = libc((method, arguments) -> {
            if (method.getName().equals("bind") && ++binds[0] == 3) {
                throw new NativeException("bind", Errno.EADDRINUSE);
            } else if (method.getName().equals("closeQuietly")) {
                closed.add(arguments[0]);
            }
        });
        assertThrows(IOException.class,
                () -> open(any(Transport.UDP, "127.0.0.1"), WITH_KEEPALIVES, Listener.Group.ALONE, new SteppedPoller()));
        assertEquals(3, closed.stream().distinct().count());
    }

    private Listener.Group group(int index, int count) {
        return new Listener.Group(index, count, index == 0 ? 0 : opened.getFirst().port());
    }

    private interface Before {
        void call(Method method, Object[] arguments) throws Exception;
    }

    /** The real one, which tells before each call. */
    private static Libc libc(Before before) {
        var real = new FfmLibc();
        return (Libc) Proxy.newProxyInstance(
                Libc.class.getClassLoader(), new Class<?>[] {Libc.class}, (proxy, method, arguments) -> {
                    before.call(method, arguments);
                    try {
                        return method.invoke(real, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private record Counter(Runnable then) implements DatagramSink {
        @Override
        public void onDatagram(PooledBuffer datagram, LinkEndpoint sender) {
            datagram.release();
            then.run();
        }

        @Override
        public void onLinkClosed(LinkEndpoint endpoint, String why) {}
    }

    private static void send(byte[] datagram, int port) throws IOException {
        try (var socket = new DatagramSocket()) {
            socket.send(new DatagramPacket(datagram, datagram.length, LOOPBACK, port));
        }
    }

    @Test
    void shouldKnowARemoteThatAnotherLoopHeard() throws Exception {
        openGroup(any(Transport.UDP, "::"), 2);
        send(new byte[] {9 << 3, 0, 0, 1});
        assertEquals(1, heard.get(1).size());
        LinkEndpoint there = senders.getFirst();
        LinkEndpoint here = opened.getFirst().endpoint(there);
        assertNotNull(here);
        assertEquals(opened.getFirst(), here.link());
        assertEquals(there.remote(), here.remote());
        assertEquals(there.local(), here.local());
        assertEquals(there.keyedHash(), here.keyedHash());
        assertEquals(here, opened.getFirst().endpoint(there));
        Listener other = open(any(Transport.UDP, "127.0.0.1"), Listener.Group.ALONE);
        assertEquals(null, other.endpoint(there));
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void shouldRefuseAPortThatSomebodyElseHasEvenIfHeWouldShareIt(Transport transport) throws Exception {
        try (AutoCloseable other = shared(transport)) {
            int port = ((InetSocketAddress) (other instanceof DatagramChannel udp
                            ? udp.getLocalAddress()
                            : ((ServerSocketChannel) other).getLocalAddress()))
                    .getPort();
            var claim = new ListenerClaim(transport, new InetSocketAddress("127.0.0.1", port));
            String error = assertThrows(IOException.class, () -> open(claim, new Listener.Group(0, 2, 0))).getMessage();
            assertTrue(error.contains("(EADDRINUSE); stop the program that has the port"), error);
        }
    }

    private static AutoCloseable shared(Transport transport) throws IOException {
        if (transport == Transport.UDP) {
            var channel = DatagramChannel.open(StandardProtocolFamily.INET);
            channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            return channel.bind(new InetSocketAddress(LOOPBACK, 0));
        }
        var channel = ServerSocketChannel.open(StandardProtocolFamily.INET);
        channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
        return channel.bind(new InetSocketAddress(LOOPBACK, 0));
    }

    @Test
    void shouldKeepTheConnectionsOnTheLoopThatTookThem() throws Exception {
        openGroup(any(Transport.TCP, "::"), 3);
        assertEquals(1, opened.stream().map(Listener::port).distinct().count());
        List<SocketChannel> clients = new ArrayList<>();
        try {
            for (Listener listener : opened) {
                listener.resume(new NoSink(), new ShortFraming());
            }
            for (int i = 0; i < 64; i++) {
                clients.add(SocketChannel.open(new InetSocketAddress(LOOPBACK, opened.getFirst().port())));
            }
            int taken = 0;
            int loops = 0;
            for (Listener listener : opened) {
                for (int i = 0; i < 3; i++) {
                    ((TcpListener) listener).onReady(true, false);
                }
                int count = ((TcpListener) listener).connectionCount();
                taken += count;
                loops += count > 0 ? 1 : 0;
            }
            assertEquals(64, taken);
            assertEquals(3, loops);
        } finally {
            for (SocketChannel client : clients) {
                client.close();
            }
        }
    }
}

package io.culvert.core.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.handover.SessionRecord.RemoteEnd;
import io.culvert.api.packet.DropReason;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Transport;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.FfmLibc;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class UdpLinkTest {
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

    private final Drops drops = new Drops();
    private final List<PooledBuffer> heard = new ArrayList<>();
    private final List<Listener> opened = new ArrayList<>();
    private final FakeGate gate = new FakeGate();

    @AfterEach
    void close() {
        opened.forEach(Listener::close);
    }

    private UdpLink open(BufferPool pool) throws IOException {
        var libc = new FfmLibc();
        var resources = new LinkResources(
                pool, drops, new EndpointTable(16, new EndpointTable.Key(1, 2)), new SteppedPoller(), () -> 0,
                (delay, then) -> {}, gate);
        var link = (UdpLink) new SocketListeners(libc, resources)
                .open(new ListenerClaim(Transport.UDP, new InetSocketAddress("::", 0)),
                        Optional.empty(), Listener.Group.ALONE);
        opened.add(link);
        link.resume(
                new DatagramSink() {
                    @Override
                    public void onDatagram(PooledBuffer datagram, LinkEndpoint from) {
                        heard.add(datagram);
                    }

                    @Override
                    public void onLinkClosed(LinkEndpoint endpoint, String why) {}
                },
                null);
        return link;
    }

    /** Lets the datagrams arrive, one by one: they are in the socket's buffer when send returns. */
    private static void send(UdpLink link, int count, int length) throws IOException {
        try (var socket = new DatagramSocket()) {
            for (int i = 0; i < count; i++) {
                socket.send(new DatagramPacket(new byte[length], length, LOOPBACK, link.port()));
            }
        }
    }

    private static PooledBuffer datagram(BufferPool pool, int length) {
        PooledBuffer buffer = pool.allocate();
        buffer.bounds(buffer.offset(), length);
        return buffer;
    }

    private static LinkEndpoint to(UdpLink link, int port) {
        return link.endpoint(new RemoteEnd(
                Transport.UDP, new InetSocketAddress(LOOPBACK, port), InetAddress.ofLiteral("0.0.0.0"), link.port()));
    }

    @Test
    void shouldCountDatagramsThatNoBufferIsLeftFor() throws Exception {
        var pool = new BufferPool(4, 64, 512);
        UdpLink link = open(pool);
        send(link, 6, 10);
        link.onReady(true, false);
        assertEquals(4, heard.size());
        assertEquals(2, drops.of(DropReason.POOL_EXHAUSTED));
        heard.forEach(PooledBuffer::release);
        heard.clear();
        send(link, 3, 10);
        link.onReady(true, false);
        assertEquals(3, heard.size());
        heard.forEach(PooledBuffer::release);
        link.close();
        assertEquals(4, pool.free());
    }

    @Test
    void shouldReceiveInManyBatchesWithFewBuffers() throws Exception {
        var pool = new BufferPool(8, 64, 512);
        UdpLink link = open(pool);
        for (int i = 0; i < 50; i++) {
            send(link, 1 + i % 7, 10);
            link.onReady(true, false);
            assertEquals(1 + i % 7, heard.size());
            heard.forEach(PooledBuffer::release);
            heard.clear();
        }
    }

    @Test
    void shouldDropWhatIsLongerThanABuffer() throws Exception {
        UdpLink link = open(new BufferPool(4, 64, 448));
        send(link, 1, 448);
        send(link, 1, 449);
        link.onReady(true, false);
        assertEquals(1, heard.size());
        assertEquals(448, heard.getFirst().length());
        assertEquals(1, drops.of(DropReason.TOO_BIG));
    }

    @Test
    void shouldDropOnlyTheDatagramThatTheKernelRefuses() throws Exception {
        var pool = new BufferPool(8, 64, 70_000);
        UdpLink link = open(pool);
        try (var client = new DatagramSocket(new InetSocketAddress(LOOPBACK, 0))) {
            client.setSoTimeout(5_000);
            assertTrue(link.send(datagram(pool, 10), to(link, client.getLocalPort())));
            assertFalse(link.send(datagram(pool, 10), to(link, 0)));
            link.send(datagram(pool, 69_000), to(link, client.getLocalPort()));
            link.send(datagram(pool, 11), to(link, client.getLocalPort()));
            link.flush();
            var packet = new DatagramPacket(new byte[100], 100);
            client.receive(packet);
            assertEquals(10, packet.getLength());
            client.receive(packet);
            assertEquals(11, packet.getLength());
        }
        assertEquals(1, drops.of(DropReason.LINK_ERROR));
        assertEquals(1, drops.of(DropReason.TOO_BIG));
        assertEquals(8, pool.free());
    }

    @Test
    void shouldDropWhatIsSentAfterTheEnd() throws Exception {
        var pool = new BufferPool(4, 64, 512);
        UdpLink link = open(pool);
        LinkEndpoint nowhere = to(link, 9);
        link.close();
        assertFalse(link.send(datagram(pool, 10), nowhere));
        assertEquals(1, drops.of(DropReason.LINK_ERROR));
        assertEquals(4, pool.free());
    }

    @Test
    void shouldReadNothingWhileItIsSuspended() throws Exception {
        UdpLink link = open(new BufferPool(4, 64, 512));
        link.suspend();
        send(link, 1, 10);
        link.onReady(true, false);
        assertTrue(heard.isEmpty());
        var sink = new ArrayList<PooledBuffer>();
        link.resume(
                new DatagramSink() {
                    @Override
                    public void onDatagram(PooledBuffer datagram, LinkEndpoint from) {
                        sink.add(datagram);
                    }

                    @Override
                    public void onLinkClosed(LinkEndpoint endpoint, String why) {}
                },
                null);
        link.onReady(true, false);
        assertEquals(1, sink.size());
    }
}

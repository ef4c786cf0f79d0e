package io.culvert.core.link;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.culvert.api.packet.DropReason;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Transport;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.FfmLibc;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real connections on the loopback interface, driven by the test. */
final class TcpLinkTest {
    private static final int LARGEST = 1500;

    private final BufferPool pool = new BufferPool(600, 64, LARGEST);
    private final Drops drops = new Drops();
    private final SteppedPoller poller = new SteppedPoller();
    private final List<Runnable> timers = new ArrayList<>();
    private final List<byte[]> heard = new ArrayList<>();
    private final List<SocketChannel> clients = new ArrayList<>();
    private TcpListener listener;
    private LinkEndpoint last;
    private boolean countOnly;
    private long heardCount;
    private long sentQuick;

    @BeforeEach
    void open() throws IOException {
        var resources = new LinkResources(pool, drops, new EndpointTable(16, new EndpointTable.Key(1, 2)), poller,
                () -> 0, (delay, then) -> timers.add(then), new FakeGate());
        listener = (TcpListener) new SocketListeners(new FfmLibc(), resources).open(
                new ListenerClaim(Transport.TCP, new InetSocketAddress("127.0.0.1", 0)),
                Optional.empty(),
                Listener.Group.ALONE);
        listener.resume(
                new DatagramSink() {
                    @Override
                    public void onDatagram(PooledBuffer datagram, LinkEndpoint from) {
                        last = from;
                        heardCount++;
                        if (!countOnly) {
                            heard.add(datagram.segment()
                                    .asSlice(datagram.offset(), datagram.length())
                                    .toArray(JAVA_BYTE));
                        }
                        datagram.release();
                    }

                    @Override
                    public void onLinkClosed(LinkEndpoint endpoint, String why) {}
                },
                new ShortFraming());
    }

    @AfterEach
    void close() throws IOException {
        for (SocketChannel client : clients) {
            client.close();
        }
        listener.close();
        assertEquals(pool.capacity(), pool.free());
    }

    private SocketChannel connect() throws IOException {
        var client = SocketChannel.open(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), listener.port()));
        client.configureBlocking(false);
        clients.add(client);
        poller.dispatch();
        return client;
    }

    /** What a client writes until the server has heard {@code count} datagrams. */
    private void write(SocketChannel client, ByteBuffer bytes, long count) throws IOException {
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (bytes.hasRemaining() || heardCount < count) {
            client.write(bytes);
            poller.dispatch();
            assertTrue(System.nanoTime() < deadline, "timed out");
        }
    }

    private static ByteBuffer datagrams(Random random, List<byte[]> into, int count) {
        var bytes = ByteBuffer.allocateDirect(count * (LARGEST + 2));
        for (int i = 0; i < count; i++) {
            byte[] datagram = new byte[1 + random.nextInt(LARGEST)];
            random.nextBytes(datagram);
            into.add(datagram);
            bytes.putShort((short) datagram.length).put(datagram);
        }
        return bytes.flip();
    }

    @Test
    void shouldCutAStreamWhereverItsPiecesEnd() throws Exception {
        var random = new Random(5);
        List<byte[]> expected = new ArrayList<>();
        SocketChannel client = connect();
        ByteBuffer bytes = datagrams(random, expected, 400);
        int end = bytes.limit();
        while (bytes.position() < end) {
            bytes.limit(Math.min(end, bytes.position() + 1 + random.nextInt(random.nextBoolean() ? 9 : 90_000)));
            write(client, bytes, 0);
        }
        write(client, bytes, 400);
        assertEquals(expected.size(), heard.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), heard.get(i));
        }
    }

    @Test
    void shouldRestWhileOthersHoldTheBuffers() throws Exception {
        SocketChannel client = connect();
        write(client, ByteBuffer.wrap(new byte[] {0, 1, 5}), 1);
        List<PooledBuffer> held = new ArrayList<>();
        while (pool.free() > 10) {
            held.add(pool.allocate());
        }
        client.write(ByteBuffer.wrap(new byte[] {0, 1, 6}));
        for (int i = 0; i < 8; i++) {
            assertTrue(poller.watches((Pollable) last.link()), "what comes home with the round is waited for");
            poller.dispatch();
        }
        assertFalse(poller.watches((Pollable) last.link()));
        assertEquals(1, heard.size());
        held.forEach(PooledBuffer::release);
        timers.removeLast().run();
        assertTrue(poller.watches((Pollable) last.link()));
        write(client, ByteBuffer.allocate(0), 2);
    }

    @Test
    void shouldServeOthersWhileOneDoesNotRead() throws Exception {
        SocketChannel slow = connect();
        write(slow, ByteBuffer.wrap(new byte[] {0, 1, 5}), 1);
        LinkEndpoint toSlow = last;
        SocketChannel quick = connect();
        write(quick, ByteBuffer.wrap(new byte[] {0, 1, 6}), 2);
        LinkEndpoint toQuick = last;
        var into = ByteBuffer.allocate(1 << 20);
        long received = 0;
        for (int i = 0; drops.of(DropReason.QUEUE_FULL) < 1000; i++) {
            for (int k = 0; k < 100; k++) {
                send(toSlow, 1200);
            }
            send(toQuick, 1200);
            toSlow.link().flush();
            toQuick.link().flush();
            received += quick.read(into.clear());
            assertTrue(i < 10_000, "no bound");
        }
        assertTrue(received > 0);
        send(toQuick, 1200);
        toQuick.link().flush();
        long goal = sentQuick * 1202;
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (received < goal) {
            received += quick.read(into.clear());
            assertTrue(System.nanoTime() < deadline, "timed out");
        }
        assertTrue(poller.writing.contains(toSlow.link()));
        assertTrue(!poller.writing.contains(toQuick.link()));
    }

    private void send(LinkEndpoint to, int length) {
        PooledBuffer datagram = pool.allocate();
        datagram.bounds(datagram.offset(), length);
        to.link().send(datagram, to);
        if (clients.size() > 1 && to.remotePort == port(clients.get(1))) {
            sentQuick++;
        }
    }

    private static long goal(int round, int window) {
        return 21L * (window * 300L + round + 1);
    }

    private static int port(SocketChannel client) {
        return client.socket().getLocalPort();
    }

    @Test
    void shouldAllocateNothingWhenItIsWarm() throws Exception {
        countOnly = true;
        SocketChannel client = connect();
        client.configureBlocking(true);
        var bytes = ByteBuffer.allocateDirect(20 * 1202 + 700);
        for (int i = 0; i < 20; i++) {
            bytes.putShort((short) 1200).position(i * 1202 + 1202);
        }
        // Half a datagram at the end of one read, the other half at the beginning of the next.
        ByteBuffer half = ByteBuffer.allocateDirect(1202).putShort((short) 1200).rewind();
        var back = ByteBuffer.allocateDirect(60 * 1202);
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long perRound = Long.MAX_VALUE;
        // A dispatch makes a read of the connection, one of the listener, and each send is one call; see AllocationTest.
        long allowed = 5 * 40 + 10;
        for (int window = 0; window < 60 && perRound > allowed; window++) {
            long sum = 0;
            for (int round = 0; round < 300; round++) {
                client.write(bytes.position(0).limit(20 * 1202));
                client.write(half.position(0).limit(500));
                long before = threads.getCurrentThreadAllocatedBytes();
                poller.dispatch();
                sum += threads.getCurrentThreadAllocatedBytes() - before;
                client.write(half.position(500).limit(1202));
                long goal = goal(round, window);
                long deadline = System.nanoTime() + 10_000_000_000L;
                before = threads.getCurrentThreadAllocatedBytes();
                while (heardCount < goal && System.nanoTime() < deadline) {
                    poller.dispatch();
                }
                for (int i = 0; i < 50; i++) {
                    PooledBuffer datagram = pool.allocate();
                    datagram.bounds(datagram.offset(), 1200);
                    last.link().send(datagram, last);
                }
                last.link().flush();
                sum += threads.getCurrentThreadAllocatedBytes() - before;
                back.clear().limit(50 * 1202);
                while (back.hasRemaining()) {
                    client.read(back);
                }
            }
            perRound = sum / 300;
        }
        long least = perRound;
        assertTrue(least <= allowed, () -> least + " bytes in a round");
        assertEquals(0, heardCount % (300 * 21));
        assertTrue(drops.snapshot().isEmpty());
    }
}

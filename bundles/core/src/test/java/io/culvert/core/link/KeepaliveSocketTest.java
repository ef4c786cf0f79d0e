package io.culvert.core.link;

import static io.culvert.core.link.KeepaliveSocket.TOGETHER_NS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Transport;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Under virtual time; the socket is a counter of what waits in it. */
final class KeepaliveSocketTest {
    private static final long MS = 1_000_000;
    private static final int KEEPALIVE = 40;

    private final List<Long> due = new ArrayList<>();
    private final List<Runnable> then = new ArrayList<>();
    private final BufferPool pool = new BufferPool(4096, 64, 512);
    private long nowNs = 1_000 * TOGETHER_NS + 7 * MS;
    private int waiting;
    private int looks;
    private int heard;
    private boolean full;
    private boolean failing;
    private int bytes = KEEPALIVE;

    private final SteppedPoller poller = new SteppedPoller() {
        @Override
        public void add(Pollable source) throws IOException {
            if (full) {
                throw new IOException("no descriptor is left");
            }
            super.add(source);
        }
    };

    private final Libc libc = (Libc) Proxy.newProxyInstance(
            Libc.class.getClassLoader(), new Class<?>[] {Libc.class}, (proxy, method, arguments) -> {
                if (!method.getName().equals("recvmmsg")) {
                    throw new IllegalStateException(method.getName());
                }
                looks++;
                var headers = (MemorySegment) arguments[1];
                int count = Math.min(waiting, (int) arguments[3]);
                for (int i = 0; i < count; i++) {
                    headers.set(ValueLayout.JAVA_LONG, i * MessageLayout.MESSAGE + MessageLayout.CONTROL_LENGTH, 0);
                    headers.set(ValueLayout.JAVA_INT, i * MessageLayout.MESSAGE + MessageLayout.LENGTH, bytes);
                }
                waiting -= count;
                return count;
            });

    private final DatagramSink sink = new DatagramSink() {
        @Override
        public void onDatagram(PooledBuffer datagram, LinkEndpoint from) {
            heard++;
            datagram.release();
            if (failing) {
                throw new IllegalStateException("out of memory");
            }
        }

        @Override
        public void onLinkClosed(LinkEndpoint endpoint, String why) {}
    };

    private KeepaliveSocket open(int longest) {
        var resources = new LinkResources(pool, new Drops(), new EndpointTable(16, new EndpointTable.Key(1, 2)), poller,
                () -> nowNs, (delay, each) -> {
                    due.add(nowNs + delay);
                    then.add(each);
                }, new FakeGate());
        var claim = new ListenerClaim(Transport.UDP, new InetSocketAddress("::", 1194));
        var sessions = new ListenSocket(7, Linux.AF_INET6, 1194);
        var link = new UdpLink(libc, claim, Optional.empty(), new UdpSockets(sessions, null, null), 0, resources,
                new UdpBatches());
        var made = new KeepaliveSocket(
                libc, new ListenSocket(8, Linux.AF_INET6, 1194), link, 1, resources, new ReceiveBatch(), longest);
        made.resume(sink);
        return made;
    }

    /** One that has heard two within a short time, and has a look to come. */
    private KeepaliveSocket gathering() {
        KeepaliveSocket socket = open(KEEPALIVE);
        arrive(1, 1);
        arrive(1, 1);
        assertEquals(2, heard);
        assertFalse(poller.watches(socket));
        assertEquals(1, due.size());
        return socket;
    }

    /** So many more wait, {@code ms} later: timers fire, and the poller tells of what it watches and is readable. */
    private void arrive(int count, int ms) {
        long until = nowNs + ms * MS;
        while (!due.isEmpty() && due.getFirst() <= until) {
            nowNs = due.removeFirst();
            try {
                then.removeFirst().run();
            } catch (IllegalStateException e) {
                assertTrue(failing); // the wheel logs it
            }
        }
        nowNs = until;
        waiting += count;
        if (waiting > 0) {
            poller.dispatch();
        }
    }

    @Test
    void shouldTakeAFewAsTheyCome() {
        KeepaliveSocket socket = open(KEEPALIVE);
        for (int i = 1; i <= 20; i++) {
            arrive(1, 100);
            assertEquals(i, heard);
        }
        assertTrue(poller.watches(socket));
        assertEquals(List.of(), due);
    }

    @Test
    void shouldTakeManyTogetherWhenSessionsSendTheirs() {
        gathering();
        int before = looks;
        for (int i = 0; i < 4 * 67; i++) {
            arrive(2, 1);
            assertEquals(1, due.size());
            assertEquals(0, due.getFirst() % TOGETHER_NS);
            assertTrue(waiting <= 2 * 68, "none waits longer");
        }
        assertTrue(heard >= 6 * 67, heard + " heard");
        assertTrue(looks - before <= 4 * 5, (looks - before) + " looks");
    }

    @Test
    void shouldTakeThemAsTheyComeWhenTheyAreFewAgain() {
        KeepaliveSocket socket = gathering();
        arrive(1, 10);
        assertEquals(2, heard);
        arrive(0, 100);
        assertEquals(3, heard);
        assertTrue(poller.watches(socket));
        assertEquals(List.of(), due);
        arrive(1, 100);
        assertEquals(4, heard);
        assertTrue(poller.watches(socket));
    }

    /** A few batches at a time, so that the loop's other sockets have their turn. */
    @Test
    void shouldGoOnInTheNextRoundWhileMoreWait() {
        KeepaliveSocket socket = gathering();
        arrive(400, 1);
        arrive(0, 70);
        int first = heard - 2;
        assertTrue(first > 100 && first < 400, first + " at once");
        assertTrue(poller.watches(socket));
        for (int i = 0; i < 10; i++) {
            arrive(0, 0);
        }
        assertEquals(402, heard);
        assertFalse(poller.watches(socket), "they were many, so the next ones gather again");
    }

    @Test
    void shouldLeaveThemInTheKernelWhileSuspended() {
        KeepaliveSocket socket = gathering();
        socket.suspend();
        arrive(5, 200);
        assertEquals(2, heard);
        socket.resume(sink);
        arrive(0, 0);
        assertEquals(7, heard);
        arrive(1, 1);
        socket.suspend();
        socket.resume(sink);
        assertFalse(poller.watches(socket), "a look is to come");
        arrive(3, 1);
        assertEquals(8, heard);
        arrive(0, 70);
        assertEquals(11, heard);
        socket.suspend();
        assertFalse(poller.watches(socket));
    }

    @Test
    void shouldLookAgainWhenItCannotBeWatched() {
        KeepaliveSocket socket = gathering();
        full = true;
        for (int i = 1; i <= 3; i++) {
            arrive(1, 70);
            assertEquals(1, due.size());
        }
        full = false;
        arrive(0, 70);
        assertEquals(5, heard);
        assertTrue(poller.watches(socket));
    }

    @Test
    void shouldBeLookedAtFromTheBeginningWhenItCannotBeWatched() {
        full = true;
        open(KEEPALIVE);
        full = false;
        arrive(0, 10);
        waiting = 3;
        arrive(0, 70);
        assertEquals(3, heard);
    }

    /** A socket that nobody looks at would end every idle session. */
    @Test
    void shouldGoOnWhenALookFails() {
        KeepaliveSocket socket = gathering();
        failing = true;
        waiting = 5;
        arrive(0, 70);
        failing = false;
        assertTrue(poller.watches(socket));
        int before = heard;
        arrive(1, 10);
        assertEquals(before + 1, heard);
        assertFalse(poller.watches(socket), "it gathers again");
        arrive(3, 10);
        assertEquals(before + 1, heard);
        arrive(0, 70);
        assertEquals(before + 4, heard);
    }

    /** With a socket of another loop missing, the kernel puts what was for it anywhere. */
    @Test
    void shouldGatherNoMoreOnceAPacketOfAUserCame() {
        KeepaliveSocket socket = gathering();
        bytes = KEEPALIVE + 1;
        arrive(20, 10);
        arrive(0, 70);
        assertEquals(22, heard);
        assertTrue(poller.watches(socket));
        for (int i = 1; i <= 20; i++) {
            int before = heard;
            arrive(1, 1);
            assertEquals(before + 1, heard);
        }
    }

    /** Anything may come to any socket then. */
    @Test
    void shouldGatherNothingWithoutSteering() {
        KeepaliveSocket socket = open(0);
        poller.dispatch();
        poller.dispatch();
        assertTrue(poller.watches(socket), "though nothing came when it was told to be readable");
        for (int i = 1; i <= 20; i++) {
            arrive(1, 1);
            assertEquals(i, heard);
        }
        assertTrue(poller.watches(socket));
    }
}

package io.culvert.core.link;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.culvert.api.handover.SessionRecord.RemoteEnd;
import io.culvert.api.packet.DropReason;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Transport;
import io.culvert.core.NetworkNamespace;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.FfmLibc;
import io.culvert.core.libc.Libc;
import io.culvert.testsupport.Eventually;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two links on the loopback interface: what one sends in runs, the other takes in whole. */
final class UdpOffloadTest {
    private static final int MAX_WINDOWS = 60;
    private static final int ROUNDS = 400;
    private static final int PER_ROUND = 100;

    /** Three system calls, and 40 bytes each when the compiler does not inline it, see the AllocationTest. */
    private static final long ALLOWED_BYTES_PER_ROUND = 3 * 40 + 10;

    private final FfmLibc libc = new FfmLibc();
    private final BufferPool pool = new BufferPool(512, 64, 1500);
    private final BufferPool small = new BufferPool(40, 64, 1500);
    private final Drops drops = new Drops();
    private final Drops dropsHere = new Drops();
    private final List<Listener> opened = new ArrayList<>();
    private final List<PooledBuffer> heard = new ArrayList<>();
    private long heardCount;
    private LinkEndpoint heardFrom;
    private int messages;

    @AfterEach
    void close() {
        opened.forEach(Listener::close);
    }

    private UdpLink open(BufferPool from, Drops dropped, String address, boolean keep) throws IOException {
        var counting = (Libc) Proxy.newProxyInstance(
                UdpOffloadTest.class.getClassLoader(),
                new Class<?>[] {Libc.class},
                (proxy, method, arguments) -> {
                    try {
                        Object answer = method.invoke(libc, arguments);
                        if (method.getName().equals("recvmmsg")) {
                            messages += Math.max(0, (int) answer);
                        }
                        return answer;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        var resources = new LinkResources(from, dropped, new EndpointTable(16, new EndpointTable.Key(1, 2)),
                new SteppedPoller(), () -> 0, (delay, then) -> {}, new FakeGate());
        var link = (UdpLink) new SocketListeners(keep ? counting : libc, resources).open(
                new ListenerClaim(Transport.UDP, new InetSocketAddress(address, 0)),
                Optional.empty(),
                Listener.Group.ALONE);
        opened.add(link);
        link.resume(
                new DatagramSink() {
                    @Override
                    public void onDatagram(PooledBuffer datagram, LinkEndpoint from) {
                        heardCount++;
                        heardFrom = from;
                        if (keep) {
                            heard.add(datagram);
                        } else {
                            datagram.release();
                        }
                    }

                    @Override
                    public void onLinkClosed(LinkEndpoint endpoint, String why) {}
                },
                null);
        return link;
    }

    private static LinkEndpoint to(UdpLink link, String address, int port) {
        return link.endpoint(new RemoteEnd(Transport.UDP, new InetSocketAddress(InetAddress.ofLiteral(address), port),
                InetAddress.ofLiteral(address), link.port()));
    }

    private void send(UdpLink link, LinkEndpoint to, int length, int mark) {
        PooledBuffer datagram = pool.allocate();
        datagram.bounds(datagram.offset(), length);
        datagram.segment().asSlice(datagram.offset(), length).fill((byte) mark);
        link.send(datagram, to);
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void shouldCutWhatTheKernelPutTogether(String address) throws Exception {
        UdpLink there = open(pool, drops, address, false);
        UdpLink here = open(pool, dropsHere, "::", true);
        LinkEndpoint to = to(there, address, here.port());
        for (int i = 0; i < 100; i++) {
            send(there, to, i == 99 ? 77 : 1400, i);
        }
        there.flush();
        hear(here, 100);
        assertTrue(messages < 10, () -> messages + " messages");
        for (int i = 0; i < 100; i++) {
            byte[] bytes = heard.get(i).segment().asSlice(heard.get(i).offset(), heard.get(i).length())
                    .toArray(JAVA_BYTE);
            byte[] expected = new byte[i == 99 ? 77 : 1400];
            Arrays.fill(expected, (byte) i);
            assertArrayEquals(expected, bytes);
        }
        assertEquals(new InetSocketAddress(InetAddress.ofLiteral(address), there.port()), heardFrom.remote());
        assertEquals(InetAddress.ofLiteral(address), heardFrom.local());
        heard.forEach(PooledBuffer::release);
        assertEquals(512, pool.free());
    }

    /** Reads until so many have come: a busy kernel takes loopback's datagrams in later. */
    private void hear(UdpLink here, int count) {
        Eventually.await(Duration.ofSeconds(10), () -> heard.size() + " of " + count + " datagrams came", () -> {
            here.onReady(true, false);
            return heard.size() >= count;
        });
        assertEquals(count, heard.size());
    }

    /** The kernel refuses a run whose datagrams it would have to fragment. */
    @ParameterizedTest
    @ValueSource(strings = {"10.99.0.1", "fd99::1"})
    void shouldSendWhatIsLongerThanThePathOneByOne(String address) throws Exception {
        NetworkNamespace.call(() -> {
            String set = NetworkNamespace.run("sh", "-c", "ip link set lo mtu 1400 up"
                    + " && ip address add 10.99.0.1/32 dev lo && ip address add fd99::1/128 dev lo nodad"
                    // The kernel adds the way to an IPv6 address a moment after the address.
                    + " && timeout 10 sh -c 'until ip -6 route get fd99::1 >/dev/null 2>&1; do sleep 0.02; done'");
            assertEquals("", set);
            UdpLink there = open(pool, drops, "::", false);
            UdpLink here = open(pool, dropsHere, "::", true);
            LinkEndpoint to = to(there, address, here.port());
            for (int i = 0; i < 12; i++) {
                send(there, to, 1480, i);
            }
            there.flush();
            send(there, to, 1200, 12);
            send(there, to, 1200, 13);
            there.flush();
            hear(here, 14);
            for (int i = 0; i < 14; i++) {
                assertEquals(i, heard.get(i).segment().get(JAVA_BYTE, heard.get(i).offset()));
            }
            assertEquals(1479, to.segmentLimit);
            assertTrue(drops.snapshot().isEmpty());
            heard.forEach(PooledBuffer::release);
            return true;
        });
    }

    @Test
    void shouldCountEachDatagramThatNoBufferIsLeftForAndReadOn() throws Exception {
        UdpLink there = open(pool, drops, "127.0.0.1", false);
        UdpLink here = open(small, dropsHere, "127.0.0.1", true);
        LinkEndpoint to = to(there, "127.0.0.1", here.port());
        for (int i = 0; i < 100; i++) {
            send(there, to, 1000, i);
        }
        there.flush();
        hear(here, 40);
        Eventually.await(
                Duration.ofSeconds(10),
                () -> dropsHere.of(DropReason.POOL_EXHAUSTED) + " of 60 were counted",
                () -> {
                    here.onReady(true, false);
                    return dropsHere.of(DropReason.POOL_EXHAUSTED) >= 60;
                });
        assertEquals(60, dropsHere.of(DropReason.POOL_EXHAUSTED));
        assertEquals(40, heard.size());
        heard.forEach(PooledBuffer::release);
        heard.clear();
        send(there, to, 1000, 1);
        there.flush();
        hear(here, 1);
        heard.forEach(PooledBuffer::release);
    }

    @Test
    void shouldAllocateNothingWhenItIsWarm() throws Exception {
        UdpLink there = open(pool, drops, "::1", false);
        UdpLink here = open(pool, dropsHere, "::1", false);
        LinkEndpoint to = to(there, "::1", here.port());
        LinkEndpoint back = to(there, "::1", there.port());
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long perRound = Long.MAX_VALUE;
        for (int window = 0; window < MAX_WINDOWS && perRound > ALLOWED_BYTES_PER_ROUND; window++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < PER_ROUND; i++) {
                    PooledBuffer datagram = pool.allocate();
                    datagram.bounds(datagram.offset(), i % 10 == 9 ? 600 : 1200);
                    there.send(datagram, i % 3 == 0 ? back : to);
                }
                there.flush();
                here.onReady(true, false);
                there.onReady(true, false);
            }
            perRound = (threads.getCurrentThreadAllocatedBytes() - before) / ROUNDS;
        }
        long least = perRound;
        assertTrue(least <= ALLOWED_BYTES_PER_ROUND, () -> least + " bytes for " + PER_ROUND + " datagrams");
        assertTrue(heardCount > 0 && heardCount % PER_ROUND == 0, () -> heardCount + " datagrams");
        assertTrue(dropsHere.snapshot().isEmpty() && drops.snapshot().isEmpty(), () -> drops.snapshot().toString());
    }
}

package io.culvert.core.link;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Transport;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class UdpReceiverTest {
    private static final int DATAGRAMS = 46;

    private final List<Integer> asked = new ArrayList<>();

    /** Gives one datagram of ten bytes at each call. */
    private final Libc libc = (Libc) Proxy.newProxyInstance(
            Libc.class.getClassLoader(), new Class<?>[] {Libc.class}, (proxy, method, arguments) -> {
                if (!method.getName().equals("recvmmsg")) {
                    throw new IllegalStateException(method.getName());
                }
                asked.add((int) arguments[3]);
                var header = (MemorySegment) arguments[1];
                header.set(ValueLayout.JAVA_LONG, MessageLayout.CONTROL_LENGTH, 0);
                header.set(ValueLayout.JAVA_INT, MessageLayout.LENGTH, 10);
                return 1;
            });

    private int asksFor(BufferPool pool) {
        var resources = new LinkResources(pool, new Drops(), new EndpointTable(16, new EndpointTable.Key(1, 2)),
                new SteppedPoller(), () -> 0, (delay, then) -> {}, new FakeGate());
        var socket = new ListenSocket(7, Linux.AF_INET6, 1194);
        var claim = new ListenerClaim(Transport.UDP, new InetSocketAddress("::", 1194));
        var link = new UdpLink(
                libc, claim, Optional.empty(), new UdpSockets(socket, null, null), 0, resources, new UdpBatches());
        var receiver = new UdpReceiver(libc, socket, link, 1, resources, new ReceiveBatch());
        asked.clear();
        var sink = new DatagramSink() {
            @Override
            public void onDatagram(io.culvert.core.buffer.PooledBuffer datagram, LinkEndpoint from) {
                datagram.release();
            }

            @Override
            public void onLinkClosed(LinkEndpoint endpoint, String why) {}
        };
        receiver.read(sink);
        receiver.read(sink);
        assertEquals(8, asked.getFirst(), "nothing is known of the messages yet");
        return asked.getLast();
    }

    @Test
    void shouldAskForNoMoreLargeMessagesThanThePoolHasRoomFor() {
        assertEquals(ReceiveBatch.SLOTS, asksFor(new BufferPool(4096, 64, 512)));
        assertEquals(10, asksFor(new BufferPool(2 * DATAGRAMS * 10 + 1, 64, 512)));
        assertEquals(8, asksFor(new BufferPool(64, 64, 512)), "a few at least: most are small");
    }
}

package io.culvert.core.link;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.api.handover.SessionRecord.RemoteEnd;
import io.culvert.api.packet.DropReason;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.StreamFraming;
import io.culvert.api.tunnel.Transport;
import io.culvert.core.buffer.PooledBuffer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** A datagram link in memory. */
public final class FakeLink implements Link, Listener, Pollable {
    private final ListenerClaim claim;
    private final LinkResources resources;
    private final Queue<Arrived> arrived = new ArrayDeque<>();
    private final List<Sent> sent = new ArrayList<>();
    private @Nullable DatagramSink sink;
    public boolean closed;

    /** When set, what is sent is counted and not kept. */
    public boolean countOnly;

    public long sentCount;

    /** When set, nothing is taken and sending fails. */
    public boolean fails;

    private record Arrived(byte[] bytes, InetSocketAddress from) {}

    /** What left, and for whom. */
    public record Sent(byte[] bytes, InetSocketAddress to) {}

    public FakeLink(ListenerClaim claim, LinkResources resources) {
        this.claim = claim;
        this.resources = resources;
    }

    /** Lets a datagram arrive at the next step. */
    public void arrive(byte[] bytes, InetSocketAddress from) {
        arrived.add(new Arrived(bytes, from));
    }

    /** What left since the last call. */
    public List<Sent> drain() {
        List<Sent> drained = List.copyOf(sent);
        sent.clear();
        return drained;
    }

    public int waiting() {
        return arrived.size();
    }

    /** Ends the link as a stream would end. */
    public void breakOff(InetSocketAddress from) {
        if (sink != null) {
            sink.onLinkClosed(endpoint(from), "the peer closed the connection");
        }
    }

    @Override
    public void onReady(boolean readable, boolean writable) {
        while (sink != null && !arrived.isEmpty()) {
            Arrived next = arrived.remove();
            PooledBuffer buffer = resources.pool().allocate();
            if (buffer == null) {
                resources.drops().count(DropReason.POOL_EXHAUSTED);
                continue;
            }
            MemorySegment.copy(next.bytes, 0, buffer.segment(), JAVA_BYTE, buffer.offset(), next.bytes.length);
            buffer.bounds(buffer.offset(), next.bytes.length);
            sink.onDatagram(buffer, endpoint(next.from));
        }
    }

    @Override
    public boolean send(PooledBuffer datagram, LinkEndpoint to) {
        if (fails) {
            throw new IllegalStateException("a link that fails on purpose");
        }
        if (!countOnly) {
            byte[] bytes = new byte[datagram.length()];
            MemorySegment.copy(datagram.segment(), JAVA_BYTE, datagram.offset(), bytes, 0, bytes.length);
            sent.add(new Sent(bytes, to.remote()));
        }
        sentCount++;
        datagram.release();
        return true;
    }

    @Override
    public void flush() {}

    public LinkEndpoint endpoint(InetSocketAddress remote) {
        InetAddress address = remote.getAddress();
        return resources.endpoints().find(this, IpAddress.high(address), IpAddress.low(address), remote.getPort(), 0, 0,
                IpAddress.mapped(0x7f000001), port(), 1);
    }

    @Override
    public LinkEndpoint endpoint(RemoteEnd end) {
        return endpoint(end.remote());
    }

    @Override
    public LinkEndpoint endpoint(LinkEndpoint from) {
        return endpoint(from.remote());
    }

    @Override
    public Transport transport() {
        return claim.transport();
    }

    @Override
    public ListenerClaim claim() {
        return claim;
    }

    @Override
    public int port() {
        return claim.address().getPort();
    }

    @Override
    public int fd() {
        return -1;
    }

    @Override
    public void resume(DatagramSink sink, @Nullable StreamFraming framing) throws IOException {
        this.sink = sink;
        resources.poller().add(this);
    }

    @Override
    public void suspend() {
        sink = null;
        resources.poller().remove(this);
    }

    @Override
    public void close() {
        suspend();
        closed = true;
    }
}

package io.culvert.core.link;

import io.culvert.api.packet.DropReason;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Reads a UDP socket in batches, and cuts what the kernel has put together into datagrams of one buffer each. */
final class UdpReceiver {
    private static final int ROUNDS = 4;

    /** As many large messages as stay in the cache of a core until they are copied. */
    private static final int FEW = 8;

    /** Of a message that is as large as it gets; only small packets make more. */
    private static final int DATAGRAMS = 46;

    /** A message of more bytes is a large one. */
    private static final int LARGE = 8 << 10;

    private final Libc libc;
    private final ListenSocket socket;
    private final UdpLink link;
    private final int listener;
    private final BufferPool pool;
    private final Drops drops;
    private final EndpointTable endpoints;
    private final ReceiveBatch batch;
    private final int capacity;
    private @Nullable LinkEndpoint last;
    private int expected = FEW;
    private long messages;
    private int longest;

    /** @param listener tells the endpoints of listeners apart */
    UdpReceiver(
            Libc libc, ListenSocket socket, UdpLink link, int listener, LinkResources resources, ReceiveBatch batch) {
        this.libc = libc;
        this.socket = socket;
        this.link = link;
        this.listener = listener;
        this.pool = resources.pool();
        this.drops = resources.drops();
        this.endpoints = resources.endpoints();
        this.batch = batch;
        this.capacity = pool.bufferBytes() - pool.headroomBytes();
    }

    /** Delivers what waits, a bounded number of batches; whether more may wait. */
    boolean read(DatagramSink sink) {
        for (int round = 0; round < ROUNDS; round++) {
            // With few buffers left the rest stays in the kernel: the end of the loop's round brings some back. The
            // first batch is read in any case, or what waits would wake the loop again and again.
            if (round > 0 && pool.free() < pool.capacity() / 4) {
                return true;
            }
            if (!receive(sink)) {
                return false;
            }
        }
        return true;
    }

    /** How many messages were received so far. */
    long messages() {
        return messages;
    }

    /** The bytes of the longest message so far. */
    int longest() {
        return longest;
    }

    /** Delivers one batch of what waits. */
    void readOne(DatagramSink sink) {
        receive(sink);
    }

    /** One batch; whether more may wait. */
    private boolean receive(DatagramSink sink) {
        // Any message may be large: a batch shall not take more than half of what others need, too.
        int count = Math.min(expected, Math.max(FEW, pool.free() / (2 * DATAGRAMS)));
        batch.expect(count);
        int received = libc.recvmmsg(socket.fd(), batch.messages, 0, count, Linux.MSG_DONTWAIT);
        long bytes = 0;
        for (int i = 0; i < received; i++) {
            int length = batch.length(i);
            bytes += length;
            longest = Math.max(longest, length);
            deliver(i, sink);
        }
        if (received > 0) {
            messages += received;
            expected = bytes > (long) received * LARGE ? FEW : ReceiveBatch.SLOTS;
        }
        return received == count;
    }

    private void deliver(int i, DatagramSink sink) {
        if (batch.truncated(i)) {
            drops.count(DropReason.TOO_BIG);
            return;
        }
        batch.open(i);
        LinkEndpoint from = batch.sender(i, endpoints, link, socket.port(), listener, last);
        last = from;
        int length = batch.length(i);
        int segment = batch.segmentBytes() > 0 ? batch.segmentBytes() : length;
        long start = ReceiveBatch.offset(i);
        int at = 0;
        do {
            take(start + at, Math.min(segment, length - at), from, sink);
            at += segment;
        } while (at < length);
    }

    private void take(long at, int length, LinkEndpoint from, DatagramSink sink) {
        if (length > capacity) {
            drops.count(DropReason.TOO_BIG);
            return;
        }
        PooledBuffer datagram = pool.allocate();
        if (datagram == null) {
            drops.count(DropReason.POOL_EXHAUSTED);
            return;
        }
        MemorySegment.copy(batch.slots, at, datagram.segment(), datagram.offset(), length);
        datagram.bounds(datagram.offset(), length);
        sink.onDatagram(datagram, from);
    }
}

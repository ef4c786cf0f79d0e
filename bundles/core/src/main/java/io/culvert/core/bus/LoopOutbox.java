package io.culvert.core.bus;

import io.culvert.api.packet.DropReason;
import io.culvert.api.packet.Outbox;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.LentBuffers;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.link.Link;
import io.culvert.core.link.LinkEndpoint;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The way out of the session that is being called; takes back what was lent to it. */
final class LoopOutbox implements Outbox {
    private final BufferPool pool;
    private final LentBuffers lent;
    private final Drops drops;
    private InboundPath inbound;
    private @Nullable LoopSession caller;
    private @Nullable Link[] unflushed = new @Nullable Link[16];
    private int unflushedCount;

    LoopOutbox(BufferPool pool, LentBuffers lent, Drops drops, InboundPath inbound) {
        this.pool = pool;
        this.lent = lent;
        this.drops = drops;
        this.inbound = inbound;
    }

    /** From now on packets come from {@code session}; null for a protocol that has no session yet. */
    void caller(@Nullable LoopSession session) {
        caller = session;
    }

    @Override
    public @Nullable PacketBuffer allocate() {
        PooledBuffer buffer = pool.allocate();
        if (buffer == null) {
            drops.count(DropReason.POOL_EXHAUSTED);
        } else {
            lent.lend(buffer);
        }
        return buffer;
    }

    @Override
    public void toLink(PacketBuffer datagram, Endpoint to) {
        LinkEndpoint endpoint = (LinkEndpoint) to;
        Link link = endpoint.link();
        PooledBuffer buffer = takeBack(datagram);
        boolean first;
        try {
            first = link.send(buffer, endpoint);
        } catch (Throwable t) {
            giveUp(buffer);
            throw t;
        }
        if (first) {
            if (unflushedCount == unflushed.length) {
                unflushed = Arrays.copyOf(unflushed, unflushedCount * 2);
            }
            unflushed[unflushedCount++] = link;
        }
    }

    @Override
    public void toInbound(PacketBuffer packet) {
        PooledBuffer buffer = takeBack(packet);
        LoopSession from = caller;
        if (from == null) {
            drops.drop(buffer, DropReason.NOT_ESTABLISHED);
        } else {
            try {
                inbound.accept(buffer, from);
            } catch (Throwable t) {
                giveUp(buffer);
                throw t;
            }
        }
    }

    @Override
    public void drop(PacketBuffer packet, DropReason reason) {
        drops.drop(takeBack(packet), reason);
    }

    @Override
    public void consume(PacketBuffer packet) {
        takeBack(packet).release();
    }

    /** Ends the batch on every link that was written to. */
    void flush() {
        for (int i = 0; i < unflushedCount; i++) {
            Link link = unflushed[i];
            unflushed[i] = null;
            if (link != null) {
                link.flush();
            }
        }
        unflushedCount = 0;
    }

    /** Nobody took the buffer: who takes one does not fail. */
    private void giveUp(PooledBuffer buffer) {
        if (!buffer.isFree()) {
            drops.drop(buffer, DropReason.LINK_ERROR);
        }
    }

    private PooledBuffer takeBack(PacketBuffer packet) {
        PooledBuffer buffer = (PooledBuffer) packet;
        lent.takeBack(buffer);
        return buffer;
    }
}

package io.culvert.core.bus;

import io.culvert.api.packet.DropReason;
import io.culvert.core.buffer.BufferRing;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.link.LinkEndpoint;
import org.jspecify.annotations.Nullable;

/**
 * Where a loop meets the others. What it reads for a session of another loop goes there once, as part of a batch, in the
 * very buffer; the buffer comes home when the other loop is done with it.
 *
 * <p>Threads: each loop uses its own; {@link #all} makes them, before there are threads.
 */
final class Crossing {
    private static final int BATCH = 256;

    private final int index;
    private final PacketLoop[] loops;

    /** By giver and taker: packets that go over, and used buffers that go home. */
    private final BufferRing[][] over;

    private final BufferRing[][] home;
    private final boolean[] unannounced;
    private final int capacity;

    private Crossing(int index, PacketLoop[] loops, BufferRing[][] over, BufferRing[][] home, int capacity) {
        this.index = index;
        this.loops = loops;
        this.over = over;
        this.home = home;
        this.unannounced = new boolean[loops.length];
        this.capacity = capacity;
    }

    /**
     * Joins the loops.
     *
     * @param buffers in the pool of each
     */
    static void all(PacketLoop[] loops, int buffers) {
        int count = loops.length;
        var over = new BufferRing[count][count];
        var home = new BufferRing[count][count];
        for (int giver = 0; giver < count; giver++) {
            for (int taker = 0; taker < count; taker++) {
                if (giver != taker) {
                    over[giver][taker] = new BufferRing(buffers / 2);
                    home[giver][taker] = new BufferRing(buffers);
                }
            }
        }
        for (int i = 0; i < count; i++) {
            loops[i].join(new Crossing(i, loops, over, home, buffers));
        }
    }

    int index() {
        return index;
    }

    int loopCount() {
        return loops.length;
    }

    PacketLoop loop(int at) {
        return loops[at];
    }

    // ---- over there

    /** Takes a clear packet for a session of another loop. */
    void give(PooledBuffer packet, LoopSession to) {
        send(packet, to.loop().index(), to, null);
    }

    /** Takes a frame for the bridge, which is the first loop's. */
    void give(PooledBuffer frame, FramePort from) {
        send(frame, 0, from, null);
    }

    /** Takes a datagram for a session of another loop. */
    void give(PooledBuffer datagram, LinkEndpoint from, LoopSession to) {
        send(datagram, to.loop().index(), to, from);
    }

    /** Takes a datagram whose session, if there is one, is known to loop {@code to}. */
    void give(PooledBuffer datagram, LinkEndpoint from, ProtocolBinding source, int to) {
        send(datagram, to, source.place(), from);
    }

    private void send(PooledBuffer buffer, int to, Object receiver, @Nullable LinkEndpoint from) {
        int owner = buffer.homeLoop();
        buffer.sendAway(owner == to ? null : home[to][owner], receiver, from);
        if (over[index][to].offer(buffer)) {
            unannounced[to] = true;
        } else {
            buffer.sendAway(owner == index ? null : home[index][owner], receiver, null);
            buffer.takeReceiver();
            loops[index].drops.drop(buffer, DropReason.QUEUE_FULL);
        }
    }

    /** Ends a batch: wakes the loops that were given something. */
    void flush() {
        for (int to = 0; to < unannounced.length; to++) {
            if (unannounced[to]) {
                unannounced[to] = false;
                loops[to].commands.signal();
            }
        }
    }

    // ---- over here

    /** Takes home what others are done with, and delivers what others read for sessions of this loop. */
    void receive() {
        receive(BATCH);
    }

    /** {@link #receive} of all that was given until now. */
    void receiveAll() {
        receive(capacity);
    }

    private void receive(int most) {
        for (int giver = 0; giver < loops.length; giver++) {
            if (giver == index) {
                continue;
            }
            BufferRing back = home[giver][index];
            for (PooledBuffer buffer = back.poll(); buffer != null; buffer = back.poll()) {
                loops[index].pool.home(buffer);
            }
            BufferRing in = over[giver][index];
            int count = 0;
            for (PooledBuffer buffer = in.poll(); buffer != null; buffer = in.poll()) {
                deliver(buffer);
                if (++count == most) {
                    // The others' traffic may not keep this loop from its own; the rest comes in the next round.
                    loops[index].commands.signal();
                    break;
                }
            }
        }
    }

    private void deliver(PooledBuffer buffer) {
        Object receiver = buffer.takeReceiver();
        Object origin = buffer.takeOrigin();
        PacketLoop loop = loops[index];
        if (receiver instanceof LoopSession session) {
            if (origin instanceof LinkEndpoint from) {
                session.binding().onHanded(buffer, from, session);
            } else {
                loop.outbound.deliver(buffer, session);
            }
            return;
        }
        if (receiver instanceof FramePort port) {
            loop.frames.deliver(buffer, port);
            return;
        }
        ProtocolBinding binding = loop.bindingAt(receiver);
        if (binding != null && origin instanceof LinkEndpoint from) {
            binding.onHanded(buffer, from, null);
        } else {
            loop.drops.drop(buffer, DropReason.CLOSING);
        }
    }
}

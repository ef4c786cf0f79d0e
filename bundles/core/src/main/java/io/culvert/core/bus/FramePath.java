package io.culvert.core.bus;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.api.net.FrameBridge;
import io.culvert.api.net.FrameProtocol;
import io.culvert.api.packet.DropReason;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.link.Pollable;
import io.culvert.core.tun.Tun;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an Ethernet frame meets on its way from a session, or from the TAP, to where the bridge says. The bridge, its ports
 * and the TAP are the first loop's: the others give it the frames of their sessions, and are given those for them.
 */
final class FramePath implements Pollable {
    private static final Logger LOG = LoggerFactory.getLogger(FramePath.class);
    private static final int BATCH = 64;
    private static final int ROUNDS = 4;
    private static final int NO_BRIDGE = Integer.MIN_VALUE;

    private final PacketLoop loop;
    private final BufferPool pool;
    private final Drops drops;
    private final boolean clientToClient;
    private final PooledBuffer[] batch = new PooledBuffer[BATCH];
    private @Nullable Tun tap;
    private long[] own = {};
    private @Nullable FrameProtocol protocol;
    private @Nullable FrameBridge bridge;
    private boolean failed;

    /** By number; that of the TAP stays empty. */
    private @Nullable FramePort[] ports = new @Nullable FramePort[16];

    /** One behind the last port that was ever open. */
    private int end = FrameBridge.TAP + 1;

    private int open;
    private long flooded;

    FramePath(PacketLoop loop, BufferPool pool, Drops drops, boolean clientToClient) {
        this.loop = loop;
        this.pool = pool;
        this.drops = drops;
        this.clientToClient = clientToClient;
    }

    // ---- what there is

    /** The first of these protocols and no other from now on, with a bridge that knows nothing yet. */
    void inForce(List<FrameProtocol> protocols) {
        FrameProtocol first = protocols.isEmpty() ? null : protocols.getFirst();
        if (first == protocol) {
            return;
        }
        protocol = first;
        failed = false;
        bridge = null;
        if (first != null) {
            try {
                FrameBridge made = first.newBridge();
                for (long address : own) {
                    made.own(address);
                }
                bridge = made;
            } catch (Throwable t) {
                failed(t);
            }
        }
    }

    /**
     * Frames pass to and from this device from now on.
     *
     * @param addresses of the appliance behind it
     */
    void tap(Tun device, long... addresses) {
        tap = device;
        own = addresses;
        FrameBridge known = bridge;
        for (long address : addresses) {
            if (known != null) {
                known.own(address);
            }
        }
        if (!loop.holdsTun()) {
            loop.watch(this);
        }
    }

    boolean hasTap() {
        return tap != null;
    }

    /** The session carries frames from now on. */
    void open(FramePort port) {
        if (port.closed || port.number != FramePort.NONE) {
            return;
        }
        int number = FrameBridge.TAP + 1;
        while (number < end && ports[number] != null) {
            number++;
        }
        if (number == ports.length) {
            ports = Arrays.copyOf(ports, number * 2);
        }
        ports[number] = port;
        port.number = number;
        end = Math.max(end, number + 1);
        open++;
    }

    /** The session carries no frames any more. */
    void close(FramePort port) {
        int number = port.number;
        port.closed = true;
        if (number == FramePort.NONE || ports[number] != port) {
            return;
        }
        ports[number] = null;
        open--;
        FrameBridge known = bridge;
        if (known != null) {
            try {
                known.portClosed(number);
            } catch (Throwable t) {
                failed(t);
            }
        }
    }

    // ---- in: session -> here -> bridge

    /** Takes a frame that a session of this loop has decapsulated. */
    void accept(PooledBuffer frame, FramePort from) {
        LoopSession session = from.session();
        if (!session.isEstablished()) {
            drops.drop(frame, DropReason.NOT_ESTABLISHED);
            return;
        }
        session.countIn(frame.length());
        loop.pacing().carried();
        if (loop.index() == 0) {
            bridge(frame, from);
        } else {
            loop.crossing().give(frame, from);
        }
    }

    /** Takes a frame of a session of another loop. */
    void deliver(PooledBuffer frame, FramePort from) {
        bridge(frame, from);
        loop.outbound.deliverDeferred();
    }

    private void bridge(PooledBuffer frame, FramePort from) {
        if (from.number == FramePort.NONE) {
            // Its first frame has overtaken the news of it.
            open(from);
        }
        if (from.closed) {
            drops.drop(frame, DropReason.CLOSING);
        } else {
            forward(frame, from.number);
        }
    }

    // ---- in: TAP -> here -> bridge

    @Override
    public int fd() {
        Tun device = tap;
        return device == null ? -1 : device.fd();
    }

    @Override
    public void onReady(boolean readable, boolean writable) {
        Tun device = tap;
        if (!readable || device == null) {
            return;
        }
        for (int round = 0; round < ROUNDS && !loop.holdsTun(); round++) {
            int count = device.readBatch(pool, batch);
            if (count == 0 && device.broken()) {
                // Readable without end, and never gives anything: logged by the device.
                loop.unwatch(this);
                tap = null;
                return;
            }
            forwardBatch(count);
            if (count < batch.length) {
                return;
            }
        }
    }

    private void forwardBatch(int count) {
        int done = 0;
        try {
            while (done < count) {
                loop.pacing().fromTun();
                forward(batch[done++], FrameBridge.TAP);
            }
            loop.outbound.deliverDeferred();
        } finally {
            // Only after a failure.
            while (done < count) {
                drops.drop(batch[done++], DropReason.LINK_ERROR);
            }
        }
    }

    // ---- bridge -> session, TAP

    private void forward(PooledBuffer frame, int from) {
        int to = ask(frame, from);
        switch (to) {
            case FrameBridge.FLOOD -> flood(frame, from);
            case FrameBridge.MALFORMED -> drops.drop(frame, DropReason.MALFORMED);
            case FrameBridge.FILTERED -> drops.drop(frame, DropReason.FILTERED);
            case FrameBridge.ADDRESS_LIMIT -> drops.drop(frame, DropReason.ADDRESS_LIMIT);
            case FrameBridge.SPOOFED -> drops.drop(frame, DropReason.SOURCE_ADDRESS);
            case NO_BRIDGE -> drops.drop(frame, DropReason.UNSUPPORTED);
            default -> {
                if (to >= 0 && to != from && leads(from, to)) {
                    send(frame, to);
                } else {
                    drops.drop(frame, DropReason.NO_ROUTE);
                }
            }
        }
    }

    private int ask(PooledBuffer frame, int from) {
        FrameBridge known = bridge;
        if (known == null) {
            return NO_BRIDGE;
        }
        try {
            return known.forward(frame, from, loop.nowNs());
        } catch (Throwable t) {
            failed(t);
            return FrameBridge.MALFORMED;
        }
    }

    /** Whether frames pass from the one to the other. */
    private boolean leads(int from, int to) {
        if (to == FrameBridge.TAP) {
            return tap != null;
        }
        return to < end && ports[to] != null && (from == FrameBridge.TAP || clientToClient);
    }

    /** The frame itself leaves last, as who seals it changes it. */
    private void flood(PooledBuffer frame, int from) {
        flooded++;
        int last = -1;
        for (int to = 0; to < end; to++) {
            if (to == from || !leads(from, to)) {
                continue;
            }
            if (last >= 0) {
                sendCopy(frame, last);
            }
            last = to;
        }
        if (last >= 0) {
            send(frame, last);
        } else {
            drops.drop(frame, DropReason.NO_ROUTE);
        }
    }

    private void sendCopy(PooledBuffer frame, int to) {
        PooledBuffer copy = pool.allocate();
        if (copy == null) {
            drops.count(DropReason.POOL_EXHAUSTED);
            return;
        }
        MemorySegment.copy(
                frame.segment(), JAVA_BYTE, frame.offset(), copy.segment(), JAVA_BYTE, copy.offset(), frame.length());
        copy.bounds(copy.offset(), frame.length());
        send(copy, to);
    }

    private void send(PooledBuffer frame, int to) {
        Tun device = tap;
        FramePort port = ports[to];
        if (to == FrameBridge.TAP && device != null) {
            device.write(frame);
        } else if (port != null) {
            loop.outbound.defer(frame, port.session());
        } else {
            drops.drop(frame, DropReason.NO_ROUTE);
        }
    }

    void flush() {
        Tun device = tap;
        if (device != null) {
            device.flush();
        }
    }

    /** Said once: it may fail for every frame. */
    private void failed(Throwable problem) {
        if (!failed) {
            failed = true;
            LOG.error("net: {} failed, and the frame is dropped", protocol == null ? "a bridge" : protocol.name(), problem);
        }
    }

    // ---- status

    /** Empty while there is nothing to bridge. Any thread; roughly true. */
    Map<String, Object> status() {
        Tun device = tap;
        FrameBridge known = bridge;
        if (device == null && end == FrameBridge.TAP + 1) {
            return Map.of();
        }
        Map<String, Object> status = new LinkedHashMap<>();
        status.put("protocol", known == null ? "none: install or start net.ethernet" : name());
        status.put("ports", open);
        status.put("stations", known == null ? 0 : known.stations());
        status.put("flooded", flooded);
        if (device != null) {
            status.put("tap", device.name());
            status.put("readDrops", device.readDrops());
            status.put("writeDrops", device.writeDrops());
        }
        return status;
    }

    private String name() {
        FrameProtocol now = protocol;
        return now == null ? "" : now.name();
    }

    /** Frames that the TAP refused, ever. */
    long writeDrops() {
        Tun device = tap;
        return device == null ? 0 : device.writeDrops();
    }
}

package io.culvert.tunnel.openvpn;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.api.packet.DropReason;
import io.culvert.api.packet.Outbox;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.tunnel.Endpoint;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** Buffers on the heap, and an outbox that insists on each leaving exactly once. */
final class TestBuffers implements Outbox {
    static final int HEADROOM = 64;

    /** Identity matters: a buffer is in one place at a time. */
    static final class Buffer implements PacketBuffer {
        private final MemorySegment segment = MemorySegment.ofArray(new byte[4096]);
        private int offset = HEADROOM;
        private int length;

        @Override
        public MemorySegment segment() {
            return segment;
        }

        @Override
        public int offset() {
            return offset;
        }

        @Override
        public int length() {
            return length;
        }

        @Override
        public void bounds(int offset, int length) {
            java.util.Objects.checkFromIndexSize(offset, length, (int) segment.byteSize());
            this.offset = offset;
            this.length = length;
        }
    }

    private final Set<PacketBuffer> out = new HashSet<>();
    private final BiConsumer<byte[], Endpoint> link;
    private final Consumer<byte[]> inbound;
    final Map<DropReason, Integer> drops = new EnumMap<>(DropReason.class);

    TestBuffers(BiConsumer<byte[], Endpoint> link, Consumer<byte[]> inbound) {
        this.link = link;
        this.inbound = inbound;
    }

    /** A buffer that the code under test owns from now on. */
    PacketBuffer of(byte[] bytes) {
        PacketBuffer buffer = allocate();
        MemorySegment.copy(bytes, 0, buffer.segment(), JAVA_BYTE, HEADROOM, bytes.length);
        buffer.bounds(HEADROOM, bytes.length);
        return buffer;
    }

    static byte[] bytes(PacketBuffer packet) {
        return packet.segment().asSlice(packet.offset(), packet.length()).toArray(JAVA_BYTE);
    }

    @Override
    public PacketBuffer allocate() {
        var buffer = new Buffer();
        out.add(buffer);
        return buffer;
    }

    @Override
    public void toLink(PacketBuffer datagram, Endpoint to) {
        leave(datagram);
        link.accept(bytes(datagram), to);
    }

    @Override
    public void toInbound(PacketBuffer packet) {
        leave(packet);
        inbound.accept(bytes(packet));
    }

    @Override
    public void drop(PacketBuffer packet, DropReason reason) {
        leave(packet);
        drops.merge(reason, 1, Integer::sum);
    }

    @Override
    public void consume(PacketBuffer packet) {
        leave(packet);
    }

    private void leave(PacketBuffer packet) {
        if (!out.remove(packet)) {
            throw new AssertionError("a packet left twice");
        }
    }

    /** Buffers that were handed out and have not left. */
    int kept() {
        return out.size();
    }

    int drops(DropReason reason) {
        return drops.getOrDefault(reason, 0);
    }
}

package io.culvert.core.tun;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.PooledBuffer;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Keeps what would be written, vnet header included, as the kernel would see it. */
final class RecordingSink implements Coalescer.Sink {
    final List<byte[]> written = new ArrayList<>();
    int runs;

    @Override
    public void writeOne(PooledBuffer packet) {
        byte[] bytes = bytes(packet, 0);
        byte[] whole = new byte[10 + bytes.length];
        System.arraycopy(bytes, 0, whole, 10, bytes.length);
        written.add(whole);
        packet.release();
    }

    @Override
    public void writeRun(Run run) {
        byte[] vnet = new byte[10];
        run.seal(MemorySegment.ofArray(vnet), 0);
        var whole = new ByteArrayOutputStream();
        whole.writeBytes(vnet);
        whole.writeBytes(bytes(run.packet(0), 0));
        for (int i = 1; i < run.count(); i++) {
            whole.writeBytes(bytes(run.packet(i), run.headerLength()));
        }
        written.add(whole.toByteArray());
        run.release();
        runs++;
    }

    private static byte[] bytes(PooledBuffer packet, int from) {
        return packet.segment().asSlice(packet.offset() + from, packet.length() - from).toArray(JAVA_BYTE);
    }

    static PooledBuffer buffer(BufferPool pool, byte[] bytes) {
        PooledBuffer buffer = pool.allocate();
        buffer.bounds(buffer.offset(), bytes.length);
        MemorySegment.copy(bytes, 0, buffer.segment(), JAVA_BYTE, buffer.offset(), bytes.length);
        return buffer;
    }
}

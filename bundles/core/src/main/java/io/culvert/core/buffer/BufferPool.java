package io.culvert.core.buffer;

import io.culvert.core.libc.Pages;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A fixed number of equal buffers in native memory, last in, first out, so that the warm ones are used again.
 *
 * <p>Threads: one packet loop; {@link #status} may be read by others and is then only roughly true.
 */
public final class BufferPool {
    private static final int ALIGNMENT = 64;

    private final int loop;
    private final int headroomBytes;
    private final int bufferBytes;
    private final PooledBuffer[] free;
    private int freeCount;
    private int lowest;
    private long exhausted;

    /** The pool of the first loop. */
    public BufferPool(int count, int headroomBytes, int packetBytes) {
        this(0, count, headroomBytes, packetBytes);
    }

    /**
     * @param loop the index of the loop that it belongs to
     * @param count how many buffers
     * @param headroomBytes before an empty packet; a multiple of 64 keeps packets aligned
     * @param packetBytes behind the headroom, tailroom included
     */
    public BufferPool(int loop, int count, int headroomBytes, int packetBytes) {
        this.loop = loop;
        this.headroomBytes = headroomBytes;
        this.bufferBytes = Math.ceilDiv(headroomBytes + packetBytes, ALIGNMENT) * ALIGNMENT;
        this.free = new PooledBuffer[count];
        MemorySegment memory = Pages.allocate((long) count * bufferBytes);
        for (int i = 0; i < count; i++) {
            free[count - 1 - i] = new PooledBuffer(this, memory.asSlice((long) i * bufferBytes, bufferBytes));
        }
        this.freeCount = count;
        this.lowest = count;
    }

    /** An empty buffer, or null when none is left; the shortage is counted. */
    public @Nullable PooledBuffer allocate() {
        int left = freeCount - 1;
        if (left < 0) {
            exhausted++;
            return null;
        }
        PooledBuffer buffer = free[left];
        free[left] = null;
        freeCount = left;
        if (left < lowest) {
            lowest = left;
        }
        buffer.free = false;
        buffer.reset();
        return buffer;
    }

    /** Takes a buffer that was released. */
    void put(PooledBuffer buffer) {
        free[freeCount] = buffer;
        freeCount++;
    }

    int loop() {
        return loop;
    }

    /** Takes back a buffer that came home from another loop, see {@link PooledBuffer#sendAway}. */
    public void home(PooledBuffer buffer) {
        if (!buffer.isFree()) {
            throw new IllegalStateException("a packet came home that was not released: " + buffer);
        }
        put(buffer);
    }

    public int headroomBytes() {
        return headroomBytes;
    }

    /** Of one buffer, headroom and tailroom included. */
    public int bufferBytes() {
        return bufferBytes;
    }

    public int capacity() {
        return free.length;
    }

    public int free() {
        return freeCount;
    }

    public Status status() {
        return new Status(free.length, freeCount, lowest, exhausted, bufferBytes);
    }

    /**
     * The pool at one moment.
     *
     * @param lowest the fewest that were ever free
     * @param exhausted how often none was left
     */
    public record Status(int buffers, int free, int lowest, long exhausted, int bufferBytes) {}
}

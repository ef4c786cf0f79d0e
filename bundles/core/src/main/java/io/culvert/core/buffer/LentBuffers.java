package io.culvert.core.buffer;

import java.util.Arrays;

/**
 * The buffers that the session which is being called owns: those passed in and those it allocated. A session keeps none
 * beyond the call, so what is left at its end was leaked, by an exception or by a bug, and is reclaimed.
 */
public final class LentBuffers {
    private PooledBuffer[] lent = new PooledBuffer[64];
    private int count;

    /** Core's buffer becomes the session's. */
    public void lend(PooledBuffer buffer) {
        if (count == lent.length) {
            lent = Arrays.copyOf(lent, count * 2);
        }
        buffer.lentIndex = count;
        lent[count++] = buffer;
    }

    /**
     * The session gives its buffer to core.
     *
     * @throws IllegalStateException when it is not the session's: it was given away before
     */
    public void takeBack(PooledBuffer buffer) {
        int index = buffer.lentIndex;
        if (index < 0 || index >= count || lent[index] != buffer) {
            throw new IllegalStateException("a packet was given away twice: " + buffer);
        }
        PooledBuffer last = lent[--count];
        lent[count] = null;
        if (last != buffer) {
            lent[index] = last;
            last.lentIndex = index;
        }
        buffer.lentIndex = -1;
    }

    public int count() {
        return count;
    }

    /** Releases what was lent since {@code mark}, a former {@link #count}; returns how many. */
    public int reclaim(int mark) {
        int reclaimed = 0;
        while (count > mark) {
            PooledBuffer buffer = lent[--count];
            lent[count] = null;
            buffer.lentIndex = -1;
            buffer.release();
            reclaimed++;
        }
        return reclaimed;
    }
}

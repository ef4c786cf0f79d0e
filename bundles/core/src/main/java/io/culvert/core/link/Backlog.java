package io.culvert.core.link;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Libc;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that wait for a peer which reads slowly, bounded, first in first out. They are copies, so that a slow peer
 * holds none of the loop's buffers.
 */
final class Backlog {
    /** 256 KiB. */
    private static final int MOST = 16;

    private static final @Nullable MemorySegment[] NONE = {};

    private final TcpMemory memory;
    private @Nullable MemorySegment[] blocks = NONE;
    private int first;
    private int count;

    /** Where the bytes begin in the first block, and end in the last. */
    private int start;

    private int end;

    Backlog(TcpMemory memory) {
        this.memory = memory;
    }

    boolean isEmpty() {
        return count == 0;
    }

    /**
     * Copies the datagram, from {@code skip} on when that much of it has left already.
     *
     * @return false when there is no room, and nothing was copied; a datagram that has begun to leave finds room in an
     *     empty backlog
     */
    boolean append(PooledBuffer datagram, int skip) {
        int left = datagram.length() - skip;
        long from = datagram.offset() + (long) skip;
        int room = count == 0 ? 0 : TcpMemory.BLOCK - end;
        int more = Math.ceilDiv(Math.max(0, left - room), TcpMemory.BLOCK);
        if (count + more > MOST || !extend(more, skip > 0)) {
            return false;
        }
        int at = count - more;
        if (room > 0) {
            at--;
        } else {
            end = 0;
        }
        while (left > 0) {
            int length = Math.min(left, TcpMemory.BLOCK - end);
            MemorySegment.copy(datagram.segment(), from, block(at), end, length);
            from += length;
            left -= length;
            end += length;
            if (left > 0) {
                at++;
                end = 0;
            }
        }
        return true;
    }

    /** Copies what waits. */
    byte[] bytes() {
        int length = count == 0 ? 0 : (count - 1) * TcpMemory.BLOCK + end - start;
        byte[] bytes = new byte[length];
        int at = 0;
        for (int i = 0; i < count; i++) {
            int from = i == 0 ? start : 0;
            int part = (i == count - 1 ? end : TcpMemory.BLOCK) - from;
            MemorySegment.copy(block(i), JAVA_BYTE, from, bytes, at, part);
            at += part;
        }
        return bytes;
    }

    /** Puts back what {@link #bytes} gave; only into an empty backlog. */
    void restore(byte[] bytes) {
        int blocks = Math.ceilDiv(bytes.length, TcpMemory.BLOCK);
        if (blocks > MOST || count > 0) {
            throw new IllegalArgumentException(bytes.length + " bytes do not fit");
        }
        extend(blocks, true);
        for (int i = 0; i < blocks; i++) {
            end = Math.min(TcpMemory.BLOCK, bytes.length - i * TcpMemory.BLOCK);
            MemorySegment.copy(bytes, i * TcpMemory.BLOCK, block(i), JAVA_BYTE, 0, end);
        }
    }

    private boolean extend(int more, boolean urgent) {
        if (more > 0 && blocks.length == 0) {
            blocks = new @Nullable MemorySegment[MOST];
        }
        for (int i = 0; i < more; i++) {
            MemorySegment block = memory.borrowBlock(urgent);
            if (block == null) {
                for (; i > 0; i--) {
                    giveBack(--count);
                }
                return false;
            }
            blocks[(first + count++) % MOST] = block;
        }
        return true;
    }

    /** Sends; returns an errno that ends the connection, or 0. */
    int drain(Libc libc, int fd) {
        while (count > 0) {
            int offered = 0;
            for (int i = 0; i < count; i++) {
                int from = i == 0 ? start : 0;
                int length = (i == count - 1 ? end : TcpMemory.BLOCK) - from;
                memory.gather(i, block(i).address() + from, length);
                offered += length;
            }
            int sent = memory.send(libc, fd, count);
            if (sent < 0) {
                return sent == -Errno.EAGAIN ? 0 : -sent;
            }
            consume(sent);
            if (sent < offered) {
                return 0;
            }
        }
        return 0;
    }

    private void consume(int sent) {
        start += sent;
        while (count > 0 && start >= (count == 1 ? end : TcpMemory.BLOCK)) {
            start -= TcpMemory.BLOCK;
            giveBack(0);
            first = (first + 1) % MOST;
            count--;
        }
        if (count == 0) {
            clear();
        }
    }

    /** Forgets what waits. */
    void clear() {
        while (count > 0) {
            giveBack(--count);
        }
        first = 0;
        start = 0;
        end = 0;
    }

    /** Gives back what only a connection that needed it has. */
    void trim() {
        if (count == 0) {
            blocks = NONE;
        }
    }

    private MemorySegment block(int i) {
        MemorySegment block = blocks[(first + i) % MOST];
        if (block == null) {
            throw new IllegalStateException("no block " + i);
        }
        return block;
    }

    private void giveBack(int i) {
        memory.giveBack(block(i));
        blocks[(first + i) % MOST] = null;
    }
}

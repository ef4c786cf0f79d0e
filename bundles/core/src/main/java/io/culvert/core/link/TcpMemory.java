package io.culvert.core.link;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * What the TCP connections of a loop use in turn, or borrow while they need it, so that an idle connection has next to
 * nothing.
 */
final class TcpMemory {
    /** Datagrams in one system call. */
    static final int BATCH = 256;

    /** Bytes of a block. */
    static final int BLOCK = 16 << 10;

    /** Bytes in one read. */
    static final int READ = 64 << 10;

    /** Blocks of all connections together, 32 MiB; a connection may have one more to end a datagram that has begun. */
    private static final int MOST_BLOCKS = 2048;

    private static final int KEPT_BLOCKS = 128;
    private static final int KEPT_REMAINDERS = 1024;
    private static final int LONGEST_HEADER = 64;

    /** Where a connection puts what is left of the last read, and reads to behind it. */
    final MemorySegment stream;

    private final int remainderBytes;
    private final MemorySegment iovecs;
    private final MemorySegment message;
    private final Deque<byte[]> remainders = new ArrayDeque<>();
    private final Deque<MemorySegment> blocks = new ArrayDeque<>();
    private int lentBlocks;

    /** @param datagramBytes of the longest datagram */
    TcpMemory(int datagramBytes) {
        Arena arena = Arena.ofAuto();
        this.remainderBytes = datagramBytes + LONGEST_HEADER;
        this.stream = arena.allocate(READ + (long) remainderBytes, 64);
        this.iovecs = arena.allocate((long) BATCH * MessageLayout.IOVEC, 64);
        this.message = arena.allocate(MessageLayout.MESSAGE, 64);
        message.set(JAVA_LONG, MessageLayout.IOVEC_POINTER, iovecs.address());
    }

    /** Names the bytes that are the {@code i}-th of the next {@link #send}. */
    void gather(int i, long address, int length) {
        MessageLayout.iovec(iovecs, i, address, length);
    }

    /** Sends what was gathered; how many bytes were taken, or a negated errno. */
    int send(Libc libc, int fd, int count) {
        message.set(JAVA_LONG, MessageLayout.IOVEC_COUNT, count);
        int sent;
        do {
            sent = libc.sendmsg(fd, message, Linux.MSG_DONTWAIT | Linux.MSG_NOSIGNAL);
        } while (sent == -Errno.EINTR);
        return sent;
    }

    /** Room for a datagram that has arrived in part, header included. */
    byte[] borrowRemainder() {
        byte[] kept = remainders.poll();
        return kept != null ? kept : new byte[remainderBytes];
    }

    void giveBack(byte[] remainder) {
        if (remainders.size() < KEPT_REMAINDERS) {
            remainders.push(remainder);
        }
    }

    /** A block; null when there are as many as there may be, unless {@code urgent}. */
    @Nullable MemorySegment borrowBlock(boolean urgent) {
        if (lentBlocks >= MOST_BLOCKS && !urgent) {
            return null;
        }
        lentBlocks++;
        MemorySegment kept = blocks.poll();
        return kept != null ? kept : Arena.ofAuto().allocate(BLOCK, 64);
    }

    void giveBack(MemorySegment block) {
        lentBlocks--;
        if (blocks.size() < KEPT_BLOCKS) {
            blocks.push(block);
        }
    }

    int lentBlocks() {
        return lentBlocks;
    }
}

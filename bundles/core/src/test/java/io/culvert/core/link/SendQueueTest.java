package io.culvert.core.link;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.packet.DropReason;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.Drops;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Libc;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class SendQueueTest {
    private final BufferPool pool = new BufferPool(400, 64, 2000);
    private final Drops drops = new Drops();
    private final TcpMemory memory = new TcpMemory(2000);
    private final SendQueue queue = new SendQueue(libc(), 5, drops, memory);
    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    private final ByteArrayOutputStream accepted = new ByteArrayOutputStream();
    private final Random random = new Random(7);

    /** Bytes that the kernel takes, or a negated errno. */
    private int room = Integer.MAX_VALUE;

    private Libc libc() {
        return (Libc) Proxy.newProxyInstance(
                Libc.class.getClassLoader(), new Class<?>[] {Libc.class}, (proxy, method, arguments) -> {
                    assertEquals("sendmsg", method.getName());
                    return take((MemorySegment) arguments[1]);
                });
    }

    private int take(MemorySegment message) {
        if (room < 0) {
            return room;
        }
        int before = taken.size();
        int count = (int) message.get(JAVA_LONG, 24);
        MemorySegment iovecs = MemorySegment.ofAddress(message.get(JAVA_LONG, 16)).reinterpret(count * 16L);
        for (int i = 0; i < count && room > 0; i++) {
            int length = (int) Math.min(room, iovecs.get(JAVA_LONG, i * 16L + 8));
            taken.writeBytes(MemorySegment.ofAddress(iovecs.get(JAVA_LONG, i * 16L))
                    .reinterpret(length)
                    .toArray(JAVA_BYTE));
            room -= length;
        }
        return taken.size() == before ? -Errno.EAGAIN : taken.size() - before;
    }

    /** Adds a datagram of random bytes; they count as accepted unless the flush drops it. */
    private byte[] add(int length) {
        PooledBuffer datagram = pool.allocate();
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        datagram.bounds(datagram.offset(), length);
        MemorySegment.copy(bytes, 0, datagram.segment(), JAVA_BYTE, datagram.offset(), length);
        queue.add(datagram);
        return bytes;
    }

    private void addAndFlush(int length) {
        long dropped = drops.of(DropReason.QUEUE_FULL);
        byte[] bytes = add(length);
        assertEquals(0, queue.flush());
        if (drops.of(DropReason.QUEUE_FULL) == dropped) {
            accepted.writeBytes(bytes);
        }
    }

    @Test
    void shouldLoseNothingWhereverTheKernelStops() {
        for (int i = 0; i < 3000; i++) {
            room = random.nextInt(8) == 0 ? random.nextInt(12_000) : 0;
            if (queue.hasBacklog()) {
                assertEquals(0, queue.drain());
            }
            addAndFlush(1 + random.nextInt(2000));
        }
        assertTrue(drops.of(DropReason.QUEUE_FULL) > 0, "the bound was not met");
        room = Integer.MAX_VALUE;
        assertEquals(0, queue.drain());
        assertFalse(queue.hasBacklog());
        assertArrayEquals(accepted.toByteArray(), taken.toByteArray());
        assertEquals(pool.capacity(), pool.free());
        assertEquals(0, memory.lentBlocks());
    }

    @Test
    void shouldDropTheNewestBehindAQuarterOfAMebibyte() {
        room = 0;
        for (int i = 0; i < 300; i++) {
            addAndFlush(1024);
        }
        assertEquals(300 - 256, drops.of(DropReason.QUEUE_FULL));
        queue.release();
        assertEquals(0, memory.lentBlocks());
    }

    @Test
    void shouldBoundTheBacklogsOfAllConnectionsAndStillEndADatagramThatHasBegun() {
        int connections = 0;
        room = 0;
        while (drops.of(DropReason.QUEUE_FULL) == 0) {
            var other = new SendQueue(libc(), 6, drops, memory);
            for (int i = 0; i < 128; i++) {
                PooledBuffer datagram = pool.allocate();
                datagram.bounds(datagram.offset(), 2000);
                other.add(datagram);
            }
            other.flush();
            assertTrue(++connections < 200, "no bound");
        }
        int lent = memory.lentBlocks();
        room = 100;
        byte[] begun = add(2000);
        queue.flush();
        assertEquals(lent + 1, memory.lentBlocks());
        room = Integer.MAX_VALUE;
        queue.drain();
        assertArrayEquals(begun, taken.toByteArray());
    }

    @Test
    void shouldDropTheBatchWhenTheConnectionFailed() {
        add(10);
        add(20);
        room = -Errno.ECONNRESET;
        assertEquals(Errno.ECONNRESET, queue.flush());
        assertEquals(2, drops.of(DropReason.LINK_ERROR));
        assertEquals(pool.capacity(), pool.free());
    }

    @Test
    void shouldTakeABatchOfManyDatagramsInOneCall() {
        for (int i = 0; i < TcpMemory.BATCH; i++) {
            assertFalse(queue.isFull());
            accepted.writeBytes(add(1500));
        }
        assertTrue(queue.isFull());
        assertEquals(0, queue.flush());
        assertArrayEquals(accepted.toByteArray(), taken.toByteArray());
        queue.trim();
        queue.trim();
        accepted.writeBytes(add(5));
        queue.flush();
        assertArrayEquals(accepted.toByteArray(), taken.toByteArray());
    }
}

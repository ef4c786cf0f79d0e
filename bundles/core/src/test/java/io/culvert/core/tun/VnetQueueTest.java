package io.culvert.core.tun;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.FailingLibc;
import io.culvert.core.libc.FfmLibc;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import io.culvert.core.tun.SuperPackets.Flow;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The queue over a UDP socket that is connected to itself: what is written is what is read next. */
class VnetQueueTest {
    private static final int MTU = 1400;
    private static final int ROOM = 2000;
    private static final Offloads ALL = new Offloads(true, true, true, true);

    private final Random random = new Random(5);
    private final Libc libc = new FfmLibc();
    private final BufferPool pool = new BufferPool(128, 64, ROOM);
    private final PooledBuffer[] batch = new PooledBuffer[64];
    private int fd;

    @BeforeEach
    void connectToItself() throws Exception {
        fd = libc.socket(Linux.AF_INET, Linux.SOCK_DGRAM | Linux.SOCK_NONBLOCK | Linux.SOCK_CLOEXEC, 0);
        libc.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_RCVBUF, 1 << 20);
        try (var arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(16, 8);
            address.set(ValueLayout.JAVA_SHORT, 0, (short) Linux.AF_INET);
            address.set(JAVA_BYTE, 4, (byte) 127);
            address.set(JAVA_BYTE, 7, (byte) 1);
            libc.bind(fd, address, 16);
            libc.getsockname(fd, address, arena.allocateFrom(ValueLayout.JAVA_INT, 16));
            assertEquals(0, libc.connect(fd, address, 16));
        }
    }

    @AfterEach
    void close() {
        libc.closeQuietly(fd);
    }

    @Test
    void shouldWriteAFlowAtOnceAndTakeItApartAgain() {
        var queue = new VnetQueue(libc, fd, "cv0", MTU, ALL);
        List<byte[]> packets = packets(40, 1200);
        write(queue, packets, 64);
        assertEquals(1, queue.superPacketsWritten());
        assertEquals(pool.capacity(), pool.free());
        assertSame(packets, read(queue, batch));
        assertEquals(1, queue.superPacketsRead());
        assertFalse(queue.hasMore());
        assertEquals(0, queue.readDrops() + queue.writeDrops());
    }

    @Test
    void shouldWriteAPacketThatHasNoRoomBeforeIt() {
        var queue = new VnetQueue(libc, fd, "cv0", MTU, ALL);
        for (int count : new int[] {1, 3}) {
            List<byte[]> packets = packets(count, 500);
            write(queue, packets, 3);
            assertSame(packets, read(queue, batch));
        }
        assertEquals(1, queue.superPacketsWritten());
    }

    @Test
    void shouldKeepWhatTheCallerHasNoRoomFor() {
        var queue = new VnetQueue(libc, fd, "cv0", MTU, ALL);
        List<byte[]> packets = packets(10, 1200);
        write(queue, packets, 64);
        List<byte[]> back = new ArrayList<>();
        var small = new PooledBuffer[3];
        do {
            back.addAll(read(queue, small));
        } while (queue.hasMore());
        assertSame(packets, back);
    }

    @Test
    void shouldFillABatchFromSeveralReads() {
        var queue = new VnetQueue(libc, fd, "cv0", MTU, ALL);
        List<byte[]> packets = packets(5, 1200);
        write(queue, packets, 64);
        packets.addAll(packets(7, 700));
        write(queue, packets.subList(5, 12), 64);
        assertSame(packets, read(queue, batch));
        assertEquals(2, queue.superPacketsRead());
    }

    @Test
    void shouldKeepTheRestWhenThePoolRunsOutAndDropWhenItStaysSo() {
        var queue = new VnetQueue(libc, fd, "cv0", MTU, ALL);
        List<byte[]> packets = packets(10, 1200);
        write(queue, packets, 64);
        var few = new BufferPool(4, 64, ROOM);
        assertEquals(4, queue.readBatch(few, batch));
        assertTrue(queue.hasMore());
        assertEquals(0, queue.readDrops());
        assertEquals(0, queue.readBatch(few, new PooledBuffer[4]));
        assertEquals(1, queue.readDrops());
        for (int i = 0; i < 4; i++) {
            batch[i].release();
        }
        assertSame(packets.subList(5, 10), read(queue, batch));
        assertFalse(queue.hasMore());
    }

    @Test
    void shouldDropWhatDoesNotFitABuffer() {
        var queue = new VnetQueue(libc, fd, "cv0", MTU, ALL);
        write(queue, packets(3, 1200), 64);
        assertEquals(0, queue.readBatch(new BufferPool(8, 64, 1000), batch));
        assertEquals(3, queue.readDrops());
    }

    @Test
    void shouldDropNonsenseAndGoOn() {
        var queue = new VnetQueue(libc, fd, "cv0", MTU, ALL);
        byte[] whole = SuperPackets.gso(packets(1, 5000).getFirst(), 40, 1000);
        for (int length = 0; length < 100; length++) {
            raw(java.util.Arrays.copyOf(whole, length));
            assertEquals(0, queue.readBatch(pool, batch), "length " + length);
        }
        raw(new byte[65_507]);
        assertEquals(0, queue.readBatch(pool, batch));
        // A datagram of no bytes is no packet, neither good nor bad.
        assertEquals(100, queue.readDrops());
        raw(whole);
        assertEquals(5, queue.readBatch(pool, batch));
    }

    @Test
    void shouldCountEveryPacketThatTheDeviceRefuses() {
        for (int errno : new int[] {Errno.EAGAIN, Errno.EIO, Errno.EINVAL}) {
            var queue = new VnetQueue(new FailingLibc(libc, 0, errno).libc(), fd, "cv0", MTU, ALL);
            write(queue, packets(5, 100), 64);
            assertEquals(5, queue.writeDrops());
            write(queue, packets(1, 100), 64);
            assertEquals(5, queue.writeDrops());
            assertEquals(pool.capacity(), pool.free());
            assertEquals(1, queue.readBatch(pool, batch));
            batch[0].release();
            queue = new VnetQueue(new FailingLibc(libc, 0, errno).libc(), fd, "cv0", MTU, ALL);
            write(queue, packets(1, 100), 64);
            assertEquals(1, queue.writeDrops());
            write(queue, packets(1, 100), 3);
            assertEquals(1, queue.readBatch(pool, batch));
            batch[0].release();
        }
    }

    @Test
    void shouldTryAgainWhenInterruptedAndStopWhenNothingWaits() {
        List<byte[]> packets = packets(3, 100);
        var interrupted = new FailingLibc(libc, 0, Errno.EINTR);
        write(new VnetQueue(interrupted.libc(), fd, "cv0", MTU, ALL), packets, 64);
        assertEquals(List.of("writev", "writev"), interrupted.calls());
        var empty = new VnetQueue(new FailingLibc(libc, 0, Errno.EAGAIN).libc(), fd, "cv0", MTU, ALL);
        assertEquals(0, empty.readBatch(pool, batch));
        assertEquals(0, empty.readDrops());
        assertFalse(empty.hasMore());
        interrupted = new FailingLibc(libc, 0, Errno.EINTR);
        assertSame(packets, read(new VnetQueue(interrupted.libc(), fd, "cv0", MTU, ALL), batch));
    }

    @Test
    void shouldSayThatTheDeviceIsGone() {
        var few = new BufferPool(1, 64, ROOM);
        few.allocate();
        for (int errno : new int[] {Errno.EAGAIN, Errno.EINVAL, Errno.EIO, Errno.EBADFD}) {
            boolean gone = errno == Errno.EIO || errno == Errno.EBADFD;
            int drops = errno == Errno.EAGAIN ? 0 : 1;
            for (Tun queue : List.of(
                    new VnetQueue(new FailingLibc(libc, 0, errno).libc(), fd, "cv0", MTU, ALL),
                    new PlainQueue(new FailingLibc(libc, 0, errno).libc(), fd, "cv0", MTU))) {
                assertFalse(queue.broken());
                assertEquals(0, queue.readBatch(pool, batch));
                assertEquals(gone, queue.broken(), () -> queue + " errno " + errno);
                assertEquals(drops, queue.readDrops());
                assertFalse(queue.hasMore());
            }
            var plain = new PlainQueue(new FailingLibc(libc, 0, errno).libc(), fd, "cv0", MTU);
            assertEquals(0, plain.readBatch(few, batch));
            assertEquals(gone, plain.broken(), "with no buffer left, too");
        }
        assertEquals(pool.capacity(), pool.free());
    }

    /** Once it is warm: a system call may cost 40 bytes, a packet nothing. */
    @Test
    void shouldAllocateNothing() {
        var queue = new VnetQueue(libc, fd, "cv0", MTU, ALL);
        List<byte[]> tcp = packets(30, 1200);
        List<byte[]> udp = new ArrayList<>();
        Flow flow = new Flow(random, 6, 17);
        for (int i = 0; i < 20; i++) {
            udp.add(flow.take(0, SuperPackets.random(random, 1000)));
        }
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int rounds = 1000;
        long least = Long.MAX_VALUE;
        for (int window = 0; window < 30 && least > 4 * 40 + 10; window++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int round = 0; round < rounds; round++) {
                write(queue, tcp, 64);
                write(queue, udp, 64);
                int count = queue.readBatch(pool, batch);
                for (int i = 0; i < count; i++) {
                    batch[i].release();
                }
                if (count != 50) {
                    throw new AssertionError(count + " packets");
                }
            }
            least = Math.min(least, (threads.getCurrentThreadAllocatedBytes() - before) / rounds);
        }
        long bytes = least;
        assertTrue(bytes <= 4 * 40 + 10, () -> bytes + " bytes for 50 packets, two writes and two reads");
    }

    private List<byte[]> packets(int count, int payload) {
        Flow flow = new Flow(random, 4, 6);
        List<byte[]> packets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            packets.add(flow.take(SuperPackets.ACK, SuperPackets.random(random, payload)));
        }
        return packets;
    }

    private void write(VnetQueue queue, List<byte[]> packets, int offset) {
        for (int i = 0; i < packets.size(); i++) {
            byte[] bytes = packets.get(i);
            PooledBuffer buffer = pool.allocate();
            buffer.bounds(offset, bytes.length);
            MemorySegment.copy(bytes, 0, buffer.segment(), JAVA_BYTE, offset, bytes.length);
            queue.write(buffer);
        }
        queue.flush();
    }

    private void raw(byte[] bytes) {
        try (var arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(bytes.length + 1);
            MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, 0, bytes.length);
            assertEquals(bytes.length, libc.write(fd, memory, 0, bytes.length));
        }
    }

    private List<byte[]> read(VnetQueue queue, PooledBuffer[] into) {
        int count = queue.readBatch(pool, into);
        List<byte[]> packets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            assertEquals(64, into[i].offset());
            packets.add(into[i].segment().asSlice(64, into[i].length()).toArray(JAVA_BYTE));
            into[i].release();
        }
        return packets;
    }

    private static void assertSame(List<byte[]> expected, List<byte[]> actual) {
        assertEquals(expected.size(), actual.size());
        for (int i = 0; i < expected.size(); i++) {
            assertArrayEquals(expected.get(i), actual.get(i));
        }
    }
}

package io.culvert.core.libc;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FfmLibcTest {
    private final Libc libc = new FfmLibc();
    private final FailingLibc watched = new FailingLibc(libc, -1, 0);
    private Arena arena;

    @BeforeEach
    void open() {
        arena = Arena.ofShared();
    }

    @AfterEach
    void close() {
        watched.openDescriptors().forEach(libc::closeQuietly);
        arena.close();
    }

    @Test
    void shouldNameCallErrnoAndTextWhenOpenFails() {
        var failure = assertThrows(NativeException.class, () -> libc.open("/no/such/file", Linux.O_RDONLY));
        assertEquals(Errno.ENOENT, failure.errno());
        assertEquals("open(/no/such/file): No such file or directory (ENOENT)", failure.getMessage());
    }

    @Test
    void shouldCaptureErrnoForEachThreadApart() throws Exception {
        var failures = CompletableFuture.supplyAsync(() -> libc.read(-1, arena.allocate(1), 0, 1));
        assertEquals(-Errno.EBADF, failures.get());
        assertThrows(NativeException.class, () -> libc.open("/no/such/file", 0));
        assertEquals(-Errno.EBADF, libc.write(-1, arena.allocate(1), 0, 1));
    }

    @Test
    void shouldMoveBytesThroughEventfdAndReportItByEpoll() throws Exception {
        Libc libc = watched.libc();
        int event = libc.eventfd(0, Linux.EFD_NONBLOCK | Linux.EFD_CLOEXEC);
        int epoll = libc.epoll_create1(Linux.EPOLL_CLOEXEC);
        MemorySegment interest = arena.allocate(Linux.EPOLL_EVENT_SIZE);
        interest.set(JAVA_INT, 0, Linux.EPOLLIN);
        interest.set(JAVA_LONG_UNALIGNED, Linux.EPOLL_EVENT_DATA, 42);
        libc.epoll_ctl(epoll, Linux.EPOLL_CTL_ADD, event, interest);
        MemorySegment events = arena.allocate(4L * Linux.EPOLL_EVENT_SIZE);
        MemorySegment counter = arena.allocate(JAVA_LONG);

        assertEquals(0, libc.epoll_wait(epoll, events, 4, 0));
        assertEquals(-Errno.EAGAIN, libc.read(event, counter, 0, 8));
        counter.set(JAVA_LONG, 0, 3);
        assertEquals(8, libc.write(event, counter, 0, 8));
        assertEquals(1, libc.epoll_wait(epoll, events, 4, 1000));
        assertEquals(42, events.get(JAVA_LONG_UNALIGNED, Linux.EPOLL_EVENT_DATA));
        assertEquals(8, libc.read(event, counter, 0, 8));
        assertEquals(3, counter.get(JAVA_LONG, 0));
        libc.epoll_ctl(epoll, Linux.EPOLL_CTL_DEL, event, MemorySegment.NULL);
    }

    @Test
    void shouldSendAndReceiveABatchOfDatagrams() throws Exception {
        Libc libc = watched.libc();
        int receiver = udpOnLoopback(libc);
        int sender = libc.socket(Linux.AF_INET, Linux.SOCK_DGRAM | Linux.SOCK_CLOEXEC, 0);
        assertEquals(0, libc.connect(sender, nameOf(libc, receiver), 16));

        byte[][] texts = {bytes("one"), bytes("three"), bytes("five")};
        MemorySegment outgoing = arena.allocate(64L * texts.length, 8);
        for (int i = 0; i < texts.length; i++) {
            message(outgoing, i, arena.allocateFrom(JAVA_BYTE, texts[i]), texts[i].length);
        }
        assertEquals(2, libc.sendmmsg(sender, outgoing, 1, 2, 0));
        assertEquals(1, libc.sendmmsg(sender, outgoing, 0, 1, 0));

        MemorySegment incoming = arena.allocate(64L * 8, 8);
        MemorySegment room = arena.allocate(8L * 100);
        for (int i = 0; i < 8; i++) {
            message(incoming, i, room.asSlice(i * 100L, 100), 100);
        }
        assertEquals(3, libc.recvmmsg(receiver, incoming, 0, 8, Linux.MSG_DONTWAIT));
        assertEquals(5, incoming.get(JAVA_INT, 56));
        assertEquals("five", new String(room.asSlice(100, 4).toArray(JAVA_BYTE), StandardCharsets.US_ASCII));
        assertEquals(-Errno.EAGAIN, libc.recvmmsg(receiver, incoming, 0, 8, Linux.MSG_DONTWAIT));
    }

    @Test
    void shouldSpeakOverAStreamSocket() throws Exception {
        Libc libc = watched.libc();
        int listener = libc.socket(Linux.AF_INET, Linux.SOCK_STREAM | Linux.SOCK_NONBLOCK, 0);
        libc.setsockopt(listener, Linux.SOL_SOCKET, Linux.SO_REUSEADDR, 1);
        assertEquals(1, libc.getsockopt(listener, Linux.SOL_SOCKET, Linux.SO_REUSEADDR));
        libc.bind(listener, loopback(), 16);
        libc.listen(listener, 8);
        assertEquals(-Errno.EAGAIN, libc.accept4(listener, MemorySegment.NULL, MemorySegment.NULL, 0));
        int client = libc.socket(Linux.AF_INET, Linux.SOCK_STREAM, 0);
        assertEquals(0, libc.connect(client, nameOf(libc, listener), 16));
        MemorySegment length = arena.allocateFrom(JAVA_INT, 16);
        MemorySegment peer = arena.allocate(16, 4);
        int server = libc.accept4(listener, peer, length, Linux.SOCK_CLOEXEC);
        assertEquals(nameOf(libc, client).get(JAVA_SHORT, 2), peer.get(JAVA_SHORT, 2));

        MemorySegment text = arena.allocateFrom("hello");
        assertEquals(6, libc.send(client, text, 0, 6, Linux.MSG_NOSIGNAL));
        MemorySegment iov = arena.allocate(32, 8);
        MemorySegment room = arena.allocate(10);
        iov.set(JAVA_LONG, 0, room.address());
        iov.set(JAVA_LONG, 8, 2);
        iov.set(JAVA_LONG, 16, room.address() + 2);
        iov.set(JAVA_LONG, 24, 8);
        assertEquals(6, libc.readv(server, iov, 2));
        assertEquals("hello", room.getString(0));
        libc.shutdown(client, Linux.SHUT_WR);
        assertEquals(0, libc.recv(server, room, 0, 10, 0));
    }

    @Test
    void shouldRefuseRangesOutsideOfTheSegmentAndHeapMemory() {
        MemorySegment four = arena.allocate(4);
        assertThrows(IndexOutOfBoundsException.class, () -> libc.read(0, four, 1, 4));
        assertThrows(IndexOutOfBoundsException.class, () -> libc.sendmmsg(0, four, 0, 1, 0));
        assertThrows(IllegalArgumentException.class, () -> libc.read(0, MemorySegment.ofArray(new byte[4]), 0, 4));
    }

    @Test
    void shouldFindInterfacesByName() throws Exception {
        assertEquals(1, libc.if_nametoindex("lo"));
        var failure = assertThrows(NativeException.class, () -> libc.if_nametoindex("cv-no-such"));
        assertEquals(Errno.ENODEV, failure.errno());
    }

    @Test
    void shouldNotAllocateOnTheDataPath() throws Exception {
        int event = libc.eventfd(0, Linux.EFD_NONBLOCK);
        try {
            MemorySegment counter = arena.allocate(JAVA_LONG);
            MemorySegment messages = arena.allocate(64 * 4, 8);
            MemorySegment events = arena.allocate(4L * Linux.EPOLL_EVENT_SIZE);
            var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long thread = Thread.currentThread().threadId();
            long least = Long.MAX_VALUE;
            for (int round = 0; round < 500 && least > 0; round++) {
                long before = threads.getThreadAllocatedBytes(thread);
                for (int i = 0; i < 1_000; i++) {
                    counter.set(JAVA_LONG, 0, 1);
                    libc.write(event, counter, 0, 8);
                    libc.read(event, counter, 0, 8);
                    libc.read(event, counter, 0, 8);
                    libc.recvmmsg(event, messages, 0, 4, 0);
                    libc.epoll_wait(event, events, 4, 0);
                }
                least = Math.min(least, threads.getThreadAllocatedBytes(thread) - before);
            }
            assertEquals(0, least, "bytes allocated by 5,000 calls after warm-up");
        } finally {
            libc.close(event);
        }
    }

    @Test
    void shouldFailOneCallOnPurposeInTests() {
        var failing = new FailingLibc(libc, 1, Errno.ENOMEM);
        assertEquals(libc.getuid(), failing.libc().getuid());
        var failure = assertThrows(NativeException.class, () -> failing.libc().eventfd(0, 0));
        assertEquals(Errno.ENOMEM, failure.errno());
        assertEquals(List.of("getuid", "eventfd"), failing.calls());
    }

    private int udpOnLoopback(Libc libc) throws NativeException {
        int fd = libc.socket(Linux.AF_INET, Linux.SOCK_DGRAM | Linux.SOCK_CLOEXEC, 0);
        libc.bind(fd, loopback(), 16);
        return fd;
    }

    private MemorySegment loopback() {
        MemorySegment address = arena.allocate(16, 4);
        address.set(JAVA_SHORT, 0, (short) Linux.AF_INET);
        address.set(JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN), 4, 0x7F000001);
        return address;
    }

    private MemorySegment nameOf(Libc libc, int fd) throws NativeException {
        MemorySegment address = arena.allocate(16, 4);
        libc.getsockname(fd, address, arena.allocateFrom(JAVA_INT, 16));
        return address;
    }

    private void message(MemorySegment messages, int index, MemorySegment payload, long length) {
        MemorySegment iov = arena.allocate(16, 8);
        iov.set(JAVA_LONG, 0, payload.address());
        iov.set(JAVA_LONG, 8, length);
        messages.set(JAVA_LONG, index * 64L + 16, iov.address());
        messages.set(JAVA_LONG, index * 64L + 24, 1);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}

package io.culvert.core.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.core.NetworkNamespace;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.FfmLibc;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two hosts, each a network namespace with a TUN, and packets carried from one TUN to the other by the test. */
class TwoTunsTest {
    private static final int MTU = 1400;
    private static final int BYTES = 30_000_000;
    private static final int PORT = 7000;

    private final Libc libc = new FfmLibc();

    @ParameterizedTest
    @CsvSource({"10.9.0.1, 10.9.0.2, 24, 1", "fd00:9::1, fd00:9::2, 64, 1", "10.9.0.1, 10.9.0.2, 24, 2"})
    void shouldCarryABulkTransferUnharmed(String here, String there, int length, int queues) throws Exception {
        NetworkNamespace.call(() -> {
            try (var left = open(here, length, queues);
                    var listener = ServerSocketChannel.open()) {
                listener.setOption(StandardSocketOptions.SO_RCVBUF, 1 << 20);
                listener.bind(new InetSocketAddress(here, PORT));
                NetworkNamespace.call(() -> {
                    try (var right = open(there, length, queues);
                            var bridge = new Bridge(left, right);
                            var client = SocketChannel.open(new InetSocketAddress(here, PORT));
                            var server = listener.accept()) {
                        FutureTask<Long> up = start(() -> receive(server));
                        FutureTask<Long> down = start(() -> receive(client));
                        FutureTask<Long> upSum = start(() -> send(client, 1));
                        FutureTask<Long> downSum = start(() -> send(server, 2));
                        assertEquals(upSum.get(50, TimeUnit.SECONDS), up.get(50, TimeUnit.SECONDS));
                        assertEquals(downSum.get(50, TimeUnit.SECONDS), down.get(50, TimeUnit.SECONDS));
                        bridge.close();
                        assertTrue(left.offloads().tso(), left.toString());
                        assertSuperPackets(left);
                        assertSuperPackets(right);
                        assertEquals(0, bridge.pool.capacity() - bridge.pool.free());
                    }
                    return null;
                });
            }
            return null;
        });
    }

    /** Datagrams that the sender gave to the kernel in one call, UDP_SEGMENT, arrive as they were meant. */
    @ParameterizedTest
    @CsvSource({"10.9.0.1, 10.9.0.2, 24", "fd00:9::1, fd00:9::2, 64"})
    void shouldCarryDatagramsThatWereSentTogether(String here, String there, int length) throws Exception {
        NetworkNamespace.call(() -> {
            try (var left = open(here, length, 1);
                    var receiver = new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral(here), PORT))) {
                Assumptions.assumeTrue(left.offloads().uso(), "the kernel has no UDP segmentation");
                receiver.setSoTimeout(10_000);
                NetworkNamespace.call(() -> {
                    try (var right = open(there, length, 1);
                            var bridge = new Bridge(left, right)) {
                        byte[] sent = new byte[20_500];
                        new Random(4).nextBytes(sent);
                        sendSegmented(here, sent, 1000);
                        for (int i = 0; i < 21; i++) {
                            var packet = new DatagramPacket(new byte[2000], 2000);
                            receiver.receive(packet);
                            assertEquals(
                                    ByteBuffer.wrap(sent, i * 1000, i == 20 ? 500 : 1000),
                                    ByteBuffer.wrap(packet.getData(), 0, packet.getLength()));
                        }
                        bridge.close();
                        assertTrue(queue(right, 0).superPacketsRead() > 0);
                        assertTrue(queue(left, 0).superPacketsWritten() > 0);
                    }
                    return null;
                });
            }
            return null;
        });
    }

    @Test
    void shouldGiveEachQueueADescriptorOfItsOwn() throws Exception {
        NetworkNamespace.call(() -> {
            try (var tun = LinuxTun.open(libc, "cv0", MTU, 4)) {
                assertEquals(4, tun.queues());
                assertEquals(
                        4,
                        java.util.stream.IntStream.range(0, 4).map(i -> tun.queue(i).fd()).distinct().count());
                String shown = NetworkNamespace.run("ip", "-d", "link", "show", "cv0");
                assertTrue(shown.contains("multi_queue") && shown.contains("vnet_hdr"), shown);
            }
            return null;
        });
    }

    private LinuxTun open(String address, int length, int queues) throws Exception {
        LinuxTun tun = LinuxTun.open(libc, "cv0", MTU, queues);
        try (var netlink = Netlink.open(libc)) {
            netlink.up("cv0", MTU);
            netlink.addAddress("cv0", InetAddress.ofLiteral(address), length);
        }
        return tun;
    }

    private static VnetQueue queue(LinuxTun tun, int index) {
        return (VnetQueue) tun.queue(index);
    }

    private static void assertSuperPackets(LinuxTun tun) {
        long read = 0;
        long written = 0;
        for (int i = 0; i < tun.queues(); i++) {
            read += queue(tun, i).superPacketsRead();
            written += queue(tun, i).superPacketsWritten();
            assertEquals(0, tun.queue(i).writeDrops());
        }
        assertTrue(read > 100 && written > 100, "super-packets: " + read + " read, " + written + " written");
    }

    private static <T> FutureTask<T> start(Callable<T> what) {
        var task = new FutureTask<>(what);
        Thread.ofPlatform().daemon().start(task);
        return task;
    }

    private static long send(SocketChannel channel, int seed) throws Exception {
        var random = new Random(seed);
        var sum = new CRC32C();
        byte[] bytes = new byte[60_000];
        for (int sent = 0; sent < BYTES; sent += bytes.length) {
            random.nextBytes(bytes);
            sum.update(bytes);
            for (ByteBuffer all = ByteBuffer.wrap(bytes); all.hasRemaining(); ) {
                channel.write(all);
            }
        }
        channel.shutdownOutput();
        return sum.getValue();
    }

    private static long receive(SocketChannel channel) throws Exception {
        var sum = new CRC32C();
        ByteBuffer bytes = ByteBuffer.allocate(256 << 10);
        while (channel.read(bytes) >= 0) {
            sum.update(bytes.flip());
            bytes.clear();
        }
        return sum.getValue();
    }

    private void sendSegmented(String to, byte[] bytes, int segment) throws Exception {
        byte[] address = InetAddress.ofLiteral(to).getAddress();
        boolean ipv4 = address.length == 4;
        int fd = libc.socket(ipv4 ? Linux.AF_INET : Linux.AF_INET6, Linux.SOCK_DGRAM, 0);
        try (var arena = Arena.ofConfined()) {
            libc.setsockopt(fd, Linux.IPPROTO_UDP, Linux.UDP_SEGMENT, segment);
            ByteBuffer name = ByteBuffer.allocate(28).order(java.nio.ByteOrder.nativeOrder());
            name.putShort((short) (ipv4 ? Linux.AF_INET : Linux.AF_INET6));
            name.put((byte) (PORT >> 8)).put((byte) PORT).put(ipv4 ? 4 : 8, address);
            MemorySegment peer = arena.allocate(28, 8).copyFrom(MemorySegment.ofArray(name.array()));
            assertEquals(0, libc.connect(fd, peer, ipv4 ? 16 : 28));
            MemorySegment payload = arena.allocate(bytes.length).copyFrom(MemorySegment.ofArray(bytes));
            assertEquals(bytes.length, libc.send(fd, payload, 0, bytes.length, 0));
        } finally {
            libc.close(fd);
        }
    }

    /** Carries what each TUN gives to the other, queue by queue, until it is closed. */
    private final class Bridge implements AutoCloseable {
        final BufferPool pool = new BufferPool(2048, 64, 2048);
        private final PooledBuffer[] batch = new PooledBuffer[256];
        private final LinuxTun left;
        private final LinuxTun right;
        private final Thread thread;
        private volatile boolean closed;

        Bridge(LinuxTun left, LinuxTun right) {
            this.left = left;
            this.right = right;
            thread = Thread.ofPlatform().daemon().name("bridge").start(this::run);
        }

        private void run() {
            try (var arena = Arena.ofConfined()) {
                int epoll = libc.epoll_create1(0);
                for (int i = 0; i < left.queues(); i++) {
                    watch(arena, epoll, left.queue(i).fd());
                    watch(arena, epoll, right.queue(i).fd());
                }
                MemorySegment events = arena.allocate(16L * Linux.EPOLL_EVENT_SIZE, 8);
                while (!closed) {
                    libc.epoll_wait(epoll, events, 16, 100);
                    for (int i = 0; i < left.queues(); i++) {
                        carry(left.queue(i), right.queue(i));
                        carry(right.queue(i), left.queue(i));
                    }
                }
                libc.close(epoll);
            } catch (java.io.IOException e) {
                throw new IllegalStateException(e);
            }
        }

        private void watch(Arena arena, int epoll, int fd) throws java.io.IOException {
            MemorySegment event = arena.allocate(Linux.EPOLL_EVENT_SIZE, 8);
            event.set(java.lang.foreign.ValueLayout.JAVA_INT, 0, Linux.EPOLLIN);
            libc.epoll_ctl(epoll, Linux.EPOLL_CTL_ADD, fd, event);
        }

        private void carry(Tun from, Tun to) {
            do {
                int count = from.readBatch(pool, batch);
                for (int i = 0; i < count; i++) {
                    to.write(batch[i]);
                }
            } while (from.hasMore());
            to.flush();
        }

        @Override
        public void close() {
            closed = true;
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}

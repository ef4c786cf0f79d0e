package io.culvert.core.tun;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.network.Prefix;
import io.culvert.core.NetworkNamespace;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.host.HostException;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.FailingLibc;
import io.culvert.core.libc.FfmLibc;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.NativeException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LinuxTunTest {
    private static final int MTU = 1400;

    private final Libc libc = new FfmLibc();

    @Test
    void shouldSetUpAddressesAndRoutes() throws Exception {
        NetworkNamespace.call(() -> {
            try (var tun = LinuxTun.open(libc, "cv0", MTU, 1);
                    var netlink = Netlink.open(libc)) {
                netlink.up(tun.name(), MTU);
                netlink.addAddress("cv0", InetAddress.ofLiteral("10.8.0.1"), 24);
                netlink.addAddress("cv0", InetAddress.ofLiteral("fd00:8::1"), 64);
                netlink.addRoute("cv0", Prefix.parse("192.168.77.0/24"));
                netlink.addRoute("cv0", Prefix.parse("fd00:77::/64"));

                String link = NetworkNamespace.run("ip", "address", "show", "dev", "cv0");
                assertTrue(link.contains("mtu 1400") && link.contains("UP"), link);
                assertTrue(link.contains("inet 10.8.0.1/24"), link);
                assertTrue(link.contains("inet6 fd00:8::1/64 scope global nodad"), link);
                String routes = NetworkNamespace.run("ip", "route");
                assertTrue(routes.contains("10.8.0.0/24 dev cv0"), routes);
                assertTrue(routes.contains("192.168.77.0/24 dev cv0"), routes);
                assertTrue(NetworkNamespace.run("ip", "-6", "route").contains("fd00:77::/64 dev cv0"));

                var again = assertThrows(
                        NativeException.class, () -> netlink.addRoute("cv0", Prefix.parse("192.168.77.0/24")));
                assertEquals(Errno.EEXIST, again.errno());
                assertTrue(again.getMessage().contains("add route 192.168.77.0/24 to cv0"), again.getMessage());
                assertTrue(netlink.deleteRoute("cv0", Prefix.parse("192.168.77.0/24")));
                assertFalse(netlink.deleteRoute("cv0", Prefix.parse("192.168.77.0/24")));
                assertFalse(NetworkNamespace.run("ip", "route").contains("192.168.77.0"));
            }
            assertFalse(NetworkNamespace.run("ip", "link").contains("cv0"));
            return null;
        });
    }

    @Test
    void shouldCarryPacketsBothWays() throws Exception {
        NetworkNamespace.call(() -> {
            try (var device = open();
                    var tun = device.queue(0);
                    var socket = new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral("10.8.0.1"), 7000))) {
                socket.setSoTimeout(10_000);
                var pool = new BufferPool(4, 64, MTU + 64);
                socket.send(new DatagramPacket(new byte[] {1, 2, 3}, 3, new InetSocketAddress("10.8.0.2", 7001)));
                PooledBuffer packet = readIpv4(tun, pool);
                assertEquals(31, packet.length());
                assertEquals(64, packet.offset());

                // Sent back with addresses and ports exchanged, all checksums stay right.
                exchange(packet, 12, 16, 4);
                exchange(packet, 20, 22, 2);
                tun.write(packet);
                tun.flush();
                var answer = new DatagramPacket(new byte[10], 10);
                socket.receive(answer);
                assertEquals(3, answer.getLength());
                assertEquals(7001, answer.getPort());
                assertEquals(4, pool.free());
                assertEquals(0, tun.writeDrops());
            }
            return null;
        });
    }

    @Test
    void shouldDropAndCountWhenThePoolIsExhausted() throws Exception {
        NetworkNamespace.call(() -> {
            try (var device = open();
                    var tun = device.queue(0);
                    var socket = new DatagramSocket()) {
                var to = new InetSocketAddress("10.8.0.2", 7001);
                for (int i = 0; i < 3; i++) {
                    socket.send(new DatagramPacket(new byte[100], 100, to));
                }
                var pool = new BufferPool(1, 64, MTU + 64);
                PooledBuffer held = pool.allocate();
                assertEquals(0, tun.readBatch(pool, new PooledBuffer[8]));
                assertEquals(1, tun.readDrops());
                held.release();
                // One buffer, two packets: the second is kept, or dropped, until there is another buffer.
                var batch = new PooledBuffer[8];
                assertEquals(1, tun.readBatch(pool, batch));
                assertEquals(tun.hasMore() ? 1 : 2, tun.readDrops());
                long left = tun.hasMore() ? 1 : 0;
                batch[0].release();
                assertEquals(left, tun.readBatch(pool, batch));
                assertFalse(tun.hasMore());
            }
            return null;
        });
    }

    @Test
    void shouldDropWhatTheKernelWouldCut() throws Exception {
        NetworkNamespace.call(() -> {
            try (var device = open();
                    var tun = device.queue(0);
                    var netlink = Netlink.open(libc);
                    var socket = new DatagramSocket()) {
                netlink.up("cv0", MTU + 100);
                socket.send(new DatagramPacket(new byte[MTU], MTU, new InetSocketAddress("10.8.0.2", 7001)));
                var pool = new BufferPool(4, 64, MTU + 64);
                while (tun.readDrops() == 0) {
                    for (int i = tun.readBatch(pool, new PooledBuffer[1]); i > 0; i--) {
                        throw new AssertionError("a packet came through");
                    }
                }
                assertEquals(4, pool.free());
            }
            return null;
        });
    }

    @Test
    void shouldCountWhatTheDeviceRefuses() throws Exception {
        NetworkNamespace.call(() -> {
            try (var device = open();
                    var tun = device.queue(0)) {
                var pool = new BufferPool(1, 64, MTU);
                PooledBuffer nonsense = pool.allocate();
                nonsense.bounds(64, 20);
                tun.write(nonsense);
                assertEquals(1, tun.writeDrops());
                assertEquals(1, pool.free());
            }
            return null;
        });
    }

    @Test
    void shouldSayThatTheNameIsTaken() throws Exception {
        NetworkNamespace.call(() -> {
            try (var first = LinuxTun.open(libc, "cv0", MTU, 1)) {
                var second = assertThrows(HostException.class, () -> LinuxTun.open(libc, "cv0", MTU, 1));
                assertTrue(second.getMessage().startsWith("interface cv0 is taken"), second.getMessage());
                assertTrue(second.remedy().contains("core.tun"));
                assertThrows(HostException.class, () -> LinuxTun.open(libc, "lo", MTU, 1));
                assertEquals("cv0", first.name());
            }
            return null;
        });
    }

    @Test
    void shouldNameTheRemedyForEachFailureAndLeaveNothingOpen() {
        assertTrue(failure(0, Errno.ENOENT).remedy().contains("modprobe tun"));
        assertTrue(failure(0, Errno.EACCES).remedy().contains("root"));
        assertTrue(failure(1, Errno.EPERM).remedy().contains("CAP_NET_ADMIN"));
    }

    @Test
    void shouldRefuseBadNames() {
        for (String name : new String[] {"", "..", "a/b", "a b", "sixteen-letters.", "tun%d"}) {
            assertThrows(HostException.class, () -> LinuxTun.open(libc, name, MTU, 1), name);
        }
    }

    private HostException failure(int failAt, int errno) {
        // The device node may be missing where this is built: /dev/null stands for it.
        var failing = new FailingLibc(libc, failAt, errno);
        Libc device = (Libc) java.lang.reflect.Proxy.newProxyInstance(
                Libc.class.getClassLoader(), new Class<?>[] {Libc.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("open")) {
                        arguments[0] = "/dev/null";
                    }
                    try {
                        return method.invoke(failing.libc(), arguments);
                    } catch (java.lang.reflect.InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
        var failure = assertThrows(HostException.class, () -> LinuxTun.open(device, "cv0", MTU, 1));
        assertEquals(Set.of(), failing.openDescriptors());
        return failure;
    }

    private LinuxTun open() throws Exception {
        var tun = LinuxTun.open(libc, "cv0", MTU, 1);
        try (var netlink = Netlink.open(libc)) {
            NetworkNamespace.run("sysctl", "-qw", "net.ipv6.conf.cv0.disable_ipv6=1");
            netlink.up("cv0", MTU);
            netlink.addAddress("cv0", InetAddress.ofLiteral("10.8.0.1"), 24);
        }
        return tun;
    }

    private static PooledBuffer readIpv4(Tun tun, BufferPool pool) {
        var batch = new PooledBuffer[1];
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (System.nanoTime() < deadline) {
            if (tun.readBatch(pool, batch) == 1) {
                MemorySegment segment = batch[0].segment();
                if (segment.get(ValueLayout.JAVA_BYTE, batch[0].offset()) >> 4 == 4) {
                    return batch[0];
                }
                batch[0].release();
            }
        }
        throw new AssertionError("no packet came");
    }

    private static void exchange(PooledBuffer packet, int a, int b, int length) {
        MemorySegment bytes = packet.segment().asSlice(packet.offset(), packet.length());
        byte[] first = bytes.asSlice(a, length).toArray(ValueLayout.JAVA_BYTE);
        byte[] second = bytes.asSlice(b, length).toArray(ValueLayout.JAVA_BYTE);
        MemorySegment.copy(second, 0, bytes, ValueLayout.JAVA_BYTE, a, length);
        MemorySegment.copy(first, 0, bytes, ValueLayout.JAVA_BYTE, b, length);
        assertArrayEquals(second, bytes.asSlice(a, length).toArray(ValueLayout.JAVA_BYTE));
    }
}

package io.culvert.core.host;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.culvert.api.network.Prefix;
import io.culvert.core.NetworkNamespace;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.core.libc.FfmLibc;
import io.culvert.core.libc.Libc;
import io.culvert.core.tun.LinuxTun;
import io.culvert.core.tun.Netlink;
import io.culvert.core.tun.Tun;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Packets through a real kernel: one TUN is the tunnels', the other stands for the way out. */
class MasqueradeTest {
    private static final int MTU = 1400;
    private static final int UDP = 17;

    private final Libc libc = new FfmLibc();
    private final BufferPool pool = new BufferPool(8, 64, MTU + 64);

    @TempDir
    Path run;

    @Test
    void shouldForwardIpv4UnderTheHostsAddressAndBack() throws Exception {
        forward("10.8.0.1", "10.8.0.0/24", 24, "192.0.2.1", 24, "0.0.0.0/0", "10.8.0.7", "198.51.100.9");
    }

    @Test
    void shouldForwardIpv6UnderTheHostsAddressAndBack() throws Exception {
        forward("fd00:8::1", "fd00:8::/64", 64, "2001:db8:1::1", 64, "::/0", "fd00:8::7", "2001:db8:9::9");
    }

    private void forward(
            String gateway,
            String prefix,
            int length,
            String host,
            int hostLength,
            String everywhere,
            String client,
            String server)
            throws Exception {
        Assumptions.assumeTrue(Nft.find().isPresent(), "needs nft");
        NetworkNamespace.call(() -> {
            Prefix tunnels = Prefix.parse(prefix);
            boolean ipv4 = length == 24;
            var settings = new HostNetwork.Settings(
                    "cv0",
                    ipv4 ? Optional.of(tunnels) : Optional.empty(),
                    ipv4 ? Optional.empty() : Optional.of(tunnels),
                    true,
                    true);
            try (var network = HostNetwork.apply(run, settings);
                    var inside = LinuxTun.open(libc, "cv0", MTU, 1);
                    var outside = LinuxTun.open(libc, "out0", MTU, 1);
                    var netlink = Netlink.open(libc)) {
                netlink.up("cv0", MTU);
                netlink.up("out0", MTU);
                netlink.addAddress("cv0", InetAddress.ofLiteral(gateway), length);
                netlink.addAddress("out0", InetAddress.ofLiteral(host), hostLength);
                netlink.addRoute("out0", Prefix.parse(everywhere));

                send(inside.queue(0), packet(client, 4000, server, 53));
                ByteBuffer left = receive(outside.queue(0));
                assertEquals(InetAddress.ofLiteral(host), source(left));
                assertEquals(InetAddress.ofLiteral(server), destination(left));
                int port = Short.toUnsignedInt(left.getShort(ipv4 ? 20 : 40));

                send(outside.queue(0), packet(server, 53, host, port));
                ByteBuffer back = receive(inside.queue(0));
                assertEquals(InetAddress.ofLiteral(client), destination(back));
                assertEquals(4000, Short.toUnsignedInt(back.getShort(ipv4 ? 22 : 42)));
                network.close();
            }
            return null;
        });
    }

    private void send(Tun tun, byte[] bytes) {
        PooledBuffer buffer = pool.allocate();
        buffer.bounds(buffer.offset(), bytes.length);
        MemorySegment.copy(bytes, 0, buffer.segment(), JAVA_BYTE, buffer.offset(), bytes.length);
        tun.write(buffer);
        tun.flush();
        assertEquals(0, tun.writeDrops());
    }

    /** The next UDP packet; what the kernel says of its own accord is passed over. */
    private ByteBuffer receive(Tun tun) {
        var batch = new PooledBuffer[1];
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (System.nanoTime() < deadline) {
            if (tun.readBatch(pool, batch) == 1) {
                byte[] bytes = batch[0].segment().asSlice(batch[0].offset(), batch[0].length()).toArray(JAVA_BYTE);
                batch[0].release();
                if (bytes[bytes[0] >> 4 == 4 ? 9 : 6] == UDP) {
                    return ByteBuffer.wrap(bytes);
                }
            }
        }
        throw new AssertionError("no packet came by " + tun.name());
    }

    private static InetAddress source(ByteBuffer packet) throws Exception {
        return address(packet, packet.get(0) >> 4 == 4 ? 12 : 8, packet.get(0) >> 4 == 4 ? 4 : 16);
    }

    private static InetAddress destination(ByteBuffer packet) throws Exception {
        return address(packet, packet.get(0) >> 4 == 4 ? 16 : 24, packet.get(0) >> 4 == 4 ? 4 : 16);
    }

    private static InetAddress address(ByteBuffer packet, int at, int length) throws Exception {
        byte[] bytes = new byte[length];
        packet.get(at, bytes);
        return InetAddress.getByAddress(bytes);
    }

    /** UDP with 8 bytes of payload. */
    private static byte[] packet(String from, int fromPort, String to, int toPort) {
        byte[] source = InetAddress.ofLiteral(from).getAddress();
        byte[] destination = InetAddress.ofLiteral(to).getAddress();
        int udpBytes = 16;
        ByteBuffer udp = ByteBuffer.allocate(udpBytes);
        udp.putShort((short) fromPort).putShort((short) toPort).putShort((short) udpBytes).putShort((short) 0);
        udp.putLong(0x0102030405060708L);
        ByteBuffer pseudo = ByteBuffer.allocate(2 * source.length + 4 + udpBytes);
        pseudo.put(source).put(destination).putShort((short) UDP).putShort((short) udpBytes).put(udp.array());
        udp.putShort(6, checksum(pseudo.array()));

        if (source.length == 4) {
            ByteBuffer ip = ByteBuffer.allocate(20);
            ip.putShort((short) 0x4500).putShort((short) (20 + udpBytes)).putInt(0x4000);
            ip.put((byte) 64).put((byte) UDP).putShort((short) 0).put(source).put(destination);
            ip.putShort(10, checksum(ip.array()));
            return ByteBuffer.allocate(20 + udpBytes).put(ip.array()).put(udp.array()).array();
        }
        ByteBuffer ip = ByteBuffer.allocate(40 + udpBytes);
        ip.putInt(0x60000000).putShort((short) udpBytes).put((byte) UDP).put((byte) 64);
        return ip.put(source).put(destination).put(udp.array()).array();
    }

    private static short checksum(byte[] bytes) {
        ByteBuffer words = ByteBuffer.wrap(bytes);
        int sum = 0;
        while (words.hasRemaining()) {
            sum += Short.toUnsignedInt(words.getShort());
        }
        while (sum >> 16 != 0) {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        return (short) ~sum;
    }
}

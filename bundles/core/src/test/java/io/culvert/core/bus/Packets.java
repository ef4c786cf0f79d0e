package io.culvert.core.bus;

import java.net.InetAddress;
import java.nio.ByteBuffer;

/** Inner packets for tests. */
public final class Packets {
    private Packets() {}

    public static byte[] ipv4(String from, String to, int timeToLive, int payload) {
        ByteBuffer packet = ByteBuffer.allocate(20 + payload);
        packet.put(0, (byte) 0x45).putShort(2, (short) (20 + payload)).put(8, (byte) timeToLive).put(9, (byte) 17);
        packet.put(12, InetAddress.ofLiteral(from).getAddress()).put(16, InetAddress.ofLiteral(to).getAddress());
        packet.putShort(10, (short) ~sum(packet));
        return packet.array();
    }

    public static byte[] ipv6(String from, String to, int hopLimit, int payload) {
        ByteBuffer packet = ByteBuffer.allocate(40 + payload);
        packet.put(0, (byte) 0x60).putShort(4, (short) payload).put(6, (byte) 17).put(7, (byte) hopLimit);
        packet.put(8, InetAddress.ofLiteral(from).getAddress()).put(24, InetAddress.ofLiteral(to).getAddress());
        return packet.array();
    }

    /** Whether the IPv4 header's checksum is right. */
    public static boolean checksumHolds(byte[] packet, int offset) {
        return sum(ByteBuffer.wrap(packet, offset, packet.length - offset).slice()) == 0xffff;
    }

    private static int sum(ByteBuffer packet) {
        int sum = 0;
        for (int i = 0; i < 20; i += 2) {
            sum += packet.getShort(i) & 0xffff;
        }
        sum = (sum & 0xffff) + (sum >>> 16);
        return (sum & 0xffff) + (sum >>> 16);
    }
}

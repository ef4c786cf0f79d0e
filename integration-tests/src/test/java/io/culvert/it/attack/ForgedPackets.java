package io.culvert.it.attack;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.security.SecureRandom;

/**
 * Sends forged first packets from many source addresses and ports; runs in a namespace of the lab whose loopback owns
 * the source prefix. Arguments: target address, port, packets, source prefix {@code a.b} of a /16.
 *
 * <p>A third of the packets are plain hard resets, a third have the length and shape of wrapped ones with a random tag,
 * a third are third packets of a handshake with an invented cookie.
 */
public final class ForgedPackets {
    private static final int PACKETS_PER_SOURCE = 4;

    private ForgedPackets() {}

    public static void main(String[] args) throws Exception {
        var target = new InetSocketAddress(InetAddress.getByName(args[0]), Integer.parseInt(args[1]));
        int count = Integer.parseInt(args[2]);
        var random = new SecureRandom();
        int sent = 0;
        for (int source = 0; sent < count; source++) {
            var from = InetAddress.getByName(args[3] + "." + (source >> 8 & 0xFF) + "." + (source & 0xFF));
            try (var channel = DatagramChannel.open(java.net.StandardProtocolFamily.INET)) {
                channel.setOption(StandardSocketOptions.SO_SNDBUF, 1 << 20);
                channel.bind(new InetSocketAddress(from, 0));
                for (int i = 0; i < PACKETS_PER_SOURCE && sent < count; i++, sent++) {
                    channel.send(forged(random, sent % 3), target);
                }
            }
        }
        System.out.println("sent " + sent);
    }

    private static ByteBuffer forged(SecureRandom random, int kind) {
        var packet = ByteBuffer.allocate(kind == 1 ? 400 : kind == 0 ? 14 : 60);
        random.nextBytes(packet.array());
        switch (kind) {
            case 0 -> packet.put(0, (byte) 0x38).put(9, (byte) 0).putInt(10, 0);
            case 1 -> packet.put(0, (byte) 0x50).putInt(9, 0x0f000001).putShort(398, (short) 340);
            default -> packet.put(0, (byte) 0x20).put(9, (byte) 1).putInt(10, 0).putInt(22, 1);
        }
        return packet;
    }
}

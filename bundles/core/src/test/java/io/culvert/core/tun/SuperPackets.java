package io.culvert.core.tun;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/** Packets as the kernel passes them through a TUN with vnet headers, made and judged without the code under test. */
final class SuperPackets {
    static final int FIN = 1;
    static final int PSH = 8;
    static final int ACK = 16;
    static final int CWR = 128;

    private SuperPackets() {}

    /** A flow and where it is; {@link #take} goes on. */
    static final class Flow {
        final int version;
        final int protocol;
        final byte[] addresses;
        final short sourcePort;
        byte[] options = {};
        byte[] extension = {};
        boolean dontFragment = true;
        int hopLimit = 64;
        int trafficClass;
        int id;
        int sequence;
        int acknowledgement = 0x12345678;
        int window = 500;

        Flow(Random random, int version, int protocol) {
            this.version = version;
            this.protocol = protocol;
            this.addresses = new byte[version == 4 ? 8 : 32];
            random.nextBytes(addresses);
            this.sourcePort = (short) random.nextInt();
            this.id = random.nextInt(65_536);
            this.sequence = random.nextInt();
        }

        int network() {
            return (version == 4 ? 20 : 40) + extension.length;
        }

        int headers() {
            return network() + (protocol == 6 ? 20 + options.length : 8);
        }

        /** The next packet of the flow, with right checksums. */
        byte[] take(int flags, byte[] payload) {
            byte[] packet = packet(flags, payload);
            id++;
            sequence += payload.length;
            return packet;
        }

        byte[] packet(int flags, byte[] payload) {
            ByteBuffer p = ByteBuffer.allocate(headers() + payload.length);
            if (version == 4) {
                p.put((byte) 0x45).put((byte) trafficClass).putShort((short) p.capacity()).putShort((short) id);
                p.putShort((short) (dontFragment ? 0x4000 : 0)).put((byte) hopLimit).put((byte) protocol);
                p.putShort((short) 0).put(addresses);
                p.putShort(10, (short) checksum(p.array(), 0, 20, 0));
            } else {
                p.putInt(0x60000000 | trafficClass << 20 | 0xabcde).putShort((short) (p.capacity() - 40));
                p.put((byte) (extension.length == 0 ? protocol : 0)).put((byte) hopLimit).put(addresses);
                p.put(extension);
            }
            p.putShort(sourcePort).putShort((short) 443);
            if (protocol == 6) {
                p.putInt(sequence).putInt(acknowledgement);
                p.put((byte) ((20 + options.length) << 2)).put((byte) flags).putShort((short) window);
                p.putInt(0).put(options);
            } else {
                p.putShort((short) (8 + payload.length)).putShort((short) 0);
            }
            p.put(payload);
            complete(p.array());
            return p.array();
        }
    }

    /** Offset of the TCP or UDP header. */
    static int transport(byte[] packet) {
        return packet[0] >> 4 == 4 ? 20 : packet[6] == 0 ? 40 + (packet[41] + 1) * 8 : 40;
    }

    static int protocol(byte[] packet) {
        return packet[0] >> 4 == 4 ? packet[9] : packet[6] == 0 ? packet[40] : packet[6];
    }

    private static int field(byte[] packet) {
        return transport(packet) + (protocol(packet) == 6 ? 16 : 6);
    }

    /** Writes the transport checksum. */
    static void complete(byte[] packet) {
        ByteBuffer p = ByteBuffer.wrap(packet);
        int field = field(packet);
        p.putShort(field, (short) 0);
        int sum = transportChecksum(packet);
        p.putShort(field, (short) (sum == 0 && protocol(packet) == 17 ? 0xFFFF : sum));
    }

    /** 0 when it is right. */
    static int transportChecksum(byte[] packet) {
        int at = transport(packet);
        return checksum(packet, at, packet.length - at, pseudo(packet));
    }

    private static long pseudo(byte[] packet) {
        boolean ipv4 = packet[0] >> 4 == 4;
        long sum = packet.length - transport(packet) + protocol(packet);
        return sum + words(packet, ipv4 ? 12 : 8, ipv4 ? 8 : 32);
    }

    private static long words(byte[] bytes, int at, int length) {
        long sum = 0;
        for (int i = 0; i < length; i++) {
            sum += (long) (bytes[at + i] & 0xFF) << (i % 2 == 0 ? 8 : 0);
        }
        return sum;
    }

    static int checksum(byte[] bytes, int at, int length, long initial) {
        long sum = initial + words(bytes, at, length);
        while (sum > 0xFFFF) {
            sum = (sum & 0xFFFF) + (sum >> 16);
        }
        return (int) (~sum & 0xFFFF);
    }

    /** The vnet header of a super-packet, and the packet with the sum of its pseudo-header for a checksum. */
    static byte[] gso(byte[] packet, int headers, int gsoSize) {
        byte[] partial = packet.clone();
        ByteBuffer p = ByteBuffer.wrap(partial);
        int field = field(partial);
        p.putShort(field, (short) ~checksum(new byte[0], 0, 0, pseudo(partial)));
        int type = protocol(packet) == 17 ? 5 : packet[0] >> 4 == 4 ? 1 : 4;
        return vnet(1, type, headers, gsoSize, transport(packet), field - transport(packet), partial);
    }

    static byte[] vnet(int flags, int type, int hdrLen, int gsoSize, int start, int offset, byte[] packet) {
        return ByteBuffer.allocate(10 + packet.length)
                .order(ByteOrder.nativeOrder())
                .put((byte) flags)
                .put((byte) type)
                .putShort((short) hdrLen)
                .putShort((short) gsoSize)
                .putShort((short) start)
                .putShort((short) offset)
                .put(packet)
                .array();
    }

    static byte[] random(Random random, int bytes) {
        byte[] payload = new byte[bytes];
        random.nextBytes(payload);
        return payload;
    }

    /** What {@link Segmenter} makes of it; null when it refuses. */
    static List<byte[]> split(byte[] superPacket, int largest) {
        var segmenter = new Segmenter();
        // Exactly so long: one byte beyond is an exception.
        var memory = java.lang.foreign.MemorySegment.ofArray(superPacket.clone());
        if (!segmenter.load(memory, 0, superPacket.length, largest)) {
            if (!segmenter.isEmpty()) {
                throw new AssertionError("refused, but not empty");
            }
            return null;
        }
        List<byte[]> packets = new ArrayList<>();
        while (!segmenter.isEmpty()) {
            byte[] packet = new byte[segmenter.nextLength()];
            segmenter.take(java.lang.foreign.MemorySegment.ofArray(packet), 0);
            packets.add(packet);
        }
        return packets;
    }

    /**
     * Equal for packets that mean the same: the identification counts where the packet may be fragmented, and of a
     * checksum what is wrong about it, as zero can be written in two ways.
     */
    static String comparable(byte[] packet) {
        byte[] copy = packet.clone();
        ByteBuffer p = ByteBuffer.wrap(copy);
        var header = new TransportPacket();
        if (header.look(java.lang.foreign.MemorySegment.ofArray(packet), 0, packet.length)
                == TransportPacket.Kind.TRANSPORT) {
            int field = header.transport() + header.checksumOffset();
            if (header.isPlain() && (header.protocol() == 6 || p.getShort(field) != 0)) {
                p.putShort(field, (short) transportChecksum(packet));
            }
            if (header.version() == 4) {
                p.putShort(10, (short) checksum(packet, 0, header.transport(), 0));
                p.putShort(4, (copy[6] & 0x40) != 0 ? 0 : p.getShort(4));
            }
        }
        String headers = HexFormat.of().formatHex(copy, 0, Math.min(copy.length, 60));
        return headers + " " + copy.length + " " + Arrays.hashCode(copy);
    }
}

package io.culvert.tunnel.openvpn.data;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.nio.ByteOrder.BIG_ENDIAN;

import io.culvert.api.packet.PacketBuffer;
import io.culvert.tunnel.openvpn.wire.Opcode;
import java.lang.foreign.ValueLayout;

/**
 * Headers of data packets with AEAD ciphers.
 *
 * <pre>
 * P_DATA_V2: |opcode 5|key-id 3|peer-id 24|packet-id 32|tag 128|text|   AAD: the first 8 bytes
 * P_DATA_V1: |opcode 5|key-id 3|           packet-id 32|tag 128|text|   AAD: the packet-id
 * </pre>
 */
public final class DataHeader {
    public static final int V2_LENGTH = 24;
    public static final int V1_LENGTH = 21;
    /** "No peer-id": the session is found by its address. */
    public static final int NO_PEER_ID = 0xFF_FFFF;

    static final int V2_PACKET_ID = 4;
    static final int V2_AAD = 8;
    static final int V1_PACKET_ID = 1;
    static final int V1_AAD = 4;

    private static final ValueLayout.OfInt U32 = JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN);

    private DataHeader() {}

    public static int firstByte(PacketBuffer p) {
        return p.segment().get(JAVA_BYTE, p.offset()) & 0xFF;
    }

    /** Of a V2 packet of at least four bytes. */
    public static int peerId(PacketBuffer p) {
        return p.segment().get(U32, p.offset()) & NO_PEER_ID;
    }

    /** Of a packet of any version and length; what there is in its place when it is too short. */
    public static long packetId(PacketBuffer p) {
        int at = Opcode.of(firstByte(p)) == Opcode.DATA_V2 ? V2_PACKET_ID : V1_PACKET_ID;
        return p.length() < at + 4 ? 0 : u32(p, at) & 0xFFFF_FFFFL;
    }

    static int u32(PacketBuffer p, int at) {
        return p.segment().get(U32, p.offset() + at);
    }

    static void putU32(PacketBuffer p, int at, int value) {
        p.segment().set(U32, p.offset() + at, value);
    }

    static void putByte(PacketBuffer p, int at, int value) {
        p.segment().set(JAVA_BYTE, p.offset() + at, (byte) value);
    }
}

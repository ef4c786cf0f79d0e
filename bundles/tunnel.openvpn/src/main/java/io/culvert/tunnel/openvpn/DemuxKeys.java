package io.culvert.tunnel.openvpn;

import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.Steering;
import io.culvert.tunnel.openvpn.data.DataHeader;
import io.culvert.tunnel.openvpn.data.DataMessage;
import io.culvert.tunnel.openvpn.wire.ControlPacket;
import io.culvert.tunnel.openvpn.wire.Opcode;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Under which keys core finds a session: DATA_V2 by its peer-id, control packets by address and client session-id,
 * DATA_V1 by its address. The low byte steers between loops; the rest is mixed with a seed, so that instances do not
 * meet and a remote cannot aim at another's key.
 */
final class DemuxKeys {
    /** A ping and what says that it is not compressed, or a good-bye by OCC. No IP packet is as short. */
    private static final int PING_BYTES = DataHeader.V2_LENGTH + 1 + DataMessage.PING_LENGTH;

    /** DATA_V2: the low byte of the peer-id; else the low byte of the client's session-id. Resets come from strangers. */
    static final Steering STEERING = new Steering(3, Opcode.DATA_V2, 3, 8,
            List.of(Opcode.CONTROL_HARD_RESET_CLIENT_V2, Opcode.CONTROL_HARD_RESET_CLIENT_V3, Opcode.CONTROL_WKC_V1),
            PING_BYTES);

    private static final ValueLayout.OfLong U64 =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int STEERING_MASK = 0xFF;

    private final long seed;

    DemuxKeys(long seed) {
        this.seed = seed;
    }

    /** The key of a datagram; any value when it is too short for one. */
    long of(PacketBuffer datagram, Endpoint from) {
        if (datagram.length() < 1) {
            return seed;
        }
        int opcode = Opcode.of(DataHeader.firstByte(datagram));
        if (opcode == Opcode.DATA_V2 && datagram.length() >= 4) {
            return ofPeerId(DataHeader.peerId(datagram), from);
        }
        if (Opcode.isControl(opcode) && datagram.length() >= ControlPacket.HEAD_BYTES) {
            return ofControl(from, datagram.segment().get(U64, datagram.offset() + 1));
        }
        return ofAddress(from);
    }

    /** A client that was given no peer-id says so, and is found by its address. */
    long ofPeerId(int peerId, Endpoint from) {
        return peerId == DataHeader.NO_PEER_ID ? ofAddress(from) : steered(mix(peerId + 0x1_0000_0000L), peerId);
    }

    long ofControl(Endpoint from, long clientSessionId) {
        return steered(mix(from.keyedHash() ^ mix(clientSessionId)), clientSessionId);
    }

    long ofAddress(Endpoint from) {
        long hash = from.keyedHash();
        return steered(mix(hash + 0x2_0000_0000L), hash);
    }

    private static long steered(long mixed, long steering) {
        return mixed & ~STEERING_MASK | steering & STEERING_MASK;
    }

    /** The finalizer of SplitMix64, seeded. */
    private long mix(long value) {
        long z = value + seed;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}

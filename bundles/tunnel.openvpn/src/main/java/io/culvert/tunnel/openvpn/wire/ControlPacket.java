package io.culvert.tunnel.openvpn.wire;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A control packet without its wrapping.
 *
 * <pre>
 * |opcode 5|key-id 3|session-id 64|  wrapping  |ack count 8|acks 32 each|peer session-id 64|message-id 32|payload|
 * </pre>
 *
 * The peer's session-id is there only with acks; ACK_V1 has neither message-id nor payload.
 *
 * @param sessionId the sender's, never 0
 * @param acks message-ids, 0 to 8
 * @param ackSessionId the receiver's session-id; 0 without acks
 * @param messageId 0 for ACK_V1
 */
public record ControlPacket(
        int opcode, int keyId, long sessionId, int[] acks, long ackSessionId, int messageId, byte[] payload) {

    public static final int MAX_ACKS = 8;
    /** First byte and session-id, in clear before every wrapping. */
    public static final int HEAD_BYTES = 9;

    private static final int[] NO_ACKS = {};
    private static final byte[] NO_PAYLOAD = {};

    public ControlPacket {
        if (acks.length > MAX_ACKS) {
            throw new IllegalArgumentException("more than " + MAX_ACKS + " acks");
        }
    }

    public static ControlPacket ack(int keyId, long sessionId, int[] acks, long ackSessionId) {
        return new ControlPacket(Opcode.ACK_V1, keyId, sessionId, acks, ackSessionId, 0, NO_PAYLOAD);
    }

    /**
     * The packet with this first byte and session-id.
     *
     * @param rest what the wrapping held: from the ack count on
     * @return null when it is malformed
     */
    public static @Nullable ControlPacket parse(int firstByte, long sessionId, byte[] rest) {
        int opcode = Opcode.of(firstByte);
        if (!Opcode.isControl(opcode) || sessionId == 0 || rest.length < 1) {
            return null;
        }
        ByteBuffer in = ByteBuffer.wrap(rest);
        int count = in.get() & 0xFF;
        if (count > MAX_ACKS || in.remaining() < (count == 0 ? 0 : count * 4 + 8)) {
            return null;
        }
        int[] acks = count == 0 ? NO_ACKS : new int[count];
        for (int i = 0; i < count; i++) {
            acks[i] = in.getInt();
        }
        long ackSessionId = count == 0 ? 0 : in.getLong();
        int keyId = Opcode.keyId(firstByte);
        if (opcode == Opcode.ACK_V1) {
            return count > 0 && !in.hasRemaining() ? ack(keyId, sessionId, acks, ackSessionId) : null;
        }
        if (in.remaining() < 4) {
            return null;
        }
        int messageId = in.getInt();
        byte[] payload = Arrays.copyOfRange(rest, in.position(), rest.length);
        return new ControlPacket(opcode, keyId, sessionId, acks, ackSessionId, messageId, payload);
    }

    public int firstByte() {
        return Opcode.firstByte(opcode, keyId);
    }

    /** From the ack count on: what the wrapping protects. */
    public byte[] encodeRest() {
        boolean ack = opcode == Opcode.ACK_V1;
        int length = 1 + (acks.length == 0 ? 0 : acks.length * 4 + 8) + (ack ? 0 : 4 + payload.length);
        ByteBuffer out = ByteBuffer.allocate(length);
        out.put((byte) acks.length);
        for (int id : acks) {
            out.putInt(id);
        }
        if (acks.length > 0) {
            out.putLong(ackSessionId);
        }
        if (!ack) {
            out.putInt(messageId).put(payload);
        }
        return out.array();
    }

    /** Whether {@code id} is among the acks. */
    public boolean acknowledges(int id) {
        for (int ack : acks) {
            if (ack == id) {
                return true;
            }
        }
        return false;
    }
}

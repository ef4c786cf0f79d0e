package io.culvert.tunnel.openvpn.wrap;

import io.culvert.tunnel.openvpn.wire.ControlPacket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** No protection: {@code op(1) SID(8) rest}. */
public final class PlainWrap implements ControlWrap {
    @Override
    public byte[] wrap(int firstByte, long sessionId, long replay, byte[] rest) {
        return ByteBuffer.allocate(ControlPacket.HEAD_BYTES + rest.length)
                .put((byte) firstByte)
                .putLong(sessionId)
                .put(rest)
                .array();
    }

    @Override
    public @Nullable Unwrapped unwrap(byte[] packet) {
        if (packet.length <= ControlPacket.HEAD_BYTES) {
            return null;
        }
        ByteBuffer in = ByteBuffer.wrap(packet);
        int firstByte = in.get() & 0xFF;
        long sessionId = in.getLong();
        return new Unwrapped(firstByte, sessionId, 0, Arrays.copyOfRange(packet, in.position(), packet.length));
    }

    @Override
    public int overheadBytes() {
        return 0;
    }

    @Override
    public boolean hasReplay() {
        return false;
    }
}

package io.culvert.tunnel.openvpn.wrap;

import io.culvert.tunnel.openvpn.wire.ControlPacket;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * tls-crypt: {@code op(1) SID(8) replay(8) tag(32) C} with {@code tag = HMAC-SHA256(Ka, op || SID || replay || rest)}
 * and {@code C = AES-256-CTR(Ke, tag[0,16), rest)}. Also carries tls-crypt-v2 (with the client's own key) and the
 * dynamic tls-crypt of renegotiations.
 */
public final class TlsCryptWrap implements ControlWrap {
    static final int KEY_BYTES = 32;
    static final int TAG_BYTES = 32;

    private static final String HMAC = "HmacSHA256";
    private static final int REPLAY_AT = ControlPacket.HEAD_BYTES;
    private static final int TAG_AT = REPLAY_AT + 8;
    private static final int TEXT_AT = TAG_AT + TAG_BYTES;

    private final StaticKey key;
    private final int send;

    /**
     * @param key shared with its owner
     * @param server whose direction is 0
     */
    public TlsCryptWrap(StaticKey key, boolean server) {
        this.key = key;
        this.send = server ? 0 : 1;
    }

    @Override
    public byte[] wrap(int firstByte, long sessionId, long replay, byte[] rest) {
        byte[] head = ByteBuffer.allocate(TAG_AT)
                .put((byte) firstByte)
                .putLong(sessionId)
                .putLong(replay)
                .array();
        byte[] tag = Primitives.hmac(HMAC, key.hmac(send, KEY_BYTES), head, rest);
        byte[] text = Primitives.aesCtr(key.cipher(send, KEY_BYTES), tag, rest, 0, rest.length);
        return ByteBuffer.allocate(TEXT_AT + text.length).put(head).put(tag).put(text).array();
    }

    @Override
    public @Nullable Unwrapped unwrap(byte[] packet) {
        if (packet.length <= TEXT_AT) {
            return null;
        }
        byte[] head = Arrays.copyOf(packet, TAG_AT);
        byte[] tag = Arrays.copyOfRange(packet, TAG_AT, TEXT_AT);
        byte[] rest = Primitives.aesCtr(
                key.cipher(1 - send, KEY_BYTES), tag, packet, TEXT_AT, packet.length - TEXT_AT);
        if (!MessageDigest.isEqual(tag, Primitives.hmac(HMAC, key.hmac(1 - send, KEY_BYTES), head, rest))) {
            return null;
        }
        ByteBuffer in = ByteBuffer.wrap(head);
        return new Unwrapped(in.get() & 0xFF, in.getLong(), in.getLong(), rest);
    }

    @Override
    public int overheadBytes() {
        return TEXT_AT - ControlPacket.HEAD_BYTES;
    }

    @Override
    public boolean hasReplay() {
        return true;
    }
}

package io.culvert.tunnel.openvpn.wrap;

import io.culvert.tunnel.openvpn.wire.ControlPacket;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * tls-auth: {@code op(1) SID(8) HMAC(n) replay(8) rest}, the HMAC over {@code replay || op || SID || rest}. Stops who
 * does not have the shared key from reaching TLS at all.
 */
public final class TlsAuthWrap implements ControlWrap {
    private static final int REPLAY_BYTES = 8;

    private final Digest digest;
    private final byte[] sendKey;
    private final byte[] receiveKey;

    private TlsAuthWrap(Digest digest, byte[] sendKey, byte[] receiveKey) {
        this.digest = digest;
        this.sendKey = sendKey;
        this.receiveKey = receiveKey;
    }

    /** With key directions: server 0, client 1. */
    public static TlsAuthWrap directed(StaticKey key, Digest digest, boolean server) {
        byte[] zero = key.hmac(0, digest.bytes());
        byte[] one = key.hmac(1, digest.bytes());
        return server ? new TlsAuthWrap(digest, zero, one) : new TlsAuthWrap(digest, one, zero);
    }

    /** Without key direction: one key both ways. */
    public static TlsAuthWrap undirected(StaticKey key, Digest digest) {
        byte[] zero = key.hmac(0, digest.bytes());
        return new TlsAuthWrap(digest, zero, zero);
    }

    @Override
    public byte[] wrap(int firstByte, long sessionId, long replay, byte[] rest) {
        byte[] head = head(firstByte, sessionId);
        byte[] replayBytes = ByteBuffer.allocate(REPLAY_BYTES).putLong(replay).array();
        byte[] hmac = Primitives.hmac(digest.hmac(), sendKey, replayBytes, head, rest);
        return ByteBuffer.allocate(head.length + hmac.length + REPLAY_BYTES + rest.length)
                .put(head)
                .put(hmac)
                .put(replayBytes)
                .put(rest)
                .array();
    }

    @Override
    public @Nullable Unwrapped unwrap(byte[] packet) {
        int restAt = ControlPacket.HEAD_BYTES + overheadBytes();
        if (packet.length <= restAt) {
            return null;
        }
        byte[] head = Arrays.copyOf(packet, ControlPacket.HEAD_BYTES);
        int replayAt = ControlPacket.HEAD_BYTES + digest.bytes();
        byte[] hmac = Arrays.copyOfRange(packet, ControlPacket.HEAD_BYTES, replayAt);
        byte[] replay = Arrays.copyOfRange(packet, replayAt, restAt);
        byte[] rest = Arrays.copyOfRange(packet, restAt, packet.length);
        if (!MessageDigest.isEqual(hmac, Primitives.hmac(digest.hmac(), receiveKey, replay, head, rest))) {
            return null;
        }
        ByteBuffer in = ByteBuffer.wrap(head);
        return new Unwrapped(in.get() & 0xFF, in.getLong(), ByteBuffer.wrap(replay).getLong(), rest);
    }

    static byte[] head(int firstByte, long sessionId) {
        return ByteBuffer.allocate(ControlPacket.HEAD_BYTES)
                .put((byte) firstByte)
                .putLong(sessionId)
                .array();
    }

    @Override
    public int overheadBytes() {
        return digest.bytes() + REPLAY_BYTES;
    }

    @Override
    public boolean hasReplay() {
        return true;
    }
}

package io.culvert.tunnel.openvpn.wrap;

import org.jspecify.annotations.Nullable;

/**
 * Protects control packets on the wire. Stateless: replay ids are given in and handed out.
 *
 * <p>Threads: any, several at once.
 */
public sealed interface ControlWrap permits PlainWrap, TlsAuthWrap, TlsCryptWrap {
    /**
     * The packet for the wire.
     *
     * @param replay replay id in the high half, unix time in the low half; plain packets have none
     * @param rest from the ack count on
     */
    byte[] wrap(int firstByte, long sessionId, long replay, byte[] rest);

    /** What {@code packet} holds; null when it is too short or does not authenticate. */
    @Nullable Unwrapped unwrap(byte[] packet);

    /** Bytes that wrapping adds to a packet. */
    int overheadBytes();

    /** Whether packets carry a replay id. */
    boolean hasReplay();

    /**
     * An unwrapped packet; authentic, but possibly a replay.
     *
     * @param replay 0 without one
     */
    record Unwrapped(int firstByte, long sessionId, long replay, byte[] rest) {
        public int replayId() {
            return (int) (replay >>> 32);
        }

        public int replayTime() {
            return (int) replay;
        }
    }
}

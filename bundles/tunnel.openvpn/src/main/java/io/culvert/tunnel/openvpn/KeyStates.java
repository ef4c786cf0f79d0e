package io.culvert.tunnel.openvpn;

import io.culvert.api.packet.Outbox;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.tunnel.openvpn.control.ControlChannel;
import io.culvert.tunnel.openvpn.control.KeyState;
import io.culvert.tunnel.openvpn.control.Reliable;
import io.culvert.tunnel.openvpn.wire.ControlPacket;
import io.culvert.tunnel.openvpn.wire.Opcode;
import org.jspecify.annotations.Nullable;

/**
 * The session's negotiations: the one under way, and the last complete one, whose control channel is in use. Key-ids go
 * 0, 1 ... 7, 1 ...
 */
final class KeyStates {
    private static final long NEVER = Long.MAX_VALUE;

    /** Makes a negotiation for a key-id. */
    interface Maker {
        KeyState make(int keyId, Reliable reliable, long nowNs);
    }

    private final Maker maker;
    private @Nullable KeyState negotiating;
    private @Nullable KeyState active;
    private int nextKeyId = 1;

    /** Until then the peer may be in a negotiation whose beginning nobody here saw. */
    private long unseenUntilNs = Long.MIN_VALUE;

    KeyStates(Maker maker) {
        this.maker = maker;
    }

    /** The session's first negotiation. */
    void begin(Reliable reliable, long nowNs) {
        negotiating = maker.make(0, reliable, nowNs);
    }

    /**
     * A session out of a record: the next key-id is {@code keyId}, and there is no control channel yet.
     *
     * @param unseenUntilNs when the peer has given up what it may have begun with whoever had the session before
     */
    void resume(int keyId, long unseenUntilNs) {
        nextKeyId = keyId;
        this.unseenUntilNs = unseenUntilNs;
    }

    /** Both ends begin a renegotiation with the same packet, so answering one and starting one are the same. */
    KeyState beginNext(long nowNs) {
        KeyState state = maker.make(nextKeyId, new Reliable(), nowNs);
        state.sendReset(Opcode.CONTROL_SOFT_RESET_V1, new byte[0]);
        negotiating = state;
        return state;
    }

    /** The negotiation that {@code packet} belongs to; null when there is none. */
    @Nullable KeyState find(ControlPacket packet) {
        KeyState n = negotiating;
        if (n != null && n.keyId() == packet.keyId()) {
            return n;
        }
        KeyState a = active;
        return a != null && a.keyId() == packet.keyId() ? a : null;
    }

    /** Whether {@code packet} is the peer's wish for new keys, and may be. */
    boolean asksForNext(ControlPacket packet, long nowNs) {
        if (negotiating != null || packet.keyId() != nextKeyId) {
            return false;
        }
        return packet.opcode() == Opcode.CONTROL_SOFT_RESET_V1 && packet.messageId() == 0
                || nowNs < unseenUntilNs && KeyState.beginsTls(packet);
    }

    /**
     * Whether {@code packet} shows that the peer was in this very negotiation before it was asked for it: it acknowledges
     * the reset, and answers with none.
     */
    boolean isInTheMiddle(KeyState state, ControlPacket packet, long nowNs) {
        return state == negotiating
                && nowNs < unseenUntilNs
                && packet.opcode() == Opcode.ACK_V1
                && state.reliable().heardNothing()
                && state.reliable().allAcknowledged();
    }

    /** The negotiation under way is complete: its control channel takes the former one's place. */
    void complete() {
        KeyState done = negotiating;
        if (done == null) {
            return;
        }
        if (active != null) {
            active.close();
        }
        if (done.keyId() > 0) {
            nextKeyId = nextKeyId == Opcode.KEY_ID_MASK ? 1 : nextKeyId + 1;
        }
        active = done;
        negotiating = null;
        unseenUntilNs = Long.MIN_VALUE;
    }

    /** The control channel that is in use ends; the next negotiation brings another. */
    void dropActive() {
        if (active != null) {
            active.close();
            active = null;
        }
    }

    /** The negotiation under way came to nothing. */
    void abandon() {
        if (negotiating != null) {
            negotiating.close();
            negotiating = null;
        }
    }

    @Nullable KeyState negotiating() {
        return negotiating;
    }

    @Nullable KeyState active() {
        return active;
    }

    int nextKeyId() {
        return nextKeyId;
    }

    /** Puts on the wire what is due. */
    void transmit(ControlChannel channel, Endpoint to, long nowNs, Outbox out) {
        if (negotiating != null) {
            channel.transmit(negotiating, to, nowNs, out);
        }
        if (active != null) {
            channel.transmit(active, to, nowNs, out);
        }
    }

    long nextTimeoutNs() {
        long next = negotiating == null ? NEVER : negotiating.reliable().nextTimeoutNs();
        return active == null ? next : Math.min(next, active.reliable().nextTimeoutNs());
    }

    void close() {
        abandon();
        if (active != null) {
            active.close();
        }
    }
}

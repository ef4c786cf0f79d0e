package io.culvert.tunnel.openvpn.control;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.api.packet.DropReason;
import io.culvert.api.packet.Outbox;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.tunnel.openvpn.wire.ControlPacket;
import io.culvert.tunnel.openvpn.wire.Opcode;
import io.culvert.tunnel.openvpn.wrap.ControlWrap;
import io.culvert.tunnel.openvpn.wrap.ControlWrap.Unwrapped;
import io.culvert.tunnel.openvpn.wrap.ReplayCounter;
import io.culvert.tunnel.openvpn.wrap.ReplayGuard;
import io.culvert.tunnel.openvpn.wrap.ServerWrapKey;
import io.culvert.tunnel.openvpn.wrap.StaticKey;
import io.culvert.tunnel.openvpn.wrap.TlsCryptWrap;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The session's side of the control packets: session-ids, wrapping and replay ids. Key-id 0 keeps the base wrapping for
 * the whole session; once negotiated, dynamic tls-crypt wraps all other key-ids, with counters of its own.
 */
public final class ControlChannel {
    private static final int[] NO_ACKS = {};

    /** Message-ids behind all that one can have sent when the negotiation begins. */
    private static final int[] LATER_MESSAGES = {101, 102, 103};

    private final long localSessionId;
    private final long remoteSessionId;
    private final boolean server;
    private final Layer base;
    private @Nullable Layer dynamic;
    private @Nullable StaticKey dynamicKey;

    /** What a datagram turned out to be. */
    public sealed interface Received {
        /** A packet for this session, authentic and new. */
        record Accepted(ControlPacket packet) implements Received {}

        record Refused(DropReason reason) implements Received {}
    }

    private record Layer(ControlWrap wrap, ReplayCounter counter, ReplayGuard guard) {}

    /**
     * @param wrap the listener's, or the client's own for tls-crypt-v2
     * @param counter for the packets that go out
     * @param guard for the packets that come in
     */
    public ControlChannel(
            long localSessionId,
            long remoteSessionId,
            boolean server,
            ControlWrap wrap,
            ReplayCounter counter,
            ReplayGuard guard) {
        this.localSessionId = localSessionId;
        this.remoteSessionId = remoteSessionId;
        this.server = server;
        this.base = new Layer(wrap, counter, guard);
    }

    public long localSessionId() {
        return localSessionId;
    }

    public long remoteSessionId() {
        return remoteSessionId;
    }

    /** The latest time under which a replay id was handed out, in unix seconds. */
    public long replayTime() {
        Layer d = dynamic;
        return d == null ? base.counter.time() : Math.max(base.counter.time(), d.counter.time());
    }

    public @Nullable StaticKey dynamicKey() {
        return dynamicKey;
    }

    /** From now on {@code key} wraps every key-id but 0. */
    public void useDynamic(StaticKey key, long timeSeconds) {
        dynamicKey = key;
        dynamic = new Layer(new TlsCryptWrap(key, server), new ReplayCounter(timeSeconds, 0), new ReplayGuard());
    }

    private Layer layer(int keyId) {
        Layer d = dynamic;
        return keyId == 0 || d == null ? base : d;
    }

    // ---- receiving

    /** Looks at one whole datagram. */
    public Received receive(byte[] bytes) {
        Layer layer = layer(Opcode.keyId(bytes[0]));
        Unwrapped unwrapped = layer.wrap.unwrap(withoutWrappedKey(bytes));
        if (unwrapped == null) {
            return new Received.Refused(DropReason.BAD_TAG);
        }
        ControlPacket packet =
                ControlPacket.parse(unwrapped.firstByte(), unwrapped.sessionId(), unwrapped.rest());
        if (packet == null || packet.acks().length > 0 && packet.ackSessionId() != localSessionId) {
            return new Received.Refused(DropReason.MALFORMED);
        }
        if (packet.sessionId() != remoteSessionId) {
            return new Received.Refused(DropReason.UNKNOWN_SESSION);
        }
        if (layer.wrap.hasReplay() && !layer.guard.accept(unwrapped.replayId(), unwrapped.replayTime())) {
            return new Received.Refused(DropReason.REPLAYED);
        }
        return new Received.Accepted(packet);
    }

    /** A retransmission of the packet that brought the wrapped key brings it again; nobody needs it any more. */
    private static byte[] withoutWrappedKey(byte[] bytes) {
        int length = Opcode.carriesWrappedKey(Opcode.of(bytes[0])) ? ServerWrapKey.wrappedLength(bytes) : -1;
        return length < 0 ? bytes : Arrays.copyOf(bytes, bytes.length - length);
    }

    // ---- sending

    /** Puts on the wire what {@code state} has due, or a bare acknowledgement when only acks are. */
    public void transmit(KeyState state, Endpoint to, long nowNs, Outbox out) {
        Reliable reliable = state.reliable();
        for (Reliable.Outgoing message = reliable.poll(nowNs); message != null; message = reliable.poll(nowNs)) {
            int[] acks = state.holdsAcks() ? NO_ACKS : reliable.takeAcks(Reliable.ACKS_PER_CONTROL);
            emit(
                    new ControlPacket(
                            message.opcode(),
                            state.keyId(),
                            localSessionId,
                            acks,
                            remoteSessionId,
                            message.id(),
                            message.payload()),
                    to,
                    out);
        }
        if (reliable.hasPendingAcks() && !state.holdsAcks()) {
            int[] acks = reliable.takeAcks(ControlPacket.MAX_ACKS);
            emit(ControlPacket.ack(state.keyId(), localSessionId, acks, remoteSessionId), to, out);
        }
    }

    /**
     * Lets the peer say again at once what nobody has acknowledged: it does when three messages behind it seem to have
     * arrived. Else it does after its own time, which grows to a quarter of a minute.
     */
    public void nudge(KeyState state, Endpoint to, Outbox out) {
        emit(ControlPacket.ack(state.keyId(), localSessionId, LATER_MESSAGES, remoteSessionId), to, out);
    }

    private void emit(ControlPacket packet, Endpoint to, Outbox out) {
        Layer layer = layer(packet.keyId());
        long replay = layer.wrap.hasReplay() ? layer.counter.next() : 0;
        byte[] bytes = layer.wrap.wrap(packet.firstByte(), packet.sessionId(), replay, packet.encodeRest());
        put(bytes, to, out);
    }

    /** Sends {@code bytes} as one datagram; lost, as on the wire, when the pool is exhausted. */
    public static void put(byte[] bytes, Endpoint to, Outbox out) {
        PacketBuffer buffer = out.allocate();
        if (buffer == null) {
            return;
        }
        buffer.bounds(buffer.offset(), bytes.length);
        MemorySegment.copy(bytes, 0, buffer.segment(), JAVA_BYTE, buffer.offset(), bytes.length);
        out.toLink(buffer, to);
    }

    /** A copy of {@code packet}'s bytes; the packet stays its owner's. */
    public static byte[] copy(PacketBuffer packet) {
        byte[] bytes = new byte[packet.length()];
        MemorySegment.copy(packet.segment(), JAVA_BYTE, packet.offset(), bytes, 0, bytes.length);
        return bytes;
    }
}

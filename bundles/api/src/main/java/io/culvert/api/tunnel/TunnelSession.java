package io.culvert.api.tunnel;

import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.packet.Outbox;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.status.TunnelStatus;
import io.culvert.api.tls.TlsProvider;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Protocol state for one peer. Implemented by protocol bundles, called by core.
 *
 * <p>Threads: only the packet loop that owns the session; no method blocks.
 * Buffers: each packet passed in leaves through {@code out} exactly once.
 * Errors: a bad packet is {@code out.drop(packet, reason)}, never an exception.
 * Time: {@code nowNs} is monotonic, in nanoseconds, and never runs backwards.
 */
@ConsumerType
public interface TunnelSession {
    /** A datagram whose session key matched one of this session's. */
    void onDatagram(PacketBuffer datagram, Endpoint from, long nowNs, Outbox out);

    /**
     * A clear IP packet for this peer, or an Ethernet frame where {@link TunnelProtocol#carriesFrames}, with the
     * protocol's headroom and tailroom.
     */
    void onIpPacket(PacketBuffer packet, long nowNs, Outbox out);

    /** When {@link #onTimer} is next due, or {@link Long#MAX_VALUE} for never. Asked after every call into the session. */
    long nextTimeoutNs();

    void onTimer(long nowNs, Outbox out);

    /**
     * The session as data. The reservation in the record ends at or behind every packet-id that this session will use
     * before the next {@link SessionHost#save} completes.
     */
    SessionRecord freeze();

    /**
     * Whether something is under way that a record does not hold and that ends by itself soon: a negotiation, a refusal
     * that is still being told. Core then waits a little before it freezes the session for a successor.
     */
    default boolean isBusy() {
        return false;
    }

    /**
     * What {@link #freeze} leaves out because it is true at this moment alone: where the counters stand within the
     * reservation that is durable already. Asked for right after {@link #freeze}, for a successor in the same process; the
     * session is closed then, before anything else is called. Never stored. Empty when there is nothing to tell.
     */
    default byte[] freezeLive() {
        return new byte[0];
    }

    /**
     * Goes on exactly where the session stopped that gave {@code live}, rather than behind its reservation. Called right
     * after {@code thaw}, at most once for what one session gave, and only when that session is closed. The record need
     * not be durable yet: what it reserves beyond {@code live} needs a save first.
     *
     * @return false when it cannot read {@code live}, and starts behind the record's reservation
     */
    default boolean resumeLive(byte[] live, long nowNs) {
        return false;
    }

    /**
     * The peer had another session of this instance and negotiates anew from the same place, without having begun anew:
     * until it has the new keys, and for a while after, it uses what it had. Called between {@link SessionHost#admit} and
     * its answer; the other session is closed.
     *
     * @param former the other session's record, which this session may seal with within {@code live}
     * @param live as {@link #freezeLive} of the other session gave it
     * @return whether this session goes on with the keys of the other: the peer's packets come to it from now on
     * @throws HandoverException when it cannot
     */
    default boolean inherit(SessionRecord former, byte[] live, long nowNs) throws HandoverException {
        return false;
    }

    /**
     * Other providers of ciphers may be in force from now on, see {@link TunnelHost#crypto}. The session moves its keys
     * to them, with no change in what the peer sees: the code of a provider that left is about to go.
     */
    default void onCiphers(long nowNs, Outbox out) {}

    /**
     * Another provider of TLS is in force, see {@link TunnelHost#tls}: the session leaves the engines of the one before,
     * now or when what is under way has ended. Core calls the sessions one after the other, spread over a time.
     */
    default void onTls(long nowNs, Outbox out) {}

    /**
     * The code of this provider of TLS goes now: the session closes every engine of it, and rebuilds what it loses with
     * the provider in force.
     */
    default void onTlsGone(TlsProvider gone, long nowNs, Outbox out) {}

    /** Somebody other than the peer ends the session: tell the peer, then {@link SessionHost#close}. */
    void end(CloseCause cause, long nowNs, Outbox out);

    /** Core has forgotten the session: zero and release what it owns. Called exactly once, last. */
    void closed();

    TunnelStatus status();

    /** The provider whose engine runs the control channel that is in use; empty while there is none. */
    default Optional<TlsProvider> tlsInUse() {
        return Optional.empty();
    }

    /** The provider of the key that data is sent with; empty while there is none. */
    default Optional<CipherProvider> cipherInUse() {
        return Optional.empty();
    }
}

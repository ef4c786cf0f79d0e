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

    /** A clear IP packet for this peer, with the protocol's headroom and tailroom. */
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
     * Other providers of ciphers may be in force from now on, see {@link TunnelHost#crypto}. The session moves its keys
     * to them, with no change in what the peer sees: the code of a provider that left is about to go.
     */
    default void onCiphers(long nowNs, Outbox out) {}

    /**
     * Another provider of TLS is in force from now on, see {@link TunnelHost#tls}. The session leaves the engines of the
     * one before as soon as its protocol can, where many do not do so at once.
     */
    default void onTls(long nowNs, Outbox out) {}

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

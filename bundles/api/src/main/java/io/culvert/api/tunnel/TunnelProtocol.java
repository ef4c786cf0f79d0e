package io.culvert.api.tunnel;

import io.culvert.api.handover.SessionRecord;
import io.culvert.api.packet.Outbox;
import io.culvert.api.packet.PacketBuffer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A tunnel protocol with its configuration: one service per configured set of listeners. Implemented by protocol
 * bundles, called by core.
 *
 * <p>Threads: the packet loops, several at once; no method blocks.
 * Buffers: each packet passed in leaves through {@code out} exactly once.
 * Errors: a bad packet is {@code out.drop(packet, reason)}, never an exception.
 */
@ConsumerType
public interface TunnelProtocol {
    /** The protocol's name, part of session records: {@code openvpn}. */
    String name();

    /** The configured instance's name, unique among the protocol's instances; part of session records. */
    String instance();

    /**
     * Whether the sessions carry Ethernet frames, from the destination address on, and not IP packets. They are bridged
     * to each other and to the appliance's TAP then, and the inner addresses say nothing about whose a frame is.
     */
    default boolean carriesFrames() {
        return false;
    }

    /** The sockets that this instance wants. */
    List<ListenerClaim> listeners();

    /** Cuts streams into datagrams; only asked for when a listener is a stream. */
    StreamFraming framing();

    /** The most bytes that encapsulation adds before a packet. */
    int headroomBytes();

    /** The most bytes that encapsulation adds behind a packet. */
    int tailroomBytes();

    /**
     * The key under which the datagram's session was bound by {@link SessionHost#bind}. Must not trust the datagram:
     * a wrong key ends in a failed authentication. Keys must differ between sessions and be hard to collide with.
     */
    long sessionKey(PacketBuffer datagram, Endpoint from);

    /** Where a datagram shows the low byte of its {@link #sessionKey}, so that the kernel can pick the loop; if it does. */
    default Optional<Steering> steering() {
        return Optional.empty();
    }

    /**
     * The low byte of the key under which most datagrams of the record's session come, so that it is thawed on the loop
     * that they are steered to. Whatever the answer, the session is found; elsewhere its datagrams take one step more.
     */
    default int steeringByte(SessionRecord record) {
        return 0;
    }

    /**
     * Warms up, so that sessions which move here do not wait for classes to be loaded and compiled. Called at most once,
     * while another version of the protocol still serves the instance; never by a packet loop, and may take a few seconds.
     * Does nothing that can be seen from outside; ends early when the thread is interrupted.
     */
    default void prepare() {}

    /**
     * A datagram without a session. Consumes {@code first}. Returns the session it starts, made with a host from
     * {@link TunnelHost#newSession}, or null when the datagram was answered statelessly or dropped. Spends no memory on
     * a remote that has not yet proven its address or a shared key.
     */
    @Nullable TunnelSession accept(PacketBuffer first, Endpoint from, TunnelHost host, long nowNs, Outbox out);

    /**
     * Makes a live session of a record that this protocol's {@link TunnelSession#freeze} wrote, in this or an earlier
     * version. The session binds its keys through {@code session}; it starts behind the record's reservation.
     *
     * <p>While another version still serves the instance, core may try records out on a thread of its own, with hosts
     * that do nothing, one record after the other: what it makes is only asked for its record, and closed.
     *
     * @throws HandoverException when the record cannot be read; core keeps the record for a version that can
     */
    TunnelSession thaw(SessionRecord record, Endpoint remote, TunnelHost host, SessionHost session, long nowNs)
            throws HandoverException;
}

package io.culvert.api.packet;

import io.culvert.api.tunnel.Endpoint;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Where packets leave a stage. Implemented by core, one per packet loop, valid only during the call it was passed to.
 *
 * <p>Every method but {@link #allocate} takes ownership of its packet and never fails.
 */
@ProviderType
public interface Outbox {
    /** An empty buffer with headroom for every protocol, or null when the pool is exhausted (already counted). */
    @Nullable PacketBuffer allocate();

    /** An outer datagram for {@code to}; on a stream link core adds the protocol's framing. */
    void toLink(PacketBuffer datagram, Endpoint to);

    /** A clear packet that the calling session has decapsulated and authenticated; the source check comes next. */
    void toInbound(PacketBuffer packet);

    /** A packet that ends here for {@code reason}. */
    void drop(PacketBuffer packet, DropReason reason);

    /** A packet that did its work here: a control message, a keepalive. */
    void consume(PacketBuffer packet);
}

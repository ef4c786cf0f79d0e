package io.culvert.api.net;

import io.culvert.api.packet.PacketBuffer;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A protocol of the packets inside the tunnels. Implemented by net bundles, called by core for every clear packet.
 *
 * <p>Threads: the packet loops, several at once; no method blocks, allocates, or keeps the packet. Buffers: the packet
 * stays the caller's. Errors: a bad packet is answered with false, never with an exception.
 */
@ConsumerType
public interface NetworkProtocol {
    /** IPv4, RFC 894. */
    int IPV4 = 0x0800;

    /** IPv6, RFC 2464 section 3. */
    int IPV6 = 0x86DD;

    /** The protocol's name for logs and status: {@code ipv4}. */
    String name();

    /** The IEEE ether type that it stands for: {@link #IPV4}, {@link #IPV6}. */
    int etherType();

    /**
     * Checks the header's lengths, cuts off what follows the packet proper, and says whom it is from and for.
     *
     * @return whether the packet is well-formed; {@code into} holds nothing of use otherwise
     */
    boolean read(PacketBuffer packet, PacketAddresses into);

    /** Counts one hop down in a packet that was {@linkplain #read read}; false when it must not go on. */
    boolean hop(PacketBuffer packet);
}

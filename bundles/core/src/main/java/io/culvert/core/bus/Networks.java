package io.culvert.core.bus;

import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.net.PacketAddresses;
import io.culvert.core.buffer.PooledBuffer;
import io.culvert.wire.Ipv4Header;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The network protocols in force on a loop, and the addresses of the packet that was read last. */
final class Networks {
    private static final Logger LOG = LoggerFactory.getLogger(Networks.class);

    final PacketAddresses addresses = new PacketAddresses();
    private @Nullable NetworkProtocol ipv4;
    private @Nullable NetworkProtocol ipv6;
    private boolean failed;

    /** Others from now on; the first one for its ether type counts. */
    void inForce(List<NetworkProtocol> protocols) {
        ipv4 = first(protocols, NetworkProtocol.IPV4);
        ipv6 = first(protocols, NetworkProtocol.IPV6);
        failed = false;
    }

    private static @Nullable NetworkProtocol first(List<NetworkProtocol> protocols, int etherType) {
        for (NetworkProtocol protocol : protocols) {
            if (protocol.etherType() == etherType) {
                return protocol;
            }
        }
        return null;
    }

    /** Whose packet it is by its first four bits, which both IP versions begin with; null when nobody's. */
    @Nullable NetworkProtocol of(PooledBuffer packet) {
        return switch (packet.length() == 0 ? 0 : Ipv4Header.version(packet.segment(), packet.offset())) {
            case 4 -> ipv4;
            case 6 -> ipv6;
            default -> null;
        };
    }

    /** Whether {@code packet} is well-formed; then its addresses are in {@link #addresses}. */
    boolean read(NetworkProtocol protocol, PooledBuffer packet) {
        try {
            return protocol.read(packet, addresses);
        } catch (Throwable t) {
            failed(protocol, t);
            return false;
        }
    }

    /** Whether {@code packet} may go one hop on. */
    boolean hop(NetworkProtocol protocol, PooledBuffer packet) {
        try {
            return protocol.hop(packet);
        } catch (Throwable t) {
            failed(protocol, t);
            return false;
        }
    }

    /** Said once: it may fail for every packet. */
    private void failed(NetworkProtocol protocol, Throwable problem) {
        if (!failed) {
            failed = true;
            LOG.error("net: {} failed, and the packet is dropped", protocol.getClass().getName(), problem);
        }
    }
}

package io.culvert.api.tunnel;

import java.net.InetSocketAddress;
import java.util.Objects;

/**
 * A socket that a protocol asks core to open for it.
 *
 * @param transport what carries the datagrams
 * @param address local address and port; the wildcard {@code ::} takes IPv4 and IPv6
 */
public record ListenerClaim(Transport transport, InetSocketAddress address) {
    public ListenerClaim {
        Objects.requireNonNull(transport, "transport");
        Objects.requireNonNull(address, "address");
    }
}

package io.culvert.api.network;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.util.Optional;

/** A peer's addresses inside the tunnel; a network without a family gives none of it. */
public record TunnelAddresses(Optional<Inet4Address> ipv4, Optional<Inet6Address> ipv6) {}

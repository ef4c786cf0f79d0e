package io.culvert.core.bus;

import io.culvert.api.network.TunnelAddresses;
import io.culvert.core.link.IpAddress;
import java.net.InetAddress;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The addresses that a session was granted inside the tunnel, and the ways on which packets for them come to it: a route
 * on every loop, or its port of the bridge where it carries frames.
 *
 * <p>Threads: the session's loop.
 */
final class SessionRoutes {
    private final LoopSession session;
    private final PacketLoop loop;

    /** Null when the session carries IP packets. */
    private final @Nullable FramePort port;

    private @Nullable TunnelAddresses granted;
    private boolean hasIpv4;
    private long ipv4;
    private boolean hasIpv6;
    private long ipv6High;
    private long ipv6Low;
    private boolean open;

    SessionRoutes(LoopSession session, PacketLoop loop, @Nullable FramePort port) {
        this.session = session;
        this.loop = loop;
        this.port = port;
    }

    void grant(TunnelAddresses addresses) {
        granted = addresses;
        hasIpv4 = addresses.ipv4().isPresent();
        hasIpv6 = addresses.ipv6().isPresent();
        addresses.ipv4().ifPresent(address -> ipv4 = IpAddress.low(address));
        addresses.ipv6().ifPresent(address -> {
            ipv6High = IpAddress.high(address);
            ipv6Low = IpAddress.low(address);
        });
    }

    /** Null before {@link #grant}. */
    @Nullable TunnelAddresses granted() {
        return granted;
    }

    /** Whether the address is the session's: it may send from there. */
    boolean owns(long high, long low) {
        return hasIpv4 && high == 0 && low == ipv4 || hasIpv6 && low == ipv6Low && high == ipv6High;
    }

    /** Packets for what was granted come to the session from now on. */
    void open() {
        lead(true);
    }

    /** They come no more. */
    void close() {
        if (open) {
            lead(false);
        }
    }

    private void lead(boolean here) {
        open = here;
        FramePort bridged = port;
        if (bridged != null) {
            join(bridged, here);
            return;
        }
        if (hasIpv4) {
            route(0, ipv4, here);
        }
        if (hasIpv6) {
            route(ipv6High, ipv6Low, here);
        }
    }

    /** The bridge is the first loop's. */
    private void join(FramePort bridged, boolean here) {
        PacketLoop first = loop.crossing().loop(0);
        if (first != loop) {
            first.commands.post(() -> join(first, bridged, here));
        } else {
            join(first, bridged, here);
        }
    }

    private static void join(PacketLoop first, FramePort bridged, boolean here) {
        if (here) {
            first.frames.open(bridged);
        } else {
            first.frames.close(bridged);
        }
    }

    /** Every loop knows the way before the peer hears that it is connected: what the kernel gives it goes over. */
    private void route(long high, long low, boolean here) {
        loop.route(high, low, session, here);
        for (int i = 0; i < loop.crossing().loopCount(); i++) {
            PacketLoop other = loop.crossing().loop(i);
            if (other != loop) {
                other.tellRoute(high, low, session, here);
            }
        }
    }

    /** The addresses, for the log. */
    String describe() {
        TunnelAddresses addresses = granted;
        return addresses == null
                ? ""
                : Stream.concat(addresses.ipv4().stream(), addresses.ipv6().stream())
                        .map(InetAddress::getHostAddress)
                        .collect(Collectors.joining(" "));
    }
}

package io.culvert.api.tunnel;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.osgi.annotation.versioning.ProviderType;

/**
 * The remote end of a link as a datagram shows it: remote address and port, the local address it was sent to, and the
 * listener (or the stream connection) it came through. Immutable; {@code equals} compares all of that.
 */
@ProviderType
public interface Endpoint {
    Transport transport();

    /** Remote address and port. Allocates nothing when called again. */
    InetSocketAddress remote();

    /** The local address that replies must come from. */
    InetAddress local();

    /** The listener's local port. */
    int localPort();

    /** A well-mixed hash of the remote address, remote port and listener; keyed, so that a remote cannot choose it. */
    long keyedHash();
}

package io.culvert.core.link;

import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.Transport;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** The {@link Endpoint} of a link. Addresses are kept as words; the objects for them are made when first asked for. */
public final class LinkEndpoint implements Endpoint {
    final Link link;
    final long remoteHigh;
    final long remoteLow;
    final int remotePort;

    /** The interface of a link-local remote (RFC 4007), else 0. */
    final int scope;

    final long localHigh;
    final long localLow;
    /** The longest datagram of which the kernel cuts several, in bytes; less once it refused. Known to the loop alone. */
    int segmentLimit = 0xffff;

    private final int localPort;
    private final long keyedHash;
    private @Nullable InetSocketAddress remote;
    private @Nullable InetAddress local;

    public LinkEndpoint(
            Link link,
            long remoteHigh,
            long remoteLow,
            int remotePort,
            int scope,
            long localHigh,
            long localLow,
            int localPort,
            long keyedHash) {
        this.link = link;
        this.remoteHigh = remoteHigh;
        this.remoteLow = remoteLow;
        this.remotePort = remotePort;
        this.scope = scope;
        this.localHigh = localHigh;
        this.localLow = localLow;
        this.localPort = localPort;
        this.keyedHash = keyedHash;
    }

    /** The way back. */
    public Link link() {
        return link;
    }

    @Override
    public Transport transport() {
        return link.transport();
    }

    @Override
    public InetSocketAddress remote() {
        InetSocketAddress known = remote;
        if (known == null) {
            known = new InetSocketAddress(IpAddress.of(remoteHigh, remoteLow), remotePort);
            remote = known;
        }
        return known;
    }

    @Override
    public InetAddress local() {
        InetAddress known = local;
        if (known == null) {
            known = IpAddress.of(localHigh, localLow);
            local = known;
        }
        return known;
    }

    @Override
    public int localPort() {
        return localPort;
    }

    @Override
    public long keyedHash() {
        return keyedHash;
    }

    boolean matches(
            Link link, long remoteHigh, long remoteLow, int remotePort, int scope, long localHigh, long localLow) {
        return this.link == link
                && this.remoteHigh == remoteHigh
                && this.remoteLow == remoteLow
                && this.remotePort == remotePort
                && this.scope == scope
                && this.localHigh == localHigh
                && this.localLow == localLow;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LinkEndpoint o
                && matches(o.link, o.remoteHigh, o.remoteLow, o.remotePort, o.scope, o.localHigh, o.localLow);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(keyedHash);
    }

    @Override
    public String toString() {
        return transport() + " " + remote();
    }
}

package io.culvert.tunnel.openvpn;

import io.culvert.api.tunnel.Endpoint;

/** Remotes sorted into a fixed number of buckets by their address, so that counting them needs no memory of its own. */
final class Sites {
    static final int COUNT = 4096;

    private static final int SHIFT = 20;
    private static final int IPV6_SITE_BYTES = 8;

    private Sites() {}

    /** The bucket of an address: an IPv6 site has a /64 to choose from and counts as one. */
    static int of(Endpoint remote) {
        byte[] address = remote.remote().getAddress().getAddress();
        int hash = 1;
        for (int i = 0; i < Math.min(address.length, IPV6_SITE_BYTES); i++) {
            hash = 31 * hash + address[i];
        }
        return hash * 0x9E3779B9 >>> SHIFT;
    }
}

package io.culvert.web.rest.server;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.HexFormat;

/** Whom a call is put down to: an address, and of IPv6 the network of 64 bits, as whoever has one address there has all. */
public final class Source {
    private static final int NETWORK_BYTES = 8;

    private Source() {}

    /** @param from a literal address, in brackets perhaps; anything else stands for itself */
    public static String of(String from) {
        try {
            return of(InetAddress.ofLiteral(from.replaceAll("[\\[\\]]", "")));
        } catch (IllegalArgumentException e) {
            return from;
        }
    }

    static String of(InetAddress address) {
        return address instanceof Inet6Address
                ? HexFormat.of().formatHex(address.getAddress(), 0, NETWORK_BYTES) + "/64"
                : address.getHostAddress();
    }
}

package io.culvert.tunnel.openvpn.wire;

import java.util.List;
import java.util.Optional;

/**
 * The options consistency string, {@code V4,dev-type tun,link-mtu 1541,...}. Differences only make a peer log warnings,
 * so the server mirrors what the client sent.
 */
public final class OptionsString {
    private static final String DEFAULT = "V4,dev-type tun,link-mtu 1549,tun-mtu 1500,proto UDPv4,key-method 2,tls-server";

    private OptionsString() {}

    /** The client's string as the server would have written it. */
    public static String mirrored(String client) {
        if (client.isEmpty()) {
            return DEFAULT;
        }
        var mirrored = new StringBuilder();
        for (String element : client.split(",")) {
            if (!mirrored.isEmpty()) {
                mirrored.append(',');
            }
            mirrored.append(switch (element) {
                case "tls-client" -> "tls-server";
                case "proto TCPv4_CLIENT" -> "proto TCPv4_SERVER";
                case "keydir 1" -> "keydir 0";
                default -> element;
            });
        }
        return mirrored.toString();
    }

    /** What the peer carries, {@code tun} or {@code tap}; empty when it does not say. */
    public static Optional<String> devType(String options) {
        return value(options, "dev-type ");
    }

    /** The cipher that a client without negotiation uses. */
    public static Optional<String> cipher(String options) {
        return value(options, "cipher ");
    }

    /** Whether the peer frames packets in a way that this server refuses, and how it calls it. */
    public static Optional<String> refusedFraming(String options) {
        for (String element : options.split(",")) {
            if (element.equals("mtu-dynamic")) {
                return Optional.of(element);
            }
        }
        return Optional.empty();
    }

    /** Whether the peer frames packets as compression does, even if it compresses nothing. */
    public static boolean framesCompression(String options) {
        return List.of(options.split(",")).contains("comp-lzo");
    }

    private static Optional<String> value(String options, String name) {
        for (String element : options.split(",")) {
            if (element.startsWith(name)) {
                return Optional.of(element.substring(name.length()));
            }
        }
        return Optional.empty();
    }
}

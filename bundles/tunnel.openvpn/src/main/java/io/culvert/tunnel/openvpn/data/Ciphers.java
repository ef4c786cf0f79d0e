package io.culvert.tunnel.openvpn.data;

import io.culvert.api.crypto.DataCipher;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Data ciphers by OpenVPN's names, which are matched exactly. */
public final class Ciphers {
    public static final List<String> DEFAULT = List.of("AES-256-GCM", "AES-128-GCM", "CHACHA20-POLY1305");

    private Ciphers() {}

    public static String name(DataCipher cipher) {
        return cipher.name().replace('_', '-');
    }

    public static Optional<DataCipher> named(String name) {
        return Arrays.stream(DataCipher.values()).filter(c -> name(c).equals(name)).findFirst();
    }

    /** The first of the server's ciphers that the client takes. */
    public static Optional<DataCipher> negotiate(List<String> server, List<String> client) {
        return server.stream().filter(client::contains).findFirst().flatMap(Ciphers::named);
    }
}

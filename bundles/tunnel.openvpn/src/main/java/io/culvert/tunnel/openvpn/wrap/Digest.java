package io.culvert.tunnel.openvpn.wrap;

import java.util.Arrays;
import java.util.Optional;

/** HMAC digests of tls-auth. */
public enum Digest {
    SHA1("HmacSHA1", 20),
    SHA256("HmacSHA256", 32),
    SHA384("HmacSHA384", 48),
    SHA512("HmacSHA512", 64);

    private final String hmac;
    private final int bytes;

    Digest(String hmac, int bytes) {
        this.hmac = hmac;
        this.bytes = bytes;
    }

    public String hmac() {
        return hmac;
    }

    public int bytes() {
        return bytes;
    }

    /** The digest that OpenVPN's {@code auth} option calls {@code name}. */
    public static Optional<Digest> named(String name) {
        return Arrays.stream(values()).filter(d -> d.name().equalsIgnoreCase(name)).findFirst();
    }
}

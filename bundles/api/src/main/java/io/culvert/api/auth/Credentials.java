package io.culvert.api.auth;

import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What a peer shows at the door.
 *
 * @param protocol the tunnel protocol's name
 * @param username as the peer sent it; never trusted
 * @param password UTF-8; zeroed by core after the last authenticator has answered
 * @param certificates the verified chain, leaf first; empty when none was shown
 * @param remote where the peer comes from
 * @param peerInfo what the peer says of itself; never trusted
 */
public record Credentials(
        String protocol,
        String username,
        byte[] password,
        List<X509Certificate> certificates,
        InetSocketAddress remote,
        Map<String, String> peerInfo) {

    public Credentials {
        Objects.requireNonNull(protocol, "protocol");
        Objects.requireNonNull(username, "username");
        Objects.requireNonNull(password, "password");
        certificates = List.copyOf(certificates);
        Objects.requireNonNull(remote, "remote");
        peerInfo = Map.copyOf(peerInfo);
    }

    /** Overwrites the password. */
    public void zero() {
        Arrays.fill(password, (byte) 0);
    }

    @Override
    public String toString() {
        return "Credentials[" + protocol + ", username=" + username + ", password redacted, remote=" + remote + "]";
    }
}

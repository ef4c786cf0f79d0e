package io.culvert.api.auth;

import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a peer shows at the door.
 *
 * @param protocol the tunnel protocol's name
 * @param username as the peer sent it; never trusted
 * @param password UTF-8; zeroed by core after the last authenticator has answered
 * @param certificates the verified chain, leaf first; empty when none was shown
 * @param remote where the peer comes from
 * @param peerInfo what the peer says of itself; never trusted
 * @param response the answer to a question that the client asked its user beside the password (a static challenge), in
 *     UTF-8; zeroed with the password; null when there was none
 */
public record Credentials(
        String protocol,
        String username,
        byte[] password,
        List<X509Certificate> certificates,
        InetSocketAddress remote,
        Map<String, String> peerInfo,
        byte @Nullable [] response) {

    public Credentials {
        Objects.requireNonNull(protocol, "protocol");
        Objects.requireNonNull(username, "username");
        Objects.requireNonNull(password, "password");
        certificates = List.copyOf(certificates);
        Objects.requireNonNull(remote, "remote");
        peerInfo = Map.copyOf(peerInfo);
    }

    /** Without an answer to a question. */
    public Credentials(
            String protocol,
            String username,
            byte[] password,
            List<X509Certificate> certificates,
            InetSocketAddress remote,
            Map<String, String> peerInfo) {
        this(protocol, username, password, certificates, remote, peerInfo, null);
    }

    /** The same with secrets of its own: the password is a copy of {@code other}, so is the response. */
    public Credentials withPassword(byte[] other) {
        return new Credentials(
                protocol,
                username,
                other.clone(),
                certificates,
                remote,
                peerInfo,
                response == null ? null : response.clone());
    }

    /** Overwrites the password and the response. */
    public void zero() {
        Arrays.fill(password, (byte) 0);
        if (response != null) {
            Arrays.fill(response, (byte) 0);
        }
    }

    @Override
    public String toString() {
        return "Credentials[" + protocol + ", username=" + username + ", password redacted, remote=" + remote + "]";
    }
}

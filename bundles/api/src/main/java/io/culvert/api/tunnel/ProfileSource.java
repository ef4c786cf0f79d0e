package io.culvert.api.tunnel;

import io.culvert.api.pki.CertificateAuthority;
import java.util.Optional;
import java.util.OptionalInt;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Writes client profiles for one configured protocol instance; registered beside its {@link TunnelProtocol}.
 *
 * <p>Threads: virtual threads, several at once; may block.
 */
@ConsumerType
public interface ProfileSource {
    /** {@link TunnelProtocol#name}. */
    String protocol();

    /** {@link TunnelProtocol#instance}. */
    String instance();

    Transport transport();

    /** Whether its clients carry Ethernet frames, which not every client can: chosen when it is asked for, or the only one. */
    default boolean isBridged() {
        return false;
    }

    /** Whether a profile of this instance holds a client certificate. */
    boolean needsCertificate();

    /**
     * The profile's text, everything inline: holds private keys.
     *
     * @throws IllegalArgumentException when the request lacks what this instance needs; the message names the remedy
     */
    String write(ProfileRequest request);

    /**
     * @param identity present when {@link #needsCertificate}
     * @param host that the client connects to; empty for the configured or detected one
     * @param port that the client connects to; empty for the listener's
     */
    record ProfileRequest(
            String user,
            Optional<CertificateAuthority.Issued> identity,
            Optional<String> host,
            OptionalInt port) {}
}

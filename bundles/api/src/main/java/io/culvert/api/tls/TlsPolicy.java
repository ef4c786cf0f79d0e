package io.culvert.api.tls;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What a TLS connection must be like. The same for every provider.
 *
 * @param identity key and chain to show; a client may have none
 * @param trustAnchors authorities that the peer's chain must lead to
 * @param peerCertificate whether the peer must show a certificate
 * @param minVersion the lowest version to accept
 * @param maxVersion the highest version to offer
 * @param suites IANA names in order of preference; empty for the provider's own choice (AEAD with forward secrecy)
 * @param groups key-exchange groups by IANA name in order of preference, of which a provider passes over those that it
 *     lacks; empty for the provider's own choice
 */
public record TlsPolicy(
        Optional<Identity> identity,
        List<X509Certificate> trustAnchors,
        PeerCertificate peerCertificate,
        Version minVersion,
        Version maxVersion,
        List<String> suites,
        List<String> groups) {

    public enum Version {
        TLS_1_2,
        TLS_1_3
    }

    /** Whether the peer is asked for a certificate, and whether it must have one. */
    public enum PeerCertificate {
        REQUIRED,
        OPTIONAL,
        NOT_ASKED
    }

    /**
     * A private key and its certificate chain.
     *
     * @param chain leaf first, without the trust anchor
     */
    public record Identity(PrivateKey key, List<X509Certificate> chain) {
        public Identity {
            Objects.requireNonNull(key, "key");
            chain = List.copyOf(chain);
        }

        @Override
        public String toString() {
            return "Identity[" + chain.getFirst().getSubjectX500Principal() + ", key redacted]";
        }
    }

    public TlsPolicy {
        Objects.requireNonNull(identity, "identity");
        trustAnchors = List.copyOf(trustAnchors);
        Objects.requireNonNull(peerCertificate, "peerCertificate");
        Objects.requireNonNull(minVersion, "minVersion");
        Objects.requireNonNull(maxVersion, "maxVersion");
        suites = List.copyOf(suites);
        groups = List.copyOf(groups);
        if (minVersion.compareTo(maxVersion) > 0) {
            throw new IllegalArgumentException("minVersion " + minVersion + " is above maxVersion " + maxVersion);
        }
    }
}

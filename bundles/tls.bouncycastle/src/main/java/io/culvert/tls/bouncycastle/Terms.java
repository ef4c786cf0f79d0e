package io.culvert.tls.bouncycastle;

import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsPolicy.PeerCertificate;
import io.culvert.api.tls.TlsPolicy.Version;
import java.util.List;
import java.util.Optional;
import java.util.Vector;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.crypto.impl.bc.BcTlsCrypto;

/**
 * A policy in the library's terms, for one role; used by many engines at once.
 *
 * @param versions the highest first
 * @param groups in order of preference
 * @param authorities the anchors' names, for a certificate request
 */
record Terms(
        BcTlsCrypto crypto,
        ProtocolVersion[] versions,
        int[] suites,
        int[] groups,
        Optional<Credentials> credentials,
        PeerCertificate peerCertificate,
        PeerChain peers,
        Vector<X500Name> authorities) {

    static Terms of(TlsPolicy policy, boolean server, BcTlsCrypto crypto, Groups groups) throws TlsException {
        List<Suite> suites = Suite.of(policy.suites());
        boolean modern = policy.maxVersion() == Version.TLS_1_3 && suites.stream().anyMatch(Suite::modern);
        boolean classic = policy.minVersion() == Version.TLS_1_2 && !suites.stream().allMatch(Suite::modern);
        if (!modern && !classic) {
            throw new TlsException("none of the policy's suites belongs to the policy's TLS versions");
        }
        var credentials = policy.identity().isPresent()
                ? Optional.of(new Credentials(crypto, policy.identity().get()))
                : Optional.<Credentials>empty();
        var authorities = new Vector<X500Name>();
        policy.trustAnchors().forEach(anchor ->
                authorities.add(X500Name.getInstance(anchor.getSubjectX500Principal().getEncoded())));
        return new Terms(
                crypto,
                (modern ? ProtocolVersion.TLSv13 : ProtocolVersion.TLSv12)
                        .downTo(classic ? ProtocolVersion.TLSv12 : ProtocolVersion.TLSv13),
                Suite.codes(suites),
                groups.of(policy.groups()),
                credentials,
                policy.peerCertificate(),
                new PeerChain(policy.trustAnchors(), server),
                authorities);
    }
}

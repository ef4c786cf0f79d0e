package io.culvert.tls.bouncycastle;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXReason;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.TlsFatalAlert;

/**
 * Whether a peer's chain leads to an anchor: path validation of RFC 5280 section 6 by the JDK, then the key usage of the
 * leaf and the extended key usage of the role. Revocation is the certificate authority's to say.
 */
final class PeerChain {
    private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    private static final String ANY_PURPOSE = "2.5.29.37.0";
    private static final int DIGITAL_SIGNATURE = 0;

    private final List<X509Certificate> anchors;
    private final Set<TrustAnchor> trusted;
    private final String purpose;

    /** @param ofClients whether the peers are clients */
    PeerChain(List<X509Certificate> anchors, boolean ofClients) {
        this.anchors = anchors;
        this.trusted = anchors.stream().map(anchor -> new TrustAnchor(anchor, null)).collect(Collectors.toSet());
        this.purpose = ofClients ? CLIENT_AUTH : SERVER_AUTH;
    }

    /**
     * The chain as the peer showed it, leaf first.
     *
     * @throws TlsFatalAlert with the alert of RFC 8446 section 6.2 and the reason, when it is not to be trusted
     */
    List<X509Certificate> verified(Certificate shown) throws IOException {
        var chain = new ArrayList<X509Certificate>();
        try {
            var factory = CertificateFactory.getInstance("X.509");
            for (int i = 0; i < shown.getLength(); i++) {
                byte[] der = shown.getCertificateAt(i).getEncoded();
                chain.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
            }
            if (anchors.isEmpty()) {
                throw new TlsFatalAlert(AlertDescription.unknown_ca, "the policy trusts nobody");
            }
            List<X509Certificate> path = path(chain);
            var parameters = new PKIXParameters(trusted);
            parameters.setRevocationEnabled(false);
            CertPathValidator.getInstance("PKIX").validate(factory.generateCertPath(path), parameters);
            checkUsage(path);
        } catch (GeneralSecurityException e) {
            throw new TlsFatalAlert(alert(e), null, e);
        }
        return List.copyOf(chain);
    }

    /** From the leaf up to what an anchor has signed; a peer may show more than that. */
    private List<X509Certificate> path(List<X509Certificate> chain) {
        var path = new ArrayList<X509Certificate>();
        var left = new HashSet<>(chain);
        X509Certificate next = chain.getFirst();
        while (next != null) {
            path.add(next);
            left.remove(next);
            var issuer = next.getIssuerX500Principal();
            if (anchors.stream().anyMatch(anchor -> anchor.getSubjectX500Principal().equals(issuer))) {
                return path;
            }
            next = left.stream()
                    .filter(certificate -> certificate.getSubjectX500Principal().equals(issuer))
                    .findFirst()
                    .orElse(null);
        }
        return path;
    }

    private void checkUsage(List<X509Certificate> path) throws GeneralSecurityException, TlsFatalAlert {
        boolean[] usage = path.getFirst().getKeyUsage();
        if (usage != null && !usage[DIGITAL_SIGNATURE]) {
            throw new TlsFatalAlert(
                    AlertDescription.bad_certificate, "the certificate's key usage does not allow digital signatures");
        }
        for (X509Certificate certificate : path) {
            List<String> purposes = certificate.getExtendedKeyUsage();
            if (purposes != null && !purposes.contains(purpose) && !purposes.contains(ANY_PURPOSE)) {
                throw new TlsFatalAlert(
                        AlertDescription.unsupported_certificate,
                        "the certificate's extended key usage does not allow TLS "
                                + (purpose.equals(CLIENT_AUTH) ? "clients" : "servers"));
            }
        }
    }

    private static short alert(GeneralSecurityException failure) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof CertificateExpiredException || t instanceof CertificateNotYetValidException) {
                return AlertDescription.certificate_expired;
            }
            if (t instanceof CertPathValidatorException path && path.getReason() == PKIXReason.NO_TRUST_ANCHOR) {
                return AlertDescription.unknown_ca;
            }
        }
        return AlertDescription.bad_certificate;
    }
}

package io.culvert.api.pki;

import io.culvert.api.tls.TlsPolicy;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * The appliance's certificate authority.
 *
 * <p>Threads: any but a packet loop, several at once; every method may block, {@link #serverIdentity},
 * {@link #authorities} and {@link #refusal} only briefly.
 */
@ConsumerType
public interface CertificateAuthority {
    /** Key and chain for tunnel listeners, as of now; renewed ahead of its end without being asked. */
    TlsPolicy.Identity serverIdentity() throws PkiException;

    /**
     * Key and chain for another server of the appliance, that clients reach under {@code names}; renewed like
     * {@link #serverIdentity()}. An authority that has one identity only gives that.
     *
     * @param purpose {@code console}; each has a key of its own
     * @param names of DNS or literal addresses, in any order
     */
    default TlsPolicy.Identity serverIdentity(String purpose, List<String> names) throws PkiException {
        return serverIdentity();
    }

    /**
     * The same, with the addresses of the revocation list in the certificate (RFC 5280 section 4.2.1.13).
     *
     * @param lists addresses that each give the list of {@link #crl()}
     */
    default TlsPolicy.Identity serverIdentity(String purpose, List<String> names, List<String> lists)
            throws PkiException {
        return serverIdentity(purpose, names);
    }

    /** The certificates that clients' and servers' chains lead to. */
    List<X509Certificate> authorities() throws PkiException;

    /** Why a verified certificate must not be accepted (revoked, out of its time, no clientAuth); empty when it may. */
    Optional<String> refusal(X509Certificate certificate, Instant at) throws PkiException;

    /** A new key and client certificate for {@code user}; durable and listed before it is returned. */
    Issued issue(String user) throws PkiException;

    /** The newest valid profile of {@code user} with its key, which is kept sealed in the store. */
    Optional<Issued> latest(String user) throws PkiException;

    /** What was issued to {@code user} and is neither revoked nor expired. */
    List<Profile> profiles(String user) throws PkiException;

    /** Revokes everything that {@code user} has; durable when it returns. Gives what was revoked. */
    List<Profile> revoke(String user, String reason) throws PkiException;

    /** The current revocation list, never past its nextUpdate. */
    X509CRL crl() throws PkiException;

    /** A key and certificate for a profile. */
    record Issued(Profile profile, TlsPolicy.Identity identity) {}

    /**
     * An issued certificate.
     *
     * @param id its serial number in lower-case hex
     */
    record Profile(String id, String user, Instant notBefore, Instant notAfter) {}
}

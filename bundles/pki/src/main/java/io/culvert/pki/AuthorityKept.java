package io.culvert.pki;

import io.culvert.api.pki.PkiException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.jspecify.annotations.Nullable;

/**
 * The authority's key and certificate. The certificate is made again under the same key and name before anything that
 * it signs could outlive it: what was issued before stays good.
 */
final class AuthorityKept extends Kept<X509.Signer> {
    private final PkiConfig config;
    private final SecureRandom random;

    AuthorityKept(Records records, PkiConfig config, SecureRandom random) {
        super("pki/authority", records);
        this.config = config;
        this.random = random;
    }

    @Override
    public Lifespan of(X509.Signer signer, Instant now) {
        return Lifespan.of(
                signer.certificate().getNotBefore().toInstant(),
                signer.certificate().getNotAfter().toInstant(),
                config.authorityMargin());
    }

    @Override
    X509.Signer make(X509.@Nullable Signer old, Instant now) throws PkiException {
        Instant from = X509.start(now);
        Instant until = from.plus(config.authorityValidity());
        if (old != null) {
            X509Certificate certificate = old.certificate();
            X500Name subject = X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
            return new X509.Signer(
                    old.key(),
                    X509.authority(
                            subject, old.key(), certificate.getPublicKey(), X509.newSerial(random), from, until));
        }
        KeyPair pair = config.keyType().generate(random);
        X500Name subject = X509.named(config.authorityName() + " " + mark(pair.getPublic()));
        return new X509.Signer(
                pair.getPrivate(),
                X509.authority(subject, pair.getPrivate(), pair.getPublic(), X509.newSerial(random), from, until));
    }

    /** Tells this authority from another one with the same name, on another appliance or after a new beginning. */
    private static String mark(PublicKey key) throws PkiException {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(key.getEncoded());
            return HexFormat.of().formatHex(Arrays.copyOf(digest, 4));
        } catch (NoSuchAlgorithmException e) {
            throw new PkiException("this JDK has no SHA-256", e);
        }
    }

    @Override
    X509.Signer decode(Fields fields) throws PkiException, GeneralSecurityException {
        X509Certificate certificate = X509.read(fields.next());
        return new X509.Signer(KeyType.read(fields.next(), certificate.getPublicKey()), certificate);
    }

    @Override
    byte[] encode(X509.Signer signer) throws GeneralSecurityException {
        return Fields.encode(signer.certificate().getEncoded(), signer.key().getEncoded());
    }

    /** The common name of {@code subject}; empty when it has none. */
    static String commonName(X500Principal subject) {
        var names = X500Name.getInstance(subject.getEncoded()).getRDNs(BCStyle.CN);
        return names.length == 0 ? "" : names[0].getFirst().getValue().toString();
    }
}

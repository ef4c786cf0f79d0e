package io.culvert.pki;

import io.culvert.api.pki.PkiException;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The revocation list; made anew when half of its time is over, and at once when something was revoked. */
final class CrlKept extends Kept<CrlKept.Numbered> {
    /** RFC 5280 section 5.2.3: the number of a list is larger than that of every list before it. */
    record Numbered(X509CRL crl, BigInteger number) {}

    private final PkiConfig config;
    private final Renewing<X509.Signer> authority;
    private final Supplier<Collection<Revocation>> revoked;

    CrlKept(
            Records records,
            PkiConfig config,
            Renewing<X509.Signer> authority,
            Supplier<Collection<Revocation>> revoked) {
        super("pki/crl", records);
        this.config = config;
        this.authority = authority;
        this.revoked = revoked;
    }

    @Override
    public Lifespan of(Numbered list, Instant now) {
        var entries = list.crl().getRevokedCertificates();
        // Revocations are never taken back, so the numbers differ exactly when the list lacks one.
        if ((entries == null ? 0 : entries.size()) != revoked.get().size()) {
            return Lifespan.OVER;
        }
        Instant from = list.crl().getThisUpdate().toInstant();
        Instant until = list.crl().getNextUpdate().toInstant();
        return Lifespan.of(from, until, Duration.between(from, until).dividedBy(2));
    }

    @Override
    Numbered make(@Nullable Numbered old, Instant now) throws PkiException {
        BigInteger number = old == null ? BigInteger.ONE : old.number().add(BigInteger.ONE);
        Instant from = now.truncatedTo(ChronoUnit.SECONDS);
        List<Revocation> entries = List.copyOf(revoked.get());
        return new Numbered(
                X509.revocationList(authority.get(), entries, number, from, from.plus(config.crlValidity())), number);
    }

    @Override
    Numbered decode(Fields fields) throws PkiException, GeneralSecurityException {
        byte[] der = fields.next();
        var crl = (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(new ByteArrayInputStream(der));
        return new Numbered(crl, new BigInteger(fields.nextText()));
    }

    @Override
    byte[] encode(Numbered list) throws GeneralSecurityException {
        return Fields.encode(list.crl().getEncoded(), Fields.text(list.number().toString()));
    }
}

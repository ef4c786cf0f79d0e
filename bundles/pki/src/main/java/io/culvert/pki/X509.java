package io.culvert.pki;

import io.culvert.api.pki.PkiException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Object;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CRLConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Builds and reads what RFC 5280 describes: the authority's own certificate, end-entity certificates and revocation
 * lists. The JDK's own providers make and check the signatures.
 */
final class X509 {
    private static final Duration SLOW_CLOCKS = Duration.ofHours(1);

    private X509() {}

    /** What an end-entity certificate is for. */
    enum Purpose {
        SERVER(KeyPurposeId.id_kp_serverAuth),
        CLIENT(KeyPurposeId.id_kp_clientAuth);

        private final KeyPurposeId id;

        Purpose(KeyPurposeId id) {
            this.id = id;
        }
    }

    /** A key of the authority with one of its certificates. */
    record Signer(PrivateKey key, X509Certificate certificate) {
        @Override
        public String toString() {
            return "Signer[" + certificate.getSubjectX500Principal() + ", key redacted]";
        }
    }

    /**
     * Positive, and always 32 digits in hex, so that one number has one spelling. Section 4.1.2.2: "CAs MUST force the
     * serialNumber to be a non-negative integer", at most 20 octets.
     */
    static BigInteger newSerial(SecureRandom random) {
        return new BigInteger(126, random).setBit(126);
    }

    /** When something that is signed now begins: a little earlier, for peers whose clocks are slow. */
    static Instant start(Instant now) {
        return now.truncatedTo(ChronoUnit.SECONDS).minus(SLOW_CLOCKS);
    }

    static String hex(BigInteger serial) {
        return serial.toString(16);
    }

    static X500Name named(String commonName) {
        return new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, commonName).build();
    }

    static X509Certificate authority(
            X500Name subject, PrivateKey key, PublicKey publicKey, BigInteger serial, Instant from, Instant until)
            throws PkiException {
        try {
            var builder = new JcaX509v3CertificateBuilder(
                    subject, serial, Date.from(from), Date.from(until), subject, publicKey);
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            builder.addExtension(
                    Extension.subjectKeyIdentifier,
                    false,
                    new JcaX509ExtensionUtils().createSubjectKeyIdentifier(publicKey));
            return sign(builder, key, publicKey);
        } catch (IOException | GeneralSecurityException e) {
            throw new PkiException("cannot build the authority's certificate: " + e.getMessage(), e);
        }
    }

    /** Ends at {@code until}, or with the signer. */
    static X509Certificate endEntity(
            Signer signer,
            String commonName,
            PublicKey publicKey,
            Purpose purpose,
            BigInteger serial,
            Instant from,
            Instant until)
            throws PkiException {
        List<String> names = purpose == Purpose.SERVER ? List.of(commonName) : List.of();
        return endEntity(signer, commonName, names, List.of(), publicKey, purpose, serial, from, until);
    }

    /**
     * Ends at {@code until}, or with the signer.
     *
     * @param names of DNS or literal addresses for the extension subjectAltName (RFC 5280 section 4.2.1.6)
     * @param lists addresses of the revocation list (section 4.2.1.13), none for no such extension
     */
    static X509Certificate endEntity(
            Signer signer,
            String commonName,
            List<String> names,
            List<String> lists,
            PublicKey publicKey,
            Purpose purpose,
            BigInteger serial,
            Instant from,
            Instant until)
            throws PkiException {
        PublicKey signerKey = signer.certificate().getPublicKey();
        Date signersEnd = signer.certificate().getNotAfter();
        Date end = Date.from(until).before(signersEnd) ? Date.from(until) : signersEnd;
        try {
            var builder = new JcaX509v3CertificateBuilder(
                    signer.certificate(),
                    serial,
                    Date.from(from),
                    end,
                    new X500Principal(named(commonName).getEncoded()),
                    publicKey);
            var extensions = new JcaX509ExtensionUtils();
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
            // Enough for every key exchange with forward secrecy; OpenVPN's remote-cert-tls wants some usage to be there.
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
            builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose.id));
            builder.addExtension(
                    Extension.subjectKeyIdentifier, false, extensions.createSubjectKeyIdentifier(publicKey));
            // By key alone: the authority's certificate can be issued again under the same key.
            builder.addExtension(
                    Extension.authorityKeyIdentifier, false, extensions.createAuthorityKeyIdentifier(signerKey));
            if (!names.isEmpty()) {
                builder.addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(names.stream().map(X509::generalName).toArray(GeneralName[]::new)));
            }
            if (!lists.isEmpty()) {
                builder.addExtension(Extension.cRLDistributionPoints, false, distribution(lists));
            }
            return sign(builder, signer.key(), signerKey);
        } catch (IOException | GeneralSecurityException e) {
            throw new PkiException("cannot build the certificate of " + commonName + ": " + e.getMessage(), e);
        }
    }

    /** One point: each of its addresses gives the whole list. */
    private static CRLDistPoint distribution(List<String> lists) {
        var addresses = new GeneralNames(lists.stream()
                .map(each -> new GeneralName(GeneralName.uniformResourceIdentifier, each))
                .toArray(GeneralName[]::new));
        return new CRLDistPoint(new DistributionPoint[] {
            new DistributionPoint(new DistributionPointName(addresses), null, null)
        });
    }

    private static GeneralName generalName(String name) {
        boolean address = name.indexOf(':') >= 0 || name.matches("[0-9.]+");
        return new GeneralName(address ? GeneralName.iPAddress : GeneralName.dNSName, name);
    }

    /** Whether {@code certificate} is for exactly these names. */
    static boolean hasNames(X509Certificate certificate, List<String> names) {
        try {
            return has(
                    certificate,
                    Extension.subjectAlternativeName,
                    new GeneralNames(names.stream().map(X509::generalName).toArray(GeneralName[]::new)));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Whether {@code certificate} names exactly these addresses of a revocation list. */
    static boolean hasLists(X509Certificate certificate, List<String> lists) {
        return lists.isEmpty()
                ? certificate.getExtensionValue(Extension.cRLDistributionPoints.getId()) == null
                : has(certificate, Extension.cRLDistributionPoints, distribution(lists));
    }

    private static boolean has(X509Certificate certificate, ASN1ObjectIdentifier id, ASN1Object expected) {
        byte[] extension = certificate.getExtensionValue(id.getId());
        try {
            return extension != null
                    && Arrays.equals(
                            ASN1OctetString.getInstance(extension).getOctets(), expected.getEncoded(ASN1Encoding.DER));
        } catch (IOException | IllegalArgumentException e) {
            return false;
        }
    }

    static X509CRL revocationList(
            Signer signer, Collection<Revocation> revoked, BigInteger number, Instant from, Instant until)
            throws PkiException {
        PublicKey signerKey = signer.certificate().getPublicKey();
        try {
            var builder = new JcaX509v2CRLBuilder(signer.certificate(), Date.from(from));
            builder.setNextUpdate(Date.from(until));
            for (Revocation entry : revoked) {
                builder.addCRLEntry(new BigInteger(entry.id(), 16), Date.from(entry.at()), 0);
            }
            builder.addExtension(
                    Extension.authorityKeyIdentifier,
                    false,
                    new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(signerKey));
            builder.addExtension(Extension.cRLNumber, false, new CRLNumber(number));
            return new JcaX509CRLConverter().getCRL(builder.build(contentSigner(signer.key(), signerKey)));
        } catch (IOException | GeneralSecurityException | OperatorCreationException e) {
            throw new PkiException("cannot build the revocation list: " + e.getMessage(), e);
        }
    }

    static X509Certificate read(byte[] der) throws GeneralSecurityException {
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
    }

    private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key, PublicKey signerKey)
            throws PkiException {
        try {
            return new JcaX509CertificateConverter().getCertificate(builder.build(contentSigner(key, signerKey)));
        } catch (GeneralSecurityException | OperatorCreationException e) {
            throw new PkiException("cannot sign a certificate: " + e.getMessage(), e);
        }
    }

    private static ContentSigner contentSigner(PrivateKey key, PublicKey signerKey) throws OperatorCreationException {
        return new JcaContentSignerBuilder(KeyType.signatureOf(signerKey)).build(key);
    }
}

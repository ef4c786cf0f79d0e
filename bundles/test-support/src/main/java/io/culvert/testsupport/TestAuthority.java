package io.culvert.testsupport;

import io.culvert.api.tls.TlsPolicy;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/** A certificate authority that lives as long as a test: P-256 throughout, valid for a day around now. */
public final class TestAuthority {
    private static final Duration NOW_AND_A_DAY = Duration.ofDays(1);

    private final AtomicLong serial = new AtomicLong(1);
    private final KeyPair key = newKey();
    private final X500Name name;
    private final X509Certificate certificate;

    public TestAuthority(String name) {
        this.name = new X500Name("CN=" + name);
        this.certificate = sign(this.name, key, null, NOW_AND_A_DAY);
    }

    private TestAuthority(String name, TestAuthority above) {
        this.name = new X500Name("CN=" + name);
        this.certificate = above.sign(this.name, key, null, NOW_AND_A_DAY);
    }

    public X509Certificate certificate() {
        return certificate;
    }

    /** A server's identity with extended key usage serverAuth. */
    public TlsPolicy.Identity server(String commonName) {
        return issue(commonName, KeyPurposeId.id_kp_serverAuth);
    }

    /** A server's identity with {@code names} of DNS as subject alternative names, and the chain up to here. */
    public TlsPolicy.Identity server(List<String> names, Instant notBefore, Instant notAfter) {
        KeyPair pair = newKey();
        var subject = new X500Name("CN=" + names.getFirst());
        X509Certificate leaf = sign(subject, pair, KeyPurposeId.id_kp_serverAuth, notBefore, notAfter, names);
        return new TlsPolicy.Identity(pair.getPrivate(), List.of(leaf, certificate));
    }

    /** A client's identity with extended key usage clientAuth. */
    public TlsPolicy.Identity client(String commonName) {
        return issue(commonName, KeyPurposeId.id_kp_clientAuth);
    }

    /** A server's identity with an RSA key of 2,048 bits. */
    public TlsPolicy.Identity rsaServer(String commonName) {
        return issue(commonName, newRsaKey(), KeyPurposeId.id_kp_serverAuth, NOW_AND_A_DAY);
    }

    /** A client's identity that ended an hour ago. */
    public TlsPolicy.Identity expiredClient(String commonName) {
        return issue(commonName, newKey(), KeyPurposeId.id_kp_clientAuth, Duration.ofHours(-1));
    }

    /** A client's identity that begins in an hour. */
    public TlsPolicy.Identity futureClient(String commonName) {
        KeyPair pair = newKey();
        Instant begin = Instant.now().plus(Duration.ofHours(1));
        X509Certificate leaf = sign(
                new X500Name("CN=" + commonName), pair, KeyPurposeId.id_kp_clientAuth, begin, begin.plus(NOW_AND_A_DAY));
        return new TlsPolicy.Identity(pair.getPrivate(), List.of(leaf));
    }

    /** A client's identity that only it vouches for. */
    public static TlsPolicy.Identity selfSignedClient(String commonName) {
        var itself = new TestAuthority(commonName);
        Instant now = Instant.now();
        X509Certificate leaf = itself.sign(
                itself.name,
                itself.key,
                KeyPurposeId.id_kp_clientAuth,
                now.minus(NOW_AND_A_DAY),
                now.plus(NOW_AND_A_DAY));
        return new TlsPolicy.Identity(itself.key.getPrivate(), List.of(leaf));
    }

    /** A client's identity below an authority of its own, which this one has signed and which is in the chain. */
    public TlsPolicy.Identity clientOfIntermediate(String authorityName, String commonName) {
        var intermediate = new TestAuthority(authorityName, this);
        TlsPolicy.Identity below = intermediate.client(commonName);
        return new TlsPolicy.Identity(below.key(), List.of(below.chain().getFirst(), intermediate.certificate));
    }

    private TlsPolicy.Identity issue(String commonName, KeyPurposeId purpose) {
        return issue(commonName, newKey(), purpose, NOW_AND_A_DAY);
    }

    private TlsPolicy.Identity issue(String commonName, KeyPair pair, KeyPurposeId purpose, Duration validFor) {
        return new TlsPolicy.Identity(
                pair.getPrivate(), List.of(sign(new X500Name("CN=" + commonName), pair, purpose, validFor)));
    }

    private X509Certificate sign(X500Name subject, KeyPair pair, @Nullable KeyPurposeId purpose, Duration validFor) {
        Instant now = Instant.now();
        return sign(subject, pair, purpose, now.minus(NOW_AND_A_DAY), now.plus(validFor));
    }

    private X509Certificate sign(
            X500Name subject, KeyPair pair, @Nullable KeyPurposeId purpose, Instant notBefore, Instant notAfter) {
        return sign(subject, pair, purpose, notBefore, notAfter, List.of());
    }

    private X509Certificate sign(
            X500Name subject,
            KeyPair pair,
            @Nullable KeyPurposeId purpose,
            Instant notBefore,
            Instant notAfter,
            List<String> names) {
        try {
            var builder = new JcaX509v3CertificateBuilder(
                    name,
                    BigInteger.valueOf(serial.getAndIncrement()),
                    Date.from(notBefore),
                    Date.from(notAfter),
                    subject,
                    pair.getPublic());
            if (purpose == null) {
                builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(1));
                builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            } else {
                builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
                builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose));
            }
            if (!names.isEmpty()) {
                var all = names.stream().map(each -> new GeneralName(GeneralName.dNSName, each));
                builder.addExtension(
                        Extension.subjectAlternativeName, false, new GeneralNames(all.toArray(GeneralName[]::new)));
            }
            var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate());
            return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static KeyPair newRsaKey() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(2048);
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static KeyPair newKey() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}

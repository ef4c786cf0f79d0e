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
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/** A certificate authority that lives as long as a test: P-256 throughout, valid for a day around now. */
public final class TestAuthority {
    private final AtomicLong serial = new AtomicLong(1);
    private final KeyPair key = newKey();
    private final X500Name name;
    private final X509Certificate certificate;

    public TestAuthority(String name) {
        this.name = new X500Name("CN=" + name);
        this.certificate = sign(this.name, key, null);
    }

    public X509Certificate certificate() {
        return certificate;
    }

    /** A server's identity with extended key usage serverAuth. */
    public TlsPolicy.Identity server(String commonName) {
        return issue(commonName, KeyPurposeId.id_kp_serverAuth);
    }

    /** A client's identity with extended key usage clientAuth. */
    public TlsPolicy.Identity client(String commonName) {
        return issue(commonName, KeyPurposeId.id_kp_clientAuth);
    }

    private TlsPolicy.Identity issue(String commonName, KeyPurposeId purpose) {
        KeyPair pair = newKey();
        return new TlsPolicy.Identity(
                pair.getPrivate(), List.of(sign(new X500Name("CN=" + commonName), pair, purpose)));
    }

    private X509Certificate sign(X500Name subject, KeyPair pair, @Nullable KeyPurposeId purpose) {
        Instant now = Instant.now();
        try {
            var builder = new JcaX509v3CertificateBuilder(
                    name,
                    BigInteger.valueOf(serial.getAndIncrement()),
                    Date.from(now.minus(Duration.ofDays(1))),
                    Date.from(now.plus(Duration.ofDays(1))),
                    subject,
                    pair.getPublic());
            if (purpose == null) {
                builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
                builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
            } else {
                builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
                builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose));
            }
            var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate());
            return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
        } catch (Exception e) {
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

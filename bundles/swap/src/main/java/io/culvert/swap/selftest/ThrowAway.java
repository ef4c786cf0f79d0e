package io.culvert.swap.selftest;

import io.culvert.api.tls.TlsPolicy;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Certificates for one handshake: an authority of P-256 with a server and a client below it.
 *
 * @param authority the trust anchor of both
 */
record ThrowAway(X509Certificate authority, TlsPolicy.Identity server, TlsPolicy.Identity client) {
    private static final Duration SLACK = Duration.ofHours(1);

    static ThrowAway create() throws Exception {
        KeyPair key = key();
        var name = new X500Name("CN=self-test authority");
        var builder = builder(name, 1, name, key);
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
        return new ThrowAway(
                sign(builder, key),
                identity(name, key, 2, "self-test server", KeyPurposeId.id_kp_serverAuth),
                identity(name, key, 3, "self-test client", KeyPurposeId.id_kp_clientAuth));
    }

    private static TlsPolicy.Identity identity(
            X500Name issuer, KeyPair issuerKey, int serial, String name, KeyPurposeId purpose) throws Exception {
        KeyPair key = key();
        var builder = builder(issuer, serial, new X500Name("CN=" + name), key);
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
        builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose));
        return new TlsPolicy.Identity(key.getPrivate(), List.of(sign(builder, issuerKey)));
    }

    private static JcaX509v3CertificateBuilder builder(X500Name issuer, int serial, X500Name subject, KeyPair key) {
        Instant now = Instant.now();
        return new JcaX509v3CertificateBuilder(
                issuer,
                BigInteger.valueOf(serial),
                Date.from(now.minus(SLACK)),
                Date.from(now.plus(SLACK)),
                subject,
                key.getPublic());
    }

    private static X509Certificate sign(JcaX509v3CertificateBuilder builder, KeyPair key) throws Exception {
        var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate());
        return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    }

    private static KeyPair key() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }
}

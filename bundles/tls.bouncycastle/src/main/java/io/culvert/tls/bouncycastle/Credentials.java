package io.culvert.tls.bouncycastle;

import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsPolicy.Identity;
import java.io.IOException;
import java.security.cert.CertificateEncodingException;
import java.util.Arrays;
import java.util.List;
import java.util.Vector;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.params.ECPrivateKeyParameters;
import org.bouncycastle.crypto.params.Ed25519PrivateKeyParameters;
import org.bouncycastle.crypto.params.Ed448PrivateKeyParameters;
import org.bouncycastle.crypto.params.RSAKeyParameters;
import org.bouncycastle.crypto.util.PrivateKeyFactory;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.CertificateEntry;
import org.bouncycastle.tls.KeyExchangeAlgorithm;
import org.bouncycastle.tls.NamedGroup;
import org.bouncycastle.tls.SignatureAndHashAlgorithm;
import org.bouncycastle.tls.SignatureScheme;
import org.bouncycastle.tls.TlsContext;
import org.bouncycastle.tls.TlsCredentialedSigner;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsUtils;
import org.bouncycastle.tls.crypto.TlsCertificate;
import org.bouncycastle.tls.crypto.TlsCryptoParameters;
import org.bouncycastle.tls.crypto.impl.bc.BcDefaultTlsCredentialedSigner;
import org.bouncycastle.tls.crypto.impl.bc.BcTlsCrypto;

/** An identity as the library wants it, and the signature schemes that its key can make. */
final class Credentials {
    /** What peers may sign with, their certificates included: no SHA-1. In order of preference. */
    private static final List<Integer> SCHEMES = List.of(
            SignatureScheme.ed25519,
            SignatureScheme.ecdsa_secp256r1_sha256,
            SignatureScheme.ecdsa_secp384r1_sha384,
            SignatureScheme.ecdsa_secp521r1_sha512,
            SignatureScheme.ed448,
            SignatureScheme.rsa_pss_rsae_sha256,
            SignatureScheme.rsa_pss_rsae_sha384,
            SignatureScheme.rsa_pss_rsae_sha512,
            SignatureScheme.rsa_pss_pss_sha256,
            SignatureScheme.rsa_pss_pss_sha384,
            SignatureScheme.rsa_pss_pss_sha512,
            SignatureScheme.rsa_pkcs1_sha256,
            SignatureScheme.rsa_pkcs1_sha384,
            SignatureScheme.rsa_pkcs1_sha512);

    private final BcTlsCrypto crypto;
    private final AsymmetricKeyParameter key;
    private final TlsCertificate[] chain;

    Credentials(BcTlsCrypto crypto, Identity identity) throws TlsException {
        this.crypto = crypto;
        byte[] der = identity.key().getEncoded();
        if (der == null) {
            throw new TlsException(
                    "Bouncy Castle needs the identity's private key itself, and the key cannot be exported");
        }
        try {
            key = PrivateKeyFactory.createKey(der);
            chain = new TlsCertificate[identity.chain().size()];
            for (int i = 0; i < chain.length; i++) {
                chain[i] = crypto.createCertificate(identity.chain().get(i).getEncoded());
            }
        } catch (IOException | CertificateEncodingException | RuntimeException e) {
            throw new TlsException("Bouncy Castle does not take the identity: " + e.getMessage(), e);
        } finally {
            Arrays.fill(der, (byte) 0);
        }
        if (kind() == 0) {
            throw new TlsException("the identity's key is neither RSA nor ECDSA nor EdDSA");
        }
    }

    static Vector<SignatureAndHashAlgorithm> schemes() {
        var all = new Vector<SignatureAndHashAlgorithm>();
        SCHEMES.forEach(scheme -> all.add(SignatureScheme.getSignatureAndHashAlgorithm(scheme)));
        return all;
    }

    /** Whether the key can authenticate a key exchange of TLS 1.2. */
    boolean fits(int keyExchange) {
        return switch (keyExchange) {
            case KeyExchangeAlgorithm.ECDHE_RSA, KeyExchangeAlgorithm.DHE_RSA -> key instanceof RSAKeyParameters;
            case KeyExchangeAlgorithm.ECDHE_ECDSA -> !(key instanceof RSAKeyParameters);
            default -> false;
        };
    }

    /**
     * A signer with the first scheme of the peer's that the key can make.
     *
     * @param peers the peer's list, or null when it has sent none
     * @param request the context of a certificate request of TLS 1.3
     */
    TlsCredentialedSigner signer(TlsContext context, @org.jspecify.annotations.Nullable Vector<?> peers, byte[] request)
            throws IOException {
        boolean modern = TlsUtils.isTLSv13(context);
        var chosen = (peers == null ? schemes() : peers)
                .stream()
                .map(SignatureAndHashAlgorithm.class::cast)
                .filter(algorithm -> canMake(SignatureScheme.from(algorithm), modern))
                .findFirst()
                .orElseThrow(() -> new TlsFatalAlert(
                        AlertDescription.handshake_failure, "the peer takes no signature that the identity's key makes"));
        return new BcDefaultTlsCredentialedSigner(
                new TlsCryptoParameters(context), crypto, key, certificate(modern, request), chosen);
    }

    private Certificate certificate(boolean modern, byte[] request) throws IOException {
        if (!modern) {
            return new Certificate(chain);
        }
        var entries = new CertificateEntry[chain.length];
        for (int i = 0; i < chain.length; i++) {
            entries[i] = new CertificateEntry(chain[i], null);
        }
        return new Certificate(request, entries);
    }

    private boolean canMake(int scheme, boolean modern) {
        if (!SCHEMES.contains(scheme)) {
            return false;
        }
        return switch (scheme) {
            case SignatureScheme.ecdsa_secp256r1_sha256,
                    SignatureScheme.ecdsa_secp384r1_sha384,
                    SignatureScheme.ecdsa_secp521r1_sha512 ->
                // TLS 1.2 leaves the curve open (RFC 5246 section 7.4.1.4.1).
                key instanceof ECPrivateKeyParameters && (!modern || SignatureScheme.getNamedGroup(scheme) == kind());
            case SignatureScheme.ed25519 -> key instanceof Ed25519PrivateKeyParameters;
            case SignatureScheme.ed448 -> key instanceof Ed448PrivateKeyParameters;
            case SignatureScheme.rsa_pss_rsae_sha256,
                    SignatureScheme.rsa_pss_rsae_sha384,
                    SignatureScheme.rsa_pss_rsae_sha512 ->
                key instanceof RSAKeyParameters;
            case SignatureScheme.rsa_pkcs1_sha256,
                    SignatureScheme.rsa_pkcs1_sha384,
                    SignatureScheme.rsa_pkcs1_sha512 ->
                !modern && key instanceof RSAKeyParameters;
            default -> false;
        };
    }

    /** The group of an ECDSA key, another number for a key of another kind, 0 for one that cannot be used. */
    private int kind() {
        return switch (key) {
            case ECPrivateKeyParameters ec ->
                switch (ec.getParameters().getCurve().getFieldSize()) {
                    case 256 -> NamedGroup.secp256r1;
                    case 384 -> NamedGroup.secp384r1;
                    case 521 -> NamedGroup.secp521r1;
                    default -> 0;
                };
            case RSAKeyParameters _, Ed25519PrivateKeyParameters _, Ed448PrivateKeyParameters _ -> -1;
            default -> 0;
        };
    }
}

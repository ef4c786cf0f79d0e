package io.culvert.tls.bouncycastle;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.List;
import org.bouncycastle.tls.SecurityParameters;
import org.bouncycastle.tls.TlsContext;
import org.bouncycastle.tls.TlsUtils;
import org.bouncycastle.tls.crypto.TlsCryptoUtils;
import org.bouncycastle.tls.crypto.TlsSecret;
import org.bouncycastle.util.Arrays;

/** What a handshake came to: who the peer is, what was agreed, and the secret for exports. */
final class Outcome {
    private static final byte[] NO_CONTEXT = {};

    private List<X509Certificate> peerCertificates = List.of();
    private String description = "";
    private boolean complete;
    private boolean modern;
    private int prf;
    private int hash;
    private byte[] emptyHash = {};
    private byte[] randoms = {};
    private @org.jspecify.annotations.Nullable TlsSecret secret;

    void peer(List<X509Certificate> chain) {
        peerCertificates = chain;
    }

    /** Takes what is needed later: the library forgets its own copies once the handshake is complete. */
    void complete(TlsContext context) {
        SecurityParameters agreed = context.getSecurityParametersConnection();
        modern = TlsUtils.isTLSv13(agreed.getNegotiatedVersion());
        description = (modern ? "TLSv1.3 " : "TLSv1.2 ") + Suite.name(agreed.getCipherSuite());
        prf = agreed.getPRFAlgorithm();
        if (modern) {
            hash = agreed.getPRFCryptoHashAlgorithm();
            emptyHash = context.getCrypto().createHash(hash).calculateHash();
            secret = context.getCrypto().adoptSecret(agreed.getExporterMasterSecret());
        } else if (agreed.isExtendedMasterSecret()) {
            randoms = Arrays.concatenate(agreed.getClientRandom(), agreed.getServerRandom());
            secret = context.getCrypto().adoptSecret(agreed.getMasterSecret());
        }
        complete = true;
    }

    boolean isComplete() {
        return complete;
    }

    boolean isModern() {
        return modern;
    }

    String description() {
        return description;
    }

    List<X509Certificate> peerCertificates() {
        return peerCertificates;
    }

    /** RFC 5705 section 4 and RFC 8446 section 7.5, without context. */
    byte[] export(String label, int lengthBytes) throws IOException {
        TlsSecret master = secret;
        if (master == null) {
            // RFC 7627 section 5.4.
            throw new IOException("it has no extended master secret");
        }
        if (!modern) {
            return master.deriveUsingPRF(prf, label, randoms, lengthBytes).extract();
        }
        TlsSecret derived = TlsCryptoUtils.hkdfExpandLabel(master, hash, label, emptyHash, emptyHash.length);
        try {
            return TlsCryptoUtils.hkdfExpandLabel(derived, hash, "exporter", emptyHash, lengthBytes).extract();
        } finally {
            derived.destroy();
        }
    }

    void forget() {
        if (secret != null) {
            secret.destroy();
            secret = null;
        }
        peerCertificates = List.of();
        description = "";
        randoms = NO_CONTEXT;
    }
}

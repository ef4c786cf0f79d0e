package io.culvert.tls.bouncycastle;

import java.io.IOException;
import java.util.Vector;
import org.bouncycastle.tls.AbstractTlsClient;
import org.bouncycastle.tls.CertificateRequest;
import org.bouncycastle.tls.CertificateStatusRequest;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.SignatureAndHashAlgorithm;
import org.bouncycastle.tls.TlsAuthentication;
import org.bouncycastle.tls.TlsCredentials;
import org.bouncycastle.tls.TlsServerCertificate;
import org.bouncycastle.tls.TlsUtils;
import org.jspecify.annotations.Nullable;

/** The client's side of a policy. */
final class BcClient extends AbstractTlsClient {
    private static final byte[] NO_CONTEXT = {};

    private final Terms terms;
    private final Outcome outcome;

    BcClient(Terms terms, Outcome outcome) {
        super(terms.crypto());
        this.terms = terms;
        this.outcome = outcome;
    }

    @Override
    protected ProtocolVersion[] getSupportedVersions() {
        return terms.versions();
    }

    @Override
    protected int[] getSupportedCipherSuites() {
        return terms.suites();
    }

    @Override
    protected Vector<Integer> getSupportedGroups(@SuppressWarnings("rawtypes") Vector roles) {
        var groups = new Vector<Integer>();
        for (int group : terms.groups()) {
            groups.add(group);
        }
        return groups;
    }

    /** The first choice, and beside a hybrid the first classic one, so that a server without it need not ask again. */
    @Override
    public Vector<Integer> getEarlyKeyShareGroups() {
        var early = new Vector<Integer>();
        for (int group : terms.groups()) {
            if (early.isEmpty() || Groups.isHybrid(early.getFirst()) && !Groups.isHybrid(group)) {
                early.add(group);
            }
            if (!Groups.isHybrid(group)) {
                break;
            }
        }
        return early;
    }

    @Override
    protected Vector<SignatureAndHashAlgorithm> getSupportedSignatureAlgorithms() {
        return Credentials.schemes();
    }

    @Override
    protected @Nullable CertificateStatusRequest getCertificateStatusRequest() {
        return null;
    }

    @Override
    public TlsAuthentication getAuthentication() {
        return new TlsAuthentication() {
            @Override
            public void notifyServerCertificate(TlsServerCertificate shown) throws IOException {
                outcome.peer(terms.peers().verified(shown.getCertificate()));
            }

            @Override
            public @Nullable TlsCredentials getClientCredentials(CertificateRequest request) throws IOException {
                if (terms.credentials().isEmpty()) {
                    return null;
                }
                byte[] asked = TlsUtils.isTLSv13(context) ? request.getCertificateRequestContext() : NO_CONTEXT;
                return terms.credentials().get().signer(context, request.getSupportedSignatureAlgorithms(), asked);
            }
        };
    }

    @Override
    public void notifyHandshakeComplete() throws IOException {
        super.notifyHandshakeComplete();
        outcome.complete(context);
    }
}

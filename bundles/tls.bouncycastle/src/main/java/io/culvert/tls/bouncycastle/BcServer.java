package io.culvert.tls.bouncycastle;

import io.culvert.api.tls.TlsPolicy.PeerCertificate;
import java.io.IOException;
import java.util.Vector;
import org.bouncycastle.tls.AbstractTlsServer;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.CertificateRequest;
import org.bouncycastle.tls.ClientCertificateType;
import org.bouncycastle.tls.NamedGroup;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.TlsCredentials;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsUtils;
import org.jspecify.annotations.Nullable;

/** The server's side of a policy: our order of suites and groups, no resumption, no renegotiation. */
final class BcServer extends AbstractTlsServer {
    private static final byte[] NO_CONTEXT = {};

    private final Terms terms;
    private final Outcome outcome;

    BcServer(Terms terms, Outcome outcome) {
        super(terms.crypto());
        this.terms = terms;
        this.outcome = outcome;
    }

    @Override
    protected ProtocolVersion[] getSupportedVersions() {
        return terms.versions();
    }

    /** The highest in common, in whatever order the client names them. */
    @Override
    public ProtocolVersion getServerVersion() throws IOException {
        for (ProtocolVersion version : terms.versions()) {
            if (ProtocolVersion.contains(context.getClientSupportedVersions(), version)) {
                return version;
            }
        }
        throw new TlsFatalAlert(AlertDescription.protocol_version, "the client has none of the policy's versions");
    }

    @Override
    protected int[] getSupportedCipherSuites() {
        return terms.suites();
    }

    @Override
    protected boolean preferLocalCipherSuites() {
        return true;
    }

    @Override
    protected boolean isSelectableCipherSuite(
            int suite, int curveBits, int finiteFieldBits, @SuppressWarnings("rawtypes") Vector signatures) {
        return terms.credentials().orElseThrow().fits(TlsUtils.getKeyExchangeAlgorithm(suite))
                && super.isSelectableCipherSuite(suite, curveBits, finiteFieldBits, signatures);
    }

    // ---- groups

    @Override
    public int[] getSupportedGroups() {
        return terms.groups();
    }

    @Override
    public boolean preferLocalSupportedGroups() {
        return true;
    }

    @Override
    protected int getMaximumNegotiableCurveBits() {
        int group = selectECDH(0);
        return group < 0 ? 0 : NamedGroup.getCurveBits(group);
    }

    @Override
    protected int getMaximumNegotiableFiniteFieldBits() {
        int group = selectDH(0);
        return group < 0 ? 0 : NamedGroup.getFiniteFieldBits(group);
    }

    @Override
    protected int selectECDH(int minimumCurveBits) {
        int[] clients = context.getSecurityParametersHandshake().getClientSupportedGroups();
        // A client that names none can do any, RFC 8422 section 5.1; the oldest are the safest guess.
        int[] known = clients != null ? clients : new int[] {NamedGroup.secp256r1, NamedGroup.secp384r1};
        return Groups.first(
                terms.groups(),
                known,
                group -> NamedGroup.refersToASpecificCurve(group) && NamedGroup.getCurveBits(group) >= minimumCurveBits);
    }

    @Override
    protected int selectDH(int minimumFiniteFieldBits) {
        int[] clients = context.getSecurityParametersHandshake().getClientSupportedGroups();
        boolean names = false;
        for (int i = 0; clients != null && i < clients.length; i++) {
            names |= NamedGroup.isFiniteField(clients[i]);
        }
        // A client that names no finite field leaves the choice to us, RFC 7919 section 4.
        return Groups.first(
                terms.groups(),
                names ? clients : terms.groups(),
                group -> NamedGroup.refersToASpecificFiniteField(group)
                        && NamedGroup.getFiniteFieldBits(group) >= minimumFiniteFieldBits);
    }

    // ---- certificates

    @Override
    protected boolean allowCertificateStatus() {
        return false;
    }

    @Override
    public TlsCredentials getCredentials() throws IOException {
        return terms.credentials()
                .orElseThrow()
                .signer(context, context.getSecurityParametersHandshake().getClientSigAlgs(), NO_CONTEXT);
    }

    @Override
    public @Nullable CertificateRequest getCertificateRequest() throws IOException {
        if (terms.peerCertificate() == PeerCertificate.NOT_ASKED) {
            return null;
        }
        if (TlsUtils.isTLSv13(context)) {
            return new CertificateRequest(NO_CONTEXT, Credentials.schemes(), null, terms.authorities());
        }
        short[] types = {ClientCertificateType.ecdsa_sign, ClientCertificateType.rsa_sign};
        return new CertificateRequest(types, Credentials.schemes(), terms.authorities());
    }

    @Override
    public void notifyClientCertificate(Certificate certificate) throws IOException {
        if (!certificate.isEmpty()) {
            outcome.peer(terms.peers().verified(certificate));
        } else if (terms.peerCertificate() == PeerCertificate.REQUIRED) {
            throw new TlsFatalAlert(
                    TlsUtils.isTLSv13(context)
                            ? AlertDescription.certificate_required
                            : AlertDescription.handshake_failure,
                    "the client shows no certificate, and the policy requires one");
        }
    }

    @Override
    public void notifyHandshakeComplete() throws IOException {
        super.notifyHandshakeComplete();
        outcome.complete(context);
    }
}

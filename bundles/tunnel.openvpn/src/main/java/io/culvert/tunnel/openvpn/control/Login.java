package io.culvert.tunnel.openvpn.control;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.packet.Outbox;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.SessionHost;
import io.culvert.api.tunnel.TunnelHost;
import io.culvert.tunnel.openvpn.OpenVpnConfig;
import io.culvert.tunnel.openvpn.wire.KeyMethod2;
import io.culvert.tunnel.openvpn.wire.PeerInfo;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import org.jspecify.annotations.Nullable;

/**
 * Who a client is. Steps: the verified certificate is shown to the certificate authority (off the loop), then name and
 * password to the authenticators, as far as the listener asks for either. Every path that is not an explicit yes
 * refuses.
 */
public final class Login {
    /** The longest name and password that are looked at, in bytes. */
    private static final int MAX_NAME = 255;

    private static final int MAX_PASSWORD = 4096;
    private static final String PEER_TEXT = "login refused";

    /** What became of it. */
    public sealed interface Outcome {
        record Known(PeerIdentity peer) implements Outcome {}

        record Refused(CloseCause cause) implements Outcome {}
    }

    /** Gets the answers, on the loop. */
    public interface Steps {
        /** The client has to wait, or to do something; the outcome follows. */
        void onPending(AuthDecision.Pending pending, long nowNs, Outbox out);

        void onOutcome(Outcome outcome, long nowNs, Outbox out);
    }

    /** The client's certificate as TLS verified it. */
    private record Shown(List<X509Certificate> chain, Optional<String> refusal) {}

    private final OpenVpnConfig.Login demanded;
    private final TunnelHost host;
    private final SessionHost session;

    public Login(OpenVpnConfig.Login demanded, TunnelHost host, SessionHost session) {
        this.demanded = demanded;
        this.host = host;
        this.session = session;
    }

    /** Starts; {@code keys} gives name and password, which are given away. */
    public void start(KeyState state, KeyMethod2 keys, PeerInfo info, InetSocketAddress remote, Steps steps) {
        state.withTls(this::shown, (shown, error, nowNs, out) -> {
            if (shown == null) {
                steps.onOutcome(refused("certificate check failed: " + error, PEER_TEXT), nowNs, out);
            } else if (shown.refusal().isPresent()) {
                steps.onOutcome(
                        refused("certificate refused: " + shown.refusal().get(), PEER_TEXT), nowNs, out);
            } else {
                onCertificate(shown.chain(), keys, info, remote, steps, nowNs, out);
            }
        });
    }

    private Shown shown(TlsEngine engine) throws Exception {
        List<X509Certificate> chain = engine.peerCertificates();
        if (chain.isEmpty()) {
            return new Shown(chain, Optional.empty());
        }
        CertificateAuthority authority = host.certificates()
                .orElseThrow(() -> new IllegalStateException("there is no certificate authority"));
        Instant now = Instant.ofEpochSecond(host.wallTimeSeconds());
        return new Shown(chain, authority.refusal(chain.getFirst(), now));
    }

    private void onCertificate(
            List<X509Certificate> chain,
            KeyMethod2 keys,
            PeerInfo info,
            InetSocketAddress remote,
            Steps steps,
            long nowNs,
            Outbox out) {
        String certified = chain.isEmpty() ? null : commonName(chain.getFirst());
        boolean withCertificate =
                switch (demanded) {
                    case CERTIFICATE, CERTIFICATE_AND_PASSWORD -> true;
                    case PASSWORD -> false;
                    case CERTIFICATE_OR_PASSWORD -> !chain.isEmpty();
                };
        boolean withPassword = demanded.asksPassword() || !withCertificate;
        if (withCertificate && certified == null) {
            steps.onOutcome(refused("no certificate with a common name was shown", PEER_TEXT), nowNs, out);
            return;
        }
        String profile = withCertificate ? chain.getFirst().getSerialNumber().toString(16) : "";
        if (!withPassword) {
            steps.onOutcome(new Outcome.Known(new PeerIdentity(certified, profile, Map.of())), nowNs, out);
            return;
        }
        String username = keys.username();
        byte[] password = keys.password();
        if (username == null || username.isEmpty() || password == null) {
            steps.onOutcome(refused("no user name and password were sent", PEER_TEXT), nowNs, out);
            return;
        }
        if (username.length() > MAX_NAME || password.length > MAX_PASSWORD || !printable(username)) {
            steps.onOutcome(refused("the user name or password is too long or not printable", PEER_TEXT), nowNs, out);
            return;
        }
        if (withCertificate && !username.equals(certified)) {
            steps.onOutcome(refused("user " + username + " came with " + certified + "'s certificate", PEER_TEXT), nowNs, out);
            return;
        }
        var credentials = new Credentials("openvpn", username, password.clone(), chain, remote, info.variables());
        session.authenticate(
                credentials, (decision, at, box) -> onDecision(decision, username, profile, steps, at, box));
    }

    private void onDecision(
            AuthDecision decision, String user, String profile, Steps steps, long nowNs, Outbox out) {
        switch (decision) {
            case AuthDecision.Accepted accepted -> steps.onOutcome(
                    new Outcome.Known(new PeerIdentity(user, profile, accepted.attributes())), nowNs, out);
            case AuthDecision.Refused r -> steps.onOutcome(refused(r.logText(), r.peerText()), nowNs, out);
            case AuthDecision.Unknown _, AuthDecision.Abstained _ -> steps.onOutcome(refused("nobody knows user " + user, PEER_TEXT), nowNs, out);
            // Core calls again with the decision, or with a refusal when it does not come in time.
            case AuthDecision.Pending pending -> steps.onPending(pending, nowNs, out);
        }
    }

    private static Outcome refused(String logText, String peerText) {
        return new Outcome.Refused(new CloseCause(CloseCause.Kind.REFUSED, logText, peerText));
    }

    private static boolean printable(String text) {
        return text.codePoints().noneMatch(c -> Character.isISOControl(c));
    }

    /** The subject's common name; null when there is none, or it could deceive a reader. */
    static @Nullable String commonName(X509Certificate certificate) {
        try {
            for (Rdn rdn : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
                if (rdn.getType().equalsIgnoreCase("CN") && rdn.getValue() instanceof String name) {
                    return !name.isEmpty() && name.length() <= MAX_NAME && printable(name) ? name : null;
                }
            }
            return null;
        } catch (InvalidNameException _) {
            return null;
        }
    }
}

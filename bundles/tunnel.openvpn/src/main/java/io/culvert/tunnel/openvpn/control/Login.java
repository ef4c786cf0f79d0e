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
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import org.jspecify.annotations.Nullable;

/**
 * Who a client is. Steps: the verified certificate is shown to the certificate authority (off the loop), then name and
 * password to the authenticators, as far as the listener asks for either. A token from an earlier login stands for the
 * password. Every path that is not an explicit yes refuses.
 */
public final class Login {
    /** The longest name and password that are looked at, in bytes. */
    private static final int MAX_NAME = 255;

    private static final int MAX_PASSWORD = 4096;
    private static final String PEER_TEXT = "login refused";

    /** What became of it. */
    public sealed interface Outcome {
        /** @param token for the client to come back with; null for none */
        record Known(PeerIdentity peer, @Nullable String token) implements Outcome {
            @Override
            public String toString() {
                return "Known[" + peer + "]";
            }
        }

        record Refused(CloseCause cause) implements Outcome {}
    }

    /** Gets the answers, on the loop. */
    public interface Steps {
        /** The client has to wait, or to do something; the outcome follows. */
        void onPending(Who who, AuthDecision.Pending pending, long nowNs, Outbox out);

        void onOutcome(Outcome outcome, long nowNs, Outbox out);
    }

    /**
     * Who the client claims to be.
     *
     * @param again whether its session stands already: it needs no attributes and no token any more
     */
    public record Who(String user, String profile, boolean again) {}

    /** The client's certificate as TLS verified it. */
    private record Shown(List<X509Certificate> chain, Optional<String> refusal) {}

    private final OpenVpnConfig.Login demanded;
    private final TunnelHost host;
    private final SessionHost session;
    private final AuthTokens tokens;
    private final OpenQuestions questions;

    public Login(
            OpenVpnConfig.Login demanded,
            TunnelHost host,
            SessionHost session,
            AuthTokens tokens,
            OpenQuestions questions) {
        this.demanded = demanded;
        this.host = host;
        this.session = session;
        this.tokens = tokens;
        this.questions = questions;
    }

    /** Starts; {@code keys} gives name and password, which are given away. */
    public void start(
            KeyState state, KeyMethod2 keys, PeerInfo info, InetSocketAddress remote, boolean again, Steps steps) {
        state.withTls(this::shown, (shown, error, nowNs, out) -> {
            if (shown == null) {
                steps.onOutcome(refused("certificate check failed: " + error, PEER_TEXT), nowNs, out);
            } else if (shown.refusal().isPresent()) {
                steps.onOutcome(
                        refused("certificate refused: " + shown.refusal().get(), PEER_TEXT), nowNs, out);
            } else {
                onCertificate(shown.chain(), keys, info, remote, again, steps, nowNs, out);
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
            boolean again,
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
            steps.onOutcome(new Outcome.Known(new PeerIdentity(certified, profile, Map.of()), null), nowNs, out);
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
        var who = new Who(username, profile, again);
        switch (Secrets.parse(password)) {
            case Secrets.Malformed _ -> steps.onOutcome(
                    refused("the answer to a challenge is malformed", PEER_TEXT), nowNs, out);
            case Secrets.Token(var token) -> onToken(who, token, steps, nowNs, out);
            case Secrets.Answer(var state, var response) -> onAnswer(who, state, response, steps, nowNs, out);
            case Secrets.Password(var alone, var response) -> session.authenticate(
                    new Credentials("openvpn", username, alone, chain, remote, info.variables(), response),
                    (decision, at, box) -> onDecision(decision, who, steps, at, box));
        }
    }

    private void onDecision(AuthDecision decision, Who who, Steps steps, long nowNs, Outbox out) {
        switch (decision) {
            case AuthDecision.Accepted accepted -> onAccepted(accepted.attributes(), who, steps, nowNs, out);
            case AuthDecision.Refused r -> steps.onOutcome(refused(r.logText(), r.peerText()), nowNs, out);
            case AuthDecision.Unknown _, AuthDecision.Abstained _ -> steps.onOutcome(
                    refused("nobody knows user " + who.user(), PEER_TEXT), nowNs, out);
            // Core calls again with the decision, or with a refusal when it does not come in time.
            case AuthDecision.Pending pending -> steps.onPending(who, pending, nowNs, out);
        }
    }

    private void onAccepted(Map<String, String> attributes, Who who, Steps steps, long nowNs, Outbox out) {
        var peer = new PeerIdentity(who.user(), who.profile(), attributes);
        if (who.again() || !tokens.enabled()) {
            steps.onOutcome(new Outcome.Known(peer, null), nowNs, out);
            return;
        }
        long login = host.wallTimeSeconds();
        AuthTokens.Issued issued =
                tokens.issue(who.user(), who.profile(), !attributes.isEmpty(), login, host::random);
        String id = issued.attributesId();
        if (id == null) {
            steps.onOutcome(new Outcome.Known(peer, issued.token()), nowNs, out);
            return;
        }
        session.<Boolean>offload(
                () -> {
                    tokens.attributes().keep(id, login, attributes);
                    return true;
                },
                // A token whose attributes are lost would be refused later: none is better.
                (kept, error, at, box) ->
                        steps.onOutcome(new Outcome.Known(peer, kept == null ? null : issued.token()), at, box));
    }

    // ---- tokens

    private void onToken(Who who, byte[] token, Steps steps, long nowNs, Outbox out) {
        String text = new String(token, StandardCharsets.US_ASCII);
        switch (tokens.check(who.user(), who.profile(), token, host.wallTimeSeconds())) {
            case AuthTokens.Verdict.Forged _ -> steps.onOutcome(
                    refused("user " + who.user() + " came with a token that was not made for it", PEER_TEXT), nowNs, out);
            case AuthTokens.Verdict.Expired _ -> steps.onOutcome(expired(who), nowNs, out);
            case AuthTokens.Verdict.Valid(var id) when id == null || who.again() -> steps.onOutcome(
                    new Outcome.Known(new PeerIdentity(who.user(), who.profile(), Map.of()), text), nowNs, out);
            case AuthTokens.Verdict.Valid(var id) -> session.<Optional<Map<String, String>>>offload(
                    () -> tokens.attributes().find(id),
                    (attributes, error, at, box) -> steps.onOutcome(
                            attributes == null || attributes.isEmpty()
                                    ? expired(who)
                                    : new Outcome.Known(
                                            new PeerIdentity(who.user(), who.profile(), attributes.get()), text),
                            at,
                            box));
        }
    }

    /** The client forgets the token then, and asks its user again. */
    private static Outcome expired(Who who) {
        return refused("the token of user " + who.user() + " is expired", "SESSION: token expired");
    }

    // ---- answers that come with another connection

    private void onAnswer(Who who, String state, byte[] response, Steps steps, long nowNs, Outbox out) {
        Optional<AuthDecision.Pending> open = questions.take(state, who.user(), who.profile(), nowNs);
        if (open.isEmpty() || !(open.get().prompt() instanceof AuthDecision.Prompt.Question question)) {
            Arrays.fill(response, (byte) 0);
            steps.onOutcome(refused("user " + who.user() + " answers a question that is not open", PEER_TEXT), nowNs, out);
            return;
        }
        awaitLater(
                () -> {
                    question.response().accept(response);
                    return open.get();
                },
                who,
                steps);
    }

    /** Core does not know that this session waits for the answer. */
    private void awaitLater(Callable<AuthDecision.Pending> question, Who who, Steps steps) {
        session.<AuthDecision>offload(
                () -> {
                    AuthDecision.Pending pending = question.call();
                    return pending.answer().toCompletableFuture()
                            .get(OpenQuestions.patienceMs(pending), TimeUnit.MILLISECONDS);
                },
                (decision, error, at, box) -> {
                    if (decision == null) {
                        steps.onOutcome(refused("no decision after the answer: " + error, PEER_TEXT), at, box);
                        return;
                    }
                    onDecision(decision, who, steps, at, box);
                    if (decision instanceof AuthDecision.Pending next) {
                        awaitLater(() -> next, who, steps);
                    }
                });
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

package io.culvert.tunnel.openvpn;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.network.Admission;
import io.culvert.api.packet.Outbox;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.CloseCause.Kind;
import io.culvert.api.tunnel.SessionHost;
import io.culvert.api.tunnel.TunnelHost;
import io.culvert.tunnel.openvpn.control.ControlChannel;
import io.culvert.tunnel.openvpn.control.KeyExchange;
import io.culvert.tunnel.openvpn.control.KeyState;
import io.culvert.tunnel.openvpn.control.Login;
import io.culvert.tunnel.openvpn.control.OpenQuestions;
import io.culvert.tunnel.openvpn.OpenVpnConfig.Compression;
import io.culvert.tunnel.openvpn.data.Ciphers;
import io.culvert.tunnel.openvpn.data.Framing;
import io.culvert.tunnel.openvpn.data.DataKeys;
import io.culvert.tunnel.openvpn.wire.ControlMessage;
import io.culvert.tunnel.openvpn.wire.KeyMethod2;
import io.culvert.tunnel.openvpn.wire.OptionsString;
import io.culvert.tunnel.openvpn.wire.PeerInfo;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Leads one negotiation after the other from the client's key-method-2 message to data keys:
 *
 * <ol>
 *   <li>our own message goes out: at once in the first negotiation; in later ones only when the new key can receive
 *   <li>{@link Login} says who it is
 *   <li>first: a cipher is chosen, core admits the peer; later: it must be the same peer, and still be welcome
 *   <li>data keys are derived
 * </ol>
 */
final class Negotiator {
    /** How a negotiation goes on, or ends. */
    interface Events {
        /** The client has to wait for a decision, so long at most. */
        void onWait(long seconds, long nowNs);

        void onFirstKeys(KeyState state, KeyExchange.Keys keys, long nowNs);

        void onNextKeys(KeyState state, KeyExchange.Keys keys, long nowNs, Outbox out);

        /** The client may not be here, and shall be told. */
        void onRefused(KeyState state, CloseCause cause, long nowNs);

        /** The client shall come back with an answer: {@code message} asks for it. */
        void onQuestioned(KeyState state, String message, CloseCause cause, long nowNs);

        /** The client breaks the protocol. */
        void onBroken(CloseCause cause);
    }

    private final OpenVpnConfig config;
    private final TunnelHost host;
    private final SessionHost session;
    private final ControlChannel channel;
    private final Agreement agreement;
    private final Login login;
    private final OpenQuestions questions;
    private final Events events;
    private byte @Nullable [] serverKeys;
    private AuthDecision.@Nullable Pending pending;

    Negotiator(
            OpenVpnConfig config,
            TunnelHost host,
            SessionHost session,
            ControlChannel channel,
            Agreement agreement,
            Login login,
            OpenQuestions questions,
            Events events) {
        this.config = config;
        this.host = host;
        this.session = session;
        this.channel = channel;
        this.agreement = agreement;
        this.login = login;
        this.questions = questions;
        this.events = events;
    }

    /** The first record of a negotiation. */
    void onClientKeys(KeyState state, byte[] record, boolean first, InetSocketAddress remote) {
        KeyMethod2 keys = KeyMethod2.parseClient(record);
        Arrays.fill(record, (byte) 0);
        if (keys == null) {
            events.onBroken(CloseCause.silently(Kind.PROTOCOL_ERROR, "the key exchange message is malformed"));
            return;
        }
        state.keyExchanged();
        byte[] random1 = random();
        byte[] random2 = random();
        var exchange = new KeyExchange(keys, random1, random2);
        String options = OptionsString.mirrored(keys.options());
        serverKeys = new KeyMethod2(new byte[0], random1, random2, options, null, null, "").encode();
        if (first) {
            sendServerKeys(state);
            agreement.peerInfo = PeerInfo.parse(keys.peerInfo());
            agreement.clientOptions = keys.options();
        }
        login.start(state, keys, agreement.peerInfo, remote, !first, new Login.Steps() {
            @Override
            public void onPending(Login.Who who, AuthDecision.Pending decision, long nowNs, Outbox out) {
                if (decision.prompt() instanceof AuthDecision.Prompt.Question question
                        && !agreement.peerInfo.signsOnBy("crtext")) {
                    ask(state, who, decision, question, nowNs);
                } else if (decision.prompt() instanceof AuthDecision.Prompt.OpenUrl && !opensPages()) {
                    events.onRefused(state, noBrowser(who.user()), nowNs);
                } else {
                    Negotiator.this.onPending(state, decision, nowNs);
                }
            }

            @Override
            public void onOutcome(Login.Outcome outcome, long nowNs, Outbox out) {
                pending = null;
                switch (outcome) {
                    case Login.Outcome.Refused(var cause) -> events.onRefused(state, cause, nowNs);
                    case Login.Outcome.Known(var who, var token) when first -> {
                        agreement.token = token;
                        onKnown(state, exchange, who, nowNs);
                    }
                    case Login.Outcome.Known(var who, var _) -> onKnownAgain(state, exchange, who, nowNs);
                }
            }
        });
    }

    /** Our key-method-2 message, if it has not gone out yet: from then on the client may use the new key. */
    void sendServerKeys(KeyState state) {
        byte[] record = serverKeys;
        serverKeys = null;
        if (record != null) {
            state.sendRecord(record);
        }
    }

    // ---- a decision that takes time

    private void onPending(KeyState state, AuthDecision.Pending decision, long nowNs) {
        sendServerKeys(state);
        pending = decision;
        long waitSeconds = Math.max(1, decision.timeout().toSeconds());
        events.onWait(waitSeconds, nowNs);
        state.sendText(
                agreement.peerInfo.has(PeerInfo.AUTH_PENDING_KEYWORDS)
                        ? ControlMessage.AUTH_PENDING + ",timeout " + waitSeconds
                        : ControlMessage.AUTH_PENDING);
        switch (decision.prompt()) {
            case AuthDecision.Prompt.Wait _ -> {}
            case AuthDecision.Prompt.OpenUrl(var url) -> state.sendText(ControlMessage.INFO_PRE
                    + (agreement.peerInfo.signsOnBy("webauth") ? "WEB_AUTH::" : "OPEN_URL:") + url);
            case AuthDecision.Prompt.Question q -> state.sendText(
                    ControlMessage.INFO_PRE + "CR_TEXT:" + (q.echo() ? "E,R" : "R") + ":" + q.text());
        }
    }

    private boolean opensPages() {
        return agreement.peerInfo.signsOnBy("webauth") || agreement.peerInfo.signsOnBy("openurl");
    }

    private static CloseCause noBrowser(String user) {
        return new CloseCause(
                Kind.REFUSED,
                "user " + user + " has to log in in a browser, and the client opens none (IV_SSO)",
                "this login needs a browser and this client does not open one");
    }

    /** Clients that cannot answer while they wait are asked to come back with the answer. */
    private void ask(
            KeyState state,
            Login.Who who,
            AuthDecision.Pending decision,
            AuthDecision.Prompt.Question question,
            long nowNs) {
        byte[] bytes = new byte[16];
        host.random(bytes);
        String id = HexFormat.of().formatHex(bytes);
        questions.put(id, who.user(), who.profile(), decision, nowNs);
        String name = Base64.getEncoder().encodeToString(who.user().getBytes(StandardCharsets.UTF_8));
        events.onQuestioned(
                state,
                ControlMessage.AUTH_FAILED + ",CRV1:" + (question.echo() ? "R,E" : "R") + ":" + id + ":" + name + ":"
                        + question.text().replaceAll("\\p{Cntrl}", " "),
                CloseCause.silently(Kind.REFUSED, "user " + who.user() + " is asked a question, and shall come back"),
                nowNs);
    }

    /** The user's answer to a question, in base64. */
    void onResponse(String base64) {
        if (pending != null && pending.prompt() instanceof AuthDecision.Prompt.Question question) {
            session.<Boolean>offload(
                    () -> {
                        question.response().accept(Base64.getDecoder().decode(base64));
                        return true;
                    },
                    (done, error, nowNs, out) -> {
                        // The decision comes through the authenticator; an answer that is no base64 lets it time out.
                    });
        }
    }

    // ---- who it is

    private void onKnown(KeyState state, KeyExchange exchange, PeerIdentity who, long nowNs) {
        var framing = OptionsString.refusedFraming(agreement.clientOptions);
        if (framing.isPresent()) {
            refuseOptions(state, "the client wants '" + framing.get() + "', which is not served", nowNs);
            return;
        }
        var dev = OptionsString.devType(agreement.clientOptions);
        if (dev.isPresent() && !dev.get().equals(config.dev().type())) {
            refuseOptions(
                    state,
                    "the client has dev " + dev.get() + " and this listener serves dev " + config.dev().type() + ": write 'dev "
                            + config.dev().type() + "' into its configuration",
                    nowNs);
            return;
        }
        if (!agreeOnFraming()) {
            events.onRefused(
                    state,
                    new CloseCause(
                            Kind.NEGOTIATION_FAILED,
                            "the client insists on compression or its framing: take 'compress' and 'comp-lzo' out of its"
                                    + " configuration, or set compression on the listener and install codec.stub",
                            ControlMessage.reason("compression is refused: take compress and comp-lzo out of the configuration")),
                    nowNs);
            return;
        }
        List<String> offered = new ArrayList<>(agreement.peerInfo.ciphers());
        OptionsString.cipher(agreement.clientOptions).ifPresent(offered::add);
        List<String> usable = config.dataCiphers().stream()
                .filter(name -> Ciphers.named(name).flatMap(host::crypto).isPresent())
                .toList();
        var chosen = Ciphers.negotiate(usable, offered);
        if (chosen.isEmpty()) {
            refuseOptions(state, "Data channel cipher negotiation failed (no shared cipher)", nowNs);
            return;
        }
        agreement.cipher = chosen.get();
        agreement.peer = who;
        session.admit(who, (answer, at, out) -> {
            switch (answer) {
                case Admission.Refused(var cause) -> events.onRefused(state, cause, at);
                case Admission.Granted granted -> {
                    agreement.admission = granted;
                    agreement.addresses = granted.addresses();
                    derive(state, exchange, true);
                }
            }
        });
    }

    private void onKnownAgain(KeyState state, KeyExchange exchange, PeerIdentity who, long nowNs) {
        PeerIdentity before = agreement.knownPeer();
        if (!who.user().equals(before.user()) || !who.profile().equals(before.profile())) {
            String text = "the client came back as " + who.user() + " at a rekey";
            events.onRefused(state, new CloseCause(Kind.REFUSED, text, "login refused"), nowNs);
            return;
        }
        session.recheck(before, (cause, at, out) -> {
            if (cause != null) {
                events.onRefused(state, cause, at);
            } else {
                derive(state, exchange, false);
            }
        });
    }

    /** The framing that both sides can do; false when the client insists on one and this end does not allow it. */
    private boolean agreeOnFraming() {
        boolean insists = OptionsString.framesCompression(agreement.clientOptions);
        Compression allowed = config.compression();
        if (allowed == Compression.REFUSE) {
            return !insists;
        }
        if (allowed.receives() && agreement.peerInfo.says("IV_LZ4v2") && host.codec("lz4") != null) {
            frame(Framing.V2, "compress lz4-v2");
            agreement.compressing = allowed.sends();
            return true;
        }
        if (!insists) {
            return true;
        }
        if (host.codec("stub") == null) {
            return false;
        }
        if (agreement.peerInfo.says("IV_COMP_STUBv2")) {
            frame(Framing.V2, "compress stub-v2");
        } else {
            frame(Framing.COMP_LZO, "comp-lzo no");
        }
        return true;
    }

    private void frame(Framing framing, String option) {
        agreement.framing = framing;
        agreement.framingOption = option;
    }

    private void refuseOptions(KeyState state, String reason, long nowNs) {
        events.onRefused(
                state, new CloseCause(Kind.NEGOTIATION_FAILED, reason, ControlMessage.reason(reason)), nowNs);
    }

    // ---- keys

    private void derive(KeyState state, KeyExchange exchange, boolean first) {
        boolean dynamic = first && agreement.wantsDynamic();
        state.withTls(
                engine -> exchange.derive(
                        engine,
                        agreement.derivation(first),
                        dynamic,
                        channel.remoteSessionId(),
                        channel.localSessionId()),
                (keys, error, nowNs, out) -> {
                    exchange.zero();
                    if (keys == null) {
                        refuseOptions(state, "no data keys: " + error, nowNs);
                    } else if (DataKeys.isWeak(keys.key2(), agreement.chosenCipher())) {
                        events.onBroken(CloseCause.silently(Kind.PROTOCOL_ERROR, "the key exchange gave a zero key"));
                    } else if (first) {
                        events.onFirstKeys(state, keys, nowNs);
                    } else {
                        events.onNextKeys(state, keys, nowNs, out);
                    }
                });
    }

    private byte[] random() {
        byte[] bytes = new byte[KeyMethod2.RANDOM_BYTES];
        host.random(bytes);
        return bytes;
    }
}

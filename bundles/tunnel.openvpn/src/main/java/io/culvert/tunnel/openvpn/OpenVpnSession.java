package io.culvert.tunnel.openvpn;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.network.Admission;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.api.packet.DropReason;
import io.culvert.api.packet.Outbox;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.status.TunnelStatus;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.CloseCause.Kind;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.SessionHost;
import io.culvert.api.tunnel.TunnelHost;
import io.culvert.api.tunnel.TunnelSession;
import io.culvert.tunnel.openvpn.control.ControlChannel;
import io.culvert.tunnel.openvpn.control.ControlChannel.Received;
import io.culvert.tunnel.openvpn.control.KeyExchange;
import io.culvert.tunnel.openvpn.control.KeyState;
import io.culvert.tunnel.openvpn.control.Login;
import io.culvert.tunnel.openvpn.control.Reliable;
import io.culvert.tunnel.openvpn.data.Ciphers;
import io.culvert.tunnel.openvpn.data.DataHeader;
import io.culvert.tunnel.openvpn.data.DataMessage;
import io.culvert.tunnel.openvpn.data.DataKeys;
import io.culvert.tunnel.openvpn.data.KeySlot;
import io.culvert.tunnel.openvpn.data.SlotTable;
import io.culvert.tunnel.openvpn.wire.ControlMessage;
import io.culvert.tunnel.openvpn.wire.ControlPacket;
import io.culvert.tunnel.openvpn.wire.KeyMethod2;
import io.culvert.tunnel.openvpn.wire.Opcode;
import io.culvert.tunnel.openvpn.wire.OptionsString;
import io.culvert.tunnel.openvpn.wire.PeerInfo;
import io.culvert.tunnel.openvpn.wrap.StaticKey;
import io.culvert.wire.TcpMss;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One OpenVPN client. Data packets take the short way at the top; everything else is a negotiation:
 *
 * <ol>
 *   <li>the client's reset was answered ({@link OpenVpnProtocol#accept}); TLS runs over the first key state
 *   <li>the client's key-method-2 message comes, ours goes out
 *   <li>{@link Login} says who it is; core admits the peer and gives addresses
 *   <li>data keys are derived; the session is saved with its reservation of packet-ids
 *   <li>only then the session is established and the client is pushed its options
 *   <li>later negotiations: soft reset from either side, 2, 3 with a recheck, 4
 * </ol>
 */
final class OpenVpnSession implements TunnelSession, KeyState.Events {
    /** How long a refused client is answered, so that the refusal reaches it. */
    private static final long LINGER_NS = TimeUnit.SECONDS.toNanos(5);

    /** How long a good-bye may take to leave. */
    private static final long FAREWELL_NS = TimeUnit.MILLISECONDS.toNanos(800);

    private static final long SAVE_RETRY_NS = TimeUnit.SECONDS.toNanos(1);
    /** Lifetime of the key before the current one, from the soft reset. */
    private static final long TRANSITION_NS = TimeUnit.SECONDS.toNanos(3600);

    private static final int RECEIVED_PER_RECORD = 1 << 16;
    private static final long NEVER = Long.MAX_VALUE;

    private final OpenVpnProtocol protocol;
    private final OpenVpnConfig config;
    private final TunnelHost host;
    private final SessionHost session;
    private final ControlChannel channel;
    private final @Nullable StaticKey clientKey;
    private final StaticKey wrapKeyOrZero;
    private final Login login;
    private final SlotTable slots = new SlotTable();
    private final Deadlines deadlines = new Deadlines();

    private Endpoint endpoint;
    private int mssIpv4;
    private int mssIpv6;

    private @Nullable KeyState negotiating;
    private @Nullable KeyState active;
    private int nextKeyId = 1;
    private boolean halfOpen;

    private PeerInfo peerInfo = new PeerInfo(Map.of());
    private String clientOptions = "";
    private @Nullable PeerIdentity peer;
    private Admission.@Nullable Granted admission;
    private @Nullable TunnelAddresses addresses;
    private @Nullable DataCipher cipher;
    private int peerId = -1;
    private boolean exported;
    private String tls = "";

    private boolean established;
    private boolean pushRequested;
    private @Nullable KeyState pushedTo;
    private boolean saving;
    private boolean saveAgain;
    private int receivedSinceSave;
    private long lastHeardNs;
    private long lastSentNs;
    private long rekeyDueSinceNs = NEVER;
    private byte @Nullable [] serverKeys;
    private AuthDecision.@Nullable Pending pending;
    private @Nullable CloseCause leaving;
    private boolean leaveWhenSent;

    /** A session whose first negotiation begins. */
    OpenVpnSession(
            OpenVpnProtocol protocol,
            TunnelHost host,
            SessionHost session,
            Endpoint endpoint,
            ControlChannel channel,
            @Nullable StaticKey clientKey,
            Reliable reliable,
            long nowNs) {
        this(protocol, host, session, endpoint, channel, clientKey, nowNs);
        this.halfOpen = true;
        this.negotiating = newKeyState(0, reliable, nowNs);
        deadlines.set(Deadlines.Kind.HANDSHAKE, nowNs + seconds(config.handshakeSeconds()));
    }

    private OpenVpnSession(
            OpenVpnProtocol protocol,
            TunnelHost host,
            SessionHost session,
            Endpoint endpoint,
            ControlChannel channel,
            @Nullable StaticKey clientKey,
            long nowNs) {
        this.protocol = protocol;
        this.config = protocol.config();
        this.host = host;
        this.session = session;
        this.channel = channel;
        this.clientKey = clientKey;
        this.wrapKeyOrZero = clientKey != null ? clientKey : protocol.wrapKeys().baseKey();
        this.login = new Login(config.login(), host, session);
        this.endpoint = endpoint;
        this.lastHeardNs = nowNs;
        this.lastSentNs = nowNs;
        session.bind(protocol.demux().ofControl(endpoint, channel.remoteSessionId()));
        onEndpoint();
    }

    /** A session out of a record: data flows at once, a soft reset rebuilds the control channel soon. */
    static OpenVpnSession thawed(
            OpenVpnProtocol protocol,
            TunnelHost host,
            SessionHost session,
            Endpoint endpoint,
            SessionRecord record,
            SessionState state,
            ControlChannel channel,
            long nowNs) {
        var thawed = new OpenVpnSession(protocol, host, session, endpoint, channel, state.clientKey(), nowNs);
        thawed.restore(record, state, nowNs);
        return thawed;
    }

    private void restore(SessionRecord record, SessionState state, long nowNs) {
        StaticKey dynamic = state.dynamicKey();
        if (dynamic != null) {
            channel.useDynamic(dynamic, channel.replayTime());
        }
        peer = record.peer();
        addresses = record.addresses();
        peerInfo = PeerInfo.parse(state.peerInfo());
        clientOptions = state.options();
        cipher = state.cipher();
        exported = state.exported();
        nextKeyId = state.nextKeyId();
        peerId = state.peerId();
        var keys = new ArrayList<KeySlot>();
        for (SessionState.Key key : state.keys()) {
            keys.add(new KeySlot(
                    key.keyId(),
                    state.cipher(),
                    provider(state.cipher()),
                    key.key2(),
                    true,
                    key.bornSeconds(),
                    key.reservedEnd(),
                    key.highestReceived()));
        }
        KeySlot newest = keys.getFirst();
        long bornNs = nowNs - seconds(Math.max(0, host.wallTimeSeconds() - newest.bornSeconds()));
        slots.restore(newest, keys.size() > 1 ? keys.get(1) : null, bornNs + deferralNs(), bornNs + TRANSITION_NS);
        deadlines.set(Deadlines.Kind.EXPIRE, slots.previousEndsNs());
        session.bind(peerId < 0 ? protocol.demux().ofAddress(endpoint) : protocol.demux().ofPeerId(peerId, endpoint));
        established = true;
        armEstablished(nowNs);
        // At once, before anything can be sealed: packet-ids behind the old reservation need a new one.
        deadlines.set(Deadlines.Kind.SAVE, nowNs);
        deadlines.set(Deadlines.Kind.REKEY, nowNs + protocol.spreadNs(host));
    }

    // ---- the short way in: UDP or TCP -> this -> the inner network

    @Override
    public void onDatagram(PacketBuffer datagram, Endpoint from, long nowNs, Outbox out) {
        if (datagram.length() < 1) {
            out.drop(datagram, DropReason.MALFORMED);
            return;
        }
        if (Opcode.isData(Opcode.of(DataHeader.firstByte(datagram)))) {
            onData(datagram, from, nowNs, out);
        } else {
            onControl(datagram, from, nowNs, out);
        }
    }

    private void onData(PacketBuffer datagram, Endpoint from, long nowNs, Outbox out) {
        if (!established || leaving != null) {
            out.drop(datagram, leaving == null ? DropReason.NOT_ESTABLISHED : DropReason.CLOSING);
            return;
        }
        KeySlot slot = slots.receiving(Opcode.keyId(DataHeader.firstByte(datagram)));
        if (slot == null) {
            out.drop(datagram, DropReason.NO_KEY);
            return;
        }
        long highest = slot.highestReceived();
        DropReason refused = slot.open(datagram);
        if (refused != null) {
            out.drop(datagram, refused);
            return;
        }
        lastHeardNs = nowNs;
        if (slot == slots.current()) {
            slots.peerHasCurrent();
        }
        if (from != endpoint && !from.equals(endpoint)) {
            if (from.transport().isStream()) {
                out.drop(datagram, DropReason.UNKNOWN_SESSION);
                return;
            }
            // Only the newest packet tells where the client is now: a late one may come from where it was.
            if (slot.highestReceived() > highest) {
                floatTo(from);
            }
        }
        if (++receivedSinceSave >= RECEIVED_PER_RECORD) {
            save(nowNs);
        }
        rekeyWhenUsedUp(slot, nowNs);
        if (DataMessage.isPing(datagram)) {
            out.consume(datagram);
            return;
        }
        int occ = DataMessage.occOperation(datagram);
        if (occ >= 0) {
            out.consume(datagram);
            onOcc(occ, nowNs, out);
            return;
        }
        if (mssIpv4 > 0) {
            TcpMss.clamp(datagram.segment(), datagram.offset(), datagram.length(), mssIpv4, mssIpv6);
        }
        out.toInbound(datagram);
    }

    private void floatTo(Endpoint to) {
        long remote = channel.remoteSessionId();
        session.unbind(protocol.demux().ofControl(endpoint, remote));
        session.bind(protocol.demux().ofControl(to, remote));
        if (peerId < 0) {
            session.unbind(protocol.demux().ofAddress(endpoint));
            session.bind(protocol.demux().ofAddress(to));
        }
        endpoint = to;
        onEndpoint();
        session.floated(to);
    }

    /** The largest TCP segments whose sealed packets stay within the configured outer size. */
    private void onEndpoint() {
        int outer = endpoint.remote().getAddress().getAddress().length == 16 ? 40 : 20;
        int transport = endpoint.transport().isStream() ? 20 + 2 : 8;
        int inner = config.mssFix() - outer - transport - DataHeader.V2_LENGTH;
        mssIpv4 = config.mssFix() == 0 ? 0 : inner - 40;
        mssIpv6 = mssIpv4 - 20;
    }

    // ---- the short way out: the inner network -> this -> UDP or TCP

    @Override
    public void onIpPacket(PacketBuffer packet, long nowNs, Outbox out) {
        if (!established || leaving != null) {
            out.drop(packet, leaving == null ? DropReason.NOT_ESTABLISHED : DropReason.CLOSING);
            return;
        }
        if (mssIpv4 > 0) {
            TcpMss.clamp(packet.segment(), packet.offset(), packet.length(), mssIpv4, mssIpv6);
        }
        seal(packet, nowNs, out);
    }

    private void seal(PacketBuffer packet, long nowNs, Outbox out) {
        KeySlot slot = slots.sending(nowNs);
        if (slot == null) {
            out.drop(packet, DropReason.RESERVATION_EXHAUSTED);
            save(nowNs);
            return;
        }
        slot.seal(packet, peerId >= 0, peerId);
        lastSentNs = nowNs;
        out.toLink(packet, endpoint);
        if (slot.wantsReservation()) {
            save(nowNs);
        }
        rekeyWhenUsedUp(slot, nowNs);
    }

    private void rekeyWhenUsedUp(KeySlot slot, long nowNs) {
        if (negotiating == null
                && slot == slots.current()
                && slot.wantsRekey(config.renegotiatePackets(), config.renegotiateBytes())) {
            deadlines.earlier(Deadlines.Kind.REKEY, nowNs);
        }
    }

    // ---- data packets that are no IP packets

    private void onOcc(int operation, long nowNs, Outbox out) {
        switch (operation) {
            case DataMessage.OCC_EXIT -> session.close(
                    CloseCause.silently(Kind.PEER_EXIT, "the client said good-bye"));
            case DataMessage.OCC_REQUEST -> {
                PacketBuffer reply = out.allocate();
                if (reply != null) {
                    DataMessage.writeOcc(reply, DataMessage.OCC_REPLY, OptionsString.mirrored(clientOptions));
                    seal(reply, nowNs, out);
                }
            }
            default -> {
                // MTU measurements are for peers that fragment, which nobody here does.
            }
        }
    }

    private void ping(long nowNs, Outbox out) {
        PacketBuffer ping = out.allocate();
        if (ping != null) {
            DataMessage.writePing(ping);
            seal(ping, nowNs, out);
        }
    }

    // ---- control packets

    private void onControl(PacketBuffer datagram, Endpoint from, long nowNs, Outbox out) {
        if (!from.equals(endpoint)) {
            out.drop(datagram, DropReason.UNKNOWN_SESSION);
            return;
        }
        switch (channel.receive(ControlChannel.copy(datagram))) {
            case Received.Refused(var reason) -> out.drop(datagram, reason);
            case Received.Accepted(var packet) -> {
                KeyState state = stateFor(packet, nowNs);
                if (state == null) {
                    out.drop(datagram, DropReason.NO_KEY);
                    return;
                }
                out.consume(datagram);
                lastHeardNs = nowNs;
                onPacket(state, packet, nowNs, out);
            }
        }
    }

    /** The first packet of a UDP client that was answered without state, and every later one. */
    void onPacket(ControlPacket packet, long nowNs, Outbox out) {
        KeyState first = negotiating;
        if (first != null) {
            onPacket(first, packet, nowNs, out);
        }
    }

    private void onPacket(KeyState state, ControlPacket packet, long nowNs, Outbox out) {
        if (!state.onPacket(packet, nowNs)) {
            session.close(CloseCause.silently(Kind.PROTOCOL_ERROR, "the client sends more than its window allows"));
            return;
        }
        if (state == active && state.settled()) {
            slots.peerHasCurrent();
        }
        transmit(state, nowNs, out);
    }

    private @Nullable KeyState stateFor(ControlPacket packet, long nowNs) {
        KeyState n = negotiating;
        if (n != null && n.keyId() == packet.keyId()) {
            return n;
        }
        KeyState a = active;
        if (a != null && a.keyId() == packet.keyId()) {
            return a;
        }
        boolean rekey = packet.opcode() == Opcode.CONTROL_SOFT_RESET_V1
                && packet.keyId() == nextKeyId
                && packet.messageId() == 0
                && n == null
                && established
                && leaving == null;
        return rekey ? startRekey(nowNs) : null;
    }

    /** Both ends begin a renegotiation with the same packet, so answering one and starting one are the same. */
    private KeyState startRekey(long nowNs) {
        KeyState state = newKeyState(nextKeyId, new Reliable(), nowNs);
        state.sendReset(Opcode.CONTROL_SOFT_RESET_V1, new byte[0]);
        negotiating = state;
        deadlines.clear(Deadlines.Kind.REKEY);
        deadlines.set(Deadlines.Kind.HANDSHAKE, nowNs + seconds(config.handshakeSeconds()));
        return state;
    }

    private KeyState newKeyState(int keyId, Reliable reliable, long nowNs) {
        return new KeyState(keyId, nowNs, reliable, session, () -> protocol.newEngine(host), this);
    }

    private void transmit(KeyState state, long nowNs, Outbox out) {
        channel.transmit(state, endpoint, nowNs, out);
        armControl();
    }

    private void armControl() {
        long next = NEVER;
        if (negotiating != null) {
            next = negotiating.reliable().nextTimeoutNs();
        }
        if (active != null) {
            next = Math.min(next, active.reliable().nextTimeoutNs());
        }
        deadlines.set(Deadlines.Kind.CONTROL, next);
    }

    @Override
    public void onOutput(KeyState state, long nowNs, Outbox out) {
        transmit(state, nowNs, out);
        if (leaving != null && leaveWhenSent) {
            session.close(leaving);
        }
    }

    @Override
    public void onTlsFailure(KeyState state, String reason, long nowNs, Outbox out) {
        transmit(state, nowNs, out);
        if (state == negotiating && !established && leaving == null) {
            leave(CloseCause.silently(Kind.TLS_FAILED, "tls failed: " + reason), nowNs + LINGER_NS);
        } else if (state == negotiating) {
            abandonRekey("tls failed: " + reason, nowNs);
        }
    }

    // ---- negotiation, step by step

    @Override
    public void onRecord(KeyState state, byte[] record, long nowNs, Outbox out) {
        if (leaving != null) {
            return;
        }
        if (!state.keyExchangeDone()) {
            onClientKeys(state, record);
            return;
        }
        for (String message : ControlMessage.parse(record)) {
            onMessage(state, message, nowNs, out);
        }
    }

    private void onClientKeys(KeyState state, byte[] record) {
        KeyMethod2 keys = KeyMethod2.parseClient(record);
        java.util.Arrays.fill(record, (byte) 0);
        if (keys == null) {
            session.close(CloseCause.silently(Kind.PROTOCOL_ERROR, "the key exchange message is malformed"));
            return;
        }
        state.keyExchanged();
        byte[] random1 = random(KeyMethod2.RANDOM_BYTES);
        byte[] random2 = random(KeyMethod2.RANDOM_BYTES);
        var exchange = new KeyExchange(keys, random1, random2);
        String options = OptionsString.mirrored(keys.options());
        serverKeys = new KeyMethod2(new byte[0], random1, random2, options, null, null, "").encode();
        boolean first = !established;
        if (first) {
            sendServerKeys(state);
            peerInfo = PeerInfo.parse(keys.peerInfo());
            clientOptions = keys.options();
        }
        login.start(state, keys, peerInfo, endpoint.remote(), new Login.Steps() {
            @Override
            public void onPending(AuthDecision.Pending decision, long nowNs, Outbox out) {
                OpenVpnSession.this.onPending(state, decision, nowNs);
            }

            @Override
            public void onOutcome(Login.Outcome outcome, long nowNs, Outbox out) {
                pending = null;
                if (leaving != null) {
                    return;
                }
                switch (outcome) {
                    case Login.Outcome.Refused(var cause) -> refuse(state, cause, nowNs);
                    case Login.Outcome.Known(var who) when first -> onKnown(state, exchange, who, nowNs);
                    case Login.Outcome.Known(var who) -> onKnownAgain(state, exchange, who, nowNs);
                }
            }
        });
    }

    private void sendServerKeys(KeyState state) {
        byte[] record = serverKeys;
        serverKeys = null;
        if (record != null) {
            state.sendRecord(record);
        }
    }

    private void onPending(KeyState state, AuthDecision.Pending decision, long nowNs) {
        sendServerKeys(state);
        pending = decision;
        long waitSeconds = Math.max(1, decision.timeout().toSeconds());
        deadlines.later(
                Deadlines.Kind.HANDSHAKE, nowNs + seconds(waitSeconds) + seconds(config.handshakeSeconds()));
        state.sendText(
                peerInfo.has(PeerInfo.AUTH_PENDING_KEYWORDS)
                        ? ControlMessage.AUTH_PENDING + ",timeout " + waitSeconds
                        : ControlMessage.AUTH_PENDING);
        switch (decision.prompt()) {
            case AuthDecision.Prompt.Wait _ -> {}
            case AuthDecision.Prompt.OpenUrl(var url) -> state.sendText(ControlMessage.INFO_PRE + "WEB_AUTH::" + url);
            case AuthDecision.Prompt.Question q -> state.sendText(
                    ControlMessage.INFO_PRE + "CR_TEXT:" + (q.echo() ? "E,R" : "R") + ":" + q.text());
        }
    }

    private void onKnown(KeyState state, KeyExchange exchange, PeerIdentity who, long nowNs) {
        var framing = OptionsString.refusedFraming(clientOptions);
        if (framing.isPresent()) {
            refuseOptions(state, "the client wants '" + framing.get() + "', which is not served", nowNs);
            return;
        }
        var offered = new ArrayList<>(peerInfo.ciphers());
        OptionsString.cipher(clientOptions).ifPresent(offered::add);
        var usable = config.dataCiphers().stream()
                .filter(name -> Ciphers.named(name).flatMap(host::crypto).isPresent())
                .toList();
        var chosen = Ciphers.negotiate(usable, offered);
        if (chosen.isEmpty()) {
            refuseOptions(state, "Data channel cipher negotiation failed (no shared cipher)", nowNs);
            return;
        }
        cipher = chosen.get();
        peer = who;
        session.admit(who, (answer, at, out) -> {
            switch (answer) {
                case Admission.Refused(var cause) -> refuse(state, cause, at);
                case Admission.Granted granted -> {
                    admission = granted;
                    addresses = granted.addresses();
                    derive(state, exchange, true);
                }
            }
        });
    }

    private void onKnownAgain(KeyState state, KeyExchange exchange, PeerIdentity who, long nowNs) {
        PeerIdentity before = known();
        if (!who.user().equals(before.user()) || !who.profile().equals(before.profile())) {
            refuse(
                    state,
                    new CloseCause(Kind.REFUSED, "the client came back as " + who.user() + " at a rekey", "login refused"),
                    nowNs);
            return;
        }
        session.recheck(before, (cause, at, out) -> {
            if (cause != null) {
                refuse(state, cause, at);
            } else {
                derive(state, exchange, false);
            }
        });
    }

    private void derive(KeyState state, KeyExchange exchange, boolean first) {
        KeyExchange.Derivation derivation = first
                ? peerInfo.has(PeerInfo.TLS_KEY_EXPORT)
                        ? KeyExchange.Derivation.EXPORT_IF_POSSIBLE
                        : KeyExchange.Derivation.PRF
                : exported ? KeyExchange.Derivation.EXPORT : KeyExchange.Derivation.PRF;
        boolean dynamic = first && peerInfo.has(PeerInfo.DYN_TLS_CRYPT) && peerInfo.has(PeerInfo.CC_EXIT_NOTIFY);
        state.withTls(
                engine -> exchange.derive(
                        engine, derivation, dynamic, channel.remoteSessionId(), channel.localSessionId()),
                (keys, error, nowNs, out) -> {
                    exchange.zero();
                    if (keys == null) {
                        refuseOptions(state, "no data keys: " + error, nowNs);
                    } else if (DataKeys.isWeak(keys.key2(), chosenCipher())) {
                        session.close(CloseCause.silently(Kind.PROTOCOL_ERROR, "the key exchange gave a zero key"));
                    } else if (first) {
                        onFirstKeys(state, keys, nowNs);
                    } else if (state == negotiating) {
                        onNextKeys(state, keys, nowNs, out);
                    }
                });
    }

    private void onFirstKeys(KeyState state, KeyExchange.Keys keys, long nowNs) {
        exported = keys.exported();
        tls = keys.tls();
        byte[] dynamic = keys.dynamicKey();
        if (exported && dynamic != null) {
            channel.useDynamic(wrapKeyOrZero.xor(dynamic), host.wallTimeSeconds());
        }
        if (peerInfo.has(PeerInfo.DATA_V2)) {
            peerId = protocol.peerIds().take(host.loopIndex(), host.loopCount());
            if (peerId < 0) {
                refuse(state, new CloseCause(Kind.OVERLOAD, "no peer-id is left", "server full"), nowNs);
                return;
            }
            session.bind(protocol.demux().ofPeerId(peerId, endpoint));
        } else {
            session.bind(protocol.demux().ofAddress(endpoint));
        }
        slots.installFirst(newSlot(state.keyId(), keys.key2()));
        saving = true;
        var saved = new Reservation(slots.all());
        session.save((ok, at, out) -> {
            saving = false;
            if (leaving != null) {
                return;
            }
            if (!ok) {
                refuse(state, new CloseCause(Kind.OVERLOAD, "the session could not be saved", "try again later"), at);
                return;
            }
            saved.durable();
            onEstablished(state, at, out);
        });
        saved.capture();
    }

    private void onEstablished(KeyState state, long nowNs, Outbox out) {
        established = true;
        negotiating = null;
        active = state;
        leftHalfOpen();
        deadlines.clear(Deadlines.Kind.HANDSHAKE);
        armEstablished(nowNs);
        armRekey(nowNs);
        session.established();
        if (pushRequested || peerInfo.has(PeerInfo.REQUEST_PUSH)) {
            push(state);
        }
        transmit(state, nowNs, out);
    }

    private void push(KeyState state) {
        Admission.Granted granted = admission;
        if (granted == null) {
            return; // A thawed session pushes nothing: the client has its options.
        }
        pushedTo = state;
        var reply = protocol.pushReply()
                .network(granted.addresses(), granted.network(), peerInfo)
                .keepalive(config.pingSeconds(), config.pingRestartSeconds());
        config.push().forEach(reply::option);
        reply.agreed(
                peerId,
                peerId >= 0,
                Ciphers.name(chosenCipher()),
                exported,
                peerInfo.has(PeerInfo.CC_EXIT_NOTIFY),
                channel.dynamicKey() != null);
        reply.messages().forEach(state::sendText);
    }

    private void onNextKeys(KeyState state, KeyExchange.Keys keys, long nowNs, Outbox out) {
        tls = keys.tls();
        slots.install(
                newSlot(state.keyId(), keys.key2()),
                state.startedNs() + deferralNs(),
                state.startedNs() + TRANSITION_NS);
        // Only now: the client may use the new key as soon as it has our message.
        sendServerKeys(state);
        if (active != null) {
            active.close();
        }
        active = state;
        negotiating = null;
        nextKeyId = nextKeyId == Opcode.KEY_ID_MASK ? 1 : nextKeyId + 1;
        rekeyDueSinceNs = NEVER;
        deadlines.clear(Deadlines.Kind.HANDSHAKE);
        deadlines.set(Deadlines.Kind.EXPIRE, slots.previousEndsNs());
        armRekey(nowNs);
        save(nowNs);
        transmit(state, nowNs, out);
    }

    private void onMessage(KeyState state, String message, long nowNs, Outbox out) {
        if (message.equals(ControlMessage.PUSH_REQUEST)) {
            pushRequested = true;
            // Again only when the client has all of the last reply: replies must not pile up behind a client.
            if (established && (state != pushedTo || state.settled())) {
                push(state);
            }
        } else if (message.equals(ControlMessage.EXIT)) {
            transmit(state, nowNs, out);
            session.close(CloseCause.silently(Kind.PEER_EXIT, "the client said good-bye"));
        } else if (message.startsWith(ControlMessage.CR_RESPONSE)
                && pending != null
                && pending.prompt() instanceof AuthDecision.Prompt.Question question) {
            answer(question, message.substring(ControlMessage.CR_RESPONSE.length()));
        }
    }

    private void answer(AuthDecision.Prompt.Question question, String base64) {
        session.<Boolean>offload(
                () -> {
                    question.response().accept(java.util.Base64.getDecoder().decode(base64));
                    return true;
                },
                (done, error, nowNs, out) -> {
                    // The decision comes through the authenticator; an answer that is no base64 leaves it to time out.
                });
    }

    // ---- refusing, leaving, ending

    private void refuseOptions(KeyState state, String reason, long nowNs) {
        refuse(state, new CloseCause(Kind.NEGOTIATION_FAILED, reason, ControlMessage.reason(reason)), nowNs);
    }

    /** Tells the client that it may not be here, and stops carrying its traffic at once. */
    private void refuse(KeyState state, CloseCause cause, long nowNs) {
        if (leaving != null) {
            return;
        }
        sendServerKeys(state);
        String reason = ControlMessage.reason(cause.peerText());
        state.sendText(ControlMessage.AUTH_FAILED + (reason.isEmpty() ? "" : "," + reason));
        leave(cause, nowNs + LINGER_NS);
    }

    private void leave(CloseCause cause, long untilNs) {
        leaving = cause;
        slots.close();
        leftHalfOpen();
        deadlines.clearAll();
        armControl();
        deadlines.set(Deadlines.Kind.LEAVE, untilNs);
    }

    @Override
    public void end(CloseCause cause, long nowNs, Outbox out) {
        KeyState state = active;
        if (leaving != null || !established || state == null || cause.kind() == Kind.REPLACED) {
            session.close(cause);
            return;
        }
        String reason = ControlMessage.reason(cause.peerText());
        leaveWhenSent = true;
        leave(cause, nowNs + FAREWELL_NS);
        state.sendText(
                switch (cause.kind()) {
                    case REVOKED, REFUSED -> ControlMessage.AUTH_FAILED + (reason.isEmpty() ? "" : "," + reason);
                    case SHUTDOWN, OVERLOAD, INTERNAL_ERROR -> ControlMessage.RESTART;
                    default -> ControlMessage.HALT + (reason.isEmpty() ? "" : "," + reason);
                });
    }

    private void abandonRekey(String reason, long nowNs) {
        KeyState state = negotiating;
        if (state == null) {
            return;
        }
        state.close();
        negotiating = null;
        deadlines.clear(Deadlines.Kind.HANDSHAKE);
        armControl();
        if (rekeyDueSinceNs == NEVER) {
            rekeyDueSinceNs = nowNs;
        }
        if (nowNs - rekeyDueSinceNs > TRANSITION_NS) {
            session.close(CloseCause.silently(Kind.HANDSHAKE_TIMEOUT, "no rekey succeeded for an hour, at last: " + reason));
            return;
        }
        deadlines.set(Deadlines.Kind.REKEY, nowNs + SAVE_RETRY_NS);
    }

    // ---- time

    @Override
    public long nextTimeoutNs() {
        return deadlines.earliest();
    }

    @Override
    public void onTimer(long nowNs, Outbox out) {
        if (deadlines.due(Deadlines.Kind.LEAVE, nowNs) && leaving != null) {
            session.close(leaving);
            return;
        }
        if (deadlines.due(Deadlines.Kind.HANDSHAKE, nowNs)) {
            if (!established) {
                session.close(CloseCause.silently(
                        Kind.HANDSHAKE_TIMEOUT, "no handshake within " + config.handshakeSeconds() + " s"));
                return;
            }
            abandonRekey("no answer within " + config.handshakeSeconds() + " s", nowNs);
        }
        if (deadlines.due(Deadlines.Kind.SILENCE, nowNs)) {
            long patience = seconds(config.silenceSeconds().orElseThrow());
            if (nowNs - lastHeardNs >= patience) {
                session.close(CloseCause.silently(
                        Kind.PEER_SILENT, "nothing was heard for " + TimeUnit.NANOSECONDS.toSeconds(patience) + " s"));
                return;
            }
            deadlines.set(Deadlines.Kind.SILENCE, lastHeardNs + patience);
        }
        if (deadlines.due(Deadlines.Kind.PING, nowNs)) {
            if (nowNs - lastSentNs >= seconds(config.pingSeconds())) {
                ping(nowNs, out);
                lastSentNs = nowNs;
            }
            deadlines.set(Deadlines.Kind.PING, lastSentNs + seconds(config.pingSeconds()));
        }
        if (deadlines.due(Deadlines.Kind.SAVE, nowNs)) {
            save(nowNs);
        }
        if (deadlines.due(Deadlines.Kind.EXPIRE, nowNs)) {
            slots.expire(nowNs);
        }
        if (deadlines.due(Deadlines.Kind.REKEY, nowNs) && negotiating == null && established) {
            transmit(startRekey(nowNs), nowNs, out);
        }
        if (deadlines.due(Deadlines.Kind.CONTROL, nowNs)) {
            if (negotiating != null) {
                channel.transmit(negotiating, endpoint, nowNs, out);
            }
            if (active != null) {
                channel.transmit(active, endpoint, nowNs, out);
            }
            armControl();
        }
    }

    private void armEstablished(long nowNs) {
        if (config.pingSeconds() > 0) {
            deadlines.set(Deadlines.Kind.PING, nowNs + seconds(config.pingSeconds()));
        }
        config.silenceSeconds().ifPresent(s -> deadlines.set(Deadlines.Kind.SILENCE, nowNs + seconds(s)));
    }

    /** Up to a tenth early, so that sessions which began together do not rekey together. */
    private void armRekey(long nowNs) {
        if (config.renegotiateSeconds() > 0) {
            long interval = seconds(config.renegotiateSeconds());
            deadlines.set(Deadlines.Kind.REKEY, nowNs + interval - Math.floorMod(protocol.randomLong(host), interval / 10 + 1));
        }
    }

    /** How long the key before a new one goes on being sent with. */
    private long deferralNs() {
        long half = config.renegotiateSeconds() > 0 ? seconds(config.renegotiateSeconds()) / 2 : NEVER;
        return Math.min(seconds(config.handshakeSeconds()), half);
    }

    // ---- the session as data

    private void save(long nowNs) {
        if (saving) {
            saveAgain = true;
            return;
        }
        saving = true;
        saveAgain = false;
        receivedSinceSave = 0;
        deadlines.clear(Deadlines.Kind.SAVE);
        var saved = new Reservation(slots.all());
        session.save((ok, at, out) -> {
            saving = false;
            if (ok) {
                saved.durable();
            }
            if (!ok || saveAgain) {
                saveAgain = false;
                deadlines.set(Deadlines.Kind.SAVE, ok ? at : at + SAVE_RETRY_NS);
            }
        });
        saved.capture();
    }

    /** The packet-ids that one record reserves, for when it is durable. */
    private static final class Reservation {
        private final List<KeySlot> slots;
        private final long[] ends;

        Reservation(List<KeySlot> slots) {
            this.slots = slots;
            this.ends = new long[slots.size()];
        }

        /** Right after the session was frozen. */
        void capture() {
            for (int i = 0; i < ends.length; i++) {
                ends[i] = slots.get(i).frozenEnd();
            }
        }

        void durable() {
            for (int i = 0; i < ends.length; i++) {
                slots.get(i).reserved(ends[i]);
            }
        }
    }

    @Override
    public SessionRecord freeze() {
        var keys = new ArrayList<SessionState.Key>(2);
        for (KeySlot slot : slots.all()) {
            keys.add(new SessionState.Key(
                    slot.keyId(),
                    slot.key2(),
                    slot.freezeReservation(),
                    slot.highestReceived(),
                    slot.bornSeconds()));
        }
        var state = new SessionState(
                channel.localSessionId(),
                channel.remoteSessionId(),
                clientKey,
                channel.dynamicKey(),
                channel.replayTime(),
                peerId,
                chosenCipher(),
                exported,
                peerInfo.has(PeerInfo.CC_EXIT_NOTIFY),
                peerInfo.encode(),
                clientOptions,
                nextKeyId,
                keys);
        return new SessionRecord(
                OpenVpnProtocol.NAME,
                config.instance(),
                SessionState.VERSION,
                session.sessionId(),
                known(),
                java.util.Objects.requireNonNull(addresses),
                new SessionRecord.RemoteEnd(
                        endpoint.transport(), endpoint.remote(), endpoint.local(), endpoint.localPort()),
                state.encode());
    }

    @Override
    public void closed() {
        leftHalfOpen();
        if (peerId >= 0) {
            protocol.peerIds().release(peerId);
        }
        slots.close();
        if (negotiating != null) {
            negotiating.close();
        }
        if (active != null) {
            active.close();
        }
        deadlines.clearAll();
    }

    private void leftHalfOpen() {
        if (halfOpen) {
            halfOpen = false;
            protocol.halfOpen().decrementAndGet();
        }
    }

    @Override
    public TunnelStatus status() {
        String state = leaving != null ? "closing" : established ? negotiating != null ? "rekeying" : "established" : "handshake";
        DataCipher c = cipher;
        return new TunnelStatus(state, c == null ? "" : Ciphers.name(c), tls, peerInfo.client());
    }

    // ---- small things

    private KeySlot newSlot(int keyId, byte[] key2) {
        return new KeySlot(keyId, chosenCipher(), provider(chosenCipher()), key2, true, host.wallTimeSeconds());
    }

    private CipherProvider provider(DataCipher wanted) {
        return host.crypto(wanted).orElseThrow(() -> new IllegalStateException("no provider for " + wanted));
    }

    private DataCipher chosenCipher() {
        return java.util.Objects.requireNonNull(cipher, "cipher");
    }

    private PeerIdentity known() {
        return java.util.Objects.requireNonNull(peer, "peer");
    }

    private byte[] random(int length) {
        byte[] bytes = new byte[length];
        host.random(bytes);
        return bytes;
    }

    private static long seconds(long seconds) {
        return TimeUnit.SECONDS.toNanos(seconds);
    }
}

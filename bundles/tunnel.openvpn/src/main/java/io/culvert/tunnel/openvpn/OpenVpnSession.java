package io.culvert.tunnel.openvpn;

import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.network.Admission;
import io.culvert.api.packet.DropReason;
import io.culvert.api.packet.Outbox;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.status.TunnelStatus;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.CloseCause.Kind;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.HandoverException;
import io.culvert.api.tunnel.SessionHost;
import io.culvert.api.tunnel.TunnelHost;
import io.culvert.api.tunnel.TunnelSession;
import io.culvert.tunnel.openvpn.control.ControlChannel;
import io.culvert.tunnel.openvpn.control.ControlChannel.Received;
import io.culvert.tunnel.openvpn.control.KeyExchange;
import io.culvert.tunnel.openvpn.control.KeyState;
import io.culvert.tunnel.openvpn.control.Login;
import io.culvert.tunnel.openvpn.control.PushReply;
import io.culvert.tunnel.openvpn.control.Reliable;
import io.culvert.tunnel.openvpn.data.DataHeader;
import io.culvert.tunnel.openvpn.data.KeySlot;
import io.culvert.tunnel.openvpn.data.SlotTable;
import io.culvert.tunnel.openvpn.wire.ControlMessage;
import io.culvert.tunnel.openvpn.wire.ControlPacket;
import io.culvert.tunnel.openvpn.wire.Opcode;
import io.culvert.tunnel.openvpn.wire.PeerInfo;
import io.culvert.tunnel.openvpn.wrap.StaticKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One OpenVPN client. Data packets go {@link DataPath}'s short way; the rest is negotiations:
 *
 * <ol>
 *   <li>the client's reset was answered ({@link OpenVpnProtocol#accept}); TLS runs over the first {@link KeyState}
 *   <li>{@link Negotiator} leads from the client's keys to who it is and to data keys
 *   <li>the session is saved with its reservation of packet-ids ({@link Checkpoint})
 *   <li>only then it is established and the client is pushed its options
 *   <li>later negotiations begin with a soft reset from either side
 * </ol>
 */
final class OpenVpnSession implements TunnelSession, KeyState.Events, Negotiator.Events, DataPath.Events {
    /** How long a refused client is answered, so that the refusal reaches it. */
    private static final long LINGER_NS = TimeUnit.SECONDS.toNanos(5);

    /** How long a good-bye may take to leave. */
    private static final long FAREWELL_NS = TimeUnit.MILLISECONDS.toNanos(800);

    /** Lifetime of the key before the current one, from the soft reset. */
    private static final long TRANSITION_NS = TimeUnit.SECONDS.toNanos(3600);

    /** Pings are this late at most; a power of two. */
    private static final long PINGS_TOGETHER_NS = 1L << 26;

    /** A client that moves all the time is looked for elsewhere this often: that costs every loop something. */
    private static final long MOVE_INTERVAL_NS = TimeUnit.SECONDS.toNanos(1);

    /** How much more time the rekeying of sessions has that moved within the process. */
    private static final int CALMLY = 10;

    private static final long NEVER = Long.MAX_VALUE;

    /** Nobody here knows whether the client ever got its part of the newest key: the one before serves until it shows. */
    private static final long UNTIL_SHOWN = NEVER;

    private final OpenVpnProtocol protocol;
    private final OpenVpnConfig config;
    private final TunnelHost host;
    private final SessionHost session;
    private final ControlChannel channel;
    private final @Nullable StaticKey clientKey;
    private final Agreement agreement = new Agreement();
    private final SlotTable slots = new SlotTable();
    private final Deadlines deadlines = new Deadlines();
    private final Checkpoint checkpoint;
    private final Negotiator negotiator;
    private final DataPath data;

    private final KeyStates states;

    /** Where the client came from, as long as its first negotiation counts as half-open. */
    private @Nullable Endpoint halfOpenFrom;

    /** Where the client's control packets are expected from. */
    private Endpoint boundTo;

    private long movedNs;
    private boolean established;

    /** Whether the client's traffic flows under what a former session of it had. */
    private boolean inherited;

    private boolean pushRequested;
    /** The key-id under which the client was last told its options; the negotiation itself may be gone since. */
    private int pushedTo = -1;
    private long rekeyDueSinceNs = NEVER;
    private @Nullable CloseCause leaving;
    private boolean leaveWhenSent;
    private boolean otherTls;

    /** Whether a new key is agreed and the client is about to be told. */
    private boolean telling;

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
        this.halfOpenFrom = endpoint;
        states.begin(reliable, nowNs);
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
        this.states = new KeyStates((keyId, reliable, at) ->
                new KeyState(keyId, at, reliable, session, new TlsSource(protocol, host), this));
        this.checkpoint = new Checkpoint(session, slots, deadlines);
        var login = new Login(config.login(), host, session, protocol.tokens(), protocol.questions());
        this.negotiator =
                new Negotiator(config, host, session, channel, agreement, login, protocol.questions(), this);
        this.data = new DataPath(slots, config, host, agreement, endpoint, this, nowNs);
        this.boundTo = endpoint;
        this.movedNs = nowNs - MOVE_INTERVAL_NS;
        session.bind(protocol.demux().ofControl(endpoint, channel.remoteSessionId()));
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
        agreement.peer = record.peer();
        agreement.addresses = record.addresses();
        agreement.peerInfo = PeerInfo.parse(state.peerInfo());
        agreement.clientOptions = state.options();
        agreement.cipher = state.cipher();
        agreement.exported = state.exported();
        agreement.framing = state.framing();
        agreement.compressing = state.compressing();
        data.use(agreement.framing, agreement.compressing);
        states.resume(state.nextKeyId(), nowNs + seconds(config.handshakeSeconds()));
        data.usePeerId(state.peerId());
        var keys = new ArrayList<KeySlot>();
        try {
            for (SessionState.Key key : state.keys()) {
                keys.add(slot(state, key));
            }
            resume(keys, nowNs);
        } catch (RuntimeException | Error e) {
            // The session is nobody's: whoever thaws it does not close it.
            keys.forEach(KeySlot::close);
            throw e;
        }
    }

    /** Goes on with the keys of a record, newest first. */
    private void resume(List<KeySlot> keys, long nowNs) {
        KeySlot newest = keys.getFirst();
        long bornNs = nowNs - seconds(Math.max(0, host.wallTimeSeconds() - newest.bornSeconds()));
        slots.restore(newest, keys.size() > 1 ? keys.get(1) : null, UNTIL_SHOWN, bornNs + TRANSITION_NS);
        deadlines.set(Deadlines.Kind.EXPIRE, slots.previousEndsNs());
        bindData();
        established = true;
        armEstablished(nowNs);
        // At once, before anything can be sealed: packet-ids behind the old reservation need a new one.
        deadlines.set(Deadlines.Kind.SAVE, nowNs);
        deadlines.set(Deadlines.Kind.REKEY, nowNs + protocol.spreadNs(host));
    }

    // ---- packets

    @Override
    public void onDatagram(PacketBuffer datagram, Endpoint from, long nowNs, Outbox out) {
        if (datagram.length() < 1) {
            out.drop(datagram, DropReason.MALFORMED);
        } else if (!Opcode.isData(Opcode.of(DataHeader.firstByte(datagram)))) {
            onControl(datagram, from, nowNs, out);
        } else if (isOpen(datagram, out)) {
            data.onDatagram(datagram, from, nowNs, out);
        }
    }

    @Override
    public void onIpPacket(PacketBuffer packet, long nowNs, Outbox out) {
        if (isOpen(packet, out)) {
            data.onIpPacket(packet, nowNs, out);
        }
    }

    /** Whether traffic may pass; drops the packet otherwise. */
    private boolean isOpen(PacketBuffer packet, Outbox out) {
        if ((established || inherited) && leaving == null) {
            return true;
        }
        out.drop(packet, leaving == null ? DropReason.NOT_ESTABLISHED : DropReason.CLOSING);
        return false;
    }

    @Override
    public void onRecordDue() {
        if (established) {
            checkpoint.save();
        }
    }

    @Override
    public void onKeyUsedUp(long nowNs) {
        if (states.negotiating() == null) {
            deadlines.earlier(Deadlines.Kind.REKEY, nowNs);
        }
    }

    @Override
    public void onMoved(long nowNs) {
        if (nowNs - movedNs >= MOVE_INTERVAL_NS) {
            move(nowNs);
        } else {
            deadlines.set(Deadlines.Kind.MOVE, movedNs + MOVE_INTERVAL_NS);
        }
    }

    private void move(long nowNs) {
        deadlines.clear(Deadlines.Kind.MOVE);
        Endpoint from = boundTo;
        Endpoint to = data.endpoint();
        if (to.equals(from)) {
            return;
        }
        movedNs = nowNs;
        boundTo = to;
        long remote = channel.remoteSessionId();
        session.unbind(protocol.demux().ofControl(from, remote));
        session.bind(protocol.demux().ofControl(to, remote));
        if (data.peerId() < 0) {
            session.unbind(protocol.demux().ofAddress(from));
            session.bind(protocol.demux().ofAddress(to));
        }
        session.floated(to);
    }

    @Override
    public void onExit() {
        session.close(CloseCause.silently(Kind.PEER_EXIT, "the client said good-bye"));
    }

    // ---- control packets

    private void onControl(PacketBuffer datagram, Endpoint from, long nowNs, Outbox out) {
        if (!from.equals(data.endpoint())) {
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
                data.heard(nowNs);
                onPacket(state, packet, nowNs, out);
            }
        }
    }

    /** The packet that began the session. */
    void onFirstPacket(ControlPacket packet, long nowNs, Outbox out) {
        onPacket(Objects.requireNonNull(states.negotiating()), packet, nowNs, out);
    }

    private void onPacket(KeyState state, ControlPacket packet, long nowNs, Outbox out) {
        if (!state.onPacket(packet, nowNs)) {
            session.close(CloseCause.silently(Kind.PROTOCOL_ERROR, "the client sends more than its window allows"));
            return;
        }
        if (state == states.active() && state.settled()) {
            slots.peerHasCurrent();
        }
        if (states.isInTheMiddle(state, packet, nowNs)) {
            channel.nudge(state, data.endpoint(), out);
        }
        transmit(state, nowNs, out);
    }

    private @Nullable KeyState stateFor(ControlPacket packet, long nowNs) {
        KeyState state = states.find(packet);
        if (state == null && established && leaving == null && states.asksForNext(packet, nowNs)) {
            return startRekey(nowNs);
        }
        return state;
    }

    private KeyState startRekey(long nowNs) {
        deadlines.clear(Deadlines.Kind.REKEY);
        deadlines.set(Deadlines.Kind.HANDSHAKE, nowNs + seconds(config.handshakeSeconds()));
        return states.beginNext(nowNs);
    }

    private void transmit(KeyState state, long nowNs, Outbox out) {
        channel.transmit(state, data.endpoint(), nowNs, out);
        deadlines.set(Deadlines.Kind.CONTROL, states.nextTimeoutNs());
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
        if (state != states.negotiating()) {
            return;
        }
        if (!established && leaving == null) {
            leave(CloseCause.silently(Kind.TLS_FAILED, "tls failed: " + reason), nowNs + LINGER_NS);
        } else if (established) {
            abandonRekey("tls failed: " + reason, nowNs);
        }
    }

    @Override
    public void onRecord(KeyState state, byte[] record, long nowNs, Outbox out) {
        if (leaving != null) {
            return;
        }
        if (!state.keyExchangeDone()) {
            negotiator.onClientKeys(state, record, !established, data.endpoint().remote());
            return;
        }
        for (String message : ControlMessage.parse(record)) {
            onMessage(state, message, nowNs, out);
        }
    }

    private void onMessage(KeyState state, String message, long nowNs, Outbox out) {
        if (message.equals(ControlMessage.PUSH_REQUEST)) {
            pushRequested = true;
            // Again only when the client has all of the last reply: replies must not pile up behind a client.
            if (established && (state.keyId() != pushedTo || state.settled())) {
                push(state);
            }
        } else if (message.equals(ControlMessage.EXIT)) {
            transmit(state, nowNs, out);
            onExit();
        } else if (message.startsWith(ControlMessage.CR_RESPONSE)) {
            negotiator.onResponse(message.substring(ControlMessage.CR_RESPONSE.length()));
        }
    }

    // ---- from keys to an established session

    @Override
    public void onWait(long seconds, long nowNs) {
        deadlines.later(Deadlines.Kind.HANDSHAKE, nowNs + seconds(seconds) + seconds(config.handshakeSeconds()));
    }

    @Override
    public void onFirstKeys(KeyState state, KeyExchange.Keys keys, long nowNs) {
        if (leaving != null) {
            return;
        }
        agreement.exported = keys.exported();
        agreement.tls = keys.tls();
        byte[] dynamic = keys.dynamicKey();
        if (agreement.exported && dynamic != null) {
            StaticKey base = clientKey != null ? clientKey : protocol.wrapKeys().baseKey();
            channel.useDynamic(base.xor(dynamic), host.wallTimeSeconds());
        }
        if (inherited) {
            slots.install(newSlot(state.keyId(), keys.key2()), UNTIL_SHOWN, nowNs + TRANSITION_NS);
            deadlines.set(Deadlines.Kind.EXPIRE, slots.previousEndsNs());
        } else {
            if (agreement.peerInfo.has(PeerInfo.DATA_V2)) {
                data.usePeerId(protocol.peerIds().take(host.loopIndex(), host.loopCount()));
                if (data.peerId() < 0) {
                    onRefused(state, new CloseCause(Kind.OVERLOAD, "no peer-id is left", "server full"), nowNs);
                    return;
                }
            }
            bindData();
            slots.installFirst(newSlot(state.keyId(), keys.key2()));
        }
        data.use(agreement.framing, agreement.compressing);
        checkpoint.first((durable, at, out) -> {
            if (leaving != null) {
                return;
            }
            if (durable) {
                onEstablished(state, at, out);
            } else {
                onRefused(state, new CloseCause(Kind.OVERLOAD, "the session could not be saved", "try again later"), at);
            }
        });
    }

    private void bindData() {
        session.bind(
                data.peerId() < 0
                        ? protocol.demux().ofAddress(data.endpoint())
                        : protocol.demux().ofPeerId(data.peerId(), data.endpoint()));
    }

    private void onEstablished(KeyState state, long nowNs, Outbox out) {
        established = true;
        states.complete();
        leftHalfOpen();
        deadlines.clear(Deadlines.Kind.HANDSHAKE);
        armEstablished(nowNs);
        armRekey(nowNs);
        leaveFormerTls(nowNs);
        session.established();
        if (pushRequested || agreement.peerInfo.has(PeerInfo.REQUEST_PUSH)) {
            push(state);
        }
        transmit(state, nowNs, out);
        // With its options the client has the keys, and opens nothing else under this key-id.
        slots.peerHasCurrent();
    }

    private void push(KeyState state) {
        Admission.Granted granted = agreement.admission;
        if (granted == null) {
            return; // A thawed session pushes nothing: the client has its options.
        }
        pushedTo = state.keyId();
        var reply = new PushReply()
                .network(granted.addresses(), granted.network(), agreement.peerInfo, protocol.carriesFrames())
                .keepalive(config.pingSeconds(), config.pingRestartSeconds());
        if (config.clientReceiveBuffer() > 0 && !config.transport().isStream()) {
            reply.option("rcvbuf " + config.clientReceiveBuffer());
        }
        if (!agreement.framingOption.isEmpty()) {
            reply.option(agreement.framingOption);
        }
        config.push().forEach(reply::option);
        reply.agreed(
                data.peerId(),
                data.peerId() >= 0,
                agreement.cipherName(),
                agreement.exported,
                agreement.peerInfo.has(PeerInfo.CC_EXIT_NOTIFY),
                channel.dynamicKey() != null);
        if (agreement.token != null) {
            reply.option("auth-token " + agreement.token);
        }
        reply.messages().forEach(state::sendText);
    }

    @Override
    public void onNextKeys(KeyState state, KeyExchange.Keys keys, long nowNs, Outbox out) {
        if (leaving != null || state != states.negotiating()) {
            return;
        }
        agreement.tls = keys.tls();
        slots.install(
                newSlot(state.keyId(), keys.key2()),
                state.startedNs() + deferralNs(),
                state.startedNs() + TRANSITION_NS);
        states.complete();
        rekeyDueSinceNs = NEVER;
        deadlines.clear(Deadlines.Kind.HANDSHAKE);
        deadlines.set(Deadlines.Kind.EXPIRE, slots.previousEndsNs());
        armRekey(nowNs);
        leaveFormerTls(nowNs);
        // The client counts the new key, and uses it, as soon as it has our message: whoever has the session then knows
        // it, too. A store that fails is no reason to let the client wait.
        telling = true;
        checkpoint.save((durable, at, answers) -> {
            telling = false;
            if (leaving == null) {
                negotiator.sendServerKeys(state);
                transmit(state, at, answers);
            }
        });
    }

    private void abandonRekey(String reason, long nowNs) {
        states.abandon();
        deadlines.clear(Deadlines.Kind.HANDSHAKE);
        deadlines.set(Deadlines.Kind.CONTROL, states.nextTimeoutNs());
        if (rekeyDueSinceNs == NEVER) {
            rekeyDueSinceNs = nowNs;
        }
        if (nowNs - rekeyDueSinceNs > TRANSITION_NS) {
            session.close(CloseCause.silently(
                    Kind.HANDSHAKE_TIMEOUT, "no rekey succeeded for an hour, at last: " + reason));
            return;
        }
        deadlines.set(Deadlines.Kind.REKEY, nowNs + Checkpoint.RETRY_NS);
    }

    // ---- refusing, leaving, ending

    /** Tells the client that it may not be here, and stops carrying its traffic at once. */
    @Override
    public void onRefused(KeyState state, CloseCause cause, long nowNs) {
        onQuestioned(state, withReason(ControlMessage.AUTH_FAILED, cause), cause, nowNs);
    }

    @Override
    public void onQuestioned(KeyState state, String message, CloseCause cause, long nowNs) {
        if (leaving != null) {
            return;
        }
        negotiator.sendServerKeys(state);
        state.sendText(message);
        leave(cause, nowNs + LINGER_NS);
    }

    @Override
    public void onBroken(CloseCause cause) {
        session.close(cause);
    }

    private void leave(CloseCause cause, long untilNs) {
        move(movedNs);
        leaving = cause;
        slots.close();
        leftHalfOpen();
        deadlines.clearAll();
        deadlines.set(Deadlines.Kind.CONTROL, states.nextTimeoutNs());
        deadlines.set(Deadlines.Kind.LEAVE, untilNs);
    }

    @Override
    public void end(CloseCause cause, long nowNs, Outbox out) {
        KeyState state = states.active();
        if (leaving != null || !established || state == null || cause.kind() == Kind.REPLACED) {
            session.close(cause);
            return;
        }
        leaveWhenSent = true;
        leave(cause, nowNs + FAREWELL_NS);
        state.sendText(
                switch (cause.kind()) {
                    case REVOKED, REFUSED -> withReason(ControlMessage.AUTH_FAILED, cause);
                    case SHUTDOWN, OVERLOAD, INTERNAL_ERROR -> ControlMessage.RESTART;
                    default -> withReason(ControlMessage.HALT, cause);
                });
    }

    private static String withReason(String message, CloseCause cause) {
        String reason = ControlMessage.reason(cause.peerText());
        return reason.isEmpty() ? message : message + "," + reason;
    }

    // ---- providers

    @Override
    public void onCiphers(long nowNs, Outbox out) {
        for (KeySlot slot : slots.all()) {
            host.crypto(slot.cipher()).ifPresent(slot::moveTo);
        }
    }

    /** Data keys live on; the control channel moves with a rekey, after the one that is under way if there is one. */
    @Override
    public void onTls(long nowNs, Outbox out) {
        otherTls = true;
        if (states.negotiating() == null && leaving == null) {
            leaveFormerTls(nowNs);
        }
    }

    private void leaveFormerTls(long nowNs) {
        if (otherTls) {
            otherTls = false;
            deadlines.earlier(Deadlines.Kind.REKEY, nowNs);
        }
    }

    @Override
    public void onTlsGone(TlsProvider gone, long nowNs, Outbox out) {
        otherTls = false;
        if (providerOf(states.negotiating()) == gone) {
            if (!established) {
                session.close(CloseCause.silently(Kind.SHUTDOWN, "the TLS provider left within the handshake"));
                return;
            }
            abandonRekey("the TLS provider left", nowNs);
        }
        if (providerOf(states.active()) == gone) {
            states.dropActive();
            deadlines.set(Deadlines.Kind.CONTROL, states.nextTimeoutNs());
            if (states.negotiating() == null && leaving == null) {
                deadlines.earlier(Deadlines.Kind.REKEY, nowNs + protocol.spreadNs(host));
            }
        }
    }

    @Override
    public Optional<TlsProvider> tlsInUse() {
        return Optional.ofNullable(providerOf(states.active()));
    }

    private static @Nullable TlsProvider providerOf(@Nullable KeyState state) {
        return state != null && state.engineSource() instanceof TlsSource source ? source.provider() : null;
    }

    @Override
    public Optional<CipherProvider> cipherInUse() {
        KeySlot current = slots.current();
        return current == null ? Optional.empty() : Optional.of(current.provider());
    }

    @Override
    public boolean isBusy() {
        return leaving != null || isTelling() || states.negotiating() != null;
    }

    /** Whether the client has still to hear, or to acknowledge, what was said last. */
    private boolean isTelling() {
        KeyState active = states.active();
        return telling || active != null && !active.settled();
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
            String reason = "no handshake within " + config.handshakeSeconds() + " s";
            if (!established) {
                session.close(CloseCause.silently(Kind.HANDSHAKE_TIMEOUT, reason));
                return;
            }
            abandonRekey(reason, nowNs);
        }
        if (deadlines.due(Deadlines.Kind.SILENCE, nowNs) && isSilent(nowNs)) {
            return;
        }
        if (deadlines.due(Deadlines.Kind.PING, nowNs)) {
            long interval = seconds(config.serverPingSeconds());
            boolean idle = nowNs - data.lastSentNs() >= interval;
            if (idle) {
                data.ping(nowNs, out);
            }
            deadlines.set(Deadlines.Kind.PING, together((idle ? nowNs : data.lastSentNs()) + interval));
        }
        if (deadlines.due(Deadlines.Kind.MOVE, nowNs)) {
            move(nowNs);
        }
        if (deadlines.due(Deadlines.Kind.SAVE, nowNs)) {
            checkpoint.save();
        }
        if (deadlines.due(Deadlines.Kind.EXPIRE, nowNs)) {
            slots.expire(nowNs);
        }
        if (deadlines.due(Deadlines.Kind.REKEY, nowNs) && states.negotiating() == null && established) {
            if (isTelling()) {
                // A client that has not heard the end of a negotiation takes no other.
                deadlines.set(Deadlines.Kind.REKEY, nowNs + Checkpoint.RETRY_NS);
            } else {
                transmit(startRekey(nowNs), nowNs, out);
            }
        }
        if (deadlines.due(Deadlines.Kind.CONTROL, nowNs)) {
            states.transmit(channel, data.endpoint(), nowNs, out);
            deadlines.set(Deadlines.Kind.CONTROL, states.nextTimeoutNs());
        }
    }

    /** Ends the session when nothing was heard for too long; else looks again when that could be. */
    private boolean isSilent(long nowNs) {
        long patience = seconds(config.silenceSeconds().orElseThrow());
        if (nowNs - data.lastHeardNs() < patience) {
            deadlines.set(Deadlines.Kind.SILENCE, data.lastHeardNs() + patience);
            return false;
        }
        session.close(CloseCause.silently(
                Kind.PEER_SILENT, "nothing was heard for " + TimeUnit.NANOSECONDS.toSeconds(patience) + " s"));
        return true;
    }

    private void armEstablished(long nowNs) {
        if (config.serverPingSeconds() > 0) {
            deadlines.set(Deadlines.Kind.PING, together(nowNs + seconds(config.serverPingSeconds())));
        }
        config.silenceSeconds().ifPresent(s -> deadlines.set(Deadlines.Kind.SILENCE, nowNs + seconds(s)));
    }

    /** Up to a tenth early, so that sessions which began together do not rekey together. */
    private void armRekey(long nowNs) {
        if (config.renegotiateSeconds() > 0) {
            long interval = seconds(config.renegotiateSeconds());
            long early = Math.floorMod(protocol.randomLong(host), interval / 10 + 1);
            deadlines.set(Deadlines.Kind.REKEY, nowNs + interval - early);
        }
    }

    /** How long the key before a new one is sent with, at most. */
    private long deferralNs() {
        long half = config.renegotiateSeconds() > 0 ? seconds(config.renegotiateSeconds()) / 2 : NEVER;
        return Math.min(seconds(config.handshakeSeconds()), half);
    }

    /** A little later, at a time when other sessions' pings are due as well: they leave as one batch. */
    private static long together(long timeNs) {
        return timeNs + PINGS_TOGETHER_NS - 1 & -PINGS_TOGETHER_NS;
    }

    private static long seconds(long seconds) {
        return TimeUnit.SECONDS.toNanos(seconds);
    }

    // ---- the session as data, and its end

    @Override
    public SessionRecord freeze() {
        var keys = new ArrayList<SessionState.Key>(2);
        for (KeySlot slot : slots.all()) {
            keys.add(new SessionState.Key(
                    slot.keyId(), slot.key2(), slot.freezeReservation(), slot.highestReceived(), slot.bornSeconds()));
        }
        var state = new SessionState(
                channel.localSessionId(),
                channel.remoteSessionId(),
                clientKey,
                channel.dynamicKey(),
                channel.replayTime(),
                data.peerId(),
                agreement.chosenCipher(),
                agreement.exported,
                agreement.peerInfo.has(PeerInfo.CC_EXIT_NOTIFY),
                agreement.peerInfo.encoded(),
                agreement.clientOptions,
                states.nextKeyId(),
                keys,
                agreement.framing,
                agreement.compressing);
        Endpoint at = data.endpoint();
        return new SessionRecord(
                OpenVpnProtocol.NAME,
                config.instance(),
                state.version(),
                session.sessionId(),
                agreement.knownPeer(),
                Objects.requireNonNull(agreement.addresses, "addresses"),
                new SessionRecord.RemoteEnd(at.transport(), at.remote(), at.local(), at.localPort()),
                state.encode());
    }

    @Override
    public byte[] freezeLive() {
        return new LiveState(
                        slots.sendCurrentFromNs(),
                        slots.previousEndsNs(),
                        data.lastHeardNs(),
                        data.lastSentNs(),
                        agreement.tls,
                        slots.all().stream().map(KeySlot::freezeLive).toList())
                .encode();
    }

    @Override
    public boolean resumeLive(byte[] live, long nowNs) {
        LiveState state = LiveState.decode(live);
        List<KeySlot> keys = slots.all();
        if (state == null || state.keys().size() != keys.size()) {
            return false;
        }
        for (int i = 0; i < keys.size(); i++) {
            keys.get(i).resumeLive(state.keys().get(i));
        }
        slots.restore(
                keys.getFirst(),
                keys.size() > 1 ? keys.get(1) : null,
                state.sendCurrentFromNs() > nowNs ? UNTIL_SHOWN : state.sendCurrentFromNs(),
                state.previousEndsNs());
        deadlines.set(Deadlines.Kind.EXPIRE, slots.previousEndsNs());
        data.resume(state.lastHeardNs(), state.lastSentNs());
        agreement.tls = state.tls();
        armEstablished(nowNs);
        // Nobody waits for the control channel, and many have lost theirs with this one.
        deadlines.set(Deadlines.Kind.REKEY, nowNs + CALMLY * protocol.spreadNs(host));
        return true;
    }

    @Override
    public boolean inherit(SessionRecord former, byte[] live, long nowNs) throws HandoverException {
        SessionState state = SessionState.decode(former.version(), former.state());
        LiveState counters = LiveState.decode(live);
        if (established || inherited || leaving != null || counters == null
                || counters.keys().size() != state.keys().size()) {
            return false;
        }
        // The key that the client is known to have: the one it began a negotiation with that came to nothing.
        int known = state.keys().size() > 1 && counters.sendCurrentFromNs() > nowNs ? 1 : 0;
        KeySlot slot = slot(state, state.keys().get(known));
        boolean goesOn = false;
        try {
            slot.resumeLive(counters.keys().get(known));
            goesOn = state.peerId() < 0 || protocol.peerIds().restore(state.peerId());
        } finally {
            if (!goesOn) {
                slot.close();
            }
        }
        if (!goesOn) {
            return false;
        }
        data.usePeerId(state.peerId());
        data.use(state.framing(), state.compressing());
        slots.installFirst(slot);
        inherited = true;
        bindData();
        return true;
    }

    private KeySlot slot(SessionState state, SessionState.Key key) {
        return new KeySlot(
                key.keyId(),
                state.cipher(),
                provider(state.cipher()),
                key.key2(),
                true,
                key.bornSeconds(),
                key.reservedEnd(),
                key.highestReceived());
    }

    @Override
    public void closed() {
        leftHalfOpen();
        if (data.peerId() >= 0) {
            protocol.peerIds().release(data.peerId());
        }
        slots.close();
        states.close();
        deadlines.clearAll();
    }

    private void leftHalfOpen() {
        if (halfOpenFrom != null) {
            protocol.halfOpen().leave(halfOpenFrom);
            halfOpenFrom = null;
        }
    }

    @Override
    public TunnelStatus status() {
        String state = "handshake";
        if (leaving != null) {
            state = "closing";
        } else if (established) {
            state = states.negotiating() == null ? "established" : "rekeying";
        }
        return new TunnelStatus(state, agreement.cipherName(), agreement.tls, agreement.peerInfo.client());
    }

    private KeySlot newSlot(int keyId, byte[] key2) {
        DataCipher cipher = agreement.chosenCipher();
        return new KeySlot(keyId, cipher, provider(cipher), key2, true, host.wallTimeSeconds());
    }

    private CipherProvider provider(DataCipher wanted) {
        return host.crypto(wanted).orElseThrow(() -> new IllegalStateException("no provider for " + wanted));
    }
}

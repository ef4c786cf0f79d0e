package io.culvert.core.bus;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.network.Admission;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.api.packet.DropReason;
import io.culvert.api.packet.Outbox;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.status.TunnelStatus;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.HandoverException;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.SessionHost;
import io.culvert.api.tunnel.Steering;
import io.culvert.api.tunnel.StreamFraming;
import io.culvert.api.tunnel.TunnelHost;
import io.culvert.api.tunnel.TunnelProtocol;
import io.culvert.api.tunnel.TunnelSession;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A tunnel protocol without secrets. A datagram is one letter, an 8-byte session key, and a body: H hello (body: the
 * user), E established, D data, B bye, K keepalive, and what makes the session misbehave: X throws, L keeps a buffer,
 * W gives one away twice, S is data and bye at once, P asks for the password check,
 * Q computes.
 */
public final class ToyProtocol implements TunnelProtocol {
    static final int HEADER = 9;

    private final List<ListenerClaim> listeners;
    private final String instance;

    // Of all loops.
    final List<ToySession> sessions = Collections.synchronizedList(new ArrayList<>());
    final List<String> computed = Collections.synchronizedList(new ArrayList<>());
    final List<AuthDecision> decisions = Collections.synchronizedList(new ArrayList<>());

    long keepaliveNs = Long.MAX_VALUE;
    boolean endsOnRequest = true;
    boolean refusesRecords;

    /** Runs within each thaw. */
    Runnable whileThawed = () -> {};

    /** Whether a session says that it is busy. */
    boolean busy;

    /** Each instance has keys of its own, as secrets make them. */
    long keyMask;

    int prepared;

    /** What new control channels run in. */
    @Nullable TlsProvider tls;

    /** Whether what the sessions carry are Ethernet frames. */
    boolean frames;

    Optional<Steering> steering = Optional.empty();

    /** A thawed session saves at its first timeout, as one with packet-ids does. */
    boolean savesAfterThaw;


    public ToyProtocol(String instance, ListenerClaim... listeners) {
        this.instance = instance;
        this.listeners = List.of(listeners);
    }

    public static byte[] datagram(char letter, long key, byte[] body) {
        return ByteBuffer.allocate(HEADER + body.length).put((byte) letter).putLong(key).put(body).array();
    }

    @Override
    public String name() {
        return "toy";
    }

    @Override
    public String instance() {
        return instance;
    }

    @Override
    public boolean carriesFrames() {
        return frames;
    }

    @Override
    public List<ListenerClaim> listeners() {
        return listeners;
    }

    @Override
    public Optional<Steering> steering() {
        return steering;
    }

    @Override
    public StreamFraming framing() {
        return new ToyFraming();
    }

    @Override
    public int headroomBytes() {
        return HEADER;
    }

    @Override
    public int tailroomBytes() {
        return 16;
    }

    @Override
    public long sessionKey(PacketBuffer datagram, Endpoint from) {
        return datagram.length() < HEADER ? 0 : key(datagram) ^ keyMask;
    }

    private static long key(PacketBuffer datagram) {
        return Long.reverseBytes(datagram.segment().get(JAVA_LONG_UNALIGNED, datagram.offset() + 1));
    }

    private static char letter(PacketBuffer datagram) {
        return (char) datagram.segment().get(JAVA_BYTE, datagram.offset());
    }

    @Override
    public void prepare() {
        prepared++;
    }

    @Override
    public @Nullable TunnelSession accept(
            PacketBuffer first, Endpoint from, TunnelHost host, long nowNs, Outbox out) {
        if (first.length() < HEADER) {
            out.drop(first, DropReason.MALFORMED);
            return null;
        }
        switch (letter(first)) {
            case 'H' -> {
                byte[] user = new byte[first.length() - HEADER];
                MemorySegment.copy(first.segment(), JAVA_BYTE, first.offset() + HEADER, user, 0, user.length);
                SessionHost place = host.newSession(from);
                var session =
                        new ToySession(place, key(first), from, new String(user, StandardCharsets.UTF_8), nowNs);
                out.consume(first);
                session.open();
                return session;
            }
            case 'X' -> throw new IllegalStateException("asked for");
            case 'D' -> {
                out.toInbound(first);
                return null;
            }
            case 'N' -> {
                host.newSession(from);
                out.consume(first);
                return null;
            }
            default -> {
                out.drop(first, DropReason.UNKNOWN_SESSION);
                return null;
            }
        }
    }

    @Override
    public TunnelSession thaw(SessionRecord record, Endpoint remote, TunnelHost host, SessionHost session, long nowNs)
            throws HandoverException {
        if (refusesRecords) {
            throw new HandoverException("the record is of no use");
        }
        whileThawed.run();
        long key = ByteBuffer.wrap(record.state()).getLong();
        session.bind(key ^ keyMask);
        var live = new ToySession(session, key, remote, record.peer().user(), nowNs);
        live.addresses = record.addresses();
        live.state = "thawed";
        if (savesAfterThaw) {
            live.nextNs = nowNs;
        }
        return live;
    }

    final class ToySession implements TunnelSession {
        final SessionHost host;
        final long key;
        final String user;
        Endpoint remote;
        TunnelAddresses addresses = new TunnelAddresses(java.util.Optional.empty(), java.util.Optional.empty());
        String state = "new";
        long nextNs;
        int closedCalls;

        /** The datagrams that came, and how many had come when the last record was made. */
        int heard;

        int heardWhenFrozen;
        @Nullable CloseCause endedBy;
        @Nullable TlsProvider usedTls;
        int toldOfTls;
        boolean resumedLive;
        boolean inherited;

        ToySession(SessionHost host, long key, Endpoint remote, String user, long nowNs) {
            this.host = host;
            this.key = key;
            this.remote = remote;
            this.user = user;
            this.nextNs = keepaliveNs == Long.MAX_VALUE ? Long.MAX_VALUE : nowNs + keepaliveNs;
            sessions.add(this);
        }

        PeerIdentity identity() {
            return new PeerIdentity(user, "", Map.of());
        }

        void open() {
            host.bind(key ^ keyMask);
            usedTls = tls;
            host.admit(identity(), (admission, nowNs, out) -> {
                switch (admission) {
                    case Admission.Refused refused -> host.close(refused.cause());
                    case Admission.Granted granted -> {
                        addresses = granted.addresses();
                        host.save((durable, then, outbox) -> {
                            host.established();
                            state = "established";
                            send('E', outbox);
                        });
                    }
                }
            });
        }

        void send(char letter, Outbox out) {
            PacketBuffer buffer = out.allocate();
            if (buffer != null) {
                write(buffer, letter);
                out.toLink(buffer, remote);
            }
        }

        private void write(PacketBuffer buffer, char letter) {
            buffer.bounds(buffer.offset() - HEADER, buffer.length() + HEADER);
            buffer.segment().set(JAVA_BYTE, buffer.offset(), (byte) letter);
            buffer.segment().set(JAVA_LONG_UNALIGNED, buffer.offset() + 1, Long.reverseBytes(key));
        }

        @Override
        public void onDatagram(PacketBuffer datagram, Endpoint from, long nowNs, Outbox out) {
            heard++;
            if (from != remote && !from.equals(remote)) {
                remote = from;
                host.floated(from);
            }
            switch (letter(datagram)) {
                case 'D' -> {
                    datagram.bounds(datagram.offset() + HEADER, datagram.length() - HEADER);
                    out.toInbound(datagram);
                }
                case 'S' -> {
                    datagram.bounds(datagram.offset() + HEADER, datagram.length() - HEADER);
                    out.toInbound(datagram);
                    host.close(CloseCause.silently(CloseCause.Kind.PEER_EXIT, "bye"));
                }
                case 'B' -> {
                    out.consume(datagram);
                    host.close(CloseCause.silently(CloseCause.Kind.PEER_EXIT, "bye"));
                }
                case 'X' -> throw new IllegalStateException("asked for");
                case 'L' -> {
                    out.allocate();
                }
                case 'W' -> {
                    out.consume(datagram);
                    out.consume(datagram);
                }
                case 'Q' -> {
                    out.consume(datagram);
                    host.compute(() -> user, (who, error, then, outbox) -> computed.add(who));
                }
                case 'P' -> {
                    out.consume(datagram);
                    host.authenticate(
                            new Credentials("toy", user, "secret".getBytes(StandardCharsets.UTF_8), List.of(),
                                    from.remote(), Map.of()),
                            (decision, then, outbox) -> decisions.add(decision));
                }
                default -> out.drop(datagram, DropReason.UNSUPPORTED);
            }
        }

        @Override
        public void onIpPacket(PacketBuffer packet, long nowNs, Outbox out) {
            write(packet, 'D');
            out.toLink(packet, remote);
        }

        @Override
        public long nextTimeoutNs() {
            return nextNs;
        }

        @Override
        public void onTimer(long nowNs, Outbox out) {
            if (savesAfterThaw && state.equals("thawed")) {
                nextNs = Long.MAX_VALUE;
                host.save((durable, then, outbox) -> state = "saved");
                return;
            }
            nextNs = nowNs + keepaliveNs;
            send('K', out);
        }

        @Override
        public void onCiphers(long nowNs, Outbox out) {
            send('C', out);
        }

        @Override
        public void onTls(long nowNs, Outbox out) {
            toldOfTls++;
            usedTls = tls;
        }

        @Override
        public void onTlsGone(TlsProvider gone, long nowNs, Outbox out) {
            if (usedTls == gone) {
                usedTls = null;
            }
        }

        @Override
        public java.util.Optional<TlsProvider> tlsInUse() {
            return java.util.Optional.ofNullable(usedTls);
        }

        @Override
        public boolean isBusy() {
            return busy;
        }

        @Override
        public byte[] freezeLive() {
            return new byte[] {(byte) heard};
        }

        @Override
        public boolean resumeLive(byte[] live, long nowNs) {
            heard = live[0];
            heardWhenFrozen = heard;
            resumedLive = true;
            return true;
        }

        @Override
        public boolean inherit(SessionRecord former, byte[] live, long nowNs) {
            heard += live[0];
            inherited = true;
            return true;
        }

        @Override
        public SessionRecord freeze() {
            heardWhenFrozen = heard;
            return new SessionRecord("toy", instance, 1, host.sessionId(), identity(), addresses,
                    new SessionRecord.RemoteEnd(
                            remote.transport(), remote.remote(), remote.local(), remote.localPort()),
                    ByteBuffer.allocate(8).putLong(key).array());
        }

        @Override
        public void end(CloseCause cause, long nowNs, Outbox out) {
            endedBy = cause;
            send('B', out);
            if (endsOnRequest) {
                host.close(cause);
            }
        }

        @Override
        public void closed() {
            closedCalls++;
        }

        @Override
        public TunnelStatus status() {
            return new TunnelStatus(state, "none", "", "toy");
        }
    }
}

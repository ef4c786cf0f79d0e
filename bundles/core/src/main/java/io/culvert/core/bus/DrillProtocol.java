package io.culvert.core.bus;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.network.Admission;
import io.culvert.api.network.NetworkSettings;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.api.packet.Outbox;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.status.TunnelStatus;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.HandoverException;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.SessionHost;
import io.culvert.api.tunnel.StreamFraming;
import io.culvert.api.tunnel.Transport;
import io.culvert.api.tunnel.TunnelHost;
import io.culvert.api.tunnel.TunnelProtocol;
import io.culvert.api.tunnel.TunnelSession;
import io.culvert.core.admission.Admissions;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What {@link Drill} leads packets through: one byte before each packet, no secrets, one session. */
class DrillProtocol implements TunnelProtocol {
    private static final int HEADER = 1;
    private static final int IP_HEADER = 20;
    private static final int UDP_HEADER = 8;
    private static final int UDP = 17;

    /** In the network for benchmarks, RFC 2544. */
    private static final byte[] ELSEWHERE = {(byte) 198, 18, 1, 1};

    private final int kind;
    private boolean established;

    private DrillProtocol(int kind) {
        this.kind = kind;
    }

    /** Each kind is of a class of its own, as those are that follow. */
    static DrillProtocol ofKind(int kind) {
        return switch (kind) {
            case 0 -> new DrillProtocol(kind) {
                @Override
                Session session(SessionHost host, Endpoint remote) {
                    return new Session(host, remote) {};
                }
            };
            case 1 -> new DrillProtocol(kind) {
                @Override
                Session session(SessionHost host, Endpoint remote) {
                    return new Session(host, remote) {};
                }
            };
            default -> new DrillProtocol(kind);
        };
    }

    Session session(SessionHost host, Endpoint remote) {
        return new Session(host, remote);
    }

    boolean established() {
        return established;
    }

    private static byte[] address(int kind) {
        return new byte[] {(byte) 198, 18, 0, (byte) (kind + 1)};
    }

    byte[] hello() {
        return new byte[] {(byte) kind};
    }

    /** A datagram with a packet of so many bytes. */
    byte[] fromPeer(int bytes) {
        return ByteBuffer.allocate(HEADER + bytes).put((byte) kind).put(packet(address(kind), ELSEWHERE, bytes)).array();
    }

    byte[] toPeer(int bytes) {
        return packet(ELSEWHERE, address(kind), bytes);
    }

    /** UDP over IPv4, RFC 768 and RFC 791. */
    private static byte[] packet(byte[] source, byte[] destination, int bytes) {
        var packet = ByteBuffer.allocate(bytes);
        packet.put((byte) 0x45).put((byte) 0).putShort((short) bytes).putInt(0);
        packet.put((byte) 64).put((byte) UDP).putShort((short) 0).put(source).put(destination);
        packet.putShort((short) 7101).putShort((short) 7102).putShort((short) (bytes - IP_HEADER)).putShort((short) 0);
        packet.putShort(10, (short) ~folded(sum(packet, 0, IP_HEADER)));
        long pseudo = sum(packet, 12, 8) + UDP + bytes - IP_HEADER;
        packet.putShort(IP_HEADER + 6, (short) ~folded(pseudo + sum(packet, IP_HEADER, bytes - IP_HEADER)));
        return packet.array();
    }

    private static long sum(ByteBuffer packet, int from, int length) {
        long sum = 0;
        for (int i = 0; i < length; i += 2) {
            sum += packet.getShort(from + i) & 0xffff;
        }
        return sum;
    }

    private static int folded(long sum) {
        long folded = sum;
        while (folded > 0xffff) {
            folded = (folded & 0xffff) + (folded >> 16);
        }
        return (int) folded;
    }

    @Override
    public String name() {
        return "drill";
    }

    @Override
    public String instance() {
        return Integer.toString(kind);
    }

    @Override
    public List<ListenerClaim> listeners() {
        return List.of(new ListenerClaim(Transport.UDP, new InetSocketAddress("127.0.0.1", 0)));
    }

    @Override
    public StreamFraming framing() {
        throw new IllegalStateException("there are no streams in a drill");
    }

    @Override
    public int headroomBytes() {
        return HEADER;
    }

    @Override
    public int tailroomBytes() {
        return 0;
    }

    @Override
    public long sessionKey(PacketBuffer datagram, Endpoint from) {
        return from.keyedHash();
    }

    @Override
    public @Nullable TunnelSession accept(
            PacketBuffer first, Endpoint from, TunnelHost host, long nowNs, Outbox out) {
        out.consume(first);
        if (established || !from.remote().getAddress().isLoopbackAddress()) {
            return null;
        }
        Session session = session(host.newSession(from), from);
        session.open();
        return session;
    }

    @Override
    public TunnelSession thaw(SessionRecord record, Endpoint remote, TunnelHost host, SessionHost session, long nowNs)
            throws HandoverException {
        throw new HandoverException("a drill keeps no sessions");
    }

    /** The one peer. */
    class Session implements TunnelSession {
        private final SessionHost host;
        private final Endpoint remote;
        private TunnelAddresses addresses = new TunnelAddresses(Optional.empty(), Optional.empty());

        Session(SessionHost host, Endpoint remote) {
            this.host = host;
            this.remote = remote;
        }

        private PeerIdentity peer() {
            return new PeerIdentity("drill-" + kind, "", Map.of());
        }

        void open() {
            host.bind(remote.keyedHash());
            host.admit(peer(), (admission, nowNs, out) -> {
                if (admission instanceof Admission.Granted granted) {
                    addresses = granted.addresses();
                    host.save((durable, then, outbox) -> {
                        host.established();
                        established = true;
                    });
                }
            });
        }

        @Override
        public void onDatagram(PacketBuffer datagram, Endpoint from, long nowNs, Outbox out) {
            datagram.bounds(datagram.offset() + HEADER, datagram.length() - HEADER);
            out.toInbound(datagram);
        }

        @Override
        public void onIpPacket(PacketBuffer packet, long nowNs, Outbox out) {
            packet.bounds(packet.offset() - HEADER, packet.length() + HEADER);
            packet.segment().set(JAVA_BYTE, packet.offset(), (byte) kind);
            out.toLink(packet, remote);
        }

        @Override
        public long nextTimeoutNs() {
            return Long.MAX_VALUE;
        }

        @Override
        public void onTimer(long nowNs, Outbox out) {
            // None is ever set.
        }

        @Override
        public SessionRecord freeze() {
            return new SessionRecord(
                    name(),
                    instance(),
                    1,
                    host.sessionId(),
                    peer(),
                    addresses,
                    new SessionRecord.RemoteEnd(
                            remote.transport(), remote.remote(), remote.local(), remote.localPort()),
                    new byte[0]);
        }

        @Override
        public void end(CloseCause cause, long nowNs, Outbox out) {
            host.close(cause);
        }

        @Override
        public void closed() {
            // It owns nothing.
        }

        @Override
        public TunnelStatus status() {
            return new TunnelStatus("drill", "none", "", "drill");
        }
    }

    /** Lets everybody in. */
    static final class Doors implements Admissions {
        @Override
        public AuthDecision authenticate(Credentials credentials) {
            return new AuthDecision.Accepted(Map.of());
        }

        @Override
        public Admission admit(PeerIdentity peer, long sessionId, InetSocketAddress from) {
            int kind = peer.user().charAt(peer.user().length() - 1) - '0';
            try {
                var address = (Inet4Address) InetAddress.getByAddress(address(kind));
                return new Admission.Granted(
                        new TunnelAddresses(Optional.of(address), Optional.empty()),
                        new NetworkSettings(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), 1500,
                                List.of(), false, List.of(), List.of()));
            } catch (UnknownHostException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public Admission admitFrames(PeerIdentity peer, long sessionId, InetSocketAddress from) {
            throw new IllegalStateException("there are no frames in a drill");
        }

        @Override
        public @Nullable CloseCause recheck(PeerIdentity peer) {
            return null;
        }

        @Override
        public void release(long sessionId) {
            // They were nobody's before.
        }

        @Override
        public boolean restore(SessionRecord record) {
            return false;
        }

        @Override
        public boolean restoreFrames(SessionRecord record) {
            return false;
        }
    }
}

package io.culvert.tunnel.openvpn;

import io.culvert.api.packet.DropReason;
import io.culvert.api.packet.Outbox;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.TunnelHost;
import io.culvert.tunnel.openvpn.data.DataHeader;
import io.culvert.tunnel.openvpn.data.DataMessage;
import io.culvert.tunnel.openvpn.data.Framing;
import io.culvert.tunnel.openvpn.data.KeySlot;
import io.culvert.tunnel.openvpn.data.SlotTable;
import io.culvert.tunnel.openvpn.wire.Opcode;
import io.culvert.tunnel.openvpn.wire.OptionsString;
import io.culvert.wire.EthernetHeader;
import io.culvert.wire.TcpMss;

/**
 * Data packets of an established session, in both directions. Everything that is not a packet's way leaves as an event.
 */
final class DataPath {
    /** So many received packets may be replayed after a crash at most, before the first genuine one. */
    private static final int RECEIVED_PER_RECORD = 1 << 16;

    private static final String LZ4 = "lz4";

    /** What packets bring about. */
    interface Events {
        /** The record should be written: its reservation is used by half, or much was received since. */
        void onRecordDue();

        /** The newest key has done its work. */
        void onKeyUsedUp(long nowNs);

        /** Authentic traffic comes from another address: {@link #endpoint} from now on. */
        void onMoved(long nowNs);

        /** The client said good-bye. */
        void onExit();
    }

    private final SlotTable slots;
    private final OpenVpnConfig config;
    private final TunnelHost host;
    private final Agreement agreement;
    private final Events events;

    /** Whether packets are Ethernet frames. */
    private final boolean frames;

    private Endpoint endpoint;
    private int peerId = -1;
    private Framing framing = Framing.NONE;
    private boolean compressing;
    private int mssIpv4;
    private int mssIpv6;
    private int receivedSinceRecord;
    private long lastHeardNs;
    private long lastSentNs;

    DataPath(
            SlotTable slots,
            OpenVpnConfig config,
            TunnelHost host,
            Agreement agreement,
            Endpoint endpoint,
            Events events,
            long nowNs) {
        this.slots = slots;
        this.config = config;
        this.host = host;
        this.agreement = agreement;
        this.events = events;
        this.frames = config.dev() == OpenVpnConfig.Dev.TAP;
        this.endpoint = endpoint;
        this.lastHeardNs = nowNs;
        this.lastSentNs = nowNs;
        clampFor(endpoint);
    }

    // ---- in: UDP or TCP -> here -> the inner network

    void onDatagram(PacketBuffer datagram, Endpoint from, long nowNs, Outbox out) {
        KeySlot slot = slots.receiving(Opcode.keyId(DataHeader.firstByte(datagram)));
        if (slot != null && slots.twins()) {
            slot = slots.receivingTwin(DataHeader.packetId(datagram));
        }
        if (slot == null) {
            out.drop(datagram, DropReason.NO_KEY);
            return;
        }
        long highest = slot.highestReceived();
        DropReason refused = slot.open(datagram);
        if (refused != null) {
            if (refused == DropReason.BAD_TAG && slots.twins()) {
                slots.doubt();
            }
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
                endpoint = from;
                clampFor(from);
                events.onMoved(nowNs);
            }
        }
        if (++receivedSinceRecord >= RECEIVED_PER_RECORD) {
            receivedSinceRecord = 0;
            events.onRecordDue();
        }
        checkLimits(slot, nowNs);
        if (framing != Framing.NONE) {
            refused = framing.open(datagram, host.codec(LZ4));
            if (refused != null) {
                out.drop(datagram, refused);
                return;
            }
        }
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
        clamp(datagram);
        out.toInbound(datagram);
    }

    private void onOcc(int operation, long nowNs, Outbox out) {
        switch (operation) {
            case DataMessage.OCC_EXIT -> events.onExit();
            case DataMessage.OCC_REQUEST -> {
                PacketBuffer reply = out.allocate();
                if (reply != null) {
                    DataMessage.writeOcc(reply, DataMessage.OCC_REPLY, OptionsString.mirrored(agreement.clientOptions));
                    seal(reply, nowNs, out);
                }
            }
            default -> {
                // MTU measurements are for peers that fragment, which nobody here does.
            }
        }
    }

    // ---- out: the inner network -> here -> UDP or TCP

    void onIpPacket(PacketBuffer packet, long nowNs, Outbox out) {
        clamp(packet);
        seal(packet, nowNs, out);
    }

    void ping(long nowNs, Outbox out) {
        PacketBuffer ping = out.allocate();
        if (ping != null) {
            DataMessage.writePing(ping);
            seal(ping, nowNs, out);
            lastSentNs = nowNs;
        }
    }

    private void seal(PacketBuffer packet, long nowNs, Outbox out) {
        KeySlot slot = slots.sending(nowNs);
        if (slot == null) {
            out.drop(packet, DropReason.RESERVATION_EXHAUSTED);
            events.onRecordDue();
            return;
        }
        if (framing != Framing.NONE) {
            framing.close(packet, compressing ? host.codec(LZ4) : null);
        }
        slot.seal(packet, peerId >= 0, peerId);
        lastSentNs = nowNs;
        out.toLink(packet, endpoint);
        if (slot.wantsReservation()) {
            events.onRecordDue();
        }
        checkLimits(slot, nowNs);
    }

    // ---- both

    private void checkLimits(KeySlot slot, long nowNs) {
        if (slot == slots.current() && slot.wantsRekey(config.renegotiatePackets(), config.renegotiateBytes())) {
            events.onKeyUsedUp(nowNs);
        }
    }

    private void clamp(PacketBuffer packet) {
        if (mssIpv4 > 0) {
            int before = frames ? EthernetHeader.beforeIp(packet.segment(), packet.offset(), packet.length()) : 0;
            if (before >= 0) {
                TcpMss.clamp(packet.segment(), packet.offset() + before, packet.length() - before, mssIpv4, mssIpv6);
            }
        }
    }

    /** The largest TCP segments whose sealed packets stay within the configured outer size. */
    private void clampFor(Endpoint to) {
        int outer = to.remote().getAddress().getAddress().length == 16 ? 40 : 20;
        int transport = to.transport().isStream() ? 20 + 2 : 8;
        int inner = config.mssFix() - outer - transport - DataHeader.V2_LENGTH
                - (framing == Framing.NONE ? 0 : Framing.MOST_BYTES)
                - (frames ? EthernetHeader.TAGGED_LENGTH : 0);
        mssIpv4 = config.mssFix() == 0 ? 0 : inner - 40;
        mssIpv6 = mssIpv4 - 20;
    }

    Endpoint endpoint() {
        return endpoint;
    }

    /** -1 for a client that uses DATA_V1. */
    int peerId() {
        return peerId;
    }

    void usePeerId(int id) {
        peerId = id;
    }

    /** How packets are framed from now on, and whether those to the client are compressed as well. */
    void use(Framing framing, boolean compressing) {
        this.framing = framing;
        this.compressing = compressing;
        clampFor(endpoint);
    }

    /** Something authentic came on the control channel. */
    void heard(long nowNs) {
        lastHeardNs = nowNs;
    }

    /** A session that goes on in another version of the code was heard and sent then. */
    void resume(long heardNs, long sentNs) {
        lastHeardNs = heardNs;
        lastSentNs = sentNs;
    }

    long lastHeardNs() {
        return lastHeardNs;
    }

    long lastSentNs() {
        return lastSentNs;
    }
}

package io.culvert.tunnel.openvpn;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.packet.DropReason;
import io.culvert.api.packet.Outbox;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.SessionHost;
import io.culvert.api.tunnel.Transport;
import io.culvert.api.tunnel.TunnelHost;
import io.culvert.tunnel.openvpn.data.KeySlot;
import io.culvert.tunnel.openvpn.data.SlotTable;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Carries packets between two ends of a data channel in memory, until its code is compiled: a version of the protocol
 * that takes sessions over under full load has no time for that. The cipher is none, as the real one is warm already.
 */
final class WarmUp {
    private static final int PACKETS = 30_000;
    private static final int HEADROOM = 64;
    private static final int TEXT = 1_200;

    private WarmUp() {}

    /** Takes some tenths of a second; ends early when the thread is interrupted. */
    static void run(OpenVpnConfig config) {
        var server = new End(config, true);
        var client = new End(config, false);
        var packet = new Packet();
        for (int i = 0; i < PACKETS && !Thread.currentThread().isInterrupted(); i++) {
            packet.text();
            carry(packet, client, server, i);
            packet.text();
            carry(packet, server, client, i);
        }
    }

    private static void carry(Packet packet, End from, End to, long nowNs) {
        from.data.onIpPacket(packet, nowNs, packet);
        if (packet.sealed) {
            to.data.onDatagram(packet, Nowhere.HERE, nowNs, packet);
        }
    }

    /** One end with its key. */
    private static final class End implements DataPath.Events {
        final DataPath data;

        End(OpenVpnConfig config, boolean server) {
            var slots = new SlotTable();
            var slot = new KeySlot(0, DataCipher.AES_256_GCM, new NoCiphers(), new byte[256], server, 0);
            slot.freezeReservation();
            slot.reserved(slot.frozenEnd());
            slots.installFirst(slot);
            this.data = new DataPath(slots, config, new NoHost(), new Agreement(), Nowhere.HERE, this, 0);
            data.usePeerId(1);
        }

        @Override
        public void onRecordDue() {}

        @Override
        public void onKeyUsedUp(long nowNs) {}

        @Override
        public void onMoved(long nowNs) {}

        @Override
        public void onExit() {}
    }

    /** The only packet, and the way that it leaves. */
    private static final class Packet implements PacketBuffer, Outbox {
        private final MemorySegment segment = MemorySegment.ofArray(new byte[2048]);
        private int offset;
        private int length;
        private boolean sealed;

        void text() {
            bounds(HEADROOM, TEXT);
            // IPv4 and TCP without SYN, as most packets are.
            segment.set(JAVA_BYTE, HEADROOM, (byte) 0x45);
            segment.set(JAVA_BYTE, HEADROOM + 9, (byte) 6);
            segment.set(JAVA_BYTE, HEADROOM + 20 + 13, (byte) 0x10);
            sealed = false;
        }

        @Override
        public MemorySegment segment() {
            return segment;
        }

        @Override
        public int offset() {
            return offset;
        }

        @Override
        public int length() {
            return length;
        }

        @Override
        public void bounds(int offset, int length) {
            Objects.checkFromIndexSize(offset, length, (int) segment.byteSize());
            this.offset = offset;
            this.length = length;
        }

        @Override
        public @Nullable PacketBuffer allocate() {
            return null;
        }

        @Override
        public void toLink(PacketBuffer datagram, Endpoint to) {
            sealed = true;
        }

        @Override
        public void toInbound(PacketBuffer packet) {}

        @Override
        public void drop(PacketBuffer packet, DropReason reason) {}

        @Override
        public void consume(PacketBuffer packet) {}
    }

    /** Packets without a frame ask nothing of it. */
    private static final class NoHost implements TunnelHost {
        @Override
        public SessionHost newSession(Endpoint remote) {
            throw new IllegalStateException("nobody connects while the protocol warms up");
        }

        @Override
        public int sessionCount() {
            return 0;
        }

        @Override
        public int loopIndex() {
            return 0;
        }

        @Override
        public int loopCount() {
            return 1;
        }

        @Override
        public Optional<TlsProvider> tls() {
            return Optional.empty();
        }

        @Override
        public Optional<CipherProvider> crypto(DataCipher cipher) {
            return Optional.empty();
        }

        @Override
        public List<DataCipher> ciphers() {
            return List.of();
        }

        @Override
        public Optional<CertificateAuthority> certificates() {
            return Optional.empty();
        }

        @Override
        public long wallTimeSeconds() {
            return 0;
        }

        @Override
        public void random(byte[] target) {}
    }

    private static final class NoCiphers implements CipherProvider {
        @Override
        public String name() {
            return "none";
        }

        @Override
        public Set<DataCipher> ciphers() {
            return Set.of(DataCipher.AES_256_GCM);
        }

        @Override
        public AeadKey openKey(DataCipher cipher, byte[] key, int offset) {
            return new NoKey();
        }
    }

    private static final class NoKey implements AeadKey {
        @Override
        public void seal(
                MemorySegment packet,
                int nonceHead,
                long nonceTail,
                int aadOffset,
                int aadLength,
                int textOffset,
                int textLength,
                int tagOffset) {}

        @Override
        public boolean open(
                MemorySegment packet,
                int nonceHead,
                long nonceTail,
                int aadOffset,
                int aadLength,
                int textOffset,
                int textLength,
                int tagOffset) {
            return true;
        }

        @Override
        public void close() {}
    }

    private enum Nowhere implements Endpoint {
        HERE;

        private static final InetSocketAddress REMOTE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);

        @Override
        public Transport transport() {
            return Transport.UDP;
        }

        @Override
        public InetSocketAddress remote() {
            return REMOTE;
        }

        @Override
        public InetAddress local() {
            return REMOTE.getAddress();
        }

        @Override
        public int localPort() {
            return 1;
        }

        @Override
        public long keyedHash() {
            return 1;
        }
    }
}

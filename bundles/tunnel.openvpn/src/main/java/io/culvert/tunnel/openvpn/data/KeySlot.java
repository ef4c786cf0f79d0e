package io.culvert.tunnel.openvpn.data;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.packet.DropReason;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.tunnel.openvpn.wire.Opcode;
import io.culvert.wire.ReplayWindow;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One data key, both directions. A nonce is a packet-id, and a packet-id is only used while it lies in a durable
 * reservation: whoever goes on with this key after a crash starts behind it.
 *
 * <p>Server side: seals with the server-to-client key, opens with the client-to-server key; a client is the mirror.
 */
public final class KeySlot {
    /** Packet-ids that are reserved at a time. */
    public static final long RESERVATION = 1_000_000;

    /** From here on a new key is due: packet-ids never wrap. */
    private static final long PACKET_ID_REKEY = 0xFF00_0000L;

    private static final long PACKET_ID_LIMIT = 0xFFFF_FFFFL;
    /** Packets and 16-byte blocks under one AES-GCM key, as stock peers bound them. */
    private static final long AEAD_BLOCKS = (1L << 36) - 1;

    private static final long FAILED_TAGS = 1L << 36;

    private final int keyId;
    private final DataCipher cipher;
    private final byte[] key2;
    private final boolean server;
    private CipherProvider provider;
    private AeadKey sealKey;
    private AeadKey openKey;
    private final long sealIv;
    private final long openIv;
    private ReplayWindow window;
    private final long bornSeconds;
    private long nextPacketId;
    private long durableEnd;
    private long frozenEnd;
    private long blocks;
    private long packets;
    private long bytes;
    private long failedTags;

    /**
     * @param key2 256 bytes; kept, so that the slot can be frozen, and zeroed on close
     * @param server whether this end is the server
     * @param bornSeconds when the key was negotiated, in unix seconds
     */
    public KeySlot(int keyId, DataCipher cipher, CipherProvider provider, byte[] key2, boolean server, long bornSeconds) {
        this(keyId, cipher, provider, key2, server, bornSeconds, 1, 0);
    }

    /**
     * A slot that goes on.
     *
     * @param nextPacketId the end of the last durable reservation; nothing is sealed before a new one is durable
     * @param highestReceived packet-ids up to this one count as seen
     */
    public KeySlot(
            int keyId,
            DataCipher cipher,
            CipherProvider provider,
            byte[] key2,
            boolean server,
            long bornSeconds,
            long nextPacketId,
            long highestReceived) {
        this.keyId = keyId;
        this.cipher = cipher;
        this.key2 = key2;
        this.server = server;
        this.provider = provider;
        this.sealKey = DataKeys.open(provider, cipher, key2, !server);
        this.openKey = openBeside(sealKey, provider, cipher, key2, server);
        this.sealIv = DataKeys.implicitIv(key2, !server);
        this.openIv = DataKeys.implicitIv(key2, server);
        this.bornSeconds = bornSeconds;
        this.nextPacketId = nextPacketId;
        this.durableEnd = nextPacketId;
        this.frozenEnd = nextPacketId;
        this.window = new ReplayWindow(highestReceived);
    }

    /** The second key of a pair, of which there are both or none. */
    private static AeadKey openBeside(
            AeadKey first, CipherProvider provider, DataCipher cipher, byte[] key2, boolean toServer) {
        try {
            return DataKeys.open(provider, cipher, key2, toServer);
        } catch (Throwable t) {
            first.close();
            throw t;
        }
    }

    public int keyId() {
        return keyId;
    }

    public DataCipher cipher() {
        return cipher;
    }

    public byte[] key2() {
        return key2;
    }

    public long bornSeconds() {
        return bornSeconds;
    }

    /** Goes on with the same keys, nonces and window in another provider's code. */
    public void moveTo(CipherProvider other) {
        if (other == provider) {
            return;
        }
        AeadKey seal = DataKeys.open(other, cipher, key2, !server);
        AeadKey open = openBeside(seal, other, cipher, key2, server);
        sealKey.close();
        openKey.close();
        sealKey = seal;
        openKey = open;
        provider = other;
    }

    public CipherProvider provider() {
        return provider;
    }

    // ---- hand-over within the process

    /** Where the counters are: for a slot that goes on with this key when this one is closed. */
    public Live freezeLive() {
        return new Live(
                nextPacketId, durableEnd, window.highest(), window.seen(), blocks, packets, bytes, failedTags);
    }

    /**
     * Goes on exactly where another slot with this key stopped.
     *
     * @throws IllegalArgumentException when a packet-id could be used twice, or one beyond the reservation
     */
    public void resumeLive(Live live) {
        if (live.nextPacketId < 1 || live.nextPacketId > live.durableEnd || live.durableEnd > frozenEnd) {
            // Nothing was durable yet, so nothing was sealed: the reservation of the record holds.
            throw new IllegalArgumentException("packet-ids " + live.nextPacketId + " to " + live.durableEnd
                    + " do not lie within the record's reservation");
        }
        nextPacketId = live.nextPacketId;
        durableEnd = live.durableEnd;
        window = new ReplayWindow(live.highest, live.seen);
        blocks = live.blocks;
        packets = live.packets;
        bytes = live.bytes;
        failedTags = live.failedTags;
    }

    /**
     * What a record cannot say, as it is true at one moment alone.
     *
     * @param nextPacketId the first that was never used
     * @param durableEnd the end of the durable reservation: packet-ids before it may be used
     * @param highest packet-id received
     * @param seen of those before it, as {@link ReplayWindow#seen}
     */
    public record Live(
            long nextPacketId,
            long durableEnd,
            long highest,
            long seen,
            long blocks,
            long packets,
            long bytes,
            long failedTags) {}

    // ---- receiving, in the order in which a packet meets it

    /**
     * Opens {@code packet} in place and moves its bounds to the text.
     *
     * @return null when it is authentic and new, else why it must be dropped
     */
    public @Nullable DropReason open(PacketBuffer packet) {
        boolean v2 = Opcode.of(DataHeader.firstByte(packet)) == Opcode.DATA_V2;
        int header = v2 ? DataHeader.V2_LENGTH : DataHeader.V1_LENGTH;
        int textLength = packet.length() - header;
        if (textLength < 1) {
            return DropReason.MALFORMED;
        }
        int packetIdAt = v2 ? DataHeader.V2_PACKET_ID : DataHeader.V1_PACKET_ID;
        int packetId = DataHeader.u32(packet, packetIdAt);
        long number = packetId & PACKET_ID_LIMIT;
        if (!window.wouldAccept(number)) {
            return DropReason.REPLAYED;
        }
        int offset = packet.offset();
        boolean authentic = openKey.open(
                packet.segment(),
                packetId,
                openIv,
                v2 ? offset : offset + DataHeader.V1_PACKET_ID,
                v2 ? DataHeader.V2_AAD : DataHeader.V1_AAD,
                offset + header,
                textLength,
                offset + header - DataCipher.TAG_BYTES);
        if (!authentic) {
            failedTags++;
            return DropReason.BAD_TAG;
        }
        window.accept(number);
        count(textLength);
        packet.bounds(offset + header, textLength);
        return null;
    }

    /** The highest packet-id that was received and authentic. */
    public long highestReceived() {
        return window.highest();
    }

    // ---- sending

    /** Whether the reservation has room for another packet. */
    public boolean canSeal() {
        return nextPacketId < durableEnd;
    }

    /** Seals {@code packet} in place, with the header in its headroom. Only when {@link #canSeal}. */
    public void seal(PacketBuffer packet, boolean v2, int peerId) {
        if (nextPacketId >= durableEnd) {
            throw new IllegalStateException("no packet-id is reserved");
        }
        int packetId = (int) nextPacketId++;
        int textLength = packet.length();
        int header = v2 ? DataHeader.V2_LENGTH : DataHeader.V1_LENGTH;
        int offset = packet.offset() - header;
        packet.bounds(offset, textLength + header);
        if (v2) {
            DataHeader.putU32(packet, 0, Opcode.firstByte(Opcode.DATA_V2, keyId) << 24 | peerId);
            DataHeader.putU32(packet, DataHeader.V2_PACKET_ID, packetId);
        } else {
            DataHeader.putByte(packet, 0, Opcode.firstByte(Opcode.DATA_V1, keyId));
            DataHeader.putU32(packet, DataHeader.V1_PACKET_ID, packetId);
        }
        sealKey.seal(
                packet.segment(),
                packetId,
                sealIv,
                v2 ? offset : offset + DataHeader.V1_PACKET_ID,
                v2 ? DataHeader.V2_AAD : DataHeader.V1_AAD,
                offset + header,
                textLength,
                offset + header - DataCipher.TAG_BYTES);
        count(textLength);
    }

    private void count(int textLength) {
        packets++;
        bytes += textLength;
        blocks += 1 + (textLength + 15 >> 4);
    }

    // ---- reservation and limits

    /** Half of the reservation is used: time to reserve more. */
    public boolean wantsReservation() {
        return durableEnd - nextPacketId < RESERVATION / 2 && durableEnd < PACKET_ID_LIMIT;
    }

    /** Puts a new reservation into a record: the end that whoever thaws it starts at. */
    public long freezeReservation() {
        frozenEnd = Math.max(
                Math.max(frozenEnd, durableEnd), Math.min(nextPacketId + RESERVATION, PACKET_ID_LIMIT));
        return frozenEnd;
    }

    public long frozenEnd() {
        return frozenEnd;
    }

    /** A record with {@code end} is durable: packet-ids below it may be used. */
    public void reserved(long end) {
        durableEnd = Math.max(durableEnd, end);
    }

    /**
     * Whether the key has done its work.
     *
     * @param maxPackets of both directions, 0 for no limit
     * @param maxBytes of both directions, 0 for no limit
     */
    public boolean wantsRekey(long maxPackets, long maxBytes) {
        return nextPacketId >= PACKET_ID_REKEY
                || window.highest() >= PACKET_ID_REKEY
                || cipher != DataCipher.CHACHA20_POLY1305 && blocks >= AEAD_BLOCKS
                || failedTags >= FAILED_TAGS
                || maxPackets > 0 && packets >= maxPackets
                || maxBytes > 0 && bytes >= maxBytes;
    }

    public void close() {
        sealKey.close();
        openKey.close();
        Arrays.fill(key2, (byte) 0);
    }

    @Override
    public String toString() {
        return "KeySlot[key-id " + keyId + ", " + cipher + "]";
    }
}

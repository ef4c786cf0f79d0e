package io.culvert.tunnel.openvpn.data;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.culvert.api.codec.PayloadCodec;
import io.culvert.api.packet.DropReason;
import io.culvert.api.packet.PacketBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What stands before a packet inside the sealed text, and tells how it is compressed.
 *
 * <p>{@link #COMP_LZO}: {@code FA} before every packet; {@code 66} would be LZO, which is not served. {@link #V2}: the
 * packet as it is, unless it begins with 50; then {@code 50 00} before it, and {@code 50 01} before LZ4.
 */
public enum Framing {
    NONE,
    COMP_LZO,
    V2;

    /** The most bytes that a frame takes. */
    public static final int MOST_BYTES = 2;

    private static final byte UNCOMPRESSED = (byte) 0xFA;
    private static final byte ESCAPE = 0x50;
    private static final byte PLAIN = 0;
    private static final byte LZ4 = 1;

    /** Shorter packets gain nothing worth the work. */
    private static final int LEAST_COMPRESSED = 100;

    /**
     * Takes the frame off.
     *
     * @param lz4 null when there is no such codec
     * @return null when {@code packet} is what was framed, else why it must be dropped
     */
    public @Nullable DropReason open(PacketBuffer packet, PayloadCodec.@Nullable Coder lz4) {
        if (this == NONE) {
            return null;
        }
        if (packet.length() == 0) {
            return DropReason.MALFORMED;
        }
        byte first = packet.segment().get(JAVA_BYTE, packet.offset());
        if (this == COMP_LZO) {
            if (first != UNCOMPRESSED) {
                return DropReason.UNSUPPORTED;
            }
            packet.bounds(packet.offset() + 1, packet.length() - 1);
            return null;
        }
        if (first != ESCAPE) {
            return null;
        }
        if (packet.length() < MOST_BYTES) {
            return DropReason.MALFORMED;
        }
        byte algorithm = packet.segment().get(JAVA_BYTE, packet.offset() + 1);
        packet.bounds(packet.offset() + MOST_BYTES, packet.length() - MOST_BYTES);
        return switch (algorithm) {
            case PLAIN -> null;
            case LZ4 -> lz4 == null ? DropReason.UNSUPPORTED : lz4.decode(packet) ? null : DropReason.MALFORMED;
            default -> DropReason.UNSUPPORTED;
        };
    }

    /** Puts the frame on, within {@value #MOST_BYTES} bytes of headroom; {@code lz4} null compresses nothing. */
    public void close(PacketBuffer packet, PayloadCodec.@Nullable Coder lz4) {
        switch (this) {
            case NONE -> {}
            case COMP_LZO -> prepend(packet, UNCOMPRESSED);
            case V2 -> {
                if (lz4 != null && packet.length() >= LEAST_COMPRESSED && lz4.encode(packet, MOST_BYTES + 1)) {
                    prepend(packet, LZ4);
                    prepend(packet, ESCAPE);
                } else if (packet.length() > 0 && packet.segment().get(JAVA_BYTE, packet.offset()) == ESCAPE) {
                    prepend(packet, PLAIN);
                    prepend(packet, ESCAPE);
                }
            }
        }
    }

    private static void prepend(PacketBuffer packet, byte value) {
        packet.bounds(packet.offset() - 1, packet.length() + 1);
        packet.segment().set(JAVA_BYTE, packet.offset(), value);
    }
}

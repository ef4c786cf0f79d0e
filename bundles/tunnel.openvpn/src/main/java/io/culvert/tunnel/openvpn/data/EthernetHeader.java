package io.culvert.tunnel.openvpn.data;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.culvert.api.packet.PacketBuffer;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** What is before the IP packet in an Ethernet frame: |addresses 96|type 16|, with at most one tag of 802.1Q. */
public final class EthernetHeader {
    /** With a tag, in bytes. */
    public static final int TAGGED_LENGTH = 18;

    private static final int LENGTH = 14;
    private static final int IPV4 = 0x0800;
    private static final int IPV6 = 0x86DD;
    private static final int TAG = 0x8100;
    private static final ValueLayout.OfShort U16 = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private EthernetHeader() {}

    /** How many bytes are before the IP packet, or -1 when the frame carries none. */
    public static int beforeIp(PacketBuffer frame) {
        int type = type(frame, LENGTH);
        if (type == IPV4 || type == IPV6) {
            return LENGTH;
        }
        int tagged = type == TAG ? type(frame, TAGGED_LENGTH) : -1;
        return tagged == IPV4 || tagged == IPV6 ? TAGGED_LENGTH : -1;
    }

    /** The last two of the first {@code header} bytes, or -1 when there are fewer. */
    private static int type(PacketBuffer frame, int header) {
        return frame.length() < header
                ? -1
                : frame.segment().get(U16, frame.offset() + header - 2) & 0xFFFF;
    }
}

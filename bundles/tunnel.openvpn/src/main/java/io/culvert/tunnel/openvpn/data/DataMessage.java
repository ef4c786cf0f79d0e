package io.culvert.tunnel.openvpn.data;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.nio.ByteOrder.BIG_ENDIAN;

import io.culvert.api.packet.PacketBuffer;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/** Texts of data packets that are no IP packet: the ping, and the OCC messages behind a magic of their own. */
public final class DataMessage {
    public static final int OCC_REQUEST = 0;
    public static final int OCC_REPLY = 1;
    public static final int OCC_EXIT = 6;
    public static final int PING_LENGTH = 16;

    private static final int OCC_OPERATION = 16;
    private static final long PING_HIGH = 0x2a187bf3641eb4cbL;
    private static final long PING_LOW = 0x07ed2d0a981fc748L;
    private static final long OCC_HIGH = 0x287f346bd4ef7a81L;
    private static final long OCC_LOW = 0x2d56b8d3afc5459cL;
    private static final ValueLayout.OfLong U64 = JAVA_LONG_UNALIGNED.withOrder(BIG_ENDIAN);

    private DataMessage() {}

    public static boolean isPing(PacketBuffer text) {
        return text.length() == PING_LENGTH && starts(text, PING_HIGH, PING_LOW);
    }

    /** The operation of an OCC message, or -1 when it is none. */
    public static int occOperation(PacketBuffer text) {
        return text.length() > OCC_OPERATION && starts(text, OCC_HIGH, OCC_LOW)
                ? text.segment().get(JAVA_BYTE, text.offset() + OCC_OPERATION) & 0xFF
                : -1;
    }

    public static void writePing(PacketBuffer text) {
        text.bounds(text.offset(), PING_LENGTH);
        text.segment().set(U64, text.offset(), PING_HIGH);
        text.segment().set(U64, text.offset() + 8, PING_LOW);
    }

    /** @param options for a reply, the options string, left out when the packet has no room for it; empty otherwise */
    public static void writeOcc(PacketBuffer text, int operation, String options) {
        byte[] whole = options.getBytes(StandardCharsets.ISO_8859_1);
        int room = text.length() + text.tailroom() - OCC_OPERATION - 2;
        byte[] string = whole.length <= room ? whole : new byte[0];
        int length = OCC_OPERATION + 1 + (string.length == 0 ? 0 : string.length + 1);
        text.bounds(text.offset(), length);
        text.segment().set(U64, text.offset(), OCC_HIGH);
        text.segment().set(U64, text.offset() + 8, OCC_LOW);
        text.segment().set(JAVA_BYTE, text.offset() + OCC_OPERATION, (byte) operation);
        for (int i = 0; i < string.length; i++) {
            text.segment().set(JAVA_BYTE, text.offset() + OCC_OPERATION + 1 + i, string[i]);
        }
        if (string.length > 0) {
            text.segment().set(JAVA_BYTE, text.offset() + length - 1, (byte) 0);
        }
    }

    private static boolean starts(PacketBuffer text, long high, long low) {
        return text.segment().get(U64, text.offset()) == high && text.segment().get(U64, text.offset() + 8) == low;
    }
}

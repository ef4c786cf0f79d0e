package io.culvert.tunnel.openvpn.wire;

/**
 * The payload of a server's hard reset to a client that can send its wrapped key again: one TLV of type 1 (flags),
 * length 2, bit 0 set: "resend WKc".
 */
public final class EarlyNegotiation {
    /** Top byte of the replay id with which a client announces the ability. */
    public static final int REPLAY_ID_MARK = 0x0F;

    private static final byte[] RESEND_WKC = {0, 1, 0, 2, 0, 1};

    private EarlyNegotiation() {}

    public static byte[] resendWrappedKey() {
        return RESEND_WKC.clone();
    }

    public static boolean announcedBy(int replayId) {
        return replayId >>> 24 == REPLAY_ID_MARK;
    }

    /** Whether the TLVs in {@code payload} ask for the wrapped key; unknown types are skipped, nonsense asks for nothing. */
    public static boolean asksForWrappedKey(byte[] payload) {
        int i = 0;
        while (i + 4 <= payload.length) {
            int type = u16(payload, i);
            int length = u16(payload, i + 2);
            if (i + 4 + length > payload.length) {
                return false;
            }
            if (type == 1 && length == 2 && (payload[i + 5] & 1) != 0) {
                return true;
            }
            i += 4 + length;
        }
        return false;
    }

    private static int u16(byte[] bytes, int at) {
        return (bytes[at] & 0xFF) << 8 | bytes[at + 1] & 0xFF;
    }
}

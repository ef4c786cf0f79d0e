package io.culvert.tunnel.openvpn.wire;

/** Opcodes, the high five bits of a packet's first byte; the low three are the key-id. */
public final class Opcode {
    public static final int CONTROL_SOFT_RESET_V1 = 3;
    public static final int CONTROL_V1 = 4;
    public static final int ACK_V1 = 5;
    public static final int DATA_V1 = 6;
    public static final int CONTROL_HARD_RESET_CLIENT_V2 = 7;
    public static final int CONTROL_HARD_RESET_SERVER_V2 = 8;
    public static final int DATA_V2 = 9;
    public static final int CONTROL_HARD_RESET_CLIENT_V3 = 10;
    public static final int CONTROL_WKC_V1 = 11;

    public static final int KEY_ID_MASK = 7;

    private Opcode() {}

    public static int of(int firstByte) {
        return (firstByte & 0xFF) >> 3;
    }

    public static int keyId(int firstByte) {
        return firstByte & KEY_ID_MASK;
    }

    public static int firstByte(int opcode, int keyId) {
        return opcode << 3 | keyId;
    }

    public static boolean isData(int opcode) {
        return opcode == DATA_V2 || opcode == DATA_V1;
    }

    /** Control packets that this implementation knows, the acknowledgement included. */
    public static boolean isControl(int opcode) {
        return switch (opcode) {
            case CONTROL_SOFT_RESET_V1,
                    CONTROL_V1,
                    ACK_V1,
                    CONTROL_HARD_RESET_CLIENT_V2,
                    CONTROL_HARD_RESET_SERVER_V2,
                    CONTROL_HARD_RESET_CLIENT_V3,
                    CONTROL_WKC_V1 -> true;
            default -> false;
        };
    }

    /** Whether packets of this opcode end with a wrapped client key. */
    public static boolean carriesWrappedKey(int opcode) {
        return opcode == CONTROL_HARD_RESET_CLIENT_V3 || opcode == CONTROL_WKC_V1;
    }
}

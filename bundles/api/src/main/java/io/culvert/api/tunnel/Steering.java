package io.culvert.api.tunnel;

import java.util.List;

/**
 * The byte of a datagram whose value, modulo the number of packet loops, names the loop that its session most likely
 * lives on. The kernel delivers by it; a datagram that is too short for its byte counts as one with 0 there.
 *
 * <p>It must agree with the low byte of {@link TunnelProtocol#sessionKey} as often as the wire format allows; where it
 * does not, core hands the datagram over to the right loop.
 *
 * @param opcodeShift by how many bits the datagram's first byte is shifted right to give its opcode; 0 to 7
 * @param opcode the opcode whose datagrams carry the byte elsewhere than the others
 * @param offsetIfOpcode offset of the byte in datagrams with that opcode
 * @param offsetElse offset of the byte in all others
 * @param first opcodes with which strangers begin. Their datagrams wait apart, so that a flood of them pushes none of an
 *     established session's out of the kernel's queue; at most {@value #MOST_FIRST}
 * @param keepaliveBytes the longest datagram with {@code opcode} that carries no packet of a user, as keepalives do. Up
 *     to that length they wait apart, and where they are many they are taken together, some 70 ms late and behind what
 *     was sent after them; 0 for none
 */
public record Steering(
        int opcodeShift, int opcode, int offsetIfOpcode, int offsetElse, List<Integer> first, int keepaliveBytes) {
    private static final int MOST_FIRST = 16;

    public Steering {
        first = List.copyOf(first);
        if (opcodeShift < 0 || opcodeShift > 7 || opcode < 0 || opcode > 255 || offsetIfOpcode < 0 || offsetElse < 0
                || keepaliveBytes < 0 || first.size() > MOST_FIRST || first.stream().anyMatch(each -> each < 0 || each > 255)) {
            throw new IllegalArgumentException("no steering: shift " + opcodeShift + ", opcode " + opcode + ", offsets "
                    + offsetIfOpcode + " and " + offsetElse + ", first " + first + ", keepalives of " + keepaliveBytes + " bytes");
        }
    }

    /** Without a place apart for strangers, nor for keepalives. */
    public Steering(int opcodeShift, int opcode, int offsetIfOpcode, int offsetElse) {
        this(opcodeShift, opcode, offsetIfOpcode, offsetElse, List.of());
    }

    /** Without a place apart for keepalives. */
    public Steering(int opcodeShift, int opcode, int offsetIfOpcode, int offsetElse, List<Integer> first) {
        this(opcodeShift, opcode, offsetIfOpcode, offsetElse, first, 0);
    }
}

package io.culvert.core.link;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.culvert.api.tunnel.Steering;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.Linux;
import io.culvert.core.libc.NativeException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link Steering} as classic BPF (linux/filter.h), which the kernel runs on each datagram to choose a socket of the
 * group: it answers with the socket's place in the order in which they were bound.
 */
final class SteeringProgram {
    private static final Logger LOG = LoggerFactory.getLogger(SteeringProgram.class);
    private static final int INSTRUCTION = 8;
    private static final int LENGTH = 9;
    private static final int FPROG = 16;

    /** BPF_LD | BPF_B | BPF_ABS; ends the program with the answer 0 when the datagram is too short. */
    private static final int LOAD_BYTE = 0x30;

    /** BPF_ALU | BPF_RSH | BPF_K. */
    private static final int SHIFT_RIGHT = 0x74;

    /** BPF_JMP | BPF_JEQ | BPF_K. */
    private static final int JUMP_UNLESS_EQUAL = 0x15;

    /** BPF_ALU | BPF_MOD | BPF_K. */
    private static final int MODULO = 0x94;

    /** BPF_RET | BPF_A. */
    private static final int RETURN = 0x16;

    private final MemorySegment code;
    private int count;

    private SteeringProgram(Arena arena) {
        this.code = arena.allocate((long) LENGTH * INSTRUCTION, 8);
    }

    /** Gives the program to the group of {@code fd}; without it datagrams go anywhere, and are handed over. */
    static void attach(Libc libc, int fd, Steering steering, Listener.Group group) {
        try (var arena = Arena.ofConfined()) {
            var program = new SteeringProgram(arena);
            program.write(steering, group.count());
            MemorySegment sockFprog = arena.allocate(FPROG, 8);
            sockFprog.set(JAVA_SHORT, 0, (short) program.count);
            sockFprog.set(JAVA_LONG, 8, program.code.address());
            libc.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_ATTACH_REUSEPORT_CBPF, sockFprog, FPROG);
        } catch (NativeException e) {
            if (group.index() == 1) {
                LOG.warn(
                        "udp port={}: the kernel does not steer datagrams to their loop, which costs throughput: {}",
                        group.port(),
                        e.getMessage());
            }
        }
    }

    private void write(Steering steering, int loops) {
        add(LOAD_BYTE, 0, 0);
        add(SHIFT_RIGHT, 0, steering.opcodeShift());
        add(JUMP_UNLESS_EQUAL, 3, steering.opcode());
        byteAt(steering.offsetIfOpcode(), loops);
        byteAt(steering.offsetElse(), loops);
    }

    private void byteAt(int offset, int loops) {
        add(LOAD_BYTE, 0, offset);
        add(MODULO, 0, loops);
        add(RETURN, 0, 0);
    }

    /** A struct sock_filter: code u16, jump if true u8, jump if false u8, operand u32. */
    private void add(int opcode, int ifFalse, int operand) {
        long at = (long) count++ * INSTRUCTION;
        code.set(JAVA_SHORT, at, (short) opcode);
        code.set(JAVA_BYTE, at + 2, (byte) 0);
        code.set(JAVA_BYTE, at + 3, (byte) ifFalse);
        code.set(JAVA_INT, at + 4, operand);
    }
}

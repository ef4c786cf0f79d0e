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
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link Steering} as classic BPF (linux/filter.h), which the kernel runs on each datagram to choose a socket of the
 * group: it answers with the socket's place in the order in which they were bound.
 */
final class SteeringProgram {
    private static final Logger LOG = LoggerFactory.getLogger(SteeringProgram.class);
    private static final int INSTRUCTION = 8;
    private static final int FPROG = 16;

    /** Instructions that answer with a socket. */
    private static final int ANSWER = 5;

    /** BPF_LD | BPF_W | BPF_LEN: of the datagram, or of all that the kernel has put together. */
    private static final int LOAD_LENGTH = 0x80;

    /** BPF_LD | BPF_B | BPF_ABS; ends the program with the answer 0 when the datagram is too short. */
    private static final int LOAD_BYTE = 0x30;

    /** BPF_ALU | BPF_RSH | BPF_K. */
    private static final int SHIFT_RIGHT = 0x74;

    /** BPF_JMP | BPF_JEQ | BPF_K. */
    private static final int JUMP_IF_EQUAL = 0x15;

    /** BPF_JMP | BPF_JGT | BPF_K. */
    private static final int JUMP_IF_GREATER = 0x25;

    /** BPF_ALU | BPF_MOD | BPF_K. */
    private static final int MODULO = 0x94;

    /** BPF_ALU | BPF_MUL | BPF_K. */
    private static final int MULTIPLY = 0x24;

    /** BPF_ALU | BPF_ADD | BPF_K. */
    private static final int ADD = 0x04;

    /** BPF_RET | BPF_A. */
    private static final int RETURN = 0x16;

    /** Instructions that tell keepalives, their answer included. */
    private static final int KEEPALIVES = 2 + ANSWER;

    /** All but the comparisons with {@link Steering#first}. */
    private static final int OTHERS = 3 + KEEPALIVES + 3 * ANSWER;

    private final MemorySegment code;
    private int count;

    private SteeringProgram(Arena arena, Steering steering) {
        this.code = arena.allocate((long) (OTHERS + steering.first().size()) * INSTRUCTION, 8);
    }

    /**
     * Gives the program to the group of {@code fd}; without it datagrams go anywhere, and are handed over. Each loop has
     * its sockets in a row: the one for sessions, with {@link Steering#first} one for strangers, and with
     * {@link Steering#keepaliveBytes} one for keepalives.
     *
     * @return whether the kernel took it
     */
    static boolean attach(Libc libc, int fd, Steering steering, Listener.Group group) {
        try (var arena = Arena.ofConfined()) {
            var program = new SteeringProgram(arena, steering);
            program.write(steering, group.count());
            MemorySegment sockFprog = arena.allocate(FPROG, 8);
            sockFprog.set(JAVA_SHORT, 0, (short) program.count);
            sockFprog.set(JAVA_LONG, 8, program.code.address());
            libc.setsockopt(fd, Linux.SOL_SOCKET, Linux.SO_ATTACH_REUSEPORT_CBPF, sockFprog, FPROG);
            return true;
        } catch (NativeException e) {
            if (group.index() == 0 || sockets(steering) == 1 && group.index() == 1) {
                LOG.warn(
                        "udp port={}: the kernel does not steer datagrams to their loop, which costs throughput: {}",
                        group.port(),
                        e.getMessage());
            }
            return false;
        }
    }

    /** Of each loop. */
    private static int sockets(Steering steering) {
        return 1 + (steering.first().isEmpty() ? 0 : 1) + (steering.keepaliveBytes() > 0 ? 1 : 0);
    }

    private void write(Steering steering, int loops) {
        List<Integer> first = steering.first();
        int sockets = sockets(steering);
        int keepalives = steering.keepaliveBytes() > 0 ? KEEPALIVES : 0;
        add(LOAD_BYTE, 0, 0, 0);
        add(SHIFT_RIGHT, 0, 0, steering.opcodeShift());
        for (int i = 0; i < first.size(); i++) {
            // Over the other comparisons and all answers but the last.
            add(JUMP_IF_EQUAL, first.size() - i + keepalives + 2 * ANSWER, 0, first.get(i));
        }
        add(JUMP_IF_EQUAL, 0, keepalives + ANSWER, steering.opcode());
        if (keepalives > 0) {
            add(LOAD_LENGTH, 0, 0, 0);
            add(JUMP_IF_GREATER, ANSWER, 0, steering.keepaliveBytes());
            answer(steering.offsetIfOpcode(), loops, sockets, sockets - 1);
        }
        answer(steering.offsetIfOpcode(), loops, sockets, 0);
        answer(steering.offsetElse(), loops, sockets, 0);
        if (!first.isEmpty()) {
            answer(steering.offsetElse(), loops, sockets, 1);
        }
    }

    private void answer(int offset, int loops, int sockets, int socket) {
        add(LOAD_BYTE, 0, 0, offset);
        add(MODULO, 0, 0, loops);
        add(MULTIPLY, 0, 0, sockets);
        add(ADD, 0, 0, socket);
        add(RETURN, 0, 0, 0);
    }

    /** A struct sock_filter: code u16, jump if true u8, jump if false u8, operand u32. */
    private void add(int opcode, int ifTrue, int ifFalse, int operand) {
        long at = (long) count++ * INSTRUCTION;
        code.set(JAVA_SHORT, at, (short) opcode);
        code.set(JAVA_BYTE, at + 2, (byte) ifTrue);
        code.set(JAVA_BYTE, at + 3, (byte) ifFalse);
        code.set(JAVA_INT, at + 4, operand);
    }
}

package io.culvert.launcher;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Tells the service manager how far the appliance is (sd_notify(3)): a datagram to the Unix socket that
 * {@code NOTIFY_SOCKET} names. Java has no datagram Unix sockets, hence the native calls.
 */
final class ServiceNotice {
    private static final short AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SUN_PATH = 2;

    private ServiceNotice() {}

    /** Sends {@code state}, {@code READY=1}, if a service manager asked for it. */
    static void send(String state, Map<String, String> environment) {
        String address = environment.getOrDefault("NOTIFY_SOCKET", "");
        if (address.startsWith("/") || address.startsWith("@")) {
            try (Arena arena = Arena.ofConfined()) {
                send(state, address, arena);
            } catch (Throwable e) {
                System.err.println("culvert: cannot notify the service manager: " + Errors.line(e));
            }
        }
    }

    private static void send(String state, String address, Arena arena) throws Throwable {
        byte[] path = address.getBytes(StandardCharsets.UTF_8);
        if (path[0] == '@') {
            path[0] = 0; // the abstract namespace, unix(7)
        }
        MemorySegment name = arena.allocate(SUN_PATH + path.length + 1L);
        name.set(JAVA_SHORT, 0, AF_UNIX);
        MemorySegment.copy(path, 0, name, JAVA_BYTE, SUN_PATH, path.length);
        int nameLength = SUN_PATH + path.length + (path[0] == 0 ? 0 : 1);
        byte[] text = state.getBytes(StandardCharsets.UTF_8);

        int socket = (int) call("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT))
                .invokeExact((int) AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (socket < 0) {
            throw new IllegalStateException("socket failed");
        }
        long sent = (long) call(
                        "sendto",
                        FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT))
                .invokeExact(socket, arena.allocateFrom(JAVA_BYTE, text), (long) text.length, 0, name, nameLength);
        int closed = (int) call("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT)).invokeExact(socket);
        if (sent != text.length || closed != 0) {
            throw new IllegalStateException("no answer at " + address);
        }
    }

    private static MethodHandle call(String function, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(function), descriptor);
    }
}

package io.culvert.launcher;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Runs the same command anew in this very process: its number stays, so whoever supervises it sees no end. Files and sockets
 * that are still open are closed.
 */
final class Again {
    private static final int FIRST = 3;
    private static final int ALL = -1;
    private static final int CLOSE_ON_EXEC = 4; // CLOSE_RANGE_CLOEXEC, close_range(2)

    private Again() {}

    /** Comes back only when it fails. */
    static void run() {
        try (Arena arena = Arena.ofConfined()) {
            String[] words = Files.readString(Path.of("/proc/self/cmdline"), StandardCharsets.UTF_8).split("\0");
            MemorySegment arguments = arena.allocate(ADDRESS, words.length + 1L);
            for (int i = 0; i < words.length; i++) {
                arguments.setAtIndex(ADDRESS, i, arena.allocateFrom(words[i]));
            }
            arguments.setAtIndex(ADDRESS, words.length, MemorySegment.NULL);
            MemorySegment program = arena.allocateFrom(Path.of("/proc/self/exe").toRealPath().toString());
            int closed = (int) call("close_range", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT))
                    .invokeExact(FIRST, ALL, CLOSE_ON_EXEC);
            int failed = (int) call("execv", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS))
                    .invokeExact(program, arguments);
            throw new IllegalStateException("execv " + failed + ", close_range " + closed);
        } catch (Throwable e) {
            System.err.println("culvert: cannot start again, " + Errors.line(e instanceof Exception each
                    ? each : new IllegalStateException(e)) + "; start it");
        }
    }

    private static MethodHandle call(String function, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(function), descriptor);
    }
}

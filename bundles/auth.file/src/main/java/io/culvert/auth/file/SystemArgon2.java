package io.culvert.auth.file;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Argon2id of the host's libargon2, where it has one. Its memory is not the heap's: what a hash in Java leaves there, 19
 * MiB each, makes the JVM collect it, and packets wait for that.
 *
 * <p>Threads: any.
 */
final class SystemArgon2 {
    private static final String LIBRARY = "libargon2.so.1";
    private static final int OK = 0;

    private static final @Nullable MethodHandle HASH = find();

    private SystemArgon2() {}

    /** argon2id_hash_raw of argon2.h: passes, KiB, lanes, and address and length of password, salt and hash. */
    private static @Nullable MethodHandle find() {
        try {
            // The library leaves with the class that found it.
            return SymbolLookup.libraryLookup(LIBRARY, Arena.ofAuto())
                    .find("argon2id_hash_raw")
                    .map(function -> Linker.nativeLinker()
                            .downcallHandle(
                                    function,
                                    FunctionDescriptor.of(
                                            JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                                            JAVA_LONG, JAVA_LONG, JAVA_LONG)))
                    .orElse(null);
        } catch (IllegalArgumentException e) {
            // Not on this host.
            return null;
        }
    }

    static boolean isThere() {
        return HASH != null;
    }

    /** @return the hash; empty when the library is not there, or cannot do that */
    static Optional<byte[]> hash(byte[] password, Argon2Hash.Cost cost, byte[] salt, int length) {
        MethodHandle function = HASH;
        if (function == null) {
            return Optional.empty();
        }
        try (var arena = Arena.ofConfined()) {
            MemorySegment secret = arena.allocate(Math.max(1, password.length));
            MemorySegment hash = arena.allocate(length);
            try {
                MemorySegment.copy(password, 0, secret, JAVA_BYTE, 0, password.length);
                int result = (int) function.invokeExact(
                        cost.iterations(), cost.memory(), cost.lanes(), secret.address(), (long) password.length,
                        arena.allocateFrom(JAVA_BYTE, salt).address(), (long) salt.length, hash.address(),
                        (long) length);
                return result == OK ? Optional.of(hash.toArray(JAVA_BYTE)) : Optional.empty();
            } finally {
                secret.fill((byte) 0);
                hash.fill((byte) 0);
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }
}

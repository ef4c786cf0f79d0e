package io.culvert.core.host;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.List;
import java.util.Optional;

/** Looks for OpenSSL's libcrypto as the dynamic linker does. */
final class CryptoLibrary {
    private static final List<String> NAMES = List.of("libcrypto.so.3", "libcrypto.so.1.1");
    private static final String VERSION = "OpenSSL_version";

    private CryptoLibrary() {}

    /** What the library says of itself, {@code OpenSSL 3.0.19 27 Jan 2026}; empty when there is none. */
    static Optional<String> version() {
        for (String name : NAMES) {
            try (Arena arena = Arena.ofConfined()) {
                Optional<MemorySegment> function =
                        SymbolLookup.libraryLookup(name, arena).find(VERSION);
                if (function.isPresent()) {
                    return Optional.of(text(function.get()));
                }
            } catch (IllegalArgumentException _) {
                // The next one.
            }
        }
        return Optional.empty();
    }

    private static String text(MemorySegment function) {
        try {
            var handle = Linker.nativeLinker().downcallHandle(function, FunctionDescriptor.of(ADDRESS, JAVA_INT));
            return ((MemorySegment) handle.invokeExact(0)).reinterpret(256).getString(0);
        } catch (Throwable t) {
            throw new IllegalStateException(VERSION + " failed", t);
        }
    }
}

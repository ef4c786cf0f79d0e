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

/** The libraries that make ciphers faster, looked for as the dynamic linker does. */
enum CryptoLibrary {
    OPENSSL("", "OpenSSL_version", "libcrypto.so.3", "libcrypto.so.1.1"),
    IPSEC_MB("intel-ipsec-mb ", "imb_get_version_str", "libIPSec_MB.so.2", "libIPSec_MB.so.1");

    private final String prefix;
    private final String function;
    private final List<String> names;

    CryptoLibrary(String prefix, String function, String... names) {
        this.prefix = prefix;
        this.function = function;
        this.names = List.of(names);
    }

    /** What the library says of itself, {@code OpenSSL 3.0.19 27 Jan 2026}; empty when there is none. */
    Optional<String> version() {
        for (String name : names) {
            try (Arena arena = Arena.ofConfined()) {
                Optional<MemorySegment> found = SymbolLookup.libraryLookup(name, arena).find(function);
                if (found.isPresent()) {
                    return Optional.of(prefix + text(found.get()));
                }
            } catch (IllegalArgumentException _) {
                // The next one.
            }
        }
        return Optional.empty();
    }

    /** Both functions give a text; one of them is told which, and the other takes no notice. */
    private String text(MemorySegment found) {
        try {
            var handle = Linker.nativeLinker().downcallHandle(found, FunctionDescriptor.of(ADDRESS, JAVA_INT));
            return ((MemorySegment) handle.invokeExact(0)).reinterpret(256).getString(0);
        } catch (Throwable t) {
            throw new IllegalStateException(function + " failed", t);
        }
    }
}

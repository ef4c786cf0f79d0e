package io.culvert.crypto.openssl;

import io.culvert.crypto.support.memory.Downcall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Ciphers of OpenSSL 3 past its providers: the duplicate of a cipher's method runs the same machine code, but is called
 * as in OpenSSL 1.1. The way through a provider looks parameters up by name, several times a packet, which is a sixth
 * of what it costs to open 1,400 bytes.
 *
 * <p>Not where the host's policy demands validated code (FIPS): that is for the provider to decide. Nor where the
 * library no longer has these functions, which are deprecated since 3.0.
 */
final class DirectMethods {
    private static final long DEFAULT_CONTEXT = 0;
    private static final long NONE = 0;

    private final MemorySegment duplicate;
    private final MemorySegment free;
    private final List<Long> duplicates = new ArrayList<>();

    private DirectMethods(MemorySegment duplicate, MemorySegment free) {
        this.duplicate = duplicate;
        this.free = free;
    }

    /** Empty where ciphers are to be used as the library hands them out. */
    static Optional<DirectMethods> of(SymbolLookup library) {
        var policy = library.find("EVP_default_properties_is_fips_enabled");
        var duplicate = library.find("EVP_CIPHER_meth_dup");
        var free = library.find("EVP_CIPHER_meth_free");
        if (policy.isEmpty() || duplicate.isEmpty() || free.isEmpty() || demandsValidated(policy.get())) {
            return Optional.empty();
        }
        return Optional.of(new DirectMethods(global(duplicate.get()), global(free.get())));
    }

    private static boolean demandsValidated(MemorySegment policy) {
        try {
            return (int) Evp.ASK.invokeExact(global(policy), DEFAULT_CONTEXT) != 0;
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code EVP_CIPHER *} that does what {@code method} does; empty when it cannot be had. */
    Optional<Long> duplicate(long method) {
        try {
            long made = (long) Evp.DUPLICATE.invokeExact(duplicate, method);
            if (made == NONE) {
                return Optional.empty();
            }
            duplicates.add(made);
            return Optional.of(made);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** Frees what was duplicated; no context may use it any more. */
    void free() {
        try {
            for (long each : duplicates) {
                Evp.FREE.invokeExact(free, each);
            }
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    private static MemorySegment global(MemorySegment function) {
        return MemorySegment.ofAddress(function.address());
    }
}

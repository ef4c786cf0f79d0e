package io.culvert.crypto.ipsecmb;

import io.culvert.api.crypto.DataCipher;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The library as it was found, loaded for as long as somebody uses it: the provider, and each key that is open. A key
 * may outlive the provider, as sessions keep theirs until there is another provider to move to.
 */
final class LibIpsecMb {
    /** {@code struct gcm_key_data} has up to 1,264 bytes from version 1.0 on; it grew once, so later ones are not used. */
    static final int KEY_DATA = 1280;

    /** As {@code imb_get_version} gives them, a byte for each part: 1.0.0 and 2.0.255. */
    private static final int OLDEST = 0x10000;

    private static final int NEWEST = 0x200FF;

    private static final List<String> NAMES = List.of("libIPSec_MB.so.2", "libIPSec_MB.so.1");

    /** That of AES-GCM. */
    static final List<DataCipher> CIPHERS =
            List.of(DataCipher.AES_128_GCM, DataCipher.AES_192_GCM, DataCipher.AES_256_GCM);

    private final Arena arena;

    /** Guarded by this. The first is the provider's. */
    private int users = 1;

    /**
     * What serves one length of key, of global scope, as the counter above and not a check per call keeps the library
     * loaded.
     */
    record Functions(MemorySegment precompute, MemorySegment encrypt, MemorySegment decrypt) {}

    private final List<Functions> functions;
    private final String version;

    private LibIpsecMb(Arena arena, SymbolLookup library, Architecture architecture) {
        this.arena = arena;
        int number = number(function(library, "imb_get_version"));
        if (number < OLDEST || number > NEWEST) {
            throw new IllegalArgumentException("intel-ipsec-mb of an unknown version: " + Integer.toHexString(number));
        }
        this.functions = CIPHERS.stream()
                .map(cipher -> new Functions(
                        function(library, "aes_gcm_pre_" + cipher.keyBytes() * 8 + "_" + architecture.suffix()),
                        function(library, "aes_gcm_enc_" + cipher.keyBytes() * 8 + "_" + architecture.suffix()),
                        function(library, "aes_gcm_dec_" + cipher.keyBytes() * 8 + "_" + architecture.suffix())))
                .toList();
        this.version = "intel-ipsec-mb " + text(function(library, "imb_get_version_str")) + " with "
                + architecture.suffix();
    }

    /** Empty when none is installed, or one that lacks a function, and where the processor cannot run it. */
    static Optional<LibIpsecMb> load() {
        return load(NAMES, Architecture.flagsOfThisMachine());
    }

    static Optional<LibIpsecMb> load(List<String> names, Set<String> processorFlags) {
        return Architecture.best(processorFlags).flatMap(architecture -> load(names, architecture));
    }

    private static Optional<LibIpsecMb> load(List<String> names, Architecture architecture) {
        for (String name : names) {
            Arena arena = Arena.ofShared();
            try {
                return Optional.of(new LibIpsecMb(arena, SymbolLookup.libraryLookup(name, arena), architecture));
            } catch (IllegalArgumentException _) {
                arena.close();
            }
        }
        return Optional.empty();
    }

    /** {@code intel-ipsec-mb 1.3.0 with vaes_avx512}. */
    String version() {
        return version;
    }

    /**
     * @throws IllegalArgumentException for one that is not of {@link #CIPHERS}
     */
    Functions functions(DataCipher cipher) {
        int index = CIPHERS.indexOf(cipher);
        if (index < 0) {
            throw new IllegalArgumentException("intel-ipsec-mb does not serve " + cipher);
        }
        return functions.get(index);
    }

    /** Keeps the library loaded until {@link #release}. */
    synchronized void retain() {
        if (users == 0) {
            throw new IllegalStateException("intel-ipsec-mb is no longer in use");
        }
        users++;
    }

    synchronized void release() {
        if (--users == 0) {
            arena.close();
        }
    }

    synchronized boolean loaded() {
        return users > 0;
    }

    private static MemorySegment function(SymbolLookup library, String name) {
        return library.find(name)
                .map(symbol -> MemorySegment.ofAddress(symbol.address()))
                .orElseThrow(() -> new IllegalArgumentException("intel-ipsec-mb has no function " + name));
    }

    private static int number(MemorySegment function) {
        try {
            return (int) Gcm.VERSION.invokeExact(function);
        } catch (Throwable t) {
            throw Gcm.unexpected(t);
        }
    }

    private static String text(MemorySegment function) {
        try {
            return ((MemorySegment) Gcm.TEXT.invokeExact(function)).reinterpret(256).getString(0);
        } catch (Throwable t) {
            throw Gcm.unexpected(t);
        }
    }
}

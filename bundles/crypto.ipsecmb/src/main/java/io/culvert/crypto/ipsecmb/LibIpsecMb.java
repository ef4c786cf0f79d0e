package io.culvert.crypto.ipsecmb;

import io.culvert.api.crypto.DataCipher;
import io.culvert.crypto.support.memory.CipherLibrary;
import io.culvert.crypto.support.memory.Downcall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The library as it was found. */
final class LibIpsecMb extends CipherLibrary {
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

    /**
     * What serves one length of key, of global scope, as the counter above and not a check per call keeps the library
     * loaded.
     */
    record Functions(MemorySegment precompute, MemorySegment encrypt, MemorySegment decrypt) {}

    private final List<Functions> functions;
    private final String version;

    private LibIpsecMb(Arena arena, SymbolLookup library, Architecture architecture) {
        super("intel-ipsec-mb");
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

    @Override
    protected void unload() {
        arena.close();
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
            throw Downcall.unexpected(t);
        }
    }

    private static String text(MemorySegment function) {
        try {
            return ((MemorySegment) Gcm.TEXT.invokeExact(function)).reinterpret(256).getString(0);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}

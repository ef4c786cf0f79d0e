package io.culvert.crypto.openssl;

import io.culvert.api.crypto.DataCipher;
import io.culvert.crypto.support.memory.CipherLibrary;
import io.culvert.crypto.support.memory.Downcall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The library as it was found. */
final class LibCrypto extends CipherLibrary {
    /** What these functions need is the same in both. */
    private static final List<String> NAMES = List.of("libcrypto.so.3", "libcrypto.so.1.1");

    /** OPENSSL_INIT_NO_ATEXIT: threads may still be at work when the process exits. */
    private static final long NO_ATEXIT = 0x80000;

    private static final long NULL = 0;
    private static final int MAX_KEY = 32;

    private final Arena arena;

    /**
     * The functions' addresses. Of global scope, as the counter above and not a check per call keeps the library
     * loaded.
     */
    final MemorySegment freeContext;

    private final MemorySegment newContext;
    final MemorySegment init;
    final MemorySegment update;
    final MemorySegment doFinal;
    final MemorySegment ctrl;
    final MemorySegment cleanse;
    final MemorySegment release;
    private final MemorySegment allocate;

    private final long[] ciphers = new long[DataCipher.values().length];
    private final Optional<DirectMethods> direct;
    private final String version;

    private LibCrypto(Arena arena, SymbolLookup library) {
        super("libcrypto");
        this.arena = arena;
        initialise(function(library, "OPENSSL_init_crypto"));
        this.newContext = function(library, "EVP_CIPHER_CTX_new");
        this.freeContext = function(library, "EVP_CIPHER_CTX_free");
        this.init = function(library, "EVP_CipherInit_ex");
        this.update = function(library, "EVP_CipherUpdate");
        this.doFinal = function(library, "EVP_CipherFinal_ex");
        this.ctrl = function(library, "EVP_CIPHER_CTX_ctrl");
        this.allocate = function(library, "CRYPTO_zalloc");
        this.release = function(library, "CRYPTO_free");
        this.cleanse = function(library, "OPENSSL_cleanse");
        for (var cipher : DataCipher.values()) {
            ciphers[cipher.ordinal()] = pointer(function(library, switch (cipher) {
                case AES_128_GCM -> "EVP_aes_128_gcm";
                case AES_192_GCM -> "EVP_aes_192_gcm";
                case AES_256_GCM -> "EVP_aes_256_gcm";
                case CHACHA20_POLY1305 -> "EVP_chacha20_poly1305";
            }));
        }
        this.direct = DirectMethods.of(library);
        direct.ifPresent(methods -> Arrays.setAll(ciphers, i -> fastest(methods, ciphers[i])));
        this.version = text(function(library, "OpenSSL_version"));
    }

    /** Empty when none is installed, or one that lacks a function. */
    static Optional<LibCrypto> load() {
        return load(NAMES);
    }

    static Optional<LibCrypto> load(List<String> names) {
        for (String name : names) {
            Arena arena = Arena.ofShared();
            try {
                return Optional.of(new LibCrypto(arena, SymbolLookup.libraryLookup(name, arena)));
            } catch (IllegalArgumentException _) {
                arena.close();
            }
        }
        return Optional.empty();
    }

    /** The direct method, where both work: what a policy leaves out is not had by another way. */
    private long fastest(DirectMethods methods, long method) {
        return serves(method) ? methods.duplicate(method).filter(this::serves).orElse(method) : method;
    }

    private boolean serves(long method) {
        long context = newContext();
        try (Arena key = Arena.ofConfined()) {
            long zeros = key.allocate(MAX_KEY).address();
            boolean serves = (int) Evp.FIRST_INIT.invokeExact(init, context, method, NULL, zeros, NULL, 1) == Evp.SUCCESS;
            Evp.FREE.invokeExact(freeContext, context);
            return serves;
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** {@code OpenSSL 3.0.19 27 Jan 2026}. */
    String version() {
        return version;
    }

    /** {@code const EVP_CIPHER *}. */
    long cipher(DataCipher cipher) {
        return ciphers[cipher.ordinal()];
    }

    @Override
    protected void unload() {
        direct.ifPresent(DirectMethods::free);
        arena.close();
    }

    long newContext() {
        return pointer(newContext);
    }

    long allocate(long bytes) {
        try {
            return (long) Evp.ALLOCATE.invokeExact(allocate, bytes, 0L, 0);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** Before all other calls: whoever initialises the library first in a process decides what it does at exit. */
    private static void initialise(MemorySegment function) {
        try {
            if ((int) Evp.INITIALISE.invokeExact(function, NO_ATEXIT, 0L) != Evp.SUCCESS) {
                throw new IllegalArgumentException("libcrypto does not initialise: see openssl.cnf of this host");
            }
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    private static MemorySegment function(SymbolLookup library, String name) {
        return library.find(name)
                .map(symbol -> MemorySegment.ofAddress(symbol.address()))
                .orElseThrow(() -> new IllegalArgumentException("libcrypto has no function " + name));
    }

    private static long pointer(MemorySegment function) {
        try {
            return (long) Evp.POINTER.invokeExact(function);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    private static String text(MemorySegment function) {
        try {
            return ((MemorySegment) Evp.TEXT.invokeExact(function, 0)).reinterpret(256).getString(0);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }
}

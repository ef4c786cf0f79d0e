package io.culvert.crypto.ipsecmb;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.culvert.crypto.support.memory.Downcall;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Method handles by shape, the function's address being the first argument: constants for the compiler, whatever
 * library they are called in. Pointers are passed as 64-bit integers, so that no segment is made per call.
 */
final class Gcm {
    private static final Linker LINKER = Linker.nativeLinker();

    /** {@code void aes_gcm_pre(const void *key, struct gcm_key_data *)}. */
    static final MethodHandle PRECOMPUTE = LINKER.downcallHandle(FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG));

    /**
     * {@code void aes_gcm_enc(const struct gcm_key_data *, struct gcm_context_data *, uint8_t *out, uint8_t const *in,
     * uint64_t length, const uint8_t *iv, uint8_t const *aad, uint64_t aadLength, uint8_t *tag, uint64_t tagLength)}, and
     * {@code dec}, which writes the tag that ought to be. Neither blocks, calls back or runs for long.
     */
    static final MethodHandle CRYPT = LINKER.downcallHandle(
            FunctionDescriptor.ofVoid(
                    JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                    JAVA_LONG),
            Linker.Option.critical(false));

    /** {@code const char *imb_get_version_str(void)}. */
    static final MethodHandle TEXT = LINKER.downcallHandle(FunctionDescriptor.of(ADDRESS));

    /** {@code unsigned imb_get_version(void)}. */
    static final MethodHandle VERSION = LINKER.downcallHandle(FunctionDescriptor.of(JAVA_INT));

    private static final MethodHandle ALIGNED_ALLOC =
            LINKER.downcallHandle(libc("aligned_alloc"), FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG));

    private static final MethodHandle FREE = LINKER.downcallHandle(libc("free"), FunctionDescriptor.ofVoid(JAVA_LONG));

    private Gcm() {}

    /** aligned_alloc(3); 0 when there is none. */
    static long allocate(long alignment, long bytes) {
        try {
            return (long) ALIGNED_ALLOC.invokeExact(alignment, bytes);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    /** free(3). */
    static void free(long address) {
        try {
            FREE.invokeExact(address);
        } catch (Throwable t) {
            throw Downcall.unexpected(t);
        }
    }

    private static MemorySegment libc(String name) {
        return LINKER.defaultLookup()
                .find(name)
                .orElseThrow(() -> new IllegalStateException("libc has no function " + name));
    }
}

package io.culvert.crypto.openssl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;

/**
 * Method handles by shape, the function's address being the first argument: constants for the compiler, whatever
 * library they are called in. Pointers are passed as 64-bit integers, so that no segment is made per call.
 */
final class Evp {
    static final int SUCCESS = 1;
    /** EVP_CTRL_AEAD_GET_TAG, EVP_CTRL_AEAD_SET_TAG. */
    static final int GET_TAG = 0x10;

    static final int SET_TAG = 0x11;

    private static final Linker LINKER = Linker.nativeLinker();

    /** None of them blocks, calls back or runs for long: a packet is some hundred nanoseconds. */
    private static final Linker.Option BRIEF = Linker.Option.critical(false);

    /** {@code EVP_CIPHER_CTX *EVP_CIPHER_CTX_new(void)}, {@code const EVP_CIPHER *EVP_aes_128_gcm(void)}. */
    static final MethodHandle POINTER = LINKER.downcallHandle(FunctionDescriptor.of(JAVA_LONG));

    /** {@code EVP_CIPHER *EVP_CIPHER_meth_dup(const EVP_CIPHER *)}. */
    static final MethodHandle DUPLICATE = LINKER.downcallHandle(FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));

    /** {@code int EVP_default_properties_is_fips_enabled(OSSL_LIB_CTX *)}. */
    static final MethodHandle ASK = LINKER.downcallHandle(of(JAVA_LONG));

    /** {@code void EVP_CIPHER_CTX_free(EVP_CIPHER_CTX *)}, {@code void EVP_CIPHER_meth_free(EVP_CIPHER *)}. */
    static final MethodHandle FREE = LINKER.downcallHandle(FunctionDescriptor.ofVoid(JAVA_LONG));

    /** {@code void OPENSSL_cleanse(void *, size_t)}. */
    static final MethodHandle CLEANSE = LINKER.downcallHandle(FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG));

    /** {@code void *CRYPTO_zalloc(size_t, const char *file, int line)}. */
    static final MethodHandle ALLOCATE =
            LINKER.downcallHandle(FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT));

    /** {@code void CRYPTO_free(void *, const char *file, int line)}. */
    static final MethodHandle RELEASE =
            LINKER.downcallHandle(FunctionDescriptor.ofVoid(JAVA_LONG, JAVA_LONG, JAVA_INT));

    /** {@code const char *OpenSSL_version(int)}. */
    static final MethodHandle TEXT = LINKER.downcallHandle(FunctionDescriptor.of(ADDRESS, JAVA_INT));

    /** {@code int OPENSSL_init_crypto(uint64_t, const OPENSSL_INIT_SETTINGS *)}. */
    static final MethodHandle INITIALISE = LINKER.downcallHandle(of(JAVA_LONG, JAVA_LONG));

    /** {@code EVP_CipherInit_ex(ctx, cipher, engine, key, iv, enc)}, where it looks for an implementation. */
    static final MethodHandle FIRST_INIT =
            LINKER.downcallHandle(of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT));

    /** The same for another packet. */
    static final MethodHandle INIT =
            LINKER.downcallHandle(of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT), BRIEF);

    /** {@code EVP_CipherUpdate(ctx, out, outLength, in, inLength)}. */
    static final MethodHandle UPDATE =
            LINKER.downcallHandle(of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT), BRIEF);

    /** {@code EVP_CipherFinal_ex(ctx, out, outLength)}. */
    static final MethodHandle FINAL = LINKER.downcallHandle(of(JAVA_LONG, JAVA_LONG, JAVA_LONG), BRIEF);

    /** {@code EVP_CIPHER_CTX_ctrl(ctx, type, arg, pointer)}. */
    static final MethodHandle CTRL = LINKER.downcallHandle(of(JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG), BRIEF);

    private Evp() {}

    private static FunctionDescriptor of(MemoryLayout... parameters) {
        return FunctionDescriptor.of(JAVA_INT, parameters);
    }
}

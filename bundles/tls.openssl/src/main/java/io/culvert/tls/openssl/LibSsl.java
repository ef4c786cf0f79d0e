package io.culvert.tls.openssl;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The functions of libssl and libcrypto, under their own names. All take and give 64-bit integers: pointers as they
 * are, ints and bytes widened with their sign.
 *
 * <p>The libraries stay loaded for as long as the process lives, so that an engine may outlive its bundle. Initialising
 * this class fails with an {@link UnsatisfiedLinkError} that names the remedy where they are missing.
 */
final class LibSsl {
    static final int SSL_ERROR_SSL = 1;
    static final int SSL_ERROR_WANT_READ = 2;
    static final int SSL_ERROR_WANT_WRITE = 3;
    static final int SSL_ERROR_ZERO_RETURN = 6;

    static final int SSL_VERIFY_NONE = 0;
    static final int SSL_VERIFY_PEER = 1;
    static final int SSL_VERIFY_FAIL_IF_NO_PEER_CERT = 2;

    static final long SSL_OP_NO_TICKET = 1L << 14;
    static final long SSL_OP_NO_COMPRESSION = 1L << 17;
    static final long SSL_OP_CIPHER_SERVER_PREFERENCE = 1L << 22;
    static final long SSL_OP_NO_RENEGOTIATION = 1L << 30;

    static final int SSL_MODE_NO_AUTO_CHAIN = 0x8;
    static final int SSL_MODE_RELEASE_BUFFERS = 0x10;

    static final int SSL_CTRL_MODE = 33;
    static final int SSL_CTRL_SET_READ_AHEAD = 41;
    static final int SSL_CTRL_SET_SESS_CACHE_MODE = 44;
    static final int SSL_CTRL_SET_MAX_CERT_LIST = 51;
    static final int SSL_CTRL_CHAIN_CERT = 89;
    static final int SSL_CTRL_SET_GROUPS_LIST = 92;
    static final int SSL_CTRL_SET_DH_AUTO = 118;
    static final int SSL_CTRL_GET_EXTMS_SUPPORT = 122;
    static final int SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
    static final int SSL_CTRL_SET_MAX_PROTO_VERSION = 124;

    static final int TLS1_2_VERSION = 0x0303;
    static final int TLS1_3_VERSION = 0x0304;

    static final long X509_V_FLAG_PARTIAL_CHAIN = 0x80000;
    static final int BIO_CTRL_INFO = 3;
    static final long NULL = 0;

    /** OPENSSL_INIT_NO_ATEXIT: threads may still be at work when the process exits. */
    private static final long NO_ATEXIT = 0x80000;

    /** A C string of ours ends before. */
    private static final long LONGEST_TEXT = 4096;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final ValueLayout BYTE = JAVA_BYTE;
    private static final ValueLayout INT = JAVA_INT;
    private static final ValueLayout LONG = JAVA_LONG;
    private static final ValueLayout POINTER = JAVA_LONG;
    private static final @Nullable ValueLayout VOID = null;

    // libssl depends on the libcrypto that belongs to it.
    private static final SymbolLookup SSL = library("libssl.so.3");
    private static final SymbolLookup CRYPTO = library("libcrypto.so.3");

    static final MethodHandle OPENSSL_init_ssl = ssl("OPENSSL_init_ssl", INT, LONG, POINTER);
    static final MethodHandle OpenSSL_version = crypto("OpenSSL_version", POINTER, INT);

    static final MethodHandle TLS_method = ssl("TLS_method", POINTER);
    static final MethodHandle SSL_CTX_new = ssl("SSL_CTX_new", POINTER, POINTER);
    static final MethodHandle SSL_CTX_free = ssl("SSL_CTX_free", VOID, POINTER);
    static final MethodHandle SSL_CTX_ctrl = ssl("SSL_CTX_ctrl", LONG, POINTER, INT, LONG, POINTER);
    static final MethodHandle SSL_CTX_set_options = ssl("SSL_CTX_set_options", LONG, POINTER, LONG);
    static final MethodHandle SSL_CTX_set_security_level = ssl("SSL_CTX_set_security_level", VOID, POINTER, INT);
    static final MethodHandle SSL_CTX_set_num_tickets = ssl("SSL_CTX_set_num_tickets", INT, POINTER, LONG);
    static final MethodHandle SSL_CTX_set_verify = ssl("SSL_CTX_set_verify", VOID, POINTER, INT, POINTER);
    static final MethodHandle SSL_CTX_set_keylog_callback = ssl("SSL_CTX_set_keylog_callback", VOID, POINTER, POINTER);
    static final MethodHandle SSL_CTX_get0_param = ssl("SSL_CTX_get0_param", POINTER, POINTER);
    static final MethodHandle SSL_CTX_get_cert_store = ssl("SSL_CTX_get_cert_store", POINTER, POINTER);
    static final MethodHandle SSL_CTX_add_client_CA = ssl("SSL_CTX_add_client_CA", INT, POINTER, POINTER);
    static final MethodHandle SSL_CTX_set_ciphersuites = ssl("SSL_CTX_set_ciphersuites", INT, POINTER, POINTER);
    static final MethodHandle SSL_CTX_set_cipher_list = ssl("SSL_CTX_set_cipher_list", INT, POINTER, POINTER);
    static final MethodHandle SSL_CTX_use_certificate = ssl("SSL_CTX_use_certificate", INT, POINTER, POINTER);
    static final MethodHandle SSL_CTX_use_PrivateKey = ssl("SSL_CTX_use_PrivateKey", INT, POINTER, POINTER);
    static final MethodHandle SSL_CTX_check_private_key = ssl("SSL_CTX_check_private_key", INT, POINTER);
    static final MethodHandle OPENSSL_cipher_name = ssl("OPENSSL_cipher_name", POINTER, POINTER);

    static final MethodHandle SSL_new = ssl("SSL_new", POINTER, POINTER);
    static final MethodHandle SSL_free = ssl("SSL_free", VOID, POINTER);
    static final MethodHandle SSL_ctrl = ssl("SSL_ctrl", LONG, POINTER, INT, LONG, POINTER);
    static final MethodHandle SSL_set_accept_state = ssl("SSL_set_accept_state", VOID, POINTER);
    static final MethodHandle SSL_set_connect_state = ssl("SSL_set_connect_state", VOID, POINTER);
    static final MethodHandle SSL_get_rbio = ssl("SSL_get_rbio", POINTER, POINTER);
    static final MethodHandle SSL_set_bio = ssl("SSL_set_bio", VOID, POINTER, POINTER, POINTER);
    static final MethodHandle SSL_do_handshake = ssl("SSL_do_handshake", INT, POINTER);
    static final MethodHandle SSL_read = ssl("SSL_read", INT, POINTER, POINTER, INT);
    static final MethodHandle SSL_write = ssl("SSL_write", INT, POINTER, POINTER, INT);
    static final MethodHandle SSL_get_error = ssl("SSL_get_error", INT, POINTER, INT);
    static final MethodHandle SSL_has_pending = ssl("SSL_has_pending", INT, POINTER);
    static final MethodHandle SSL_get_session = ssl("SSL_get_session", POINTER, POINTER);
    static final MethodHandle SSL_SESSION_get_max_fragment_length =
            ssl("SSL_SESSION_get_max_fragment_length", BYTE, POINTER);
    static final MethodHandle SSL_get_verify_result = ssl("SSL_get_verify_result", LONG, POINTER);
    static final MethodHandle SSL_get_version = ssl("SSL_get_version", POINTER, POINTER);
    static final MethodHandle SSL_version = ssl("SSL_version", INT, POINTER);
    static final MethodHandle SSL_get_current_cipher = ssl("SSL_get_current_cipher", POINTER, POINTER);
    static final MethodHandle SSL_CIPHER_standard_name = ssl("SSL_CIPHER_standard_name", POINTER, POINTER);
    static final MethodHandle SSL_get1_peer_certificate = ssl("SSL_get1_peer_certificate", POINTER, POINTER);
    static final MethodHandle SSL_get_peer_cert_chain = ssl("SSL_get_peer_cert_chain", POINTER, POINTER);
    static final MethodHandle SSL_export_keying_material = ssl(
            "SSL_export_keying_material", INT, POINTER, POINTER, LONG, POINTER, LONG, POINTER, LONG, INT);

    static final MethodHandle BIO_s_mem = crypto("BIO_s_mem", POINTER);
    static final MethodHandle BIO_new = crypto("BIO_new", POINTER, POINTER);
    static final MethodHandle BIO_free = crypto("BIO_free", INT, POINTER);
    static final MethodHandle BIO_write = crypto("BIO_write", INT, POINTER, POINTER, INT);
    static final MethodHandle BIO_ctrl = crypto("BIO_ctrl", LONG, POINTER, INT, LONG, POINTER);

    static final MethodHandle d2i_X509 = crypto("d2i_X509", POINTER, POINTER, POINTER, LONG);
    static final MethodHandle i2d_X509 = crypto("i2d_X509", INT, POINTER, POINTER);
    static final MethodHandle X509_free = crypto("X509_free", VOID, POINTER);
    static final MethodHandle X509_STORE_add_cert = crypto("X509_STORE_add_cert", INT, POINTER, POINTER);
    static final MethodHandle X509_VERIFY_PARAM_set_flags =
            crypto("X509_VERIFY_PARAM_set_flags", INT, POINTER, LONG);
    static final MethodHandle X509_verify_cert_error_string =
            crypto("X509_verify_cert_error_string", POINTER, LONG);
    static final MethodHandle OPENSSL_sk_num = crypto("OPENSSL_sk_num", INT, POINTER);
    static final MethodHandle OPENSSL_sk_value = crypto("OPENSSL_sk_value", POINTER, POINTER, INT);
    static final MethodHandle d2i_AutoPrivateKey = crypto("d2i_AutoPrivateKey", POINTER, POINTER, POINTER, LONG);
    static final MethodHandle EVP_PKEY_free = crypto("EVP_PKEY_free", VOID, POINTER);

    static final MethodHandle ERR_clear_error = crypto("ERR_clear_error", VOID);
    static final MethodHandle ERR_get_error = crypto("ERR_get_error", LONG);
    static final MethodHandle ERR_reason_error_string = crypto("ERR_reason_error_string", POINTER, LONG);
    static final MethodHandle ERR_error_string_n = crypto("ERR_error_string_n", VOID, LONG, POINTER, LONG);

    static {
        if (call(OPENSSL_init_ssl, NO_ATEXIT, NULL) != 1) {
            throw new UnsatisfiedLinkError("libssl.so.3 does not initialise: see openssl.cnf of this host");
        }
    }

    private LibSsl() {}

    /** {@code OpenSSL 3.0.19 27 Jan 2026}. */
    static String version() {
        return text(call(OpenSSL_version, 0));
    }

    /** A C string of the library's. */
    static String text(long pointer) {
        return pointer == NULL ? "" : MemorySegment.ofAddress(pointer).reinterpret(LONGEST_TEXT).getString(0);
    }

    static byte[] bytes(long pointer, long length) {
        return MemorySegment.ofAddress(pointer).reinterpret(length).toArray(JAVA_BYTE);
    }

    // ---- calls ----

    static long call(MethodHandle function) {
        try {
            return (long) function.invokeExact();
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static long call(MethodHandle function, long a) {
        try {
            return (long) function.invokeExact(a);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static long call(MethodHandle function, long a, long b) {
        try {
            return (long) function.invokeExact(a, b);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static long call(MethodHandle function, long a, long b, long c) {
        try {
            return (long) function.invokeExact(a, b, c);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static long call(MethodHandle function, long a, long b, long c, long d) {
        try {
            return (long) function.invokeExact(a, b, c, d);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    static long call(
            MethodHandle function, long a, long b, long c, long d, long e, long f, long g, long h) {
        try {
            return (long) function.invokeExact(a, b, c, d, e, f, g, h);
        } catch (Throwable t) {
            throw unexpected(t);
        }
    }

    /** What a handle throws: errors of the JVM, or a signature of ours that is wrong. */
    private static RuntimeException unexpected(Throwable t) {
        if (t instanceof RuntimeException e) {
            return e;
        }
        if (t instanceof Error e) {
            throw e;
        }
        return new IllegalStateException(t);
    }

    // ---- loading ----

    private static SymbolLookup library(String name) {
        try {
            return SymbolLookup.libraryLookup(name, Arena.global());
        } catch (IllegalArgumentException e) {
            throw new UnsatisfiedLinkError(name + " is not on this host: apt install libssl3");
        }
    }

    private static MethodHandle ssl(String name, @Nullable ValueLayout result, ValueLayout... parameters) {
        return function(SSL, name, result, parameters);
    }

    private static MethodHandle crypto(String name, @Nullable ValueLayout result, ValueLayout... parameters) {
        return function(CRYPTO, name, result, parameters);
    }

    private static MethodHandle function(
            SymbolLookup library, String name, @Nullable ValueLayout result, ValueLayout... parameters) {
        MemorySegment symbol = library.find(name)
                .orElseThrow(() -> new UnsatisfiedLinkError(
                        "libssl.so.3 has no " + name + ": OpenSSL 3.0 or later is needed, apt install libssl3"));
        MethodHandle exact = LINKER.downcallHandle(
                symbol,
                result == null ? FunctionDescriptor.ofVoid(parameters) : FunctionDescriptor.of(result, parameters));
        var longs = new Class<?>[parameters.length];
        Arrays.fill(longs, long.class);
        return MethodHandles.explicitCastArguments(exact, MethodType.methodType(long.class, longs));
    }
}

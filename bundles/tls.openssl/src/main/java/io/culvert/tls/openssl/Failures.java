package io.culvert.tls.openssl;

import static io.culvert.tls.openssl.LibSsl.call;
import static io.culvert.tls.openssl.LibSsl.text;

import io.culvert.api.tls.TlsException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The library's queue of errors in words. It belongs to the thread of the kernel: asked right after the call. */
final class Failures {
    /** ERR_GET_REASON, and SSL_AD_REASON_OFFSET: reasons from here on are alerts of the peer. */
    private static final long REASON_MASK = 0x7fffff;

    private static final long FIRST_ALERT = 1000;
    private static final long LAST_ALERT = 1255;

    /** ERR_GET_LIB, ERR_LIB_SSL. */
    private static final int LIB_OFFSET = 23;

    private static final long LIB_MASK = 0xff;
    private static final long LIB_SSL = 20;
    private static final long SSL_R_CERTIFICATE_VERIFY_FAILED = 134;
    private static final int LONGEST = 256;

    private Failures() {}

    /** Why a step failed, in words for the log. */
    static String ofHandshake(long ssl) {
        long error = first();
        if (error == 0) {
            return "the TLS connection ended without an error";
        }
        long reason = error & REASON_MASK;
        boolean tls = (error >>> LIB_OFFSET & LIB_MASK) == LIB_SSL;
        if (tls && reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
            long verified = call(LibSsl.SSL_get_verify_result, ssl);
            return "the peer's certificate is not accepted: "
                    + text(call(LibSsl.X509_verify_cert_error_string, verified));
        }
        return (tls && reason >= FIRST_ALERT && reason <= LAST_ALERT ? "the peer refuses: " : "") + words(error);
    }

    /** For a call that set something up. */
    static TlsException of(String what) {
        long error = first();
        return new TlsException("OpenSSL " + what + (error == 0 ? "" : ": " + words(error)));
    }

    /** The innermost error, which is the oldest; forgets the others. */
    private static long first() {
        long error = call(LibSsl.ERR_get_error);
        call(LibSsl.ERR_clear_error);
        return error;
    }

    private static String words(long error) {
        String reason = text(call(LibSsl.ERR_reason_error_string, error));
        if (!reason.isEmpty()) {
            return reason;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment line = arena.allocate(LONGEST);
            call(LibSsl.ERR_error_string_n, error, line.address(), LONGEST);
            return line.getString(0);
        }
    }
}

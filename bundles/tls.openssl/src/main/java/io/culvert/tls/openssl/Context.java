package io.culvert.tls.openssl;

import static io.culvert.tls.openssl.LibSsl.NULL;
import static io.culvert.tls.openssl.LibSsl.call;

import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsPolicy.Version;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.StringJoiner;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An {@code SSL_CTX} for a policy and a role. Engines hold it for themselves by the library's own count, so closing it
 * ends none. Path validation is OpenSSL's, up to the anchors, with the extended key usage of the role (RFC 5280 section
 * 6). Revocation is the certificate authority's to say.
 *
 * <p>Threads: any; the owner sees to it that none makes engines while another closes.
 */
final class Context implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Context.class);

    /** AEAD with forward secrecy; the strongest first. */
    private static final List<String> SUITES = List.of(
            "TLS_AES_256_GCM_SHA384",
            "TLS_AES_128_GCM_SHA256",
            "TLS_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
            "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256");

    /** 112 bits: RSA and DH of 2,048 bits and more, no SHA-1 in signatures. */
    private static final int SECURITY_LEVEL = 2;

    /** The bytes of a chain that a stranger may make us hold. */
    private static final int MAX_CERT_LIST = 32 * 1024;

    private static final int SUCCESS = 1;

    private final boolean server;
    private long context;

    /** @param keyLog hears of the secrets of a server's handshakes */
    Context(TlsPolicy policy, boolean server, KeyLog keyLog) throws TlsException {
        this.server = server;
        call(LibSsl.ERR_clear_error);
        context = given(call(LibSsl.SSL_CTX_new, call(LibSsl.TLS_method)), "has no memory for a context");
        try (Arena arena = Arena.ofConfined()) {
            harden();
            certificates(policy);
            verification(policy);
            suites(policy, arena);
            groups(policy.groups(), arena);
            if (server) {
                call(LibSsl.SSL_CTX_set_keylog_callback, context, keyLog.address());
            }
        } catch (TlsException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** An {@code SSL} in its role, which is the caller's to free. */
    long newConnection() throws TlsException {
        call(LibSsl.ERR_clear_error);
        long ssl = given(call(LibSsl.SSL_new, context), "has no memory for a connection");
        call(server ? LibSsl.SSL_set_accept_state : LibSsl.SSL_set_connect_state, ssl);
        return ssl;
    }

    @Override
    public void close() {
        if (context != NULL) {
            call(LibSsl.SSL_CTX_free, context);
            context = NULL;
        }
    }

    /** Nobody resumes a connection here: neither tickets nor a cache hold secrets. */
    private void harden() {
        call(
                LibSsl.SSL_CTX_set_options,
                context,
                LibSsl.SSL_OP_NO_TICKET
                        | LibSsl.SSL_OP_NO_COMPRESSION
                        | LibSsl.SSL_OP_NO_RENEGOTIATION
                        | LibSsl.SSL_OP_CIPHER_SERVER_PREFERENCE);
        call(LibSsl.SSL_CTX_set_num_tickets, context, 0);
        control(LibSsl.SSL_CTRL_SET_SESS_CACHE_MODE, 0, NULL);
        // A connection is idle nearly always, and with record buffers it would be most of a session's memory.
        control(LibSsl.SSL_CTRL_MODE, LibSsl.SSL_MODE_RELEASE_BUFFERS | LibSsl.SSL_MODE_NO_AUTO_CHAIN, NULL);
        // A connection that leaves the library takes along what is in the BIO, not what would be in read buffers.
        control(LibSsl.SSL_CTRL_SET_READ_AHEAD, 0, NULL);
        control(LibSsl.SSL_CTRL_SET_MAX_CERT_LIST, MAX_CERT_LIST, NULL);
        // For the suites with DHE on TLS 1.2: parameters as strong as the certificate.
        control(LibSsl.SSL_CTRL_SET_DH_AUTO, 1, NULL);
        call(LibSsl.SSL_CTX_set_security_level, context, SECURITY_LEVEL);
    }

    // ---- certificates ----

    private void certificates(TlsPolicy policy) throws TlsException {
        if (policy.identity().isEmpty()) {
            return;
        }
        var identity = policy.identity().get();
        for (int i = 0; i < identity.chain().size(); i++) {
            boolean leaf = i == 0;
            withCertificate(identity.chain().get(i), x509 -> succeeded(
                    leaf
                            ? call(LibSsl.SSL_CTX_use_certificate, context, x509)
                            : control(LibSsl.SSL_CTRL_CHAIN_CERT, 1, x509),
                    "does not take the identity's certificate"));
        }
        byte[] der = identity.key().getEncoded();
        if (der == null) {
            throw new TlsException("OpenSSL needs the identity's private key itself, and the key cannot be exported");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocateFrom(ValueLayout.JAVA_BYTE, der);
            try {
                long key = given(decoded(LibSsl.d2i_AutoPrivateKey, copy, arena), "does not read the private key");
                try {
                    succeeded(call(LibSsl.SSL_CTX_use_PrivateKey, context, key), "does not take the private key");
                } finally {
                    call(LibSsl.EVP_PKEY_free, key);
                }
            } finally {
                copy.fill((byte) 0);
            }
        } finally {
            Arrays.fill(der, (byte) 0);
        }
        succeeded(call(LibSsl.SSL_CTX_check_private_key, context), "finds that key and certificate do not match");
    }

    private void verification(TlsPolicy policy) throws TlsException {
        long store = call(LibSsl.SSL_CTX_get_cert_store, context);
        for (X509Certificate anchor : policy.trustAnchors()) {
            withCertificate(anchor, x509 -> {
                succeeded(call(LibSsl.X509_STORE_add_cert, store, x509), "does not take a trust anchor");
                if (server) {
                    succeeded(call(LibSsl.SSL_CTX_add_client_CA, context, x509), "does not take a trust anchor");
                }
            });
        }
        // An anchor is one because the policy says so, also when another authority has signed it.
        call(
                LibSsl.X509_VERIFY_PARAM_set_flags,
                call(LibSsl.SSL_CTX_get0_param, context),
                LibSsl.X509_V_FLAG_PARTIAL_CHAIN);
        int mode = !server
                ? LibSsl.SSL_VERIFY_PEER
                : switch (policy.peerCertificate()) {
                    case REQUIRED -> LibSsl.SSL_VERIFY_PEER | LibSsl.SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
                    case OPTIONAL -> LibSsl.SSL_VERIFY_PEER;
                    case NOT_ASKED -> LibSsl.SSL_VERIFY_NONE;
                };
        call(LibSsl.SSL_CTX_set_verify, context, mode, NULL);
    }

    private interface WithCertificate {
        void use(long x509) throws TlsException;
    }

    /** The library counts for itself what it keeps. */
    private static void withCertificate(X509Certificate certificate, WithCertificate use) throws TlsException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment der = arena.allocateFrom(ValueLayout.JAVA_BYTE, certificate.getEncoded());
            long x509 = given(
                    decoded(LibSsl.d2i_X509, der, arena),
                    "does not read the certificate of " + certificate.getSubjectX500Principal());
            try {
                use.use(x509);
            } finally {
                call(LibSsl.X509_free, x509);
            }
        } catch (CertificateEncodingException e) {
            throw new TlsException("a certificate cannot be encoded: " + e.getMessage(), e);
        }
    }

    /** The d2i functions move the pointer that they are given. */
    private static long decoded(java.lang.invoke.MethodHandle d2i, MemorySegment der, Arena arena) {
        MemorySegment cursor = arena.allocateFrom(ValueLayout.JAVA_LONG, der.address());
        return call(d2i, NULL, cursor.address(), der.byteSize());
    }

    // ---- versions, suites, groups ----

    private void suites(TlsPolicy policy, Arena arena) throws TlsException {
        List<String> names = policy.suites().isEmpty() ? SUITES : policy.suites();
        var modern = new StringJoiner(":");
        var classic = new StringJoiner(":");
        for (String name : names) {
            String known = LibSsl.text(call(LibSsl.OPENSSL_cipher_name, string(arena, name)));
            if (!name.startsWith("TLS_") || known.isEmpty() || known.equals("(NONE)")) {
                throw new TlsException("OpenSSL has no suite " + name + ": take it from the policy's suites");
            }
            // The suites of TLS 1.3 alone do not name a key exchange.
            (name.contains("_WITH_") ? classic : modern).add(known);
        }
        int min = version(classic.length() == 0 ? Version.TLS_1_3 : policy.minVersion());
        int max = version(modern.length() == 0 ? Version.TLS_1_2 : policy.maxVersion());
        if (min > max || min > version(policy.maxVersion()) || max < version(policy.minVersion())) {
            throw new TlsException("none of the policy's suites belongs to the policy's TLS versions");
        }
        succeeded(control(LibSsl.SSL_CTRL_SET_MIN_PROTO_VERSION, min, NULL), "refuses the lowest TLS version");
        succeeded(control(LibSsl.SSL_CTRL_SET_MAX_PROTO_VERSION, max, NULL), "refuses the highest TLS version");
        succeeded(
                call(LibSsl.SSL_CTX_set_ciphersuites, context, string(arena, modern.toString())),
                "refuses the suites " + modern);
        if (classic.length() > 0) {
            succeeded(
                    call(LibSsl.SSL_CTX_set_cipher_list, context, string(arena, classic.toString())),
                    "refuses the suites " + classic);
        }
    }

    private static int version(Version version) {
        return switch (version) {
            case TLS_1_2 -> LibSsl.TLS1_2_VERSION;
            case TLS_1_3 -> LibSsl.TLS1_3_VERSION;
        };
    }

    /** Without a list the library's own, which has X25519MLKEM768 in front from version 3.5 on. */
    private void groups(List<String> groups, Arena arena) throws TlsException {
        if (groups.isEmpty()) {
            return;
        }
        var had = new ArrayList<String>();
        for (String group : groups) {
            if (control(LibSsl.SSL_CTRL_SET_GROUPS_LIST, 0, string(arena, group)) == SUCCESS) {
                had.add(group);
            }
        }
        call(LibSsl.ERR_clear_error);
        if (had.isEmpty()) {
            throw new TlsException("OpenSSL has none of the policy's groups " + groups);
        }
        succeeded(
                control(LibSsl.SSL_CTRL_SET_GROUPS_LIST, 0, string(arena, String.join(":", had))),
                "refuses the groups " + had);
        if (had.size() < groups.size()) {
            LOG.info(
                    "openssl: goes on without the groups {}, which it does not have",
                    groups.stream().filter(group -> !had.contains(group)).toList());
        }
    }

    // ---- calls ----

    private long control(int command, long number, long pointer) {
        return call(LibSsl.SSL_CTX_ctrl, context, command, number, pointer);
    }

    private static long string(Arena arena, String text) {
        return arena.allocateFrom(text).address();
    }

    private static long given(long pointer, String failure) throws TlsException {
        if (pointer == NULL) {
            throw Failures.of(failure);
        }
        return pointer;
    }

    private static void succeeded(long result, String failure) throws TlsException {
        if (result != SUCCESS) {
            throw Failures.of(failure);
        }
    }
}

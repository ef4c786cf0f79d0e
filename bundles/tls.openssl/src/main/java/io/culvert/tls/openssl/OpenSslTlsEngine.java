package io.culvert.tls.openssl;

import static io.culvert.tls.openssl.LibSsl.NULL;
import static io.culvert.tls.openssl.LibSsl.call;
import static io.culvert.tls.openssl.LibSsl.text;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsStep;
import java.io.ByteArrayInputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An {@code SSL} over memory BIOs, which it has for the time of a step only: a connection is idle nearly always. A
 * server's connection of TLS 1.3 leaves OpenSSL after the handshake, where it would hold 18 KB: {@link Tls13Records}
 * need some hundred bytes for the same. One whose client wants smaller fragments (RFC 6066 section 4) stays.
 *
 * <p>Threads: as {@link TlsEngine} says; the lock keeps a caller who errs from memory that is freed.
 */
final class OpenSslTlsEngine implements TlsEngine {
    /** A record's plaintext, RFC 8446 section 5.1. */
    private static final int MAX_RECORD = 16 * 1024;

    private static final int SUCCESS = 1;

    /** TLSEXT_max_fragment_length_512, TLSEXT_max_fragment_length_4096. */
    private static final int SMALLEST_FRAGMENTS = 1;

    private static final int LARGEST_FRAGMENTS = 4;

    /** {@code SSL *}; null when closed. */
    private long ssl;

    private List<byte[]> held = List.of();
    private boolean complete;
    private boolean ended;
    private boolean failed;

    /** Kept as long as OpenSSL may call it; null for a client, and after the handshake. */
    private @Nullable KeyLog keyLog;

    /** Filled in the handshake; null for a client, after a handshake that stays in OpenSSL, and when closed. */
    private KeyLog.@Nullable Secrets secrets;

    private @Nullable Established established;

    /** A connection that has left OpenSSL. The chain is in DER, leaf first. */
    private record Established(Tls13Keys suite, Tls13Records records, List<byte[]> chain) {}

    /**
     * @param ssl becomes this engine's
     * @param keyLog for a server, which leaves OpenSSL after the handshake
     */
    OpenSslTlsEngine(long ssl, @Nullable KeyLog keyLog) {
        this.ssl = ssl;
        this.keyLog = keyLog;
        this.secrets = keyLog == null ? null : new KeyLog.Secrets();
    }

    @Override
    public synchronized TlsStep step(byte[] received, List<byte[]> messages) throws TlsException {
        if (closed() || failed) {
            throw new TlsException(failed ? "the TLS connection has failed before" : "the TLS connection is closed");
        }
        boolean well = false;
        try {
            Established now = established;
            TlsStep step = now != null ? now.records.step(received, messages) : inOpenSsl(received, messages);
            well = true;
            return step;
        } finally {
            failed = !well;
        }
    }

    private boolean closed() {
        return ssl == NULL && established == null;
    }

    private TlsStep inOpenSsl(byte[] received, List<byte[]> messages) throws TlsException {
        if (!messages.isEmpty()) {
            held = held.isEmpty() ? new ArrayList<>(messages) : joined(held, messages);
        }
        var fromPeer = new ArrayList<byte[]>();
        try (Arena arena = Arena.ofConfined()) {
            long output = attach(received, arena);
            try {
                boolean well = handshake();
                if (well && complete && leaves()) {
                    return leave(written(output, arena), written(call(LibSsl.SSL_get_rbio, ssl), arena));
                }
                if (complete) {
                    // It stays for good: OpenSSL alone knows how many records the secrets have protected.
                    forgetSecrets();
                }
                well = well && (!complete || (read(fromPeer, arena) && write(arena)));
                byte[] toPeer = written(output, arena);
                if (!well) {
                    throw new TlsException(Failures.ofHandshake(ssl), null, toPeer);
                }
                return new TlsStep(toPeer, List.copyOf(fromPeer), ended);
            } finally {
                if (ssl != NULL) {
                    call(LibSsl.SSL_set_bio, ssl, NULL, NULL);
                }
            }
        }
    }

    private static List<byte[]> joined(List<byte[]> first, List<byte[]> second) {
        var all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    /** Gives the connection its BIOs; the one for output is returned. What is read is read whole, or is an error. */
    private long attach(byte[] received, Arena arena) throws TlsException {
        call(LibSsl.ERR_clear_error);
        long input = call(LibSsl.BIO_new, call(LibSsl.BIO_s_mem));
        long output = call(LibSsl.BIO_new, call(LibSsl.BIO_s_mem));
        boolean taken = input != NULL && output != NULL;
        if (taken && received.length > 0) {
            MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, received);
            taken = call(LibSsl.BIO_write, input, bytes.address(), received.length) == received.length;
        }
        if (!taken) {
            call(LibSsl.BIO_free, input);
            call(LibSsl.BIO_free, output);
            throw Failures.of("has no memory for a TLS step");
        }
        call(LibSsl.SSL_set_bio, ssl, input, output);
        return output;
    }

    /** False when it failed; true does not mean that it is complete. */
    private boolean handshake() {
        if (complete) {
            return true;
        }
        long result;
        if (secrets == null) {
            result = call(LibSsl.SSL_do_handshake, ssl);
        } else {
            KeyLog.listen(secrets);
            try {
                result = call(LibSsl.SSL_do_handshake, ssl);
            } finally {
                KeyLog.silence();
            }
        }
        complete = result == SUCCESS;
        return complete || wants(result);
    }

    // ---- out of OpenSSL

    /** Whether all is known that the connection needs from here on. Nothing has been protected with the secrets yet. */
    private boolean leaves() {
        KeyLog.Secrets known = secrets;
        return known != null
                && known.client != null
                && known.server != null
                && known.exporter != null
                && call(LibSsl.SSL_version, ssl) == LibSsl.TLS1_3_VERSION
                && call(LibSsl.SSL_has_pending, ssl) == 0
                && !hasSmallFragments()
                && Tls13Keys.named(suite()).isPresent();
    }

    /** Whether max_fragment_length was agreed on: 512 to 4,096 bytes, as 1 to 4. */
    private boolean hasSmallFragments() {
        long mode = call(LibSsl.SSL_SESSION_get_max_fragment_length, call(LibSsl.SSL_get_session, ssl));
        return mode >= SMALLEST_FRAGMENTS && mode <= LARGEST_FRAGMENTS;
    }

    private void forgetSecrets() {
        if (secrets != null) {
            secrets.zero();
            secrets = null;
        }
    }

    /** Whether the connection is OpenSSL's no more. */
    synchronized boolean hasLeft() {
        return established != null;
    }

    /**
     * @param toPeer what the handshake has for the peer
     * @param unread what the peer has sent after it
     */
    private TlsStep leave(byte[] toPeer, byte[] unread) throws TlsException {
        Tls13Keys suite = Tls13Keys.valueOf(suite());
        KeyLog.Secrets known = Objects.requireNonNull(secrets);
        var records = new Tls13Records(
                suite,
                Objects.requireNonNull(known.client),
                Objects.requireNonNull(known.server));
        established = new Established(suite, records, chain());
        call(LibSsl.SSL_free, ssl);
        ssl = NULL;
        keyLog = null;
        List<byte[]> messages = held;
        held = List.of();
        TlsStep step = records.step(unread, messages);
        if (toPeer.length == 0) {
            return step;
        }
        byte[] all = Arrays.copyOf(toPeer, toPeer.length + step.toPeer().length);
        System.arraycopy(step.toPeer(), 0, all, toPeer.length, step.toPeer().length);
        return new TlsStep(all, step.messages(), step.closed());
    }

    private String suite() {
        return text(call(LibSsl.SSL_CIPHER_standard_name, call(LibSsl.SSL_get_current_cipher, ssl)));
    }

    // ---- in OpenSSL

    private boolean read(List<byte[]> fromPeer, Arena arena) {
        if (ended) {
            return true;
        }
        MemorySegment record = arena.allocate(MAX_RECORD);
        while (true) {
            long result = call(LibSsl.SSL_read, ssl, record.address(), MAX_RECORD);
            if (result <= 0) {
                ended = call(LibSsl.SSL_get_error, ssl, result) == LibSsl.SSL_ERROR_ZERO_RETURN;
                return ended || wants(result);
            }
            MemorySegment plaintext = record.asSlice(0, result);
            fromPeer.add(plaintext.toArray(ValueLayout.JAVA_BYTE));
            plaintext.fill((byte) 0);
        }
    }

    private boolean write(Arena arena) {
        List<byte[]> messages = held;
        held = List.of();
        for (byte[] message : messages) {
            if (message.length == 0) {
                continue;
            }
            MemorySegment plaintext = arena.allocateFrom(ValueLayout.JAVA_BYTE, message);
            long result = call(LibSsl.SSL_write, ssl, plaintext.address(), message.length);
            plaintext.fill((byte) 0);
            if (result <= 0) {
                return false;
            }
        }
        return true;
    }

    private boolean wants(long result) {
        long error = call(LibSsl.SSL_get_error, ssl, result);
        return error == LibSsl.SSL_ERROR_WANT_READ || error == LibSsl.SSL_ERROR_WANT_WRITE;
    }

    private static byte[] written(long output, Arena arena) {
        MemorySegment start = arena.allocate(ValueLayout.JAVA_LONG);
        long length = call(LibSsl.BIO_ctrl, output, LibSsl.BIO_CTRL_INFO, 0, start.address());
        return length <= 0 ? new byte[0] : LibSsl.bytes(start.get(ValueLayout.JAVA_LONG, 0), length);
    }

    // ---- after the handshake ----

    @Override
    public synchronized boolean handshakeComplete() {
        return complete;
    }

    @Override
    public synchronized String description() {
        if (established != null) {
            return "TLSv1.3 " + established.suite;
        }
        return ssl == NULL || !complete ? "" : text(call(LibSsl.SSL_get_version, ssl)) + " " + suite();
    }

    @Override
    public synchronized List<X509Certificate> peerCertificates() {
        if (closed() || !complete) {
            return List.of();
        }
        try {
            var factory = CertificateFactory.getInstance("X.509");
            var chain = new ArrayList<X509Certificate>();
            for (byte[] der : established != null ? established.chain : chain()) {
                chain.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
            }
            return List.copyOf(chain);
        } catch (CertificateException e) {
            // OpenSSL has read and verified them.
            throw new IllegalStateException("the JDK does not read the peer's certificate", e);
        }
    }

    /** The peer's, in DER, leaf first. */
    private List<byte[]> chain() {
        long leaf = call(LibSsl.SSL_get1_peer_certificate, ssl);
        if (leaf == NULL) {
            return List.of();
        }
        try {
            var chain = new ArrayList<byte[]>();
            chain.add(der(leaf));
            // A client finds its peer's leaf in the chain too, a server does not.
            long stack = call(LibSsl.SSL_get_peer_cert_chain, ssl);
            for (long i = 0; i < call(LibSsl.OPENSSL_sk_num, stack); i++) {
                byte[] next = der(call(LibSsl.OPENSSL_sk_value, stack, i));
                if (i > 0 || !Arrays.equals(next, chain.getFirst())) {
                    chain.add(next);
                }
            }
            return List.copyOf(chain);
        } finally {
            call(LibSsl.X509_free, leaf);
        }
    }

    private static byte[] der(long x509) {
        long length = call(LibSsl.i2d_X509, x509, NULL);
        if (length <= 0) {
            throw new IllegalStateException("OpenSSL does not encode the peer's certificate");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment der = arena.allocate(length);
            MemorySegment cursor = arena.allocateFrom(ValueLayout.JAVA_LONG, der.address());
            call(LibSsl.i2d_X509, x509, cursor.address());
            return der.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    @Override
    public synchronized byte[] exportKeyingMaterial(String label, int lengthBytes) throws TlsException {
        if (closed()) {
            throw new TlsException("the TLS connection is closed");
        }
        if (!complete) {
            throw new TlsException("keying material was asked for before the handshake is complete");
        }
        if (established != null) {
            try {
                byte[] secret = Objects.requireNonNull(Objects.requireNonNull(secrets).exporter);
                return established.suite.export(secret, label, lengthBytes);
            } catch (GeneralSecurityException e) {
                throw new TlsException("the JDK cannot derive keying material: " + e.getMessage(), e);
            }
        }
        call(LibSsl.ERR_clear_error);
        if (call(LibSsl.SSL_version, ssl) == LibSsl.TLS1_2_VERSION
                && call(LibSsl.SSL_ctrl, ssl, LibSsl.SSL_CTRL_GET_EXTMS_SUPPORT, 0, NULL) != SUCCESS) {
            throw new TlsException(
                    "this TLS connection cannot export keying material: it has no extended master secret (RFC 7627)");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment keys = arena.allocate(lengthBytes);
            MemorySegment name = arena.allocateFrom(label);
            // On TLS 1.2 an absent context differs from an empty one (RFC 5705 section 4).
            if (call(
                            LibSsl.SSL_export_keying_material,
                            ssl,
                            keys.address(),
                            lengthBytes,
                            name.address(),
                            name.byteSize() - 1,
                            NULL,
                            0,
                            0)
                    != SUCCESS) {
                throw Failures.of("does not export keying material");
            }
            byte[] exported = keys.toArray(ValueLayout.JAVA_BYTE);
            keys.fill((byte) 0);
            return exported;
        }
    }

    @Override
    public synchronized void close() {
        if (ssl != NULL) {
            call(LibSsl.SSL_free, ssl);
            ssl = NULL;
        }
        if (established != null) {
            established.records.zero();
            established = null;
        }
        forgetSecrets();
        keyLog = null;
        held.forEach(message -> Arrays.fill(message, (byte) 0));
        held = List.of();
    }
}

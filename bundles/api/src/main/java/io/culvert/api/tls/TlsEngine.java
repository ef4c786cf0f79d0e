package io.culvert.api.tls;

import java.security.cert.X509Certificate;
import java.util.List;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * One TLS connection over memory.
 *
 * <p>Threads: one call at a time, on any thread but a packet loop; a call may take milliseconds of CPU.
 */
@ConsumerType
public interface TlsEngine extends AutoCloseable {
    /**
     * Takes bytes from the peer, cut anywhere, and messages for the peer; gives what results. Messages are held back
     * until the handshake is complete, then each becomes one TLS record (of at most 16,000 bytes).
     *
     * @param received TLS bytes from the peer, may be empty
     * @param messages plaintext for the peer, may be empty
     * @throws TlsException when the connection failed; {@link TlsException#alert} holds bytes for the peer
     */
    TlsStep step(byte[] received, List<byte[]> messages) throws TlsException;

    /** True once the handshake is complete. */
    boolean handshakeComplete();

    /** The protocol version as {@code TLSv1.3}, and the suite's IANA name; empty before the handshake is complete. */
    String description();

    /** The peer's chain, leaf first; empty when the peer showed none. Only after the handshake. */
    List<X509Certificate> peerCertificates();

    /**
     * Exported keying material without context, RFC 5705 and RFC 8446 section 7.5.
     *
     * @throws TlsException when the handshake is not complete, or the session cannot export (TLS 1.2 without the
     *     extended master secret)
     */
    byte[] exportKeyingMaterial(String label, int lengthBytes) throws TlsException;

    /** Forgets the connection's keys. Sends nothing. Afterwards there is nothing to ask it for, and a step fails. */
    @Override
    void close();
}

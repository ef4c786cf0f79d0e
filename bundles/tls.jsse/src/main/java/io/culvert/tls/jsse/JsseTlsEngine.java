package io.culvert.tls.jsse;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsStep;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/** An {@link SSLEngine} turned around: bytes in, bytes and messages out, until it has nothing more to do. */
final class JsseTlsEngine implements TlsEngine {
    /** More than one whole record would hold, so that a peer cannot make us keep more. */
    private static final int MAX_PENDING = 64 * 1024;

    private static final int HEADER = 5;
    private static final int MAJOR_VERSION = 3;
    private static final int MAX_FRAGMENT = 16_384;
    private static final int CHANGE_CIPHER_SPEC = 20;
    private static final int HANDSHAKE = 22;
    private static final int UNEXPECTED_MESSAGE = 10;
    private static final int RECORD_OVERFLOW = 22;
    private static final int PROTOCOL_VERSION = 70;

    private final SSLEngine engine;
    private @Nullable HelloCheck hello;
    private final ArrayDeque<byte[]> held = new ArrayDeque<>();
    private byte[] pending = new byte[0];
    private boolean complete;
    private boolean failed;
    private boolean closed;

    JsseTlsEngine(SSLEngine engine) {
        this.engine = engine;
        this.hello = engine.getUseClientMode() ? null : new HelloCheck();
    }

    @Override
    public TlsStep step(byte[] received, List<byte[]> messages) throws TlsException {
        if (failed || closed) {
            throw new TlsException(closed ? "the TLS connection is closed" : "the TLS connection has failed before");
        }
        held.addAll(messages);
        if (pending.length + received.length > MAX_PENDING) {
            failed = true;
            throw new TlsException("the peer sends a TLS record that never ends");
        }
        byte[] joined = Arrays.copyOf(pending, pending.length + received.length);
        System.arraycopy(received, 0, joined, pending.length, received.length);
        ByteBuffer input = ByteBuffer.wrap(joined);
        var toPeer = new ByteArrayOutputStream();
        var fromPeer = new ArrayList<byte[]>();
        // For this step only: a connection is idle nearly always, and kept they would be most of a session's memory.
        ByteBuffer network = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        ByteBuffer application = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
        try {
            run(input, network, application, toPeer, fromPeer);
        } catch (SSLException | RuntimeException e) {
            failed = true;
            throw new TlsException(reason(e), e, alert(e, network, toPeer));
        }
        pending = Arrays.copyOfRange(joined, input.position(), input.limit());
        return new TlsStep(toPeer.toByteArray(), List.copyOf(fromPeer), engine.isInboundDone());
    }

    private void run(
            ByteBuffer input,
            ByteBuffer network,
            ByteBuffer application,
            ByteArrayOutputStream toPeer,
            List<byte[]> fromPeer)
            throws SSLException {
        while (true) {
            switch (engine.getHandshakeStatus()) {
                case NEED_TASK -> {
                    Runnable task;
                    while ((task = engine.getDelegatedTask()) != null) {
                        task.run();
                    }
                }
                case NEED_WRAP -> {
                    if (!wrap(ByteBuffer.allocate(0), network, toPeer)) {
                        return;
                    }
                }
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
                    if (!unwrap(input, application, fromPeer)) {
                        return;
                    }
                }
                case FINISHED, NOT_HANDSHAKING -> {
                    if (unwrap(input, application, fromPeer)) {
                        continue;
                    }
                    if (engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
                        continue;
                    }
                    if (!complete || held.isEmpty() || engine.isOutboundDone()) {
                        return;
                    }
                    ByteBuffer message = ByteBuffer.wrap(held.poll());
                    while (message.hasRemaining() && wrap(message, network, toPeer)) {
                        // One round, as long as the message fits a record.
                    }
                }
            }
        }
    }

    /** Whether it made progress. */
    private boolean wrap(ByteBuffer message, ByteBuffer network, ByteArrayOutputStream toPeer) throws SSLException {
        network.clear();
        SSLEngineResult result = engine.wrap(message, network);
        noteHandshake(result);
        toPeer.write(network.array(), 0, network.position());
        return result.getStatus() == SSLEngineResult.Status.OK;
    }

    private boolean unwrap(ByteBuffer input, ByteBuffer application, List<byte[]> fromPeer) throws SSLException {
        if (engine.isInboundDone()) {
            return false;
        }
        check(input);
        application.clear();
        SSLEngineResult result = engine.unwrap(input, application);
        noteHandshake(result);
        if (application.position() > MAX_FRAGMENT) {
            throw new RefusedException(RECORD_OVERFLOW, "the peer sends a record that is too long");
        }
        if (application.position() > 0) {
            fromPeer.add(Arrays.copyOf(application.array(), application.position()));
            Arrays.fill(application.array(), 0, application.position(), (byte) 0);
        }
        return result.getStatus() == SSLEngineResult.Status.OK
                && (result.bytesConsumed() > 0
                        || result.bytesProduced() > 0
                        || result.getHandshakeStatus() == HandshakeStatus.NEED_TASK
                        || result.getHandshakeStatus() == HandshakeStatus.NEED_WRAP);
    }

    /** What the JDK would bear in the record that it takes next. */
    private void check(ByteBuffer input) throws RefusedException {
        int at = input.position();
        if (input.remaining() < HEADER) {
            return;
        }
        int type = input.get(at);
        if (input.get(at + 1) != MAJOR_VERSION) {
            throw new RefusedException(PROTOCOL_VERSION, "the peer sends a record of no version of TLS");
        }
        if (complete && type == CHANGE_CIPHER_SPEC) {
            throw new RefusedException(UNEXPECTED_MESSAGE, "the peer sends change_cipher_spec after the handshake");
        }
        // On TLS 1.3 it is sealed; on TLS 1.2 this is another handshake, RFC 5746 section 4.5.
        if (complete && type == HANDSHAKE) {
            throw new RefusedException(UNEXPECTED_MESSAGE, "the peer asks for a renegotiation, which there is not");
        }
        int length = input.getShort(at + 3) & 0xffff;
        if (hello != null && type == HANDSHAKE && input.remaining() >= HEADER + length) {
            hello.take(input.slice(at + HEADER, length));
            if (hello.over()) {
                hello = null;
            }
        }
    }

    private void noteHandshake(SSLEngineResult result) {
        if (result.getHandshakeStatus() == HandshakeStatus.FINISHED) {
            complete = true;
        }
    }

    private byte[] alert(Exception failure, ByteBuffer network, ByteArrayOutputStream toPeer) {
        if (failure instanceof RefusedException refused) {
            if (complete) {
                fail();
            } else if (engine.getHandshakeSession() == null) {
                toPeer.writeBytes(refused.record());
            }
            engine.closeOutbound();
        }
        try {
            while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP && wrap(ByteBuffer.allocate(0), network, toPeer)) {
                // each round appends what the engine has left to say
            }
        } catch (SSLException _) {
            // What was written so far is all that there is.
        }
        return toPeer.toByteArray();
    }

    /** The JDK seals a fatal alert only about what it refuses by itself: a record that nobody has sealed. */
    private void fail() {
        byte[] forged = Arrays.copyOf(new byte[] {23, 3, 3, 0, 64}, HEADER + 64);
        try {
            engine.unwrap(ByteBuffer.wrap(forged), ByteBuffer.allocate(engine.getSession().getApplicationBufferSize()));
        } catch (SSLException | RuntimeException _) {
            // As it should: the alert waits to be wrapped.
        }
    }

    /** The innermost message that says something: path validation hides its reason below two wrappers. */
    private static String reason(Throwable failure) {
        String text = String.valueOf(failure.getMessage());
        for (Throwable t = failure.getCause(); t != null; t = t.getCause()) {
            if (t.getMessage() != null) {
                text = t.getMessage();
            }
        }
        return text;
    }

    @Override
    public boolean handshakeComplete() {
        return complete;
    }

    @Override
    public String description() {
        return complete && !closed
                ? engine.getSession().getProtocol() + " " + engine.getSession().getCipherSuite()
                : "";
    }

    @Override
    public List<X509Certificate> peerCertificates() {
        if (closed) {
            return List.of();
        }
        try {
            var chain = new ArrayList<X509Certificate>();
            for (Certificate certificate : engine.getSession().getPeerCertificates()) {
                chain.add((X509Certificate) certificate);
            }
            return List.copyOf(chain);
        } catch (SSLPeerUnverifiedException _) {
            return List.of();
        }
    }

    @Override
    public byte[] exportKeyingMaterial(String label, int lengthBytes) throws TlsException {
        if (closed) {
            throw new TlsException("the TLS connection is closed");
        }
        if (!complete) {
            throw new TlsException("keying material was asked for before the handshake is complete");
        }
        try {
            // On TLS 1.2 an absent context differs from an empty one (RFC 5705 section 4).
            return ((ExtendedSSLSession) engine.getSession()).exportKeyingMaterialData(label, null, lengthBytes);
        } catch (SSLException | RuntimeException e) {
            throw new TlsException("this TLS connection cannot export keying material: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        closed = true;
        held.forEach(message -> Arrays.fill(message, (byte) 0));
        held.clear();
        Arrays.fill(pending, (byte) 0);
        pending = new byte[0];
        engine.getSession().invalidate();
        engine.closeOutbound();
    }
}

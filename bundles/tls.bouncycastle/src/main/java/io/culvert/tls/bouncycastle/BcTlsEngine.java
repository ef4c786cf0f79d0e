package io.culvert.tls.bouncycastle;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsStep;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.ContentType;
import org.bouncycastle.tls.TlsFatalAlertReceived;
import org.bouncycastle.tls.TlsProtocol;

/** The library's protocol over memory, fed one record at a time, so that a message is what one record held. */
final class BcTlsEngine implements TlsEngine {
    private static final int HEADER = 5;
    private static final int MAJOR_VERSION = 3;

    /** Of records one after another that bring no data; a peer that sends more of them keeps us busy for nothing. */
    private static final int MAX_IDLE_RECORDS = 32;

    private final Connection connection;
    private final TlsProtocol protocol;
    private final Outcome outcome;
    private final ArrayDeque<byte[]> held = new ArrayDeque<>();
    private byte[] pending = new byte[0];
    private int idleRecords;
    private boolean failed;
    private boolean closed;
    private boolean peerClosed;

    BcTlsEngine(Connection connection, Outcome outcome) {
        this.connection = connection;
        this.protocol = connection.protocol();
        this.outcome = outcome;
    }

    @Override
    public TlsStep step(byte[] received, List<byte[]> messages) throws TlsException {
        if (failed || closed) {
            throw new TlsException(closed ? "the TLS connection is closed" : "the TLS connection has failed before");
        }
        held.addAll(messages);
        var fromPeer = new ArrayList<byte[]>();
        try {
            read(received, fromPeer);
            while (outcome.isComplete() && !peerClosed && !held.isEmpty()) {
                byte[] message = held.poll();
                protocol.writeApplicationData(message, 0, message.length);
            }
        } catch (IOException | RuntimeException e) {
            failed = true;
            held.clear();
            pending = new byte[0];
            outcome.forget();
            throw new TlsException(reason(e), e, output());
        }
        return new TlsStep(output(), List.copyOf(fromPeer), peerClosed);
    }

    private void read(byte[] received, List<byte[]> fromPeer) throws IOException {
        byte[] input = received;
        if (pending.length > 0) {
            input = Arrays.copyOf(pending, pending.length + received.length);
            System.arraycopy(received, 0, input, pending.length, received.length);
        }
        int at = 0;
        while (!peerClosed && input.length - at >= HEADER) {
            int size = sizeOf(input, at);
            if (input.length - at < size) {
                break;
            }
            protocol.offerInput(input, at, size);
            at += size;
            int available = protocol.getAvailableInputBytes();
            if (available > 0) {
                byte[] message = new byte[available];
                protocol.readInput(message, 0, available);
                fromPeer.add(message);
                idleRecords = 0;
            }
            peerClosed = protocol.isClosed();
        }
        // What follows a close_notify is not looked at, RFC 8446 section 6.1.
        pending = peerClosed || at == input.length ? new byte[0] : Arrays.copyOfRange(input, at, input.length);
    }

    /** Of the record with its header, which is checked before the rest has come. */
    private int sizeOf(byte[] input, int at) throws IOException {
        byte type = input[at];
        if (input[at + 1] != MAJOR_VERSION) {
            connection.refuse(AlertDescription.protocol_version, "a record of no version of TLS");
        }
        int size = protocol.previewInputRecord(Arrays.copyOfRange(input, at, at + HEADER)).getRecordSize();
        if (input.length - at >= size) {
            boolean idles = outcome.isComplete() || type == ContentType.change_cipher_spec || type == ContentType.alert;
            if (idles && ++idleRecords > MAX_IDLE_RECORDS) {
                connection.refuse(AlertDescription.unexpected_message, "too many records without data");
            }
        }
        return size;
    }

    private byte[] output() {
        byte[] bytes = new byte[protocol.getAvailableOutputBytes()];
        protocol.readOutput(bytes, 0, bytes.length);
        return bytes;
    }

    /** The innermost message that says something: path validation hides its reason below a wrapper or two. */
    private static String reason(Throwable failure) {
        if (failure instanceof TlsFatalAlertReceived) {
            return "the peer refuses: " + failure.getMessage();
        }
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
        return outcome.isComplete();
    }

    @Override
    public String description() {
        return outcome.description();
    }

    @Override
    public List<X509Certificate> peerCertificates() {
        return outcome.isComplete() ? outcome.peerCertificates() : List.of();
    }

    @Override
    public byte[] exportKeyingMaterial(String label, int lengthBytes) throws TlsException {
        if (closed) {
            throw new TlsException("the TLS connection is closed");
        }
        if (failed || !outcome.isComplete()) {
            throw new TlsException("keying material was asked for before the handshake is complete");
        }
        try {
            return outcome.export(label, lengthBytes);
        } catch (IOException | RuntimeException e) {
            throw new TlsException("this TLS connection cannot export keying material: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        held.forEach(message -> Arrays.fill(message, (byte) 0));
        held.clear();
        pending = new byte[0];
        outcome.forget();
        try {
            protocol.close();
            output();
        } catch (IOException _) {
            // It only fails to tell the peer, whom nobody tells.
        }
    }
}

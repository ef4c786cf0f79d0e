package io.culvert.tunnel.openvpn.control;

import io.culvert.api.packet.Outbox;
import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsStep;
import io.culvert.api.tunnel.SessionHost;
import io.culvert.tunnel.openvpn.wire.ControlMessage;
import io.culvert.tunnel.openvpn.wire.ControlPacket;
import io.culvert.tunnel.openvpn.wire.Opcode;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * One negotiation and the control channel that it leaves behind: a key-id, its own message-ids, its own TLS
 * connection. Control packets come in, TLS records' messages go up to {@link Events}.
 */
public final class KeyState {
    /** TLS bytes in one control packet, so that it fits 1250 bytes with IPv6, UDP and the largest wrapping. */
    public static final int MAX_PAYLOAD = 1076;

    private static final byte[] EMPTY = {};
    private static final int HANDSHAKE_RECORD = 22;
    private static final int CLIENT_HELLO = 1;
    private static final int HELLO_TYPE_AT = 5;

    /** What a negotiation tells its session. */
    public interface Events {
        /** A TLS record's plaintext: the key-method-2 message first, text messages after it. */
        void onRecord(KeyState state, byte[] record, long nowNs, Outbox out);

        /** TLS failed; its alert is queued already. */
        void onTlsFailure(KeyState state, String reason, long nowNs, Outbox out);

        /** There may be something to send. */
        void onOutput(KeyState state, long nowNs, Outbox out);
    }

    private final int keyId;
    private final long startedNs;
    private final Reliable reliable;
    private final TlsPump tls;
    private final Callable<TlsEngine> open;
    private boolean keyExchangeDone;

    /** Whether the peer was answered with more than a reset. */
    private boolean answered;

    /**
     * @param open makes the TLS engine, on a thread for handshakes, at the first use
     * @param startedNs when the reset was sent or received
     */
    public KeyState(
            int keyId, long startedNs, Reliable reliable, SessionHost host, Callable<TlsEngine> open, Events events) {
        this.keyId = keyId;
        this.startedNs = startedNs;
        this.reliable = reliable;
        this.open = open;
        this.tls = new TlsPump(host, open, new TlsPump.Events() {
            @Override
            public void onStep(TlsStep step, long nowNs, Outbox out) {
                queue(step.toPeer());
                for (byte[] record : step.messages()) {
                    events.onRecord(KeyState.this, record, nowNs, out);
                }
                events.onOutput(KeyState.this, nowNs, out);
            }

            @Override
            public void onFailure(String reason, byte[] alert, long nowNs, Outbox out) {
                answered = true;
                queue(alert);
                events.onTlsFailure(KeyState.this, reason, nowNs, out);
            }
        });
    }

    public int keyId() {
        return keyId;
    }

    public long startedNs() {
        return startedNs;
    }

    public Reliable reliable() {
        return reliable;
    }

    /** Where the TLS engine is from. */
    public Callable<TlsEngine> engineSource() {
        return open;
    }

    /** Whether the peer's key-method-2 message has come: what follows is text. */
    public boolean keyExchangeDone() {
        return keyExchangeDone;
    }

    public void keyExchanged() {
        keyExchangeDone = true;
    }

    /** An authentic control packet of this key-id. False when it breaks the protocol beyond repair. */
    public boolean onPacket(ControlPacket packet, long nowNs) {
        reliable.onPeerHeard();
        reliable.onAcks(packet.acks());
        if (beginsTls(packet)) {
            // Nobody says this before the own reset was acknowledged: it was, by whoever had the session before.
            reliable.skipFirst();
        }
        if (packet.opcode() == Opcode.ACK_V1 || !reliable.receive(packet)) {
            return true;
        }
        for (ControlPacket next = reliable.deliver(); next != null; next = reliable.deliver()) {
            boolean carriesTls = next.opcode() == Opcode.CONTROL_V1 || next.opcode() == Opcode.CONTROL_WKC_V1;
            if (carriesTls && next.payload().length > 0 && !tls.receive(next.payload())) {
                return false;
            }
        }
        tls.pump();
        return true;
    }

    /** Whether the packet begins the TLS connection of a renegotiation: a client's hello, right behind the reset. */
    public static boolean beginsTls(ControlPacket packet) {
        byte[] tls = packet.payload();
        return packet.opcode() == Opcode.CONTROL_V1
                && packet.keyId() > 0
                && packet.messageId() == 1
                && tls.length > HELLO_TYPE_AT
                && tls[0] == HANDSHAKE_RECORD
                && tls[HELLO_TYPE_AT] == CLIENT_HELLO;
    }

    /**
     * Whether acknowledgements wait for something to go with: what a renegotiation begins with is acknowledged together
     * with the answer. Whoever takes the session over before that hears it again, and begins anew without a client
     * that waits in vain; after the answer the client's TLS knows this end's alone.
     */
    boolean holdsAcks() {
        return keyId > 0 && !answered && reliable.heardMore();
    }

    /** Whether the peer has acknowledged everything that was said, and nothing more is about to be. */
    public boolean settled() {
        return tls.idle() && reliable.allAcknowledged();
    }

    /** Queues a reset packet; it carries no TLS. */
    public void sendReset(int opcode, byte[] payload) {
        reliable.send(opcode, payload);
    }

    /** Starts the TLS handshake as a client. */
    public void startTls(Events events) {
        tls.run(engine -> engine.step(EMPTY, List.of()), (step, error, nowNs, out) -> {
            if (step != null) {
                queue(step.toPeer());
                events.onOutput(this, nowNs, out);
            }
        });
    }

    /** Queues a record for the peer. */
    public void sendRecord(byte[] record) {
        tls.send(record);
        tls.pump();
    }

    public void sendText(String message) {
        sendRecord(ControlMessage.encode(message));
    }

    /** Work with this negotiation's TLS connection, on a thread for handshakes. */
    public <T> void withTls(EngineWork<T> work, SessionHost.Completion<T> then) {
        tls.run(work::with, then);
    }

    /** Work that needs the TLS engine. */
    @FunctionalInterface
    public interface EngineWork<T> {
        T with(TlsEngine engine) throws Exception;
    }

    private void queue(byte[] tlsBytes) {
        answered |= tlsBytes.length > 0;
        for (int from = 0; from < tlsBytes.length; from += MAX_PAYLOAD) {
            int to = Math.min(tlsBytes.length, from + MAX_PAYLOAD);
            reliable.send(Opcode.CONTROL_V1, Arrays.copyOfRange(tlsBytes, from, to));
        }
    }

    public void close() {
        tls.close();
    }
}

package io.culvert.it.peer;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsStep;
import io.culvert.tunnel.openvpn.control.KeyExchange;
import io.culvert.tunnel.openvpn.control.KeyState;
import io.culvert.tunnel.openvpn.control.Reliable;
import io.culvert.tunnel.openvpn.wire.ControlMessage;
import io.culvert.tunnel.openvpn.wire.ControlPacket;
import io.culvert.tunnel.openvpn.wire.KeyMethod2;
import io.culvert.tunnel.openvpn.wire.Opcode;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** One key-id's control channel in the client's role: its message-ids, its TLS connection, its key-method-2 messages. */
final class ClientNegotiation {
    private final int keyId;
    private final KeyMethod2 own;
    private final Reliable reliable = new Reliable();
    private TlsEngine engine;
    private KeyMethod2 servers;

    /**
     * @param opcode of the reset that begins it
     * @param own this end's part of the keys
     */
    ClientNegotiation(int keyId, int opcode, KeyMethod2 own) {
        this.keyId = keyId;
        this.own = own;
        reliable.send(opcode, new byte[0]);
    }

    int keyId() {
        return keyId;
    }

    Reliable reliable() {
        return reliable;
    }

    /** Whether both ends' parts of the keys are there. */
    boolean exchanged() {
        return servers != null;
    }

    KeyExchange.Keys derive(KeyExchange.Derivation derivation, boolean dynamic, long localSid, long remoteSid)
            throws TlsException {
        var random = Objects.requireNonNull(servers, "the server's key-method-2 message");
        return new KeyExchange(own, random.random1(), random.random2())
                .derive(Objects.requireNonNull(engine), derivation, dynamic, localSid, remoteSid);
    }

    /**
     * A packet of this key-id.
     *
     * @return the text messages that it completes
     */
    List<String> onPacket(ControlPacket packet, EngineSource tls) throws TlsException {
        reliable.onPeerHeard();
        reliable.onAcks(packet.acks());
        if (packet.opcode() == Opcode.ACK_V1 || !reliable.receive(packet)) {
            return List.of();
        }
        var received = new ByteArrayOutputStream();
        boolean begins = false;
        for (ControlPacket next = reliable.deliver(); next != null; next = reliable.deliver()) {
            if (next.opcode() == Opcode.CONTROL_V1) {
                received.writeBytes(next.payload());
            } else {
                begins = true;
            }
        }
        if (begins && engine == null) {
            engine = tls.open();
            return step(received.toByteArray(), List.of(own.encode()));
        }
        return received.size() > 0 && engine != null ? step(received.toByteArray(), List.of()) : List.of();
    }

    void sendText(String message) throws TlsException {
        step(new byte[0], List.of(ControlMessage.encode(message)));
    }

    private List<String> step(byte[] received, List<byte[]> messages) throws TlsException {
        TlsStep step = Objects.requireNonNull(engine).step(received, messages);
        byte[] out = step.toPeer();
        for (int from = 0; from < out.length; from += KeyState.MAX_PAYLOAD) {
            int to = Math.min(out.length, from + KeyState.MAX_PAYLOAD);
            reliable.send(Opcode.CONTROL_V1, Arrays.copyOfRange(out, from, to));
        }
        var text = new ArrayList<String>();
        for (byte[] record : step.messages()) {
            if (servers == null) {
                servers = Objects.requireNonNull(KeyMethod2.parseServer(record), "the server's key-method-2 message");
            } else {
                text.addAll(ControlMessage.parse(record));
            }
        }
        return text;
    }

    void close() {
        if (engine != null) {
            engine.close();
        }
    }

    /** Makes the TLS connection's end here. */
    @FunctionalInterface
    interface EngineSource {
        TlsEngine open() throws TlsException;
    }
}

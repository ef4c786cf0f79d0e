package io.culvert.tunnel.openvpn;

import io.culvert.api.tunnel.Endpoint;
import io.culvert.tunnel.openvpn.wire.ControlPacket;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Stops spoofed first packets from costing memory: the server's session-id of a UDP handshake is
 * {@code HMAC-SHA256(secret, slot || client address and port || client SID)}, so that only a remote which received it
 * can name it, and the server keeps nothing until then.
 */
final class SessionCookie {
    private static final String HMAC = "HmacSHA256";
    /** The current slot and those before it. */
    private static final int SLOTS = 3;

    private final byte[] secret;
    private final long slotSeconds;

    /** @param secret random, this process's own */
    SessionCookie(byte[] secret, int handshakeSeconds) {
        this.secret = secret.clone();
        this.slotSeconds = (handshakeSeconds + 1) / 2;
    }

    /** The session-id to offer. */
    long offer(Endpoint from, long clientSessionId, long wallSeconds) {
        return at(wallSeconds / slotSeconds, from, clientSessionId);
    }

    /** Whether {@code packet}, the third of a handshake, proves that its sender got a fresh offer. */
    boolean admits(ControlPacket packet, Endpoint from, long wallSeconds) {
        if (packet.keyId() != 0 || packet.acks().length == 0 || packet.messageId() > 1 || packet.messageId() < 0) {
            return false;
        }
        for (int ack : packet.acks()) {
            if (ack < 0 || ack > 1) {
                return false;
            }
        }
        long slot = wallSeconds / slotSeconds;
        for (int age = 0; age < SLOTS; age++) {
            if (at(slot - age, from, packet.sessionId()) == packet.ackSessionId()) {
                return true;
            }
        }
        return false;
    }

    private long at(long slot, Endpoint from, long clientSessionId) {
        byte[] address = from.remote().getAddress().getAddress();
        ByteBuffer input = ByteBuffer.allocate(8 + address.length + 2 + 8)
                .putLong(slot)
                .put(address)
                .putShort((short) from.remote().getPort())
                .putLong(clientSessionId);
        try {
            Mac mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(secret, HMAC));
            long id = ByteBuffer.wrap(mac.doFinal(input.array())).getLong();
            return id == 0 ? 1 : id;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK has no HMAC-SHA256", e);
        }
    }
}

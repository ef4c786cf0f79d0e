package io.culvert.tunnel.openvpn.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.culvert.tunnel.openvpn.vectors.Vector;
import io.culvert.tunnel.openvpn.wire.ControlPacket;
import io.culvert.tunnel.openvpn.wrap.ControlWrap;
import io.culvert.tunnel.openvpn.wrap.ControlWrap.Unwrapped;
import io.culvert.tunnel.openvpn.wrap.Digest;
import io.culvert.tunnel.openvpn.wrap.PlainWrap;
import io.culvert.tunnel.openvpn.wrap.ServerWrapKey;
import io.culvert.tunnel.openvpn.wrap.StaticKey;
import io.culvert.tunnel.openvpn.wrap.TlsAuthWrap;
import io.culvert.tunnel.openvpn.wrap.TlsCryptWrap;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * What protects control packets: the bytes as a stranger sends them, and the same bytes wrapped by somebody who has the
 * key, so that what lies behind the authentication is reached too.
 */
class WrapFuzzTest {
    private static final StaticKey KEY =
            Vector.load("01-tlscrypt-aes256gcm-tls13-ekm").staticKey();
    private static final ServerWrapKey SERVER_KEY =
            Vector.load("04-tlscryptv2-aes256gcm").serverKey();
    private static final long SESSION = 0x0102030405060708L;

    @FuzzTest
    void plain(byte[] data) {
        both(new PlainWrap(), new PlainWrap(), data);
    }

    @FuzzTest
    void tlsAuth(byte[] data) {
        both(
                TlsAuthWrap.directed(KEY, Digest.SHA256, true),
                TlsAuthWrap.directed(KEY, Digest.SHA256, false),
                data);
    }

    @FuzzTest
    void tlsCrypt(byte[] data) {
        both(new TlsCryptWrap(KEY, true), new TlsCryptWrap(KEY, false), data);
    }

    private static void both(ControlWrap server, ControlWrap client, byte[] data) {
        read(server.unwrap(data));
        if (data.length < 10) {
            return;
        }
        long replay = ByteBuffer.wrap(data).getLong(1);
        byte[] rest = Arrays.copyOfRange(data, 9, data.length);
        Unwrapped unwrapped = server.unwrap(client.wrap(data[0], SESSION, replay, rest));
        assertNotNull(unwrapped);
        assertEquals(SESSION, unwrapped.sessionId());
        assertEquals(server.hasReplay() ? replay : 0, unwrapped.replay());
        assertArrayEquals(rest, unwrapped.rest());
        read(unwrapped);
    }

    private static void read(Unwrapped unwrapped) {
        if (unwrapped != null) {
            ControlPacket.parse(unwrapped.firstByte(), unwrapped.sessionId(), unwrapped.rest());
        }
    }

    @FuzzTest
    void wrappedClientKey(byte[] data) {
        int length = ServerWrapKey.wrappedLength(data);
        assertTrue(length == -1 || length <= data.length);
        ServerWrapKey.ClientKey stranger = SERVER_KEY.unwrap(data);
        assertTrue(stranger == null || length > 0);
        if (data.length == 0) {
            return;
        }
        byte[] metadata = Arrays.copyOf(data, Math.min(data.length, ServerWrapKey.MAX_METADATA_BYTES));
        byte[] wrapped = SERVER_KEY.wrap(KEY, metadata);
        byte[] packet = ByteBuffer.allocate(data.length + wrapped.length).put(data).put(wrapped).array();
        ServerWrapKey.ClientKey client = SERVER_KEY.unwrap(packet);
        assertNotNull(client);
        assertArrayEquals(KEY.bytes(), client.key().bytes());
        assertArrayEquals(metadata, client.metadata());
    }
}

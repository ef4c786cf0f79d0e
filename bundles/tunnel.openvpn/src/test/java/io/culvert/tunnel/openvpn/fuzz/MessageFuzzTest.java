package io.culvert.tunnel.openvpn.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.culvert.tunnel.openvpn.wire.ControlMessage;
import io.culvert.tunnel.openvpn.wire.ControlPacket;
import io.culvert.tunnel.openvpn.wire.EarlyNegotiation;
import io.culvert.tunnel.openvpn.wire.KeyMethod2;
import io.culvert.tunnel.openvpn.wire.OptionsString;
import io.culvert.tunnel.openvpn.wire.PeerInfo;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Messages of peers: whatever the bytes, an answer and no exception; what is taken can be written again. */
class MessageFuzzTest {
    @FuzzTest
    void controlPacket(byte[] data) {
        if (data.length < ControlPacket.HEAD_BYTES) {
            return;
        }
        byte[] rest = Arrays.copyOfRange(data, 1, data.length);
        ControlPacket packet = ControlPacket.parse(data[0] & 0xFF, 0x0102030405060708L, rest);
        if (packet != null) {
            assertEquals(data[0], (byte) packet.firstByte());
            assertArrayEquals(rest, packet.encodeRest());
        }
    }

    @FuzzTest
    void keyMethod2(byte[] data) {
        KeyMethod2.parseServer(data);
        KeyMethod2 message = KeyMethod2.parseClient(data);
        if (message == null) {
            return;
        }
        PeerInfo.parse(message.peerInfo()).ciphers();
        byte[] written = message.encode();
        // What is no UTF-8 was replaced, which may be longer than a peer may send.
        if (written.length <= KeyMethod2.MAX_BYTES) {
            KeyMethod2 again = KeyMethod2.parseClient(written);
            assertNotNull(again);
            assertArrayEquals(message.preMaster(), again.preMaster());
            assertEquals(message.options(), again.options());
            assertEquals(message.username(), again.username());
            assertArrayEquals(message.password(), again.password());
            assertEquals(message.peerInfo(), again.peerInfo());
        }
        byte[] answer = new KeyMethod2(
                        new byte[0],
                        message.random1(),
                        message.random2(),
                        OptionsString.mirrored(message.options()),
                        null,
                        null,
                        "")
                .encode();
        assertTrue(answer.length <= 16 * 1024, "a TLS record holds the answer");
        message.zero();
    }

    @FuzzTest
    void controlMessage(byte[] data) {
        for (String message : ControlMessage.parse(data)) {
            assertTrue(!message.isEmpty() && message.chars().noneMatch(c -> c < ' ' || c == 0x7F));
            assertTrue(message.length() < ControlMessage.MAX_BYTES);
        }
        String reason = ControlMessage.reason(new String(data, StandardCharsets.UTF_8));
        assertTrue(reason.chars().noneMatch(c -> c == ',' || c < ' '));
    }

    @FuzzTest
    void peerInfo(byte[] data) {
        PeerInfo info = PeerInfo.parse(new String(data, StandardCharsets.UTF_8));
        info.variables().values().forEach(v -> assertTrue(v.chars().noneMatch(c -> Character.isISOControl(c) || c == '`' || c == '$')));
        assertTrue(info.client().chars().noneMatch(Character::isISOControl));
        info.ciphers();
        info.has(PeerInfo.DATA_V2);
        assertEquals(info, PeerInfo.parse(info.encoded()));
    }

    @FuzzTest
    void optionsString(byte[] data) {
        String options = new String(data, StandardCharsets.ISO_8859_1);
        String mirrored = OptionsString.mirrored(options);
        if (!options.isEmpty()) {
            assertTrue(mirrored.length() <= options.length());
        }
        OptionsString.cipher(options);
        OptionsString.refusedFraming(options);
    }

    @FuzzTest
    void earlyNegotiation(byte[] data) {
        boolean asks = EarlyNegotiation.asksForWrappedKey(data);
        assertTrue(!asks || data.length >= EarlyNegotiation.resendWrappedKey().length);
    }
}

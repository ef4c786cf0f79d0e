package io.culvert.tunnel.openvpn.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.culvert.api.packet.DropReason;
import io.culvert.tunnel.openvpn.control.ControlChannel.Received;
import io.culvert.tunnel.openvpn.wire.ControlPacket;
import io.culvert.tunnel.openvpn.wire.Opcode;
import io.culvert.tunnel.openvpn.wrap.ControlWrap;
import io.culvert.tunnel.openvpn.wrap.PlainWrap;
import io.culvert.tunnel.openvpn.wrap.ReplayCounter;
import io.culvert.tunnel.openvpn.wrap.ReplayGuard;
import io.culvert.tunnel.openvpn.wrap.StaticKey;
import io.culvert.tunnel.openvpn.wrap.TlsCryptWrap;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ControlChannelTest {
    private static final long SERVER = 0x1111;
    private static final long CLIENT = 0x2222;

    private final StaticKey key = key(1);
    private final StaticKey dynamic = key(2);
    private final ControlWrap client = new TlsCryptWrap(key, false);
    private final ControlChannel server = channel(new TlsCryptWrap(key, true));

    private static StaticKey key(long seed) {
        byte[] bytes = new byte[StaticKey.LENGTH];
        new Random(seed).nextBytes(bytes);
        return new StaticKey(bytes);
    }

    private static ControlChannel channel(ControlWrap wrap) {
        return new ControlChannel(SERVER, CLIENT, true, wrap, new ReplayCounter(10, 0), new ReplayGuard());
    }

    private static byte[] packet(ControlWrap wrap, int keyId, long sessionId, long ackSessionId, long replay) {
        var packet = new ControlPacket(
                Opcode.CONTROL_V1, keyId, sessionId, new int[] {0}, ackSessionId, 1, new byte[] {1});
        return wrap.wrap(packet.firstByte(), sessionId, replay, packet.encodeRest());
    }

    @Test
    void shouldRefusePacketsOfOtherSessions() {
        assertEquals(
                new Received.Refused(DropReason.UNKNOWN_SESSION),
                server.receive(packet(client, 0, 0x9999, SERVER, 1L << 32 | 10)));
        assertEquals(
                new Received.Refused(DropReason.MALFORMED),
                server.receive(packet(client, 0, CLIENT, 0x9999, 1L << 32 | 10)));
        assertInstanceOf(
                Received.Accepted.class, server.receive(packet(client, 0, CLIENT, SERVER, 1L << 32 | 10)));
    }

    @Test
    void shouldKeepTheBaseWrapForKeyIdZeroAndUseTheDynamicOneForOthers() {
        server.useDynamic(dynamic, 20);
        ControlWrap renegotiating = new TlsCryptWrap(dynamic, false);
        assertEquals(
                new Received.Refused(DropReason.BAD_TAG),
                server.receive(packet(client, 1, CLIENT, SERVER, 1L << 32 | 10)));
        assertEquals(
                new Received.Refused(DropReason.BAD_TAG),
                server.receive(packet(renegotiating, 0, CLIENT, SERVER, 1L << 32 | 10)));
        // Replay ids of the two wraps do not meet.
        assertInstanceOf(
                Received.Accepted.class, server.receive(packet(client, 0, CLIENT, SERVER, 1L << 32 | 10)));
        assertInstanceOf(
                Received.Accepted.class, server.receive(packet(renegotiating, 1, CLIENT, SERVER, 1L << 32 | 10)));
        assertEquals(
                new Received.Refused(DropReason.REPLAYED),
                server.receive(packet(renegotiating, 1, CLIENT, SERVER, 1L << 32 | 10)));
        assertEquals(20, server.replayTime());
    }

    @Test
    void shouldNotRememberTheReplayIdOfWhatItRefused() {
        server.receive(packet(client, 0, 0x9999, SERVER, 5L << 32 | 10));
        assertInstanceOf(
                Received.Accepted.class, server.receive(packet(client, 0, CLIENT, SERVER, 5L << 32 | 10)));
    }

    @Test
    void shouldRefuseEveryTruncationOfEveryWrap() {
        for (ControlWrap wrap : new ControlWrap[] {client, new PlainWrap()}) {
            ControlChannel channel = channel(wrap instanceof PlainWrap ? wrap : new TlsCryptWrap(key, true));
            byte[] whole = packet(wrap, 0, CLIENT, SERVER, 1L << 32 | 10);
            // Of a plain packet only the payload may be missing: here one byte.
            int shortest = wrap instanceof PlainWrap ? whole.length - 1 : whole.length;
            for (int length = 1; length < shortest; length++) {
                assertInstanceOf(Received.Refused.class, channel.receive(Arrays.copyOf(whole, length)));
            }
        }
    }
}

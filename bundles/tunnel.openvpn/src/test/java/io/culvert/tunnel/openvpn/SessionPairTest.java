package io.culvert.tunnel.openvpn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.tls.TlsProvider;
import io.culvert.tls.jsse.JsseTlsProvider;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SessionPairTest {
    static final byte[] INNER = {0x45, 0, 0, 20, 0, 0, 0, 0, 64, 1, 0, 0, 10, 8, 0, 2, 10, 8, 0, 1};

    @ParameterizedTest
    @ValueSource(strings = {"plain", "tls-auth", "tls-crypt", "tls-crypt-v2"})
    void shouldConnectAndCarryPacketsBothWays(String wrap) {
        var settings = new SessionPair.Settings();
        settings.wrap = wrap;
        var pair = new SessionPair(1, settings);
        assertTrue(pair.connect(10), () -> "not connected: " + pair.core.closes + pair.core.buffers.drops);
        assertEquals(1, pair.client.attempts);
        pair.client.send(INNER);
        assertTrue(pair.time.runUntil(() -> !pair.core.inbound.isEmpty(), 1));
        assertArrayEquals(INNER, pair.core.inbound.getFirst());
        var session = pair.core.sessions.getFirst();
        session.live().onIpPacket(pair.core.buffers.of(INNER), pair.time.nowNs(), pair.core.buffers);
        assertTrue(pair.time.runUntil(() -> !pair.client.received.isEmpty(), 1));
        assertArrayEquals(INNER, pair.client.received.getFirst());
        assertEquals(0, pair.core.buffers.kept());
        String reply = pair.client.messages.getFirst();
        for (String option : List.of(
                "ifconfig 10.8.0.2 255.255.255.0", "ifconfig-ipv6 fd08:0:0:0:0:0:0:2/64", "peer-id 0",
                "cipher AES-256-GCM", "protocol-flags cc-exit tls-ekm dyn-tls-crypt", "ping 10", "ping-restart 60")) {
            assertTrue(reply.contains(option), reply);
        }
    }

    @Test
    void shouldRenegotiateOnTimeFromTheServer() {
        var settings = new SessionPair.Settings();
        settings.renegotiateSeconds = 20;
        var pair = new SessionPair(2, settings);
        assertTrue(pair.connect(10));
        assertTrue(pair.time.runUntil(() -> pair.client.rekeys == 9, 220), () -> "rekeys " + pair.client.rekeys);
        assertEquals(1, pair.client.attempts);
        pair.client.send(INNER);
        assertTrue(pair.time.runUntil(() -> !pair.core.inbound.isEmpty(), 1));
    }

    @Test
    void shouldMoveToAnotherTlsProviderByARekey() {
        var pair = new SessionPair(7, new SessionPair.Settings());
        assertTrue(pair.connect(20));
        var used = new AtomicInteger();
        var other = new JsseTlsProvider();
        pair.core.replaceTls((TlsProvider) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {TlsProvider.class}, (proxy, method, arguments) -> {
                    used.incrementAndGet();
                    return method.invoke(other, arguments);
                }));
        assertTrue(pair.time.runUntil(() -> pair.client.rekeys == 1, 5), () -> "rekeys " + pair.client.rekeys);
        assertTrue(used.get() > 0, "the new provider made the engine");
        assertEquals(1, pair.client.attempts);
        pair.client.send(INNER);
        assertTrue(pair.time.runUntil(() -> !pair.core.inbound.isEmpty(), 1));
    }
}

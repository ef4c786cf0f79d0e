package io.culvert.core.bus;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Transport;
import io.culvert.core.libc.FfmLibc;
import io.culvert.core.link.SocketListeners;
import java.io.DataOutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real connections under a clock that the test turns. */
final class TcpInVirtualTimeTest {
    private static final long SECOND = 1_000_000_000L;

    private final FfmLibc libc = new FfmLibc();
    private final BusFixture fixture = new BusFixture(resources -> new SocketListeners(libc, resources));
    private ToyProtocol protocol;
    private int port;

    @BeforeEach
    void attach() {
        protocol = new ToyProtocol(
                "tcp", new ListenerClaim(Transport.TCP, new InetSocketAddress("127.0.0.1", 0)));
        port = fixture.ask(fixture.bus.attach(protocol)).getFirst().port();
    }

    @AfterEach
    void detach() {
        fixture.ask(fixture.bus.detach(protocol));
        fixture.pass(31 * SECOND);
    }

    private void stepUntil(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "timed out");
            fixture.bus.step();
        }
    }

    private static void hello(Socket socket, long key) throws Exception {
        send(socket, ToyProtocol.datagram('H', key, "alice".getBytes(UTF_8)));
    }

    private static void send(Socket socket, byte[] datagram) throws Exception {
        var out = new DataOutputStream(socket.getOutputStream());
        out.writeShort(datagram.length);
        out.write(datagram);
    }

    private static boolean isEnded(Socket socket) {
        try {
            return socket.getInputStream().read() < 0;
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (java.io.IOException e) {
            return true;
        }
    }

    @Test
    void shouldCloseConnectionsThatNeverBecomeASession() throws Exception {
        try (var idle = new Socket("127.0.0.1", port);
                var busy = new Socket("127.0.0.1", port)) {
            hello(busy, 1);
            stepUntil(() -> fixture.bus.status().get("sessions").equals(1));
            idle.setSoTimeout(200);
            busy.setSoTimeout(200);
            assertEquals(0, busy.getInputStream().read());
            for (int i = 0; i < 11; i++) {
                fixture.pass(5 * SECOND);
            }
            assertTrue(!isEnded(idle));
            for (int i = 0; i < 3; i++) {
                fixture.pass(5 * SECOND);
            }
            assertTrue(isEnded(idle));
            assertTrue(!isEnded(busy));
            assertEquals(1, fixture.bus.status().get("sessions"));
        }
        stepUntil(() -> {
            fixture.nowNs += SECOND;
            return fixture.bus.status().get("sessions").equals(0);
        });
    }

    @Test
    void shouldCloseTheConnectionOfASessionThatWasForgotten() throws Exception {
        try (var client = new Socket("127.0.0.1", port)) {
            client.setSoTimeout(5000);
            hello(client, 1);
            stepUntil(() -> fixture.bus.status().get("sessions").equals(1));
            protocol.endsOnRequest = false;
            var gone = fixture.bus.quiesce(false).toCompletableFuture();
            stepUntil(() -> {
                fixture.nowNs += SECOND;
                return gone.isDone();
            });
            // E, and B, which the session sent before its deadline; each with its key behind.
            var in = new java.io.DataInputStream(client.getInputStream());
            assertEquals('E', in.readNBytes(in.readUnsignedShort())[0]);
            assertEquals('B', in.readNBytes(in.readUnsignedShort())[0]);
        }
    }

    @Test
    void shouldKeepAnOldConnectionForTheSuccessorOfItsProtocol() throws Exception {
        try (var client = new Socket("127.0.0.1", port)) {
            client.setSoTimeout(200);
            hello(client, 1);
            stepUntil(() -> fixture.bus.status().get("sessions").equals(1));
            assertEquals(0, client.getInputStream().read());
            for (int i = 0; i < 24; i++) {
                fixture.pass(5 * SECOND);
            }
            fixture.ask(fixture.bus.detach(protocol));
            fixture.pass(6 * SECOND);
            protocol = new ToyProtocol("tcp", protocol.listeners().getFirst());
            fixture.ask(fixture.bus.attach(protocol));
            fixture.pass(6 * SECOND);
            assertEquals(1, fixture.bus.status().get("sessions"));
            byte[] packet = Packets.ipv4("10.8.0.2", "198.51.100.1", 64, 30);
            send(client, ToyProtocol.datagram('D', 1, packet));
            stepUntil(() -> !fixture.tun.drain().isEmpty());
        }
    }

    @Test
    void shouldCountTheIdleTimeOfAConnectionFromItsSuccessorOn() throws Exception {
        try (var idle = new Socket("127.0.0.1", port)) {
            idle.setSoTimeout(200);
            fixture.pass(50 * SECOND);
            fixture.ask(fixture.bus.detach(protocol));
            fixture.pass(20 * SECOND);
            fixture.ask(fixture.bus.attach(protocol));
            fixture.pass(6 * SECOND);
            assertTrue(!isEnded(idle));
            for (int i = 0; i < 12; i++) {
                fixture.pass(5 * SECOND);
            }
            assertTrue(isEnded(idle));
        }
    }
}

package io.culvert.core.plug;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.store.Store;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.Transport;
import io.culvert.net.ipv4.Ipv4;
import io.culvert.net.ipv6.Ipv6;
import io.culvert.core.NetworkNamespace;
import io.culvert.core.bus.Packets;
import io.culvert.core.bus.ToyProtocol;
import io.culvert.core.handover.Estate;
import io.culvert.core.host.HostException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Core as a whole in a network namespace: a client's packet meets a socket behind the TUN. */
final class ApplianceTest {
    private static final CoreConfig CONFIG = CoreConfig.of(CoreConfigTest.settings(
            Map.of("tun", "cv0", "ipv6", "fd00:8::/64", "masquerade", false, "forwarding", false)));

    @TempDir
    Path runDir;

    private final MemoryStore store = new MemoryStore();

    private Appliance start() throws Exception {
        return start(new Estate());
    }

    private Appliance start(Estate inherited) throws Exception {
        return Appliance.start(runDir, CONFIG, new Appliance.Plugged(
                List::of, List::of, () -> store, new PluggedServices(
                        new TlsChoice(), () -> null, new CipherChoice(Map.of(), System::nanoTime),
                        () -> List.of(new Ipv4(), new Ipv6()), List::of, List::of, new Modules(),
                        new SessionNews(List::of))), inherited, Appliance.pools(CONFIG));
    }

    private static int attach(Appliance appliance) throws Exception {
        var toy = new ToyProtocol(
                "udp", new ListenerClaim(Transport.UDP, new InetSocketAddress("127.0.0.1", 11940)));
        return appliance.bus().attach(toy).toCompletableFuture().get(10, TimeUnit.SECONDS).getFirst().port();
    }

    private static byte[] receive(DatagramSocket socket) throws Exception {
        var packet = new DatagramPacket(new byte[2048], 2048);
        socket.receive(packet);
        return Arrays.copyOf(packet.getData(), packet.getLength());
    }

    private static void send(DatagramSocket socket, byte[] datagram) throws Exception {
        socket.send(new DatagramPacket(datagram, datagram.length));
    }

    /** UDP without a checksum, which IPv4 allows. */
    private static byte[] udp(String from, int fromPort, String to, int toPort, byte[] payload) {
        byte[] packet = Packets.ipv4(from, to, 64, 8 + payload.length);
        ByteBuffer.wrap(packet, 20, packet.length - 20)
                .putShort((short) fromPort)
                .putShort((short) toPort)
                .putShort((short) (8 + payload.length))
                .putShort((short) 0)
                .put(payload);
        return packet;
    }

    @Test
    void shouldCarryPacketsBetweenAClientAndTheHostAndKeepSessionsOverARestart() throws Exception {
        NetworkNamespace.call(() -> {
            NetworkNamespace.run("ip", "link", "set", "lo", "up");
            Appliance appliance = start();
            try (var client = new DatagramSocket()) {
                client.setSoTimeout(10_000);
                client.connect(InetAddress.ofLiteral("127.0.0.1"), attach(appliance));
                send(client, ToyProtocol.datagram('H', 1, "alice".getBytes()));
                assertEquals('E', receive(client)[0]);
                String mine = appliance.bus().list().getFirst().addresses().orElseThrow().ipv4().orElseThrow()
                        .getHostAddress();
                exchange(client, mine);

                appliance.stop(true);
                assertFalse(NetworkNamespace.run("ip", "link").contains("cv0"));
                appliance = start();
                attach(appliance);
                exchange(client, mine);
                assertEquals(1, appliance.bus().list().size());

                appliance.stop(false);
                assertEquals('B', receive(client)[0]);
                assertTrue(store.entries.isEmpty(), () -> store.entries.keySet().toString());
            } finally {
                appliance.stop(true);
            }
            return null;
        });
    }

    @Test
    void shouldLeaveTunAndSocketsOpenForTheNextCore() throws Exception {
        NetworkNamespace.call(() -> {
            NetworkNamespace.run("ip", "link", "set", "lo", "up");
            Appliance before = start();
            Appliance next = null;
            try (var client = new DatagramSocket()) {
                client.setSoTimeout(10_000);
                int port = attach(before);
                client.connect(InetAddress.ofLiteral("127.0.0.1"), port);
                send(client, ToyProtocol.datagram('H', 1, "alice".getBytes()));
                assertEquals('E', receive(client)[0]);
                var session = before.bus().list().getFirst();
                String mine = session.addresses().orElseThrow().ipv4().orElseThrow().getHostAddress();
                Estate estate = before.leave();
                before.stop(true);

                // Nobody reads: a datagram waits in the socket, and goes to the host when somebody does.
                assertTrue(NetworkNamespace.run("ip", "link").contains("cv0"));
                try (var host = new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral("0.0.0.0"), 7001))) {
                    host.setSoTimeout(10_000);
                    send(client, ToyProtocol.datagram('D', 1, udp(mine, 5000, "10.8.0.1", 7001, new byte[] {9})));
                    next = start(new Estate(estate.things()));
                    assertEquals(port, attach(next));
                    next.inheritedAll();
                    assertArrayEquals(new byte[] {9}, receive(host));
                }
                exchange(client, mine);
                assertEquals(session.id(), next.bus().list().getFirst().id());
            } finally {
                before.stop(true);
                if (next != null) {
                    next.stop(true);
                }
            }
            return null;
        });
    }

    @Test
    void shouldOpenAnewWhatDoesNotFit() throws Exception {
        NetworkNamespace.call(() -> {
            Appliance before = start();
            attach(before);
            Estate estate = before.leave();
            before.stop(true);
            var left = new Estate(estate.things());
            left.text("tun");
            left.leave("tun", "cv0 9000 1 - .");
            Appliance next = start(left);
            try {
                assertEquals(11940, attach(next));
                assertTrue(NetworkNamespace.run("ip", "link", "show", "cv0").contains("mtu 1500"));
            } finally {
                next.stop(true);
            }
            return null;
        });
    }

    /** A packet to a socket on the appliance's own address, and one back. */
    private static void exchange(DatagramSocket client, String mine) throws Exception {
        try (var host = new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral("10.8.0.1"), 7000))) {
            host.setSoTimeout(10_000);
            send(client, ToyProtocol.datagram('D', 1, udp(mine, 5000, "10.8.0.1", 7000, new byte[] {1, 2, 3})));
            var heard = new DatagramPacket(new byte[100], 100);
            host.receive(heard);
            assertEquals(new InetSocketAddress(mine, 5000), heard.getSocketAddress());
            assertEquals(3, heard.getLength());
            host.send(new DatagramPacket(new byte[] {4, 5}, 2, heard.getSocketAddress()));
            byte[] back = receive(client);
            assertEquals('D', back[0]);
            assertArrayEquals(new byte[] {4, 5}, Arrays.copyOfRange(back, back.length - 2, back.length));
        }
    }

    @Test
    void shouldLeaveNothingBehindWhenTheHostRefuses() throws Exception {
        NetworkNamespace.call(() -> {
            NetworkNamespace.run("ip", "tuntap", "add", "dev", "cv0", "mode", "tun");
            assertThrows(HostException.class, this::start);
            NetworkNamespace.run("ip", "link", "delete", "cv0");
            start().stop(true);
            return null;
        });
    }

    /** Durable for as long as the test runs. */
    static final class MemoryStore implements Store {
        final TreeMap<String, Entry> entries = new TreeMap<>();
        private long revision;

        @Override
        public String name() {
            return "memory";
        }

        @Override
        public synchronized Optional<Entry> read(String key) {
            return Optional.ofNullable(entries.get(key));
        }

        @Override
        public synchronized List<Entry> list(String prefix) {
            return entries.values().stream().filter(entry -> entry.key().startsWith(prefix)).toList();
        }

        @Override
        public synchronized CompletionStage<TxnResult> txn(List<Guard> guards, List<Op> ops) {
            revision++;
            for (Op op : ops) {
                switch (op) {
                    case Op.Put put -> entries.put(put.key(), new Entry(put.key(), put.value(), revision));
                    case Op.Delete delete -> entries.remove(delete.key());
                }
            }
            return CompletableFuture.completedFuture(new TxnResult.Committed(revision));
        }
    }
}

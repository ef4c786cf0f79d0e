package io.culvert.core.bus;

import io.culvert.api.codec.PayloadCodec;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.tls.TlsProvider;
import io.culvert.core.handover.SessionRecords;
import io.culvert.core.libc.Libc;
import io.culvert.core.link.EpollPoller;
import io.culvert.core.link.Loopback;
import io.culvert.core.link.SocketListeners;
import io.culvert.core.tun.LinuxTun;
import io.culvert.core.tun.Offloads;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Leads packets through a bus of its own, over sockets of the loopback interface in place of links and TUN, so that a
 * core that waits for its turn has its code compiled by the time that packets wait for it. Nothing of it is left.
 *
 * <p>Threads: the caller's alone.
 */
public final class Drill {
    /** As many packets at once as there is room for in a socket. */
    private static final int BATCH = 32;

    /** Whatever is called more often than this is compiled with all that there is. */
    private static final int BATCHES = 700;

    /** A call that has met fewer than three kinds of sessions is compiled for those alone. */
    private static final int KINDS = 3;

    private static final int BUFFERS = 256;
    private static final int PACKET_BYTES = 1200;
    private static final int STEPS = 1000;

    private final PacketBus bus;
    private final DatagramChannel host;
    private final InetSocketAddress tun;
    private final int headerBytes;
    private final long endNs;
    private final List<DrillProtocol> protocols = new ArrayList<>();
    private final List<DatagramChannel> peers = new ArrayList<>();
    private final ByteBuffer sink = ByteBuffer.allocateDirect(1 << 16);

    private Drill(PacketBus bus, DatagramChannel host, InetSocketAddress tun, int headerBytes, long endNs) {
        this.bus = bus;
        this.host = host;
        this.tun = tun;
        this.headerBytes = headerBytes;
        this.endNs = endNs;
    }

    /**
     * @param networks that are in force; without any, nothing happens
     * @param atMostNs how long it may take
     * @return how many packets came through
     * @throws IOException when the loopback interface cannot be used
     */
    public static int run(Libc libc, List<NetworkProtocol> networks, int mtu, long atMostNs) throws IOException {
        if (networks.stream().noneMatch(each -> each.etherType() == NetworkProtocol.IPV4)) {
            return 0;
        }
        long endNs = System.nanoTime() + atMostNs;
        Offloads offloads = Offloads.ALL;
        try (var host = channel()) {
            int fd = Loopback.open(libc, port(host));
            try (var queue = LinuxTun.over(libc, fd, mtu, offloads)) {
                var bus = new PacketBus(
                        new BusSettings(BUFFERS, mtu, false),
                        new PacketBus.Neighbours(
                                List.of(new PacketBus.LoopEnds(queue, new EpollPoller(libc))),
                                resources -> new SocketListeners(libc, resources),
                                new DrillProtocol.Doors(),
                                new NoRecords(),
                                new OnlyNetworks(networks),
                                Runnable::run,
                                (work, begun) -> {
                                    work.run();
                                    return true;
                                },
                                System::nanoTime,
                                InstantSource.system(),
                                new SecureRandom()));
                var at = new InetSocketAddress(InetAddress.getLoopbackAddress(), Loopback.port(libc, fd));
                var drill = new Drill(bus, host, at, LinuxTun.headerBytes(offloads), endNs);
                try {
                    return drill.attach() ? drill.pump() : 0;
                } finally {
                    drill.close();
                }
            }
        }
    }

    private static DatagramChannel channel() throws IOException {
        var channel = DatagramChannel.open();
        channel.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0));
        channel.configureBlocking(false);
        return channel;
    }

    private static int port(DatagramChannel channel) throws IOException {
        return ((InetSocketAddress) channel.getLocalAddress()).getPort();
    }

    private boolean attach() throws IOException {
        for (int i = 0; i < KINDS; i++) {
            DrillProtocol protocol = DrillProtocol.ofKind(i);
            protocols.add(protocol);
            CompletableFuture<List<ListenerStatus>> open = bus.attach(protocol).toCompletableFuture();
            for (int step = 0; step < STEPS && !open.isDone(); step++) {
                bus.step();
            }
            ListenerStatus listener = open.isDone() ? open.join().getFirst() : null;
            if (listener == null || !listener.isOpen()) {
                return false;
            }
            DatagramChannel peer = channel();
            peers.add(peer);
            peer.connect(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), listener.port()));
            peer.write(ByteBuffer.wrap(protocol.hello()));
            for (int step = 0; step < STEPS && !protocol.established(); step++) {
                bus.step();
            }
            if (!protocol.established()) {
                return false;
            }
        }
        return true;
    }

    private int pump() throws IOException {
        var up = new ByteBuffer[KINDS];
        var down = new ByteBuffer[KINDS];
        for (int i = 0; i < KINDS; i++) {
            up[i] = direct(protocols.get(i).fromPeer(PACKET_BYTES));
            down[i] = direct(ByteBuffer.allocate(headerBytes + PACKET_BYTES)
                    .put(headerBytes, protocols.get(i).toPeer(PACKET_BYTES))
                    .array());
        }
        int through = 0;
        for (int batch = 0; batch < BATCHES && System.nanoTime() - endNs < 0; batch++) {
            if (Thread.currentThread().isInterrupted()) {
                return through;
            }
            int kind = batch % KINDS;
            for (int i = 0; i < BATCH; i++) {
                peers.get(kind).write(up[kind].rewind());
                host.send(down[kind].rewind(), tun);
            }
            bus.step();
            bus.step();
            through += drain(host) + drain(peers.get(kind));
        }
        return through;
    }

    private static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).put(bytes);
    }

    private int drain(DatagramChannel from) throws IOException {
        int count = 0;
        while (from.receive(sink.clear()) != null) {
            count++;
        }
        return count;
    }

    private void close() throws IOException {
        // It ends in order only when somebody else leads the loop.
        bus.start();
        bus.stop(false);
        for (DatagramChannel peer : peers) {
            peer.close();
        }
    }

    private static final class NoRecords implements SessionRecords {
        @Override
        public CompletionStage<Boolean> save(SessionRecord record) {
            return CompletableFuture.completedFuture(true);
        }

        @Override
        public CompletionStage<Boolean> forget(String protocol, String instance, long sessionId) {
            return CompletableFuture.completedFuture(true);
        }

        @Override
        public List<SessionRecord> load(String protocol, String instance) {
            return List.of();
        }
    }

    private record OnlyNetworks(List<NetworkProtocol> networks) implements Services {
        @Override
        public Optional<TlsProvider> tls() {
            return Optional.empty();
        }

        @Override
        public Optional<CipherProvider> crypto(DataCipher cipher) {
            return Optional.empty();
        }

        @Override
        public List<DataCipher> ciphers() {
            return List.of();
        }

        @Override
        public Optional<CertificateAuthority> certificates() {
            return Optional.empty();
        }

        @Override
        public List<PayloadCodec> codecs() {
            return List.of();
        }
    }
}

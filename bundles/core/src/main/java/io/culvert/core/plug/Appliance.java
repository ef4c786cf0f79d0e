package io.culvert.core.plug;

import io.culvert.api.auth.AccessCheck;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.network.NetworkSettings;
import io.culvert.api.network.Prefix;
import io.culvert.api.store.Store;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.core.admission.AddressPool;
import io.culvert.core.admission.AdmissionChain;
import io.culvert.core.admission.CarriedNetworks;
import io.culvert.core.admission.AuthenticatorChain;
import io.culvert.core.admission.SessionEnd;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.bus.BusSettings;
import io.culvert.core.bus.HandshakeThreads;
import io.culvert.core.bus.PacketBus;
import io.culvert.core.bus.Services;
import io.culvert.core.handover.Estate;
import io.culvert.core.handover.StoreRecords;
import io.culvert.core.host.HostLoad;
import io.culvert.core.host.HostNetwork;
import io.culvert.core.libc.FfmLibc;
import io.culvert.core.libc.Haste;
import io.culvert.core.libc.Libc;
import io.culvert.core.link.EpollPoller;
import io.culvert.core.link.SocketListeners;
import io.culvert.core.tun.LinuxTun;
import io.culvert.core.tun.Netlink;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Deque;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Core as it runs: the TUN and its host network, the admission of peers, the records, and the packet bus over them. */
final class Appliance {
    private static final Logger LOG = LoggerFactory.getLogger(Appliance.class);
    private static final String SINCE = "since";

    /** Packets that wait in each queue of the TUN while nobody reads: 50 ms of 80,000 in a second. */
    private static final int QUEUE = 4_000;

    private static final long SETTLE_MS = 5_000;

    /** How long packets wait for the protocols, at most. */
    private static final long WAIT_NS = 5_000_000_000L;

    private final Deque<Runnable> undo = new ConcurrentLinkedDeque<>();
    private final PacketBus bus;
    private @Nullable HandshakeThreads handshakes;
    private @Nullable AuthenticatorChain logins;
    private final Map<String, Object> network = new LinkedHashMap<>();
    private final Libc libc = new FfmLibc();
    private final CoreConfig config;
    private final Path runDir;
    private final Estate inherited;
    private final LinuxTun tun;
    private final EthernetTap ethernet;
    private final Services services;
    private final StoreRecords records;
    private final ExecutorService workers =
            Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("culvert-work-", 0).factory());
    private final boolean adopted;
    private final Map<Thread, Haste> hasty = new ConcurrentHashMap<>();
    private volatile @Nullable HostNetwork host;
    private volatile long pauseNs;

    /** The services that are asked as they are at the moment. */
    record Plugged(
            Supplier<List<Authenticator>> authenticators,
            Supplier<List<AccessCheck>> checks,
            Supplier<@Nullable Store> store,
            Services services) {}

    private Appliance(
            CoreConfig config, Path runDir, Plugged plugged, Estate inherited, List<BufferPool> pools)
            throws IOException {
        this.config = config;
        this.runDir = runDir;
        this.inherited = inherited;
        this.services = plugged.services();
        this.ethernet = new EthernetTap(libc, config.ethernet(), config.mtu(), runDir);
        undo.push(ethernet::close);
        try {
            var pool = new AddressPool(config.ipv4(), config.ipv6());
            LinuxTun left = LinuxTun.adopt(libc, inherited, config.tun(), config.mtu(), config.workers(), addresses());
            this.adopted = left != null;
            tun = left != null ? left : LinuxTun.open(libc, config.tun(), config.mtu(), config.workers());
            undo.push(tun::close);
            if (!adopted) {
                try (Netlink netlink = Netlink.open(libc)) {
                    // Before anything flows: the kernel drops what comes while it changes that.
                    netlink.queueLength(config.tun(), QUEUE);
                    netlink.up(config.tun(), config.mtu());
                    address(netlink, config.tun(), config.ipv4(), pool.ipv4Gateway());
                    address(netlink, config.tun(), config.ipv6(), pool.ipv6Gateway());
                }
            }
            network.put("mtu", config.mtu());
            network.put("offloads", tun.offloads().text());
            pool.ipv4Gateway().ifPresent(address -> network.put("ipv4", shown(address, config.ipv4())));
            pool.ipv6Gateway().ifPresent(address -> network.put("ipv6", shown(address, config.ipv6())));
            if (!adopted) {
                applyHost();
            }
            records = new StoreRecords(plugged.store());
            undo.push(records::close);
            undo.push(workers::shutdownNow);
            bus = start(pool, plugged, pools);
        } catch (IOException | RuntimeException e) {
            undo();
            throw e;
        }
    }

    /**
     * @param inherited what the core before left; what fits is used on
     * @param pools see {@link #pools}
     * @throws IOException when the host does not give what is needed; nothing is left behind then
     */
    static Appliance start(
            Path runDir, CoreConfig config, Plugged plugged, Estate inherited, List<BufferPool> pools)
            throws IOException {
        return new Appliance(config, runDir, plugged, inherited, pools);
    }

    /** The packets' memory, which may be made before packets wait for the rest. */
    static List<BufferPool> pools(CoreConfig config) {
        return PacketBus.pools(bus(config), config.workers());
    }

    private static BusSettings bus(CoreConfig config) {
        return new BusSettings(BusSettings.DEFAULT_BUFFERS, config.mtu(), config.clientToClient());
    }

    private PacketBus start(AddressPool pool, Plugged plugged, List<BufferPool> pools) throws IOException {
        var load = new HostLoad(List.of(config.tun(), config.ethernet().tap()));
        var handshakes = HandshakeThreads.start(libc, load::sinceLast);
        undo.push(handshakes::close);
        this.handshakes = handshakes;
        // The admission of a peer may end the peer's former session, so that both sides know each other.
        var running = new AtomicReference<PacketBus>();
        var logins = AuthenticatorChain.of(
                plugged.authenticators(),
                config.logins().chain(),
                config.logins().deadline(),
                config.logins().calls(),
                workers);
        this.logins = logins;
        var admissions = new CarriedNetworks(
                new AdmissionChain(
                        logins,
                        plugged.checks(),
                        new AdmissionChain.Network(network(config, pool), Optional.of(pool)),
                        ethernet.network(),
                        new AdmissionChain.Limits(config.maxSessions(), config.duplicateLogins()),
                        new SessionEnd() {
                            @Override
                            public void end(long sessionId, CloseCause cause) {
                                running.get().end(sessionId, cause);
                            }

                            @Override
                            public void bequeath(long sessionId, long heir, CloseCause cause) {
                                running.get().bequeath(sessionId, heir, cause);
                            }
                        }),
                plugged.services()::networks,
                plugged.services()::frames);
        List<PacketBus.LoopEnds> ends = new ArrayList<>();
        for (int i = 0; i < config.workers(); i++) {
            var poller = new EpollPoller(libc);
            undo.push(poller::close);
            ends.add(new PacketBus.LoopEnds(tun.queue(i), poller));
        }
        var made = new PacketBus(
                bus(config),
                new PacketBus.Neighbours(
                        ends,
                        resources -> new SocketListeners(libc, resources, inherited),
                        admissions,
                        records,
                        plugged.services(),
                        workers,
                        handshakes,
                        System::nanoTime,
                        InstantSource.system(),
                        new SecureRandom()),
                pools);
        running.set(made);
        made.inherit(inherited);
        if (adopted) {
            made.hold(WAIT_NS);
            // Until what waits in the kernel is served.
            made.start(() -> hasty.put(Thread.currentThread(), Haste.begin(libc)));
        } else {
            made.start();
        }
        return made;
    }

    private void applyHost() throws IOException {
        HostNetwork applied = HostNetwork.apply(runDir, new HostNetwork.Settings(
                config.tun(), config.ipv4(), config.ipv6(), config.forwarding(), config.masquerade()));
        host = applied;
        undo.push(applied::close);
    }

    // ---- hand-over

    /** What must be the same for a TUN to fit. */
    private String addresses() {
        return config.ipv4().map(Prefix::toString).orElse("-") + "," + config.ipv6().map(Prefix::toString).orElse("-");
    }

    /**
     * The protocols are attached: packets flow again. Goes on with the host's settings as the core before left them, and
     * some seconds later forgets what nobody took.
     */
    void inheritedAll() {
        bus.release();
        long releasedNs = System.nanoTime();
        HandshakeThreads threads = handshakes;
        if (threads != null) {
            threads.begin();
        }
        if (!adopted) {
            return;
        }
        String since = inherited.text(SINCE);
        if (!since.isEmpty()) {
            long pause = releasedNs - Long.parseLong(since);
            pauseNs = pause;
            LOG.info("core: took over {} sessions, packets waited for {} ms", bus.list().size(), pause / 1_000_000);
        }
        workers.execute(() -> {
            try {
                applyHost();
            } catch (IOException | RuntimeException e) {
                LOG.error("core: the host's settings are left as the core before made them", e);
            }
            bus.onEachThread(this::calm);
            try {
                Thread.sleep(SETTLE_MS);
                bus.settle(libc);
            } catch (InterruptedException e) {
                // The end, which needs no settling.
            }
        });
    }

    private void calm() {
        Haste ended = hasty.remove(Thread.currentThread());
        if (ended != null) {
            ended.close();
        }
    }

    /**
     * Leaves sockets, TUN and sessions to the next core in this process, between two negotiations; {@link #stop} ends the
     * rest. Packets wait in the kernel from then on.
     */
    Estate leave() {
        try {
            bus.rest();
        } catch (RuntimeException e) {
            LOG.error("core: does not come to rest", e);
        }
        // These threads end with it.
        bus.onEachThread(() -> Haste.begin(libc));
        var estate = new Estate();
        estate.leave(SINCE, Long.toString(System.nanoTime()));
        int sessions = bus.leave(estate);
        // What was asked of the store is done before anybody asks it for more.
        records.close();
        tun.leave(estate, config.mtu(), addresses());
        ethernet.leave(estate);
        leaveHost();
        LOG.info("core: leaves {} sessions and {} descriptors", sessions, estate.descriptors());
        return estate;
    }

    private void leaveHost() {
        HostNetwork running = host;
        if (running != null) {
            // The connections inside the kept sessions are translated until somebody goes on with them.
            running.leave();
        }
    }

    private static void address(Netlink netlink, String tun, Optional<Prefix> prefix, Optional<InetAddress> address)
            throws IOException {
        if (prefix.isPresent() && address.isPresent()) {
            netlink.addAddress(tun, address.get(), prefix.get().length());
        }
    }

    private static NetworkSettings network(CoreConfig config, AddressPool pool) {
        return new NetworkSettings(
                config.ipv4(),
                pool.ipv4Gateway(),
                config.ipv6(),
                pool.ipv6Gateway(),
                config.mtu(),
                config.routes(),
                config.redirectGateway(),
                config.nameServers(),
                config.searchDomains());
    }

    private static String shown(InetAddress address, Optional<Prefix> prefix) {
        return address.getHostAddress() + prefix.map(each -> "/" + each.length()).orElse("");
    }

    /** {@link PacketBus#status}, with the addresses of the TUN. */
    Map<String, Object> status() {
        Map<String, Object> status = bus.status();
        if (status.get("tun") instanceof Map<?, ?> tun) {
            Map<String, Object> device = new LinkedHashMap<>();
            tun.forEach((name, value) -> device.put(String.valueOf(name), value));
            device.putAll(network);
            status.put("tun", device);
        }
        Map<String, Object> bridge = ethernet.status(
                status.get("bridge") instanceof Map<?, ?> known ? known : Map.of(),
                !services.frames().isEmpty());
        if (!bridge.isEmpty()) {
            status.put("bridge", bridge);
        }
        if (adopted) {
            status.put("takenOver", Map.of("pauseMs", pauseNs / 1_000_000));
        }
        HandshakeThreads threads = handshakes;
        if (threads != null) {
            status.put("handshakes", threads.status());
        }
        AuthenticatorChain chain = logins;
        if (chain != null) {
            status.put("logins", chain.status());
        }
        return status;
    }

    /** A tunnel comes that carries Ethernet frames: they need the TAP. */
    void carryFrames() {
        ethernet.open(bus, inherited);
    }

    PacketBus bus() {
        return bus;
    }

    /**
     * Ends everything, in a few seconds.
     *
     * @param keep whether sessions become records and their peers are not told
     */
    void stop(boolean keep) {
        bus.stop(keep);
        if (keep) {
            leaveHost();
        }
        undo();
    }

    private void undo() {
        while (!undo.isEmpty()) {
            undo.pop().run();
        }
    }
}

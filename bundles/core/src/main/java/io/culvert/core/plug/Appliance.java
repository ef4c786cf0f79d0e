package io.culvert.core.plug;

import io.culvert.api.auth.AccessCheck;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.network.NetworkSettings;
import io.culvert.api.network.Prefix;
import io.culvert.api.store.Store;
import io.culvert.core.admission.AddressPool;
import io.culvert.core.admission.AdmissionChain;
import io.culvert.core.admission.CarriedNetworks;
import io.culvert.core.admission.AuthenticatorChain;
import io.culvert.core.bus.BusSettings;
import io.culvert.core.bus.HandshakeThreads;
import io.culvert.core.bus.PacketBus;
import io.culvert.core.bus.Services;
import io.culvert.core.handover.StoreRecords;
import io.culvert.core.host.HostNetwork;
import io.culvert.core.libc.FfmLibc;
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
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Core as it runs: the TUN and its host network, the admission of peers, the records, and the packet bus over them. */
final class Appliance {
    private final Deque<Runnable> undo = new ArrayDeque<>();
    private final PacketBus bus;
    private @Nullable HandshakeThreads handshakes;
    private @Nullable AuthenticatorChain logins;
    private final Map<String, Object> network = new LinkedHashMap<>();
    private @Nullable HostNetwork host;

    /** The services that are asked as they are at the moment. */
    record Plugged(
            Supplier<List<Authenticator>> authenticators,
            Supplier<List<AccessCheck>> checks,
            Supplier<@Nullable Store> store,
            Services services) {}

    private Appliance(CoreConfig config, Path runDir, Plugged plugged) throws IOException {
        try {
            bus = start(config, runDir, plugged);
        } catch (IOException | RuntimeException e) {
            undo();
            throw e;
        }
    }

    /**
     * @throws IOException when the host does not give what is needed; nothing is left behind then
     */
    static Appliance start(Path runDir, CoreConfig config, Plugged plugged) throws IOException {
        return new Appliance(config, runDir, plugged);
    }

    private PacketBus start(CoreConfig config, Path runDir, Plugged plugged) throws IOException {
        Libc libc = new FfmLibc();
        var pool = new AddressPool(config.ipv4(), config.ipv6());
        LinuxTun tun = LinuxTun.open(libc, config.tun(), config.mtu(), config.workers());
        undo.push(tun::close);
        try (Netlink netlink = Netlink.open(libc)) {
            netlink.up(config.tun(), config.mtu());
            address(netlink, config.tun(), config.ipv4(), pool.ipv4Gateway());
            address(netlink, config.tun(), config.ipv6(), pool.ipv6Gateway());
        }
        network.put("mtu", config.mtu());
        network.put("offloads", tun.offloads().text());
        pool.ipv4Gateway().ifPresent(address -> network.put("ipv4", shown(address, config.ipv4())));
        pool.ipv6Gateway().ifPresent(address -> network.put("ipv6", shown(address, config.ipv6())));
        HostNetwork applied = HostNetwork.apply(runDir, new HostNetwork.Settings(
                config.tun(), config.ipv4(), config.ipv6(), config.forwarding(), config.masquerade()));
        host = applied;
        undo.push(applied::close);
        var records = new StoreRecords(plugged.store());
        undo.push(records::close);
        ExecutorService workers =
                Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("culvert-work-", 0).factory());
        undo.push(workers::shutdownNow);
        var handshakes = HandshakeThreads.start(libc);
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
                        network(config, pool),
                        pool,
                        new AdmissionChain.Limits(config.maxSessions(), config.duplicateLogins()),
                        (session, cause) -> running.get().end(session, cause)),
                plugged.services()::networks);
        List<PacketBus.LoopEnds> ends = new ArrayList<>();
        for (int i = 0; i < config.workers(); i++) {
            var poller = new EpollPoller(libc);
            undo.push(poller::close);
            ends.add(new PacketBus.LoopEnds(tun.queue(i), poller));
        }
        var made = new PacketBus(
                new BusSettings(BusSettings.DEFAULT_BUFFERS, config.mtu(), config.clientToClient()),
                new PacketBus.Neighbours(
                        ends,
                        resources -> new SocketListeners(libc, resources),
                        admissions,
                        records,
                        plugged.services(),
                        workers,
                        handshakes,
                        System::nanoTime,
                        InstantSource.system(),
                        new SecureRandom()));
        running.set(made);
        made.start();
        return made;
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
        if (keep && host != null) {
            // The connections inside the kept sessions are translated until somebody goes on with them.
            host.leave();
        }
        undo();
    }

    private void undo() {
        while (!undo.isEmpty()) {
            undo.pop().run();
        }
    }
}

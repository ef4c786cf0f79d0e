package io.culvert.core.plug;

import io.culvert.api.network.NetworkSettings;
import io.culvert.api.network.Prefix;
import io.culvert.core.admission.AddressPool;
import io.culvert.core.admission.AdmissionChain;
import io.culvert.core.bus.PacketBus;
import io.culvert.core.handover.Estate;
import io.culvert.core.host.HostException;
import io.culvert.core.libc.Errno;
import io.culvert.core.libc.Libc;
import io.culvert.core.libc.NativeException;
import io.culvert.core.tun.LinuxTap;
import io.culvert.core.tun.Netlink;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The appliance's place in the bridged network: its TAP, made when the first tunnel comes that carries Ethernet frames,
 * and the addresses there. Who has no such tunnel has no TAP.
 *
 * <p>Threads: one at a time, but for {@link #status}.
 */
final class EthernetTap {
    private static final Logger LOG = LoggerFactory.getLogger(EthernetTap.class);
    private static final Path INTERFACES = Path.of("/sys/class/net");
    private static final Path SETTINGS = Path.of("/proc/sys/net");

    /** Locally administered, and one station's (IEEE 802-2014 section 8.2). */
    private static final int LOCAL = 0x02;

    private static final int MASK = 0xFC;

    private final Libc libc;
    private final CoreConfig.Ethernet config;
    private final int mtu;
    private final Path runDir;
    private final Optional<AddressPool> pool;
    private @Nullable LinuxTap tap;
    private volatile boolean wanted;
    private volatile String problem = "";

    EthernetTap(Libc libc, CoreConfig.Ethernet config, int mtu, Path runDir) {
        this.libc = libc;
        this.config = config;
        this.mtu = mtu;
        this.runDir = runDir;
        this.pool = config.ipv4().isEmpty() && config.ipv6().isEmpty()
                ? Optional.empty()
                : Optional.of(new AddressPool(config.ipv4(), config.ipv6()));
    }

    /** What peers are told of the bridged network: their addresses alone; a listener may push more. */
    AdmissionChain.Network network() {
        return new AdmissionChain.Network(
                new NetworkSettings(
                        config.ipv4(), pool.flatMap(AddressPool::ipv4Gateway), config.ipv6(),
                        pool.flatMap(AddressPool::ipv6Gateway), mtu, List.of(), false, List.of(), List.of()),
                pool);
    }

    /** Makes the TAP unless there is one, or takes over that of the core before; what fails is logged, and in the status. */
    void open(PacketBus bus, Estate inherited) {
        wanted = true;
        if (tap != null) {
            return;
        }
        try {
            LinuxTap left = LinuxTap.adopt(libc, inherited, config.tap(), mtu, facts());
            LinuxTap opened = left != null ? left : LinuxTap.open(libc, config.tap(), mtu);
            try {
                if (left == null) {
                    configure();
                }
                bus.tap(opened.queue(), ownAddresses());
            } catch (IOException | RuntimeException e) {
                opened.close();
                throw e;
            }
            tap = opened;
            problem = "";
        } catch (IOException e) {
            problem = String.valueOf(e.getMessage());
            LOG.error("core: there is no TAP, Ethernet clients reach each other at most: {}", problem);
        }
    }

    private void configure() throws IOException {
        try (Netlink netlink = Netlink.open(libc)) {
            netlink.hardwareAddress(config.tap(), hardwareAddress());
            distrust();
            if (!config.bridge().isEmpty()) {
                // Before it is up: a port of a bridge has no addresses of its own, not even of its link.
                enslave(netlink);
                netlink.up(config.tap(), mtu);
            } else {
                netlink.up(config.tap(), mtu);
                address(netlink, config.ipv4(), pool.flatMap(AddressPool::ipv4Gateway));
                address(netlink, config.ipv6(), pool.flatMap(AddressPool::ipv6Gateway));
            }
        }
    }

    /** Clients are on the appliance's link, and shall not tell it where to send: no routers, no redirects of theirs count. */
    private void distrust() throws IOException {
        for (String setting : List.of("ipv6/conf/%s/accept_ra", "ipv6/conf/%s/accept_redirects", "ipv4/conf/%s/accept_redirects")) {
            Path file = SETTINGS.resolve(setting.formatted(config.tap()));
            // Not there when the host has no IPv6.
            if (Files.exists(file)) {
                Files.writeString(file, "0");
            }
        }
    }

    private void enslave(Netlink netlink) throws IOException {
        try {
            netlink.enslave(config.tap(), config.bridge());
        } catch (NativeException e) {
            throw new HostException(
                    "core.tapBridge = " + config.bridge() + " is no bridge that the TAP can be added to: " + e.getMessage(),
                    e.errno() == Errno.ENODEV
                            ? "make it ('ip link add " + config.bridge() + " type bridge') and start Culvert again"
                            : "name the interface of a Linux bridge ('ip link show type bridge')",
                    e);
        }
    }

    private void address(Netlink netlink, Optional<Prefix> prefix, Optional<InetAddress> address) throws IOException {
        if (prefix.isPresent() && address.isPresent()) {
            netlink.addAddress(config.tap(), address.get(), prefix.get().length());
        }
    }

    /**
     * The same after every start of this appliance: sessions outlive a start, and so does what their hosts have learned
     * of their neighbours.
     */
    private byte[] hardwareAddress() {
        try {
            String what = "culvert tap " + machine() + " " + runDir.toAbsolutePath() + " " + config.tap();
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(what.getBytes(StandardCharsets.UTF_8));
            byte[] address = Arrays.copyOf(hash, 6);
            address[0] = (byte) (address[0] & MASK | LOCAL);
            return address;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static String machine() {
        try {
            return Files.readString(Path.of("/etc/machine-id")).strip();
        } catch (IOException e) {
            return "";
        }
    }

    /** No client may claim to be the appliance, be it as its TAP or as the bridge that this is a port of. */
    private long[] ownAddresses() {
        long tapAddress = number(hardwareAddress());
        if (config.bridge().isEmpty()) {
            return new long[] {tapAddress};
        }
        try {
            String text = Files.readString(INTERFACES.resolve(config.bridge()).resolve("address")).strip();
            return new long[] {tapAddress, number(HexFormat.ofDelimiter(":").parseHex(text))};
        } catch (IOException | IllegalArgumentException e) {
            return new long[] {tapAddress};
        }
    }

    private static long number(byte[] address) {
        long number = 0;
        for (byte each : address) {
            number = number << 8 | each & 0xFF;
        }
        return number;
    }

    private String facts() {
        return config.bridge() + "," + config.ipv4().map(Prefix::toString).orElse("-") + ","
                + config.ipv6().map(Prefix::toString).orElse("-");
    }

    /** Leaves the device to the next core. The bus has ended. */
    void leave(Estate estate) {
        LinuxTap running = tap;
        if (running != null) {
            running.leave(estate, mtu, facts());
        }
    }

    void close() {
        LinuxTap running = tap;
        if (running != null) {
            running.close();
        }
    }

    /**
     * What the bus says of its bridge, with what is known here; empty when no tunnel carries frames.
     *
     * @param bridged whether there is a network protocol for frames
     */
    Map<String, Object> status(Map<?, ?> bus, boolean bridged) {
        if (!wanted) {
            return Map.of();
        }
        Map<String, Object> status = new LinkedHashMap<>();
        bus.forEach((name, value) -> status.put(String.valueOf(name), value));
        config.ipv4().ifPresent(prefix -> status.put("ipv4", prefix.toString()));
        config.ipv6().ifPresent(prefix -> status.put("ipv6", prefix.toString()));
        if (!config.bridge().isEmpty()) {
            status.put("linuxBridge", config.bridge());
        }
        if (!bridged) {
            status.put("problem", "a listener has dev: tap, and there is no network protocol for Ethernet frames");
            status.put("remedy", "install or start net.ethernet");
        } else if (!problem.isEmpty()) {
            status.put("problem", problem);
            status.put("remedy", "mend it, and start Culvert again");
        }
        return status;
    }
}

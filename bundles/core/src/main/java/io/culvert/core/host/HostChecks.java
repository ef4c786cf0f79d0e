package io.culvert.core.host;

import io.culvert.core.libc.FfmLibc;
import io.culvert.core.tun.Offloads;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Looks whether the host has what the appliance needs, and changes nothing. Plain Java without a framework or a logger,
 * so that a launcher can ask before anything else is started.
 */
public final class HostChecks {
    private static final int CAP_NET_ADMIN = 12;

    /** Certificates made by a clock that is earlier than this source are not valid for anybody. */
    private static final Instant EARLIEST = Instant.parse("2026-01-01T00:00:00Z");

    private static final Instant LATEST = Instant.parse("2100-01-01T00:00:00Z");

    private final Path root;
    private final Clock clock;
    private final Optional<Nft> nft;

    HostChecks(Path root, Clock clock, Optional<Nft> nft) {
        this.root = root;
        this.clock = clock;
        this.nft = nft;
    }

    /**
     * One thing that was looked at.
     *
     * @param name what: {@code tun device}
     * @param ok whether it is as it must be
     * @param problem what was found: what is wrong, or in which way it is right
     * @param remedy what to do; empty when it is ok, unless there is an advice all the same
     */
    public record Finding(String name, boolean ok, String problem, String remedy) {
        static Finding ok(String name, String found) {
            return new Finding(name, true, found, "");
        }

        static Finding bad(String name, String problem, String remedy) {
            return new Finding(name, false, problem, remedy);
        }

        static Finding advice(String name, String found, String advice) {
            return new Finding(name, true, found, advice);
        }

        @Override
        public String toString() {
            return name + ": " + problem + (remedy.isEmpty() ? "" : "; " + remedy);
        }
    }

    /**
     * What is going to be needed.
     *
     * @param ipv4 whether tunnels carry IPv4
     * @param ipv6 whether tunnels carry IPv6
     * @param forwarding whether the appliance is to make the host forward
     * @param masquerade whether it translates addresses
     * @param descriptors how many files and sockets it may want to open
     */
    public record Needs(boolean ipv4, boolean ipv6, boolean forwarding, boolean masquerade, int descriptors) {
        /** A gateway for both families with its default settings. */
        public static Needs ofGateway() {
            return new Needs(true, true, true, true, 512);
        }
    }

    /** Looks at this host. May block for some seconds. */
    public static List<Finding> run(Needs needs) {
        return ofThisHost().findings(needs);
    }

    private static HostChecks ofThisHost() {
        return new HostChecks(Path.of("/"), Clock.systemUTC(), Nft.find());
    }

    /** What makes the appliance faster where it is there. */
    public static List<Finding> libraries() {
        var findings = new ArrayList<>(List.of(libcrypto(CryptoLibrary.OPENSSL.version())));
        if (System.getProperty("os.arch").equals("amd64")) {
            findings.add(ofThisHost().ipsecMb(CryptoLibrary.IPSEC_MB.version()));
        }
        return findings;
    }

    /**
     * What the kernel does for a TUN device, found by making one for a moment; nothing where that is not allowed, which
     * is another finding.
     */
    public static List<Finding> offloads() {
        try {
            return List.of(offloads(Offloads.probe(new FfmLibc())));
        } catch (IOException e) {
            return List.of();
        }
    }

    static Finding offloads(Offloads offloads) {
        String name = "tun offloads";
        if (offloads.tso() && offloads.uso()) {
            return Finding.ok(name, offloads.text());
        }
        if (offloads.tso()) {
            return Finding.advice(
                    name,
                    offloads.text() + ": UDP through the tunnels takes a system call for each packet",
                    "Linux 6.2 and newer join UDP packets (uso)");
        }
        return Finding.advice(
                name,
                offloads.text() + ": everything through the tunnels takes a system call for each packet",
                "use a Linux kernel whose TUN device has segmentation offload (tso); Culvert works without it, slower");
    }

    static Finding libcrypto(Optional<String> version) {
        String name = "libcrypto";
        return version.map(text -> Finding.ok(name, text + " can be loaded"))
                .orElseGet(() -> Finding.advice(
                        name,
                        "libcrypto.so.3 is not there: the JDK's own ciphers do all the work",
                        "install it for more throughput: 'apt install libssl3' (libssl3t64 on newer systems), "
                                + "or 'dnf install openssl-libs'"));
    }

    Finding ipsecMb(Optional<String> version) {
        String name = "libIPSec_MB";
        if (demandsValidated()) {
            return Finding.ok(
                    name, "not used, as this host demands validated code (FIPS 140): other ciphers do its work");
        }
        return version.map(text -> Finding.ok(name, text + " can be loaded"))
                .orElseGet(() -> Finding.advice(
                        name,
                        "libIPSec_MB.so is not there: crypto.ipsecmb has nothing to call, other ciphers do its work",
                        "install it to seal AES-GCM with fewer cycles: 'apt install libipsec-mb1' (libipsec-mb2 on newer "
                                + "systems), or 'dnf install intel-ipsec-mb'"));
    }

    /** As crypto.ipsecmb sees it: a FIPS mode that cannot be read is taken for a demand. */
    private boolean demandsValidated() {
        try {
            return !Files.readString(root.resolve("proc/sys/crypto/fips_enabled")).strip().equals("0");
        } catch (NoSuchFileException _) {
            return false;
        } catch (IOException _) {
            return true;
        }
    }

    List<Finding> findings(Needs needs) {
        var findings = new ArrayList<Finding>();
        Finding capability = capability();
        findings.add(capability);
        findings.add(tunDevice());
        if (needs.forwarding() && needs.ipv4()) {
            findings.add(forwarding("IPv4 forwarding", "net/ipv4/ip_forward"));
        }
        if (needs.forwarding() && needs.ipv6()) {
            findings.add(forwarding("IPv6 forwarding", "net/ipv6/conf/all/forwarding"));
        }
        if (needs.masquerade()) {
            findings.add(nft(capability.ok()));
        }
        if (needs.forwarding() && nft.isPresent() && capability.ok()) {
            foreignFirewall().ifPresent(findings::add);
        }
        findings.add(time());
        findings.add(descriptors(needs.descriptors()));
        return findings;
    }

    private Finding capability() {
        String name = "capabilities";
        try {
            for (String line : Files.readAllLines(root.resolve("proc/self/status"))) {
                if (line.startsWith("CapEff:")) {
                    long effective = Long.parseUnsignedLong(line.substring(7).strip(), 16);
                    if ((effective >> CAP_NET_ADMIN & 1) != 0) {
                        return Finding.ok(name, "CAP_NET_ADMIN is there");
                    }
                }
            }
            return Finding.bad(
                    name,
                    "CAP_NET_ADMIN is missing: no TUN device, address or route can be made",
                    "run as root (sudo), or in a container with --cap-add NET_ADMIN");
        } catch (IOException | NumberFormatException e) {
            return Finding.bad(name, "/proc/self/status cannot be read: " + e, "mount /proc; run on Linux");
        }
    }

    private Finding tunDevice() {
        String name = "tun device";
        Path device = root.resolve("dev/net/tun");
        if (!Files.exists(device)) {
            return Finding.bad(
                    name, "/dev/net/tun is missing", "run 'modprobe tun'; in a container pass --device /dev/net/tun");
        }
        // Opening alone makes no interface.
        try (FileChannel channel = FileChannel.open(device, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.isOpen() ? Finding.ok(name, "/dev/net/tun can be opened") : Finding.bad(name, "closed", "");
        } catch (IOException e) {
            return Finding.bad(
                    name,
                    "/dev/net/tun cannot be opened: " + Sysctls.reason(e),
                    "run as root; in a container pass --device /dev/net/tun; under systemd DeviceAllow=/dev/net/tun rw");
        }
    }

    private Finding forwarding(String name, String path) {
        String dotted = path.replace('/', '.');
        Path file = root.resolve("proc/sys").resolve(path);
        try {
            if (!Files.exists(file)) {
                return Finding.bad(
                        name,
                        "the kernel has no setting " + dotted,
                        "boot with this family enabled, or take it out of the core settings");
            }
            if (Files.readString(file).strip().equals("1")) {
                return Finding.ok(name, dotted + " is on");
            }
            if (Files.isWritable(file)) {
                return Finding.ok(name, dotted + " is off and is going to be switched on");
            }
        } catch (IOException e) {
            return Finding.bad(name, dotted + " cannot be read: " + e.getMessage(), "mount /proc/sys");
        }
        return Finding.bad(
                name,
                dotted + " is off and cannot be set",
                "run as root, or 'sysctl -w " + dotted + "=1' (container: --sysctl " + dotted
                        + "=1), or set core.forwarding to false");
    }

    private Finding nft(boolean capable) {
        String name = "nftables";
        if (nft.isEmpty()) {
            return Finding.bad(
                    name,
                    "the program nft is not there, and core.masquerade needs it",
                    "install nftables ('apt install nftables'), or set core.masquerade to false");
        }
        if (!capable) {
            return Finding.ok(name, "nft is there (not tried without CAP_NET_ADMIN)");
        }
        try {
            nft.get().chains();
            return Finding.ok(name, "nft works");
        } catch (HostException e) {
            return Finding.bad(name, e.problem(), e.remedy());
        } catch (IOException e) {
            return Finding.bad(name, "nft cannot be used: " + e.getMessage(), "run 'nft list chains' to see why");
        }
    }

    /**
     * An accept of ours does not help against a drop of another table. No failure, as that table may well have a rule
     * for us.
     */
    private Optional<Finding> foreignFirewall() {
        try {
            String table = "";
            for (String line : nft.orElseThrow().chains().lines().map(String::strip).toList()) {
                if (line.startsWith("table ")) {
                    table = line.substring(6).replace(" {", "");
                } else if (line.contains("hook forward") && line.contains("policy drop")) {
                    return Optional.of(Finding.advice(
                            "firewall",
                            "table '" + table + "' drops forwarded packets unless it has a rule for them",
                            "if tunnels reach nothing, accept the TUN interface there: "
                                    + "'iptables -I FORWARD -i culvert0 -j ACCEPT' and "
                                    + "'iptables -I FORWARD -o culvert0 -j ACCEPT', ip6tables for IPv6"));
                }
            }
        } catch (IOException e) {
            // That nft does not work is another finding.
        }
        return Optional.empty();
    }

    private Finding time() {
        Instant now = clock.instant();
        if (now.isBefore(EARLIEST) || now.isAfter(LATEST)) {
            return Finding.bad(
                    "time",
                    "the clock says " + now + ", so that no certificate would be valid",
                    "set the clock: 'timedatectl set-ntp true', or 'date -s'");
        }
        return Finding.ok("time", "the clock says " + now);
    }

    private Finding descriptors(int needed) {
        String name = "file descriptors";
        try {
            int open = 0;
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(root.resolve("proc/self/fd"))) {
                for (var iterator = entries.iterator(); iterator.hasNext(); iterator.next()) {
                    open++;
                }
            }
            for (String line : Files.readAllLines(root.resolve("proc/self/limits"))) {
                if (line.startsWith("Max open files")) {
                    String limit = line.substring("Max open files".length()).strip().split("\\s+")[0];
                    if (limit.equals("unlimited") || Long.parseLong(limit) - open >= needed) {
                        return Finding.ok(name, open + " of " + limit + " are open");
                    }
                    return Finding.bad(
                            name,
                            open + " of " + limit + " are open, " + needed + " more are needed",
                            "raise the limit: 'ulimit -n " + (open + 2 * needed) + "', under systemd LimitNOFILE=");
                }
            }
            return Finding.bad(name, "/proc/self/limits names no limit", "run on Linux");
        } catch (IOException | NumberFormatException e) {
            return Finding.bad(name, "cannot be counted: " + e, "mount /proc");
        }
    }
}

package io.culvert.it.perf;

import io.culvert.it.hotplug.ControlSocket;
import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Iperf;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.OpenVpnServer;
import io.culvert.it.lab.Sequence;
import io.culvert.it.swap.BundleCopy;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * {@code bench swap [TIMES] [MODULES]}: each module is updated, rolled back, and replaced at once, TIMES times each, while
 * a stock client's numbered datagrams flow in both directions at 80 % of the rate that flows without loss. MODULES is a
 * list with commas. Beside it, what a restart of openvpn costs a client in the same lab.
 *
 * <p>A pause is the longest time without a datagram around one change; the row "none" has the pauses of as long a time
 * without any change.
 */
final class SwapBench {
    private static final int TIMES = 20;
    private static final List<String> MODULES = List.of(
            "tunnel.openvpn", "tls.openssl", "tls.jsse", "crypto.ipsecmb", "crypto.openssl", "crypto.jce", "auth.file", "pki", "log.file", "net.ipv4",
            "net.ipv6", "codec.lz4", "store.local", "core");
    private static final int[] RATES = {1_000, 2_000, 4_000, 6_000, 8_000, 12_000, 16_000, 20_000, 25_000, 30_000, 40_000};
    private static final int BYTES = 1200;
    private static final int TRIAL_SECONDS = 3;
    private static final double SHARE = 0.8;

    /** Of a trial: what counts as none. */
    private static final double NO_LOSS_PERCENT = 0.005;

    private static final int CLIENT_QUEUE = 4_000;
    private static final int UP_PORT = 7101;
    private static final int DOWN_PORT = 7102;
    private static final Duration DEADLINE = Duration.ofSeconds(60);
    private static final int RESTARTS = 5;

    private enum Way {
        UPDATE("module update"),
        ROLL_BACK("module rollback"),
        REPLACE("module update");

        private final String command;

        Way(String command) {
            this.command = command;
        }
    }

    /** Both directions of one change. */
    private record Swap(Sequence.Window up, Sequence.Window down) {
        long lost() {
            return up.lost() + down.lost();
        }

        double pauseMs() {
            return Math.max(up.pauseUs(), down.pauseUs()) / 1e3;
        }
    }

    private final Lab lab;
    private final Appliance appliance;
    private final OpenVpnClient client;
    private final int times;
    private final Csv csv;
    private final String address;
    private int version = 100;

    private SwapBench(Lab lab, Appliance appliance, OpenVpnClient client, int times, Csv csv) {
        this.lab = lab;
        this.appliance = appliance;
        this.client = client;
        this.times = times;
        this.csv = csv;
        this.address = client.line("ifconfig 10\\.8\\.0\\.\\d+").substring("ifconfig ".length());
    }

    static void run(String[] options) throws Exception {
        int times = options.length > 0 ? Integer.parseInt(options[0]) : TIMES;
        List<String> modules = options.length > 1 ? Arrays.asList(options[1].split(",")) : MODULES;
        try (var lab = Lab.open("swap", 2);
                var csv = new Csv("swap", "module", "way", "time", "up_received", "up_lost", "up_pause_us", "down_received", "down_lost", "down_pause_us")) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(
                    List.of("redirectGateway: false", "forwarding: false", "masquerade: false"),
                    List.of("udp: { transport: udp, port: 1194 }"),
                    "codec.lz4");
            appliance.up("--allow-unsigned");
            appliance.cli("user", "add", "alice").ok();
            var profile = appliance.profile("alice", Lab.serverIpv4(1), "udp", "");
            var client = lab.with(OpenVpnClient.start(lab, lab.client(1), "alice", profile)).awaitConnected();
            var bench = new SwapBench(lab, appliance, client, times, csv);
            int capacity = bench.capacity();
            int rate = (int) (capacity * SHARE);
            var results = bench.swaps(modules, rate);
            double restart = bench.restarts();
            System.out.println(Machine.describe(lab.server));
            print(results, capacity, rate, restart, client.connectionAttempts());
            System.out.println("every change: " + csv.file().normalize());
        }
    }

    /** Datagrams a second in each direction that flow without loss. */
    private int capacity() {
        try (var iperf = Iperf.server(lab.server, "10.8.0.1")) {
            // For the compiler.
            Iperf.startClient(lab.client(1), "10.8.0.1", 10).join(DEADLINE);
            Iperf.startClient(lab.client(1), "10.8.0.1", 10, "-R").join(DEADLINE);
        }
        int best = RATES[0];
        for (int rate : RATES) {
            try (var up = up(rate);
                    var down = down(rate)) {
                up.look(rate, DEADLINE);
                down.look(1, DEADLINE);
                var there = up.look(rate * TRIAL_SECONDS, DEADLINE);
                var back = down.look(1, DEADLINE);
                System.err.printf(Locale.ROOT, "bench: %d a second: lost %.3f %% up, %.3f %% down%n", rate,
                        there.lostPercent(), back.lostPercent());
                if (there.lostPercent() > NO_LOSS_PERCENT || back.lostPercent() > NO_LOSS_PERCENT) {
                    break;
                }
                best = rate;
            }
        }
        return best;
    }

    private Sequence up(int rate) {
        return Sequence.start(lab.client(1), lab.server, "10.8.0.1", UP_PORT, rate, BYTES);
    }

    private Sequence down(int rate) {
        return Sequence.start(lab.server, lab.client(1), address, DOWN_PORT, rate, BYTES);
    }

    private Map<String, List<Swap>> swaps(List<String> modules, int rate) throws IOException {
        var results = new LinkedHashMap<String, List<Swap>>();
        // The client shares its cores with the appliance here: what waits for it is not to be lost before it was sent.
        lab.client(1).exec("ip", "link", "set", "dev", "tun0", "txqueuelen", "" + CLIENT_QUEUE).ok();
        try (var up = up(rate);
                var down = down(rate)) {
            up.look(rate, DEADLINE);
            down.look(1, DEADLINE);
            var none = new ArrayList<Swap>();
            for (int i = 0; i < times; i++) {
                none.add(look(up, down, rate));
            }
            results.put("none", none);
            for (var module : modules) {
                System.err.println("bench: " + module);
                var swaps = new ArrayList<Swap>();
                for (int i = 0; i < times; i++) {
                    for (var way : Way.values()) {
                        change(way, module);
                        var swap = look(up, down, rate);
                        swaps.add(swap);
                        csv.row(module, way, i + 1, swap.up.received(), swap.up.lost(), swap.up.pauseUs(),
                                swap.down.received(), swap.down.lost(), swap.down.pauseUs());
                    }
                }
                results.put(module, swaps);
            }
        }
        return results;
    }

    /** Half a second's datagrams more, so that what is late or lost because of the change is known. */
    private static Swap look(Sequence up, Sequence down, int rate) {
        var there = up.look(rate / 2, DEADLINE);
        return new Swap(there, down.look(1, DEADLINE));
    }

    private void change(Way way, String module) throws IOException {
        var arguments = new LinkedHashMap<String, Object>(Map.of("module", module, "watch", 0));
        if (way != Way.ROLL_BACK) {
            arguments.put("target", copy(module).toString());
        }
        if (way == Way.REPLACE) {
            arguments.put("replace", true);
        }
        ControlSocket.ask(lab.directory().resolve("home/run/control.sock"), way.command, arguments);
    }

    private Path copy(String module) {
        String next = "0.1." + version++;
        return BundleCopy.of(module).version(next).to(lab.directory().resolve(module + "-" + next + ".jar"));
    }

    /** Seconds without a datagram when an openvpn server is stopped and started again; the median. */
    private double restarts() {
        var pauses = new ArrayList<Double>();
        var server = OpenVpnServer.start(lab, "ovswap", "udp", 1195, "10.9.0", "explicit-exit-notify 1");
        var profile = server.profile("bob", Lab.serverIpv4(2));
        try (var bob = OpenVpnClient.start(lab, lab.client(2), "bob", profile).awaitConnected();
                var up = Sequence.start(lab.client(2), lab.server, server.address(), UP_PORT + 2, 1_000, BYTES)) {
            up.look(1_000, DEADLINE);
            for (int i = 0; i < RESTARTS; i++) {
                server.restart();
                pauses.add(up.look(1_000, Duration.ofSeconds(120)).pauseUs() / 1e6);
            }
        } finally {
            server.close();
        }
        return Samples.of(pauses).median();
    }

    private static void print(Map<String, List<Swap>> results, int capacity, int rate, double restart, long attempts) {
        System.out.println("datagrams of " + BYTES + " bytes in both directions at once, " + rate
                + " a second in each: " + (int) (100 * SHARE) + " % of the " + capacity
                + " that flowed without loss\neach change: update, roll back, replace at once; a pause is the longest time"
                + " without a datagram\n");
        System.out.println("module          | changes |    datagrams |  lost | pause ms: p50     p99     max");
        results.forEach((module, swaps) -> {
            var pauses = new Samples(swaps.stream().mapToDouble(Swap::pauseMs).toArray());
            System.out.printf(Locale.ROOT, "%-15s | %7d | %12d | %5d | %13.1f %7.1f %7.1f%n", module, swaps.size(),
                    swaps.stream().mapToLong(s -> s.up.received() + s.down.received()).sum(),
                    swaps.stream().mapToLong(Swap::lost).sum(), pauses.median(), pauses.percentile(99),
                    pauses.percentile(100));
        });
        System.out.printf(Locale.ROOT, "%nthe stock client connected %d time; a restart of openvpn's server: %.1f s without a"
                + " datagram (median of %d)%n", attempts, restart, RESTARTS);
    }
}

package io.culvert.it.perf;

import io.culvert.crypto.ipsecmb.IpsecMbCipherProvider;
import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Iperf;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.OpenVpnServer;
import io.culvert.it.lab.Proc;
import io.culvert.it.lab.Usage;
import io.culvert.it.lab.Yardstick;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * {@code bench peer [ROUNDS] [SECONDS]}: Culvert loaded by a peer that batches as it does, and beside it openvpn with
 * openvpn, and the yardstick in C with the same peer, taking turns. The yardstick has its cipher of libcrypto, as openvpn
 * has, and once more of the library that {@code crypto.ipsecmb} calls where the host has it. One TCP stream of iperf3
 * between the client's host and the server's address in the tunnel; CPU is that of the server's process per 10^9 bytes
 * that arrived.
 */
final class PeerBench {
    private static final int ROUNDS = 5;
    private static final int SECONDS = 5;

    /** Traffic that ends and begins again is compiled anew: several short ones warm better than a long one. */
    private static final int WARM_UPS = 4;

    private static final int WARM_UP_SECONDS = 10;

    private static final int OURS = 0;

    private record Round(double megabits, double cpuPerGb, double peerCpuPerGb, long retransmits) {}

    /** A server and its client. */
    private record Pair(String name, String address, long serverPid, long clientPid, int client) {}

    private enum Direction {
        UP,
        DOWN
    }

    private final Lab lab;
    private final int rounds;
    private final int seconds;
    private final Csv csv;

    private PeerBench(Lab lab, int rounds, int seconds, Csv csv) {
        this.lab = lab;
        this.rounds = rounds;
        this.seconds = seconds;
        this.csv = csv;
    }

    static void run(String[] options) throws Exception {
        int rounds = options.length > 0 ? Integer.parseInt(options[0]) : ROUNDS;
        int seconds = options.length > 1 ? Integer.parseInt(options[1]) : SECONDS;
        try (var lab = Lab.open("peer", 2);
                var csv = new Csv(
                        "peer", "pair", "direction", "round", "mbit_s", "cpu_s_per_gb", "peer_cpu_s_per_gb", "retransmits")) {
            var bench = new PeerBench(lab, rounds, seconds, csv);
            var program = Yardstick.compile(lab);
            var pairs = new ArrayList<>(List.of(bench.ours(), bench.yardstick(program, "libcrypto", 0)));
            if (IpsecMbCipherProvider.load().isPresent()) {
                pairs.add(bench.yardstick(program, "ipsec-mb", 1, "-m"));
            }
            pairs.add(bench.openVpn());
            System.out.println(Machine.describe(lab.server));
            bench.measure(pairs);
            System.out.println("\nevery round: " + csv.file().normalize());
        }
    }

    private Pair ours() {
        var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
        appliance.configure(
                List.of("redirectGateway: false", "forwarding: false", "masquerade: false"),
                List.of("udp: { transport: udp, port: 1194 }"));
        long server = appliance.up().pid();
        appliance.cli("user", "add", "load").ok();
        var load = Load.start(lab, 1, "load", appliance.profile("load", Lab.serverIpv4(1), "udp", ""));
        load.ask("tunnel load0", "tunnel up at \\S+", Duration.ofSeconds(30));
        return new Pair("culvert + load peer", "10.8.0.1", server, load.process().pid(), 1);
    }

    /**
     * @param number from 0 on, another one for each
     */
    private Pair yardstick(Path program, String cipherOf, int number, String... options) {
        var keys = Yardstick.newKeys(lab);
        int port = Yardstick.PORT + number;
        String network = "10.2" + number + ".0.";
        var server = lab.with(Yardstick.server(lab, program, keys, "ys" + number, network + "1/24", port, options));
        var load = Load.startStatic(
                lab, 1, keys, port, port, "load" + (number + 1), network + "2/24", Yardstick.MTU);
        return new Pair(
                "C with " + cipherOf + " + load peer", network + "1", server.process().pid(), load.process().pid(), 1);
    }

    private Pair openVpn() {
        var server = OpenVpnServer.start(lab, "ovudp", "udp", 1195, "10.9.0");
        var client = lab.with(OpenVpnClient.start(lab, lab.client(2), "stock", server.profile("stock", Lab.serverIpv4(2))))
                .awaitConnected();
        return new Pair("openvpn + openvpn", server.address(), server.process().pid(), client.process().pid(), 2);
    }

    private void measure(List<Pair> pairs) throws IOException {
        var iperfs = new ArrayList<Proc>();
        for (var pair : pairs) {
            iperfs.add(lab.with(Iperf.server(lab.server, pair.address)));
        }
        var results = new EnumMap<Direction, List<List<Round>>>(Direction.class);
        for (var direction : Direction.values()) {
            for (int warmUp = 0; warmUp < WARM_UPS; warmUp++) {
                for (var pair : pairs) {
                    round(pair, direction, WARM_UP_SECONDS);
                }
            }
            var byPair = new ArrayList<List<Round>>();
            pairs.forEach(_ -> byPair.add(new ArrayList<>()));
            for (int round = 0; round < rounds; round++) {
                for (int i = 0; i < pairs.size(); i++) {
                    int turn = (i + round) % pairs.size();
                    var result = round(pairs.get(turn), direction, seconds);
                    byPair.get(turn).add(result);
                    csv.row(
                            pairs.get(turn).name,
                            direction,
                            round + 1,
                            result.megabits,
                            result.cpuPerGb,
                            result.peerCpuPerGb,
                            result.retransmits);
                }
            }
            results.put(direction, byPair);
        }
        print(pairs, results);
    }

    private Round round(Pair pair, Direction direction, int seconds) {
        double server = Usage.cpuSeconds(pair.serverPid);
        double client = Usage.cpuSeconds(pair.clientPid);
        var host = lab.client(pair.client);
        var result = direction == Direction.UP
                ? Iperf.run(host, pair.address, seconds)
                : Iperf.run(host, pair.address, seconds, "-R");
        double gigabytes = result.bytes() / 1e9;
        return new Round(
                result.megabits(),
                (Usage.cpuSeconds(pair.serverPid) - server) / gigabytes,
                (Usage.cpuSeconds(pair.clientPid) - client) / gigabytes,
                result.retransmits());
    }

    /** The last pair is what the others are compared with. */
    private void print(List<Pair> pairs, Map<Direction, List<List<Round>>> results) {
        System.out.println("medians of " + rounds + " alternating rounds of " + seconds
                + " s; ratios to openvpn with openvpn, medians of the rounds' ratios\n");
        System.out.printf(
                "%-28s %-5s %14s %14s %10s %10s %14s %12s%n",
                "server + client", "", "ratio Mbit/s", "ratio CPU/GB", "Mbit/s", "CPU-s/GB", "peer CPU-s/GB", "retransmits");
        results.forEach((direction, byPair) -> {
            var base = byPair.getLast();
            for (int i = 0; i < pairs.size(); i++) {
                var own = byPair.get(i);
                System.out.printf(
                        Locale.ROOT,
                        "%-28s %-5s %14.2f %14.2f %10.0f %10.2f %14.2f %12.0f%n",
                        pairs.get(i).name,
                        direction.name().toLowerCase(Locale.ROOT),
                        ratio(own, base, Round::megabits),
                        ratio(own, base, Round::cpuPerGb),
                        median(own, Round::megabits),
                        median(own, Round::cpuPerGb),
                        median(own, Round::peerCpuPerGb),
                        median(own, Round::retransmits));
            }
        });
        System.out.println();
        results.forEach((direction, byPair) -> {
            for (int i = OURS + 1; i < pairs.size() - 1; i++) {
                System.out.printf(
                        Locale.ROOT,
                        "CPU-s/GB %s, Culvert to the same system calls made by %s: %.2f%n",
                        direction.name().toLowerCase(Locale.ROOT),
                        pairs.get(i).name.replace(" + load peer", ""),
                        ratio(byPair.get(OURS), byPair.get(i), Round::cpuPerGb));
            }
        });
    }

    private static double median(List<Round> rounds, ToDoubleFunction<Round> figure) {
        return new Samples(rounds.stream().mapToDouble(figure).toArray()).median();
    }

    private static double ratio(List<Round> own, List<Round> base, ToDoubleFunction<Round> figure) {
        var ratios = new ArrayList<Double>();
        for (int i = 0; i < own.size(); i++) {
            ratios.add(figure.applyAsDouble(own.get(i)) / figure.applyAsDouble(base.get(i)));
        }
        return Samples.of(ratios).median();
    }
}

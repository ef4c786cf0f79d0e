package io.culvert.it.perf;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Iperf;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.OpenVpnServer;
import io.culvert.it.lab.Usage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * {@code bench handshakes [ROUNDS] [SECONDS] [RATE]}: full TLS 1.3 handshakes, from the client's first packet to the
 * options that it is pushed, the same load peer against Culvert with each of its TLS providers and against openvpn,
 * taking turns. CPU is that of the server's process, per handshake; the peer's own, which shares the machine, is told
 * beside it.
 *
 * <p>Then what a flood of logins costs those who are in: a stock client's iperf3 alone, and while RATE clients a second
 * log in.
 */
final class HandshakesBench {
    private static final int ROUNDS = 5;
    private static final int SECONDS = 5;
    private static final int RATE = 200;
    /** The compiler has most to do for handshakes: for half a minute it takes more than they do. */
    private static final int WARM_UP_SECONDS = 40;

    private static final int IPERF_WARM_UP_SECONDS = 6;
    private static final int PARALLEL = 16;
    private static final String ANSWER = "handshakes (\\d+) failed (\\d+) in ([0-9.]+) s, own cpu ([0-9.]+) s.*";
    private static final List<String> PROVIDERS = List.of("tls.openssl", "tls.bouncycastle", "tls.jsse");

    /** Who logs in stands for many elsewhere: it takes what is left of the machine, and no two threads wake each other. */
    private static final String[] FLOOD = {
        "env", "JDK_JAVA_OPTIONS=-Djdk.virtualThreadScheduler.parallelism=1", "nice", "-n", "19"
    };

    private record Round(double perSecond, double cpuMs, double peerCpuMs, double failed) {}

    private record Side(String name, String address, long serverPid, Load load) {}

    private record Calm(double alone, double flooded, double completed, double failed) {
        double lostPercent() {
            return 100 * (1 - flooded / alone);
        }
    }

    private final Lab lab;
    private final int rounds;
    private final int seconds;
    private final int rate;

    private HandshakesBench(Lab lab, int rounds, int seconds, int rate) {
        this.lab = lab;
        this.rounds = rounds;
        this.seconds = seconds;
        this.rate = rate;
    }

    static void run(String[] options) throws Exception {
        int rounds = options.length > 0 ? Integer.parseInt(options[0]) : ROUNDS;
        int seconds = options.length > 1 ? Integer.parseInt(options[1]) : SECONDS;
        int rate = options.length > 2 ? Integer.parseInt(options[2]) : RATE;
        try (var lab = Lab.open("handshakes", 2);
                var csv = new Csv("handshakes", "server", "round", "per_second", "cpu_ms", "peer_cpu_ms", "failed")) {
            var bench = new HandshakesBench(lab, rounds, seconds, rate);
            System.out.println(Machine.describe(lab.server));
            var sides = new ArrayList<Side>();
            var appliances = new ArrayList<Appliance>();
            for (String provider : providers()) {
                var appliance = bench.appliance(provider, appliances.size());
                appliances.add(appliance);
                sides.add(bench.ours(appliance, provider, appliances.size() - 1));
            }
            sides.add(bench.openVpn());
            bench.measure(sides, csv);
            bench.calm(appliances.getFirst(), sides.getFirst());
            System.out.println("\nevery round: " + csv.file().normalize());
        }
    }

    /** The TLS providers that the checkout has. */
    private static List<String> providers() {
        return PROVIDERS.stream()
                .filter(p -> Files.exists(Path.of(System.getProperty("culvert.checkout"), "bundles", p, "pom.xml")))
                .toList();
    }

    /** One of several beside each other: each has its own network, device and port. */
    private Appliance appliance(String provider, int index) {
        var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home-" + provider)));
        appliance.configure("""
                modules:
                  core: { ipv4: 10.%d.0.0/16, tun: cv%d, maxSessions: 20000, duplicateLogins: true, redirectGateway: false, forwarding: false, masquerade: false }
                  store.local: {}
                  net.ipv4: {}
                  net.ipv6: {}
                  pki: {}
                  %s: {}
                  crypto.jce: {}
                  crypto.openssl: {}
                  crypto.ipsecmb: {}
                  auth.file: {}
                  log.file: {}
                  tunnel.openvpn:
                    udp: { transport: udp, port: %d }
                """.formatted(20 + index, index, provider, 1194 + 10 * index));
        appliance.up();
        appliance.addUser("load", "unused-password");
        appliance.addUser("stock", "unused-password");
        return appliance;
    }

    private Side ours(Appliance appliance, String provider, int index) {
        var load = Load.start(lab, 1, provider, appliance.profile("load", Lab.serverIpv4(1), "udp", ""));
        return new Side("culvert, " + provider, "10." + (20 + index) + ".0.1", appliance.process().pid(), load);
    }

    private Side openVpn() {
        var server = OpenVpnServer.start(
                lab, "ovudp", "udp", 1195, "10.9.0", "duplicate-cn", "connect-freq-initial 100000 1");
        var load = Load.start(lab, 1, "openvpn", server.profile("load", Lab.serverIpv4(1)));
        return new Side("openvpn", server.address(), server.process().pid(), load);
    }

    // ---- how many, and what each costs

    private void measure(List<Side> sides, Csv csv) throws IOException {
        for (var side : sides) {
            round(side, WARM_UP_SECONDS);
        }
        var results = new ArrayList<List<Round>>();
        sides.forEach(_ -> results.add(new ArrayList<>()));
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < sides.size(); i++) {
                int turn = (i + round) % sides.size();
                var result = round(sides.get(turn), seconds);
                results.get(turn).add(result);
                csv.row(
                        sides.get(turn).name,
                        round + 1,
                        result.perSecond,
                        result.cpuMs,
                        result.peerCpuMs,
                        result.failed);
            }
        }
        System.out.println("medians of " + rounds + " alternating rounds of " + seconds + " s, " + PARALLEL
                + " logins at a time; ratios to openvpn, medians of the rounds' ratios\n");
        System.out.printf(
                "%-24s %14s %14s %12s %14s %14s %8s%n",
                "server", "ratio per s", "ratio CPU", "per second", "CPU ms each", "peer CPU ms", "failed");
        var base = results.getLast();
        for (int i = 0; i < sides.size(); i++) {
            var own = results.get(i);
            System.out.printf(
                    Locale.ROOT,
                    "%-24s %14.2f %14.2f %12.0f %14.2f %14.2f %8.0f%n",
                    sides.get(i).name,
                    ratio(own, base, Round::perSecond),
                    ratio(own, base, Round::cpuMs),
                    median(own, Round::perSecond),
                    median(own, Round::cpuMs),
                    median(own, Round::peerCpuMs),
                    own.stream().mapToDouble(Round::failed).sum());
        }
    }

    private Round round(Side side, int seconds) {
        double before = Usage.cpuSeconds(side.serverPid);
        var answer = side.load.ask(
                "handshakes " + seconds + " " + PARALLEL, ANSWER, Duration.ofSeconds(seconds + 90));
        double cpu = Usage.cpuSeconds(side.serverPid) - before;
        int done = Integer.parseInt(answer.group(1));
        double took = Double.parseDouble(answer.group(3));
        double peer = Double.parseDouble(answer.group(4));
        return new Round(done / took, 1000 * cpu / done, 1000 * peer / done, Integer.parseInt(answer.group(2)));
    }

    // ---- what it costs those who are in

    private void calm(Appliance appliance, Side side) {
        var load = Load.start(lab, 1, "flood", appliance.profile("load", Lab.serverIpv4(1), "udp", ""), FLOOD);
        var stock = lab.with(OpenVpnClient.start(
                        lab,
                        lab.client(2),
                        "stock",
                        appliance.profile("stock", Lab.serverIpv4(2), "udp", ""),
                        "data-ciphers AES-256-GCM"))
                .awaitConnected();
        lab.with(Iperf.server(lab.server, side.address));
        Iperf.run(stock.host(), side.address, IPERF_WARM_UP_SECONDS);
        Iperf.run(stock.host(), side.address, IPERF_WARM_UP_SECONDS, "-R");
        load.ask("handshakes " + WARM_UP_SECONDS / 2 + " " + PARALLEL, ANSWER, Duration.ofSeconds(WARM_UP_SECONDS + 90));
        System.out.printf(
                "%n%s, one stock client, UDP, AES-256-GCM, while %d clients a second log in; medians of %d rounds%n%n",
                side.name, rate, rounds);
        System.out.printf(
                "%-6s %14s %14s %14s %16s %8s%n", "", "lost %", "Mbit/s alone", "Mbit/s flooded", "logins a second", "failed");
        for (boolean up : new boolean[] {true, false}) {
            // Logins among packets take other paths than logins alone: the compiler is at work for a while again.
            calmRound(stock, side, load, up, WARM_UP_SECONDS / 2);
            var results = new ArrayList<Calm>();
            for (int round = 0; round < rounds; round++) {
                results.add(calmRound(stock, side, load, up, seconds));
            }
            System.out.printf(
                    Locale.ROOT,
                    "%-6s %14.1f %14.0f %14.0f %16.0f %8.0f%n",
                    up ? "up" : "down",
                    medianOf(results, Calm::lostPercent),
                    medianOf(results, Calm::alone),
                    medianOf(results, Calm::flooded),
                    medianOf(results, Calm::completed),
                    results.stream().mapToDouble(Calm::failed).sum());
        }
        stock.close();
    }

    private Calm calmRound(OpenVpnClient stock, Side side, Load load, boolean up, int seconds) {
        String[] direction = up ? new String[0] : new String[] {"-R"};
        double alone = Iperf.run(stock.host(), side.address, seconds, direction).megabits();
        // The flood begins before iperf3 and ends behind it.
        int from = load.send("paced " + (seconds + 2) + " " + rate);
        double flooded = Iperf.run(stock.host(), side.address, seconds, direction).megabits();
        var answer = load.answer(from, ANSWER, Duration.ofSeconds(seconds + 90));
        return new Calm(
                alone,
                flooded,
                Integer.parseInt(answer.group(1)) / Double.parseDouble(answer.group(3)),
                Integer.parseInt(answer.group(2)));
    }

    private static <T> double medianOf(List<T> rounds, ToDoubleFunction<T> figure) {
        return new Samples(rounds.stream().mapToDouble(figure).toArray()).median();
    }

    private static double median(List<Round> rounds, ToDoubleFunction<Round> figure) {
        return medianOf(rounds, figure);
    }

    private static double ratio(List<Round> own, List<Round> base, ToDoubleFunction<Round> figure) {
        var ratios = new ArrayList<Double>();
        for (int i = 0; i < own.size(); i++) {
            ratios.add(figure.applyAsDouble(own.get(i)) / figure.applyAsDouble(base.get(i)));
        }
        return Samples.of(ratios).median();
    }
}

package io.culvert.it.perf;

import io.culvert.it.lab.Iperf;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.Prober;
import io.culvert.it.lab.Proc;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * {@code bench latency [ROUNDS] [SECONDS] [ROWS]}: round trips of small UDP datagrams from a stock client's namespace to
 * the server's address in the tunnel and back, idle and while a TCP stream of iperf3 fills the same tunnel upwards or
 * downwards, or carries 500 Mbit/s in it, the same for both; ours and openvpn taking turns, AES-256-GCM. ROWS is how the
 * names of the rows begin: {@code udp-idle}.
 *
 * <p>Percentiles are of all samples of a round, medians are of the rounds' percentiles, a ratio is the median of the
 * rounds' ratios. Datagrams leave at a fixed pace, so that a stall is seen by every one that falls into it.
 */
final class LatencyBench {
    private static final int ROUNDS = 5;
    private static final int SECONDS = 10;
    private static final int PER_SECOND = 200;
    private static final int ECHO_PORT = 7007;
    private static final int WARM_UP_SECONDS = 5;

    /** Of traffic in each direction, for the compiler. */
    private static final int COMPILE_SECONDS = 10;

    private static final String CIPHER = "AES-256-GCM";
    private static final double[] PERCENTS = {50, 99, 99.9};

    private enum Load {
        IDLE,
        UP,
        DOWN("-R"),
        UP500("-b", "500M"),
        DOWN500("-R", "-b", "500M");

        private final String[] iperf;

        Load(String... iperf) {
            this.iperf = iperf;
        }
    }

    private record Row(String transport, Load load) {
        String name() {
            return transport + "-" + load.name().toLowerCase(Locale.ROOT);
        }
    }

    /** Microseconds at each of {@link #PERCENTS}; the stream's rate, 0 if there was none. */
    private record Round(double[] percentiles, double lostPercent, double megabits) {}

    private record Pair(Round ours, Round openVpn) {}

    private final int rounds;
    private final int seconds;
    private final Rivals rivals;
    private final Csv csv;

    private LatencyBench(int rounds, int seconds, Rivals rivals, Csv csv) {
        this.rounds = rounds;
        this.seconds = seconds;
        this.rivals = rivals;
        this.csv = csv;
    }

    static void run(String[] options) throws Exception {
        int rounds = options.length > 0 ? Integer.parseInt(options[0]) : ROUNDS;
        int seconds = options.length > 1 ? Integer.parseInt(options[1]) : SECONDS;
        String begin = options.length > 2 ? options[2] : "";
        var all = new ArrayList<Row>();
        for (var transport : Rivals.TRANSPORTS) {
            for (var load : Load.values()) {
                all.add(new Row(transport, load));
            }
        }
        if (all.stream().noneMatch(row -> row.name().startsWith(begin))) {
            throw new IllegalArgumentException("no row begins with " + begin + "; the rows: "
                    + String.join(" ", all.stream().map(Row::name).toList()));
        }
        try (var rivals = Rivals.open("latency", 1);
                var csv = new Csv(
                        "latency", "row", "round", "server", "p50_us", "p99_us", "p99_9_us", "lost_percent", "load_mbit_s")) {
            var bench = new LatencyBench(rounds, seconds, rivals, csv);
            rivals.lab().with(Prober.echo(rivals.lab().server, ECHO_PORT));
            var outside = bench.withoutTunnel();
            var results = new LinkedHashMap<Row, List<Pair>>();
            for (var transport : Rivals.TRANSPORTS) {
                var rows = all.stream()
                        .filter(row -> row.transport.equals(transport) && row.name().startsWith(begin))
                        .toList();
                if (!rows.isEmpty()) {
                    bench.measure(transport, rows, results);
                }
            }
            System.out.println(Machine.describe(rivals.lab().server));
            bench.print(results);
            System.out.printf(
                    Locale.ROOT,
                    "%nwithout a tunnel, idle: %.0f, %.0f, %.0f%n",
                    outside.percentiles[0],
                    outside.percentiles[1],
                    outside.percentiles[2]);
            System.out.println("every round: " + csv.file().normalize());
        }
    }

    /** What the machine and the prober themselves take. */
    private Round withoutTunnel() {
        int count = seconds * PER_SECOND;
        try (var prober = Prober.start(rivals.lab().client(1), Lab.serverIpv4(1), ECHO_PORT, PER_SECOND)) {
            var trips = prober.probe(WARM_UP_SECONDS * PER_SECOND, count, Duration.ofSeconds(WARM_UP_SECONDS + seconds + 20));
            return Side.result(trips, count, 0);
        }
    }

    private void measure(String transport, List<Row> rows, Map<Row, List<Pair>> results) throws IOException {
        var sides = new ArrayList<Side>();
        try {
            for (var rival : rivals.of(transport)) {
                sides.add(open(rival));
            }
            // Two hundred packets a second would leave the path to the interpreter for a long time.
            for (var side : sides) {
                side.round(Load.UP, COMPILE_SECONDS);
                side.round(Load.DOWN, COMPILE_SECONDS);
            }
            for (var row : rows) {
                System.err.println("bench: " + row.name());
                for (var side : sides) {
                    side.round(row.load, WARM_UP_SECONDS);
                }
                var pairs = new ArrayList<Pair>();
                for (int round = 0; round < rounds; round++) {
                    var both = new Round[2];
                    for (int turn : round % 2 == 0 ? new int[] {0, 1} : new int[] {1, 0}) {
                        var side = sides.get(turn);
                        var r = side.round(row.load, seconds);
                        both[turn] = r;
                        csv.row(
                                row.name(), round + 1, side.rival.name(), r.percentiles[0], r.percentiles[1],
                                r.percentiles[2], r.lostPercent, r.megabits);
                    }
                    pairs.add(new Pair(both[0], both[1]));
                }
                results.put(row, pairs);
            }
        } finally {
            sides.reversed().forEach(Side::close);
        }
    }

    private Side open(Rivals.Rival rival) {
        var client = rivals.connect(rival, 1, CIPHER);
        return new Side(
                rival,
                client,
                Iperf.server(rivals.lab().server, rival.address()),
                Prober.start(client.host(), rival.address(), ECHO_PORT, PER_SECOND));
    }

    /** A server, its client, and what measures them. */
    private record Side(Rivals.Rival rival, OpenVpnClient client, Proc iperf, Prober prober) {
        Round round(Load load, int seconds) {
            int count = seconds * PER_SECOND;
            if (load == Load.IDLE) {
                return result(prober.probe(0, count, Duration.ofSeconds(seconds + 20)), count, 0);
            }
            // The first second is the stream's to begin in; it ends a second after the last datagram.
            var stream = Iperf.startClient(
                    client.host(),
                    rival.address(),
                    seconds + 2,
                    load.iperf);
            var trips = prober.probe(PER_SECOND, count, Duration.ofSeconds(seconds + 20));
            double megabits = Iperf.result(stream, Duration.ofSeconds(seconds + 30)).megabits();
            return result(trips, count, megabits);
        }

        private static Round result(Prober.Trips trips, int count, double megabits) {
            var samples = new Samples(trips.microseconds());
            var percentiles = new double[PERCENTS.length];
            for (int i = 0; i < PERCENTS.length; i++) {
                percentiles[i] = samples.percentile(PERCENTS[i]);
            }
            return new Round(percentiles, 100.0 * trips.lost() / count, megabits);
        }

        void close() {
            prober.close();
            iperf.close();
            client.close();
        }
    }

    private void print(Map<Row, List<Pair>> results) {
        System.out.println("round trips in microseconds, " + PER_SECOND + " a second, medians of alternating rounds ("
                + rounds + " of " + seconds + " s each); ratio: Culvert / openvpn; c = Culvert, o = openvpn\n");
        System.out.println(
                "            |         ratio         |        p50        |        p99        |       p99.9       |   lost %    | load Mbit/s");
        System.out.println(
                "            |    p50    p99   p99.9 |        c        o |        c        o |        c        o |    c      o |     c      o");
        results.forEach((row, pairs) -> {
            System.out.printf("%-11s |", row.name());
            for (int i = 0; i < PERCENTS.length; i++) {
                int percentile = i;
                System.out.printf(
                        Locale.ROOT,
                        i == 2 ? " %7.2f" : " %6.2f",
                        Samples.of(pairs.stream()
                                        .map(p -> p.ours.percentiles[percentile] / p.openVpn.percentiles[percentile])
                                        .toList())
                                .median());
            }
            for (int i = 0; i < PERCENTS.length; i++) {
                int percentile = i;
                System.out.printf(
                        Locale.ROOT,
                        " | %8.0f %8.0f",
                        median(pairs, p -> p.ours.percentiles[percentile]),
                        median(pairs, p -> p.openVpn.percentiles[percentile]));
            }
            System.out.printf(
                    Locale.ROOT,
                    " | %4.1f %6.1f | %5.0f %6.0f%n",
                    median(pairs, p -> p.ours.lostPercent),
                    median(pairs, p -> p.openVpn.lostPercent),
                    median(pairs, p -> p.ours.megabits),
                    median(pairs, p -> p.openVpn.megabits));
        });
    }

    private static double median(List<Pair> pairs, java.util.function.ToDoubleFunction<Pair> figure) {
        return new Samples(pairs.stream().mapToDouble(figure).toArray()).median();
    }
}

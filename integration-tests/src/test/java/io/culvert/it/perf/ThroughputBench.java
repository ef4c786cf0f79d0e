package io.culvert.it.perf;

import io.culvert.it.lab.Iperf;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.Proc;
import io.culvert.it.lab.Usage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * {@code bench throughput [ROUNDS] [SECONDS] [ROWS]}: one TCP stream of iperf3 between a stock client's namespace and
 * the server's own address inside the tunnel, ours and openvpn taking turns. ROWS is how the names of the rows begin
 * that are wanted: {@code udp-aes}, {@code 2tcp}; up is from client to server, a leading 2 two clients at once.
 *
 * <p>CPU is user and system time of the server's process per 10^9 bytes that arrived at iperf3. A ratio is the median
 * of the rounds' ratios, so that a machine that slows down for a while harms both sides alike.
 */
final class ThroughputBench {
    private static final int ROUNDS = 5;
    private static final int SECONDS = 5;
    /** What the compiler needs to have seen of a direction before it counts. */
    private static final int WARM_UP_SECONDS = 6;

    /** And of the first rows of each transport, when everything is new to it. */
    private static final int FIRST_WARM_UP_SECONDS = 20;

    private static final int FIRST_PORT = 5201;

    /** A line of the table. */
    private record Row(String name, String transport, String cipher, boolean up, int clients) {}

    /** What one side did in one round. */
    private record Round(double megabits, double cpuPerGb, long retransmits, double residentMib, double clientCpuPerGb) {}

    private record Pair(Round ours, Round openVpn) {
        double ratio(ToDoubleFunction<Round> figure) {
            return figure.applyAsDouble(ours) / figure.applyAsDouble(openVpn);
        }
    }

    private final int rounds;
    private final int seconds;
    private final Rivals rivals;
    private final Csv csv;

    /** Transports and directions that were warmed up. */
    private final Set<String> warm = new HashSet<>();

    private ThroughputBench(int rounds, int seconds, Rivals rivals, Csv csv) {
        this.rounds = rounds;
        this.seconds = seconds;
        this.rivals = rivals;
        this.csv = csv;
    }

    static void run(String[] options) throws Exception {
        int rounds = options.length > 0 ? Integer.parseInt(options[0]) : ROUNDS;
        int seconds = options.length > 1 ? Integer.parseInt(options[1]) : SECONDS;
        String begin = options.length > 2 ? options[2] : "";
        var rows = rows().stream().filter(row -> row.name.startsWith(begin)).toList();
        if (rows.isEmpty()) {
            throw new IllegalArgumentException("no row begins with " + begin + "; the rows: "
                    + String.join(" ", rows().stream().map(Row::name).toList()));
        }
        int clients = rows.stream().mapToInt(Row::clients).max().orElseThrow();
        try (var rivals = Rivals.open("throughput", clients);
                var csv = new Csv(
                        "throughput", "row", "round", "server", "mbit_s", "cpu_s_per_gb", "retransmits", "resident_mib",
                        "client_cpu_s_per_gb")) {
            var bench = new ThroughputBench(rounds, seconds, rivals, csv);
            var results = new LinkedHashMap<Row, List<Pair>>();
            for (var row : rows) {
                System.err.println("bench: " + row.name);
                results.put(row, bench.measure(row));
            }
            System.out.println(Machine.describe(rivals.lab().server));
            bench.print(results);
            System.out.println("\nevery round: " + csv.file().normalize());
        }
    }

    private static List<Row> rows() {
        var rows = new ArrayList<Row>();
        for (int clients = 1; clients <= 2; clients++) {
            for (var transport : Rivals.TRANSPORTS) {
                for (var cipher : List.of("AES-256-GCM", "CHACHA20-POLY1305")) {
                    for (boolean up : new boolean[] {true, false}) {
                        var name = (clients == 1 ? "" : "" + clients) + transport + (cipher.startsWith("AES") ? "-aes" : "-chacha")
                                + (up ? "-up" : "-down");
                        // With two clients the cipher adds nothing that one client does not show.
                        if (clients == 1 || cipher.startsWith("AES")) {
                            rows.add(new Row(name, transport, cipher, up, clients));
                        }
                    }
                }
            }
        }
        return rows;
    }

    /** Idle clients of the other side stay connected: all they do is a ping in ten seconds. */
    private List<Pair> measure(Row row) throws IOException {
        var opened = new ArrayList<AutoCloseable>();
        try {
            var sides = new ArrayList<Side>();
            for (var rival : rivals.of(row.transport)) {
                var clients = new ArrayList<OpenVpnClient>();
                for (int number = 1; number <= row.clients; number++) {
                    var client = rivals.connect(rival, number, row.cipher);
                    opened.add(client);
                    clients.add(client);
                    opened.add(Iperf.server(rivals.lab().server, rival.address(), FIRST_PORT + number - 1));
                }
                sides.add(new Side(rival, clients));
            }
            boolean isNew = warm.add(row.transport + row.up);
            for (var side : sides) {
                boolean compiles = isNew && side.rival.name().equals(sides.getFirst().rival.name());
                side.round(row.up, Math.max(seconds, compiles ? FIRST_WARM_UP_SECONDS : WARM_UP_SECONDS));
            }
            var pairs = new ArrayList<Pair>();
            for (int round = 0; round < rounds; round++) {
                // Who goes first alternates as well.
                var rounds = new Round[2];
                for (int turn : round % 2 == 0 ? new int[] {0, 1} : new int[] {1, 0}) {
                    rounds[turn] = sides.get(turn).round(row.up, seconds);
                    record(row, round, sides.get(turn).rival.name(), rounds[turn]);
                }
                pairs.add(new Pair(rounds[0], rounds[1]));
            }
            return pairs;
        } finally {
            for (var one : opened.reversed()) {
                close(one);
            }
        }
    }

    private static void close(AutoCloseable one) {
        try {
            one.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private void record(Row row, int round, String server, Round r) throws IOException {
        csv.row(row.name, round + 1, server, r.megabits, r.cpuPerGb, r.retransmits, r.residentMib, r.clientCpuPerGb);
    }

    /** A server and the clients that are connected to it. */
    private record Side(Rivals.Rival rival, List<OpenVpnClient> clients) {
        Round round(boolean up, int seconds) {
            double before = Usage.cpuSeconds(rival.serverPid());
            double clientsBefore = clientCpu();
            var runs = new ArrayList<Proc>();
            for (int n = 0; n < clients.size(); n++) {
                var options = new ArrayList<>(List.of("-p", "" + (FIRST_PORT + n)));
                if (!up) {
                    options.add("-R");
                }
                runs.add(Iperf.startClient(
                        clients.get(n).host(), rival.address(), seconds, options.toArray(String[]::new)));
            }
            double megabits = 0;
            double gigabytes = 0;
            long retransmits = 0;
            for (var run : runs) {
                var result = Iperf.result(run, Duration.ofSeconds(seconds + 20));
                megabits += result.megabits();
                gigabytes += result.bytes() / 1e9;
                retransmits += result.retransmits();
            }
            return new Round(
                    megabits,
                    (Usage.cpuSeconds(rival.serverPid()) - before) / gigabytes,
                    retransmits,
                    Usage.residentMib(rival.serverPid()),
                    (clientCpu() - clientsBefore) / gigabytes);
        }

        private double clientCpu() {
            return clients.stream().mapToDouble(c -> Usage.cpuSeconds(c.process().pid())).sum();
        }
    }

    private void print(Map<Row, List<Pair>> results) {
        System.out.println("medians of alternating rounds (" + rounds + " of " + seconds
                + " s each); ratio: Culvert / openvpn; CPU-s/GB of the server; c = Culvert, o = openvpn\n");
        System.out.println("                 |      ratio        |       Mbit/s        |    CPU-s/GB     |    retransmits    |"
                + "  resident MiB | client CPU-s/GB");
        System.out.println("                 |   Mbit/s CPU-s/GB |         c         o |       c       o |        c        o |"
                + "      c      o |       c       o");
        results.forEach((row, pairs) -> System.out.printf(
                Locale.ROOT,
                "%-16s | %8.2f %8.2f | %9.0f %9.0f | %7.2f %7.2f | %8.0f %8.0f | %6.0f %6.0f | %7.2f %7.2f%n",
                row.name,
                Samples.of(pairs.stream().map(p -> p.ratio(Round::megabits)).toList()).median(),
                Samples.of(pairs.stream().map(p -> p.ratio(Round::cpuPerGb)).toList()).median(),
                ours(pairs, Round::megabits),
                openVpn(pairs, Round::megabits),
                ours(pairs, Round::cpuPerGb),
                openVpn(pairs, Round::cpuPerGb),
                ours(pairs, Round::retransmits),
                openVpn(pairs, Round::retransmits),
                ours(pairs, Round::residentMib),
                openVpn(pairs, Round::residentMib),
                ours(pairs, Round::clientCpuPerGb),
                openVpn(pairs, Round::clientCpuPerGb)));
    }

    private static double ours(List<Pair> pairs, ToDoubleFunction<Round> figure) {
        return new Samples(pairs.stream().map(Pair::ours).mapToDouble(figure).toArray()).median();
    }

    private static double openVpn(List<Pair> pairs, ToDoubleFunction<Round> figure) {
        return new Samples(pairs.stream().map(Pair::openVpn).mapToDouble(figure).toArray()).median();
    }
}

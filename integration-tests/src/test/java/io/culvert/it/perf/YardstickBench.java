package io.culvert.it.perf;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Iperf;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.Usage;
import io.culvert.it.lab.Yardstick;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * {@code bench yardstick [ROUNDS] [SECONDS]}: Culvert beside a C program with the same system calls as the server,
 * taking turns, with that C program as the client of both: what the product costs over what the machine gives to these
 * system calls and AES-256-GCM, when nothing else has to be done. The C server comes with its pause while hot and
 * without. One TCP stream of iperf3 from the client's namespace to the server's address in the tunnel.
 *
 * <p>The C program cannot log in: the load peer does, and leaves it the session's keys and port.
 */
final class YardstickBench {
    private static final int ROUNDS = 5;
    private static final int SECONDS = 5;
    private static final int WARM_UP_SECONDS = 20;
    private static final int OUR_PORT = 1194;
    private static final String CLIENT_DEVICE = "yscli";

    /** The last one is what the others are compared with. */
    private enum Server {
        CULVERT("Culvert", "10.8.0.1", ""),
        C_NO_PAUSE("C, no pause", "10.20.0.1", "0"),
        C("C, 50 us pause", "10.20.0.1", "50");

        final String label;
        final String address;
        final String pauseUs;

        Server(String label, String address, String pauseUs) {
            this.label = label;
            this.address = address;
            this.pauseUs = pauseUs;
        }
    }

    private enum Direction {
        UP,
        DOWN;

        String[] options() {
            return this == UP ? new String[0] : new String[] {"-R"};
        }
    }

    private record Row(Server server, Direction direction) {}

    private record Round(double megabits, double serverCpuPerGb, double clientCpuPerGb, long retransmits) {}

    private final Lab lab;
    private final Path program;
    private final long ourPid;
    private final Load login;
    private final int rounds;
    private final int seconds;
    private final Map<Row, List<Round>> results = new LinkedHashMap<>();
    private final Map<Row, String> batches = new LinkedHashMap<>();

    private YardstickBench(Lab lab, int rounds, int seconds) {
        this.lab = lab;
        this.rounds = rounds;
        this.seconds = seconds;
        this.program = Yardstick.compile(lab);
        var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
        appliance.configure(
                List.of("redirectGateway: false", "forwarding: false", "masquerade: false"),
                List.of("udp: { transport: udp, port: " + OUR_PORT + " }"));
        this.ourPid = appliance.up().pid();
        appliance.cli("user", "add", "load").ok();
        this.login = Load.start(lab, 1, "load", appliance.profile("load", Lab.serverIpv4(1), "udp", ""));
    }

    static void run(String[] options) throws Exception {
        int rounds = options.length > 0 ? Integer.parseInt(options[0]) : ROUNDS;
        int seconds = options.length > 1 ? Integer.parseInt(options[1]) : SECONDS;
        try (var lab = Lab.open("yardstick", 1);
                var csv = new Csv(
                        "yardstick", "server", "direction", "round", "mbit_s", "server_cpu_s_per_gb", "client_cpu_s_per_gb",
                        "retransmits")) {
            var bench = new YardstickBench(lab, rounds, seconds);
            bench.measure(csv);
            System.out.println(Machine.describe(lab.server));
            bench.print();
            System.out.println("\nevery round: " + csv.file().normalize());
        }
    }

    private void measure(Csv csv) throws IOException {
        for (var direction : Direction.values()) {
            System.err.println("bench: " + direction.name().toLowerCase(Locale.ROOT));
            round(new Row(Server.CULVERT, direction), Math.max(seconds, WARM_UP_SECONDS));
            for (int round = 0; round < rounds; round++) {
                for (int i = 0; i < Server.values().length; i++) {
                    var row = new Row(Server.values()[(i + round) % Server.values().length], direction);
                    var r = round(row, seconds);
                    results.computeIfAbsent(row, _ -> new ArrayList<>()).add(r);
                    csv.row(
                            row.server.name().toLowerCase(Locale.ROOT), direction.name().toLowerCase(Locale.ROOT), round + 1,
                            r.megabits, r.serverCpuPerGb, r.clientCpuPerGb, r.retransmits);
                }
            }
        }
    }

    /** New C processes each time: none profits from how another's memory happened to lie. */
    private Round round(Row row, int seconds) {
        if (row.server == Server.CULVERT) {
            var keys = lab.directory().resolve("session.key");
            var session = login.ask(
                    "export " + keys, "exported peer-id (\\d+) of (\\S+) at (\\S+)", Duration.ofSeconds(30));
            try (var client = Yardstick.client(
                    lab.client(1), program, keys, CLIENT_DEVICE, session.group(3), Lab.serverIpv4(1), OUR_PORT, "-i",
                    session.group(1), "-a", session.group(2))) {
                return transfer(row, seconds, ourPid, client);
            }
        }
        var keys = Yardstick.newKeys(lab);
        try (var server = Yardstick.server(
                        lab, program, keys, "yssrv", row.server.address + "/24", Yardstick.PORT, "-u", row.server.pauseUs);
                var client = Yardstick.client(
                        lab.client(1), program, keys, CLIENT_DEVICE, "10.20.0.2/24", Lab.serverIpv4(1), Yardstick.PORT)) {
            var result = transfer(row, seconds, server.process().pid(), client);
            batches.put(row, server.stop());
            return result;
        }
    }

    private Round transfer(Row row, int seconds, long server, Yardstick client) {
        var host = lab.client(1);
        var address = row.server.address;
        try (var iperf = Iperf.server(lab.server, address)) {
            // A path's first second is its own: neighbours are asked for, windows grow.
            Iperf.run(host, address, 1, row.direction.options());
            double serverBefore = Usage.cpuSeconds(server);
            double clientBefore = Usage.cpuSeconds(client.process().pid());
            var run = Iperf.run(host, address, seconds, row.direction.options());
            double gigabytes = run.bytes() / 1e9;
            return new Round(
                    run.megabits(),
                    (Usage.cpuSeconds(server) - serverBefore) / gigabytes,
                    (Usage.cpuSeconds(client.process().pid()) - clientBefore) / gigabytes,
                    run.retransmits());
        }
    }

    private void print() {
        System.out.println("client: yardstick.c, AES-256-GCM; medians of alternating rounds (" + rounds + " of " + seconds
                + " s each); ratios to the C server with its pause, medians of the rounds' ratios\n");
        System.out.printf(
                "%-15s %-4s | %12s %14s | %8s %15s %15s %11s%n",
                "server", "", "ratio Mbit/s", "ratio CPU-s/GB", "Mbit/s", "server CPU-s/GB", "client CPU-s/GB", "retransmits");
        results.entrySet().stream()
                .sorted(Map.Entry.comparingByKey(
                        Comparator.comparing(Row::direction).thenComparing(Row::server)))
                .forEach(entry -> print(entry.getKey(), entry.getValue()));
        System.out.println("\nthe C servers' batches in their last rounds:");
        batches.forEach((row, text) -> System.out.println("  " + row.server.label + ", "
                + row.direction.name().toLowerCase(Locale.ROOT) + ": " + text));
    }

    private void print(Row row, List<Round> own) {
        var base = results.get(new Row(Server.C, row.direction));
        System.out.printf(
                Locale.ROOT,
                "%-15s %-4s | %12.2f %14.2f | %8.0f %15.2f %15.2f %11.0f%n",
                row.server.label,
                row.direction.name().toLowerCase(Locale.ROOT),
                ratio(own, base, Round::megabits),
                ratio(own, base, Round::serverCpuPerGb),
                median(own, Round::megabits),
                median(own, Round::serverCpuPerGb),
                median(own, Round::clientCpuPerGb),
                median(own, Round::retransmits));
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

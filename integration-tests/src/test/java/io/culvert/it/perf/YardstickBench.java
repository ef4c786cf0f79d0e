package io.culvert.it.perf;

import io.culvert.it.lab.Iperf;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.Usage;
import io.culvert.it.lab.Yardstick;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * {@code bench yardstick [ROUNDS] [SECONDS]}: the C program at both ends, with and without its pause while hot; one TCP
 * stream of iperf3 from the client's namespace to the server's address in the tunnel. It is what the machine gives to
 * these system calls and AES-256-GCM, when nothing else has to be done.
 */
final class YardstickBench {
    private static final int ROUNDS = 5;
    private static final int SECONDS = 5;
    private static final List<String> PAUSES = List.of("50", "0");

    private record Round(double megabits, double serverCpuPerGb, double clientCpuPerGb, long retransmits) {}

    private final Lab lab;
    private final Path program;
    private final int seconds;

    private YardstickBench(Lab lab, Path program, int seconds) {
        this.lab = lab;
        this.program = program;
        this.seconds = seconds;
    }

    static void run(String[] options) throws Exception {
        int rounds = options.length > 0 ? Integer.parseInt(options[0]) : ROUNDS;
        int seconds = options.length > 1 ? Integer.parseInt(options[1]) : SECONDS;
        try (var lab = Lab.open("yardstick", 1);
                var csv = new Csv(
                        "yardstick", "row", "round", "mbit_s", "server_cpu_s_per_gb", "client_cpu_s_per_gb", "retransmits")) {
            var bench = new YardstickBench(lab, Yardstick.compile(lab), seconds);
            var results = new LinkedHashMap<String, List<Round>>();
            var batches = new LinkedHashMap<String, String>();
            for (int round = 0; round < rounds; round++) {
                for (var pause : PAUSES) {
                    for (boolean up : new boolean[] {true, false}) {
                        var row = (up ? "up" : "down") + ", pause " + pause + " us";
                        var result = bench.round(row, pause, up, batches);
                        results.computeIfAbsent(row, _ -> new ArrayList<>()).add(result);
                        csv.row(
                                row.replace(",", ""), round + 1, result.megabits, result.serverCpuPerGb,
                                result.clientCpuPerGb, result.retransmits);
                    }
                }
            }
            System.out.println(Machine.describe(lab.server));
            print(results, batches, rounds, seconds);
            System.out.println("\nevery round: " + csv.file().normalize());
        }
    }

    /** New processes each time: none profits from how another's memory happened to lie. */
    private Round round(String row, String pause, boolean up, Map<String, String> batches) throws IOException {
        var keys = Yardstick.newKeys();
        var host = lab.client(1);
        try (var server = Yardstick.server(lab, program, keys, "ystun", "10.20.0.1/24", "-u", pause);
                var client = Yardstick.client(
                        lab, host, program, keys, "ystun", "10.20.0.2/24", Lab.serverIpv4(1), "-u", pause);
                var iperf = Iperf.server(lab.server, "10.20.0.1")) {
            Iperf.run(host, "10.20.0.1", 1);
            double serverBefore = Usage.cpuSeconds(server.process().pid());
            double clientBefore = Usage.cpuSeconds(client.process().pid());
            var run = Iperf.result(
                    Iperf.startClient(host, "10.20.0.1", seconds, up ? new String[0] : new String[] {"-R"}),
                    Duration.ofSeconds(seconds + 20));
            double gigabytes = run.bytes() / 1e9;
            var result = new Round(
                    run.megabits(),
                    (Usage.cpuSeconds(server.process().pid()) - serverBefore) / gigabytes,
                    (Usage.cpuSeconds(client.process().pid()) - clientBefore) / gigabytes,
                    run.retransmits());
            batches.put(row, server.stop());
            return result;
        }
    }

    private static void print(Map<String, List<Round>> results, Map<String, String> batches, int rounds, int seconds) {
        System.out.println(
                "yardstick.c at both ends, AES-256-GCM; medians of " + rounds + " rounds of " + seconds + " s\n");
        System.out.printf(
                "%-18s | %8s | %16s | %16s | %11s%n", "", "Mbit/s", "server CPU-s/GB", "client CPU-s/GB", "retransmits");
        results.forEach((row, all) -> System.out.printf(
                Locale.ROOT,
                "%-18s | %8.0f | %16.2f | %16.2f | %11.0f%n",
                row,
                median(all, Round::megabits),
                median(all, Round::serverCpuPerGb),
                median(all, Round::clientCpuPerGb),
                median(all, Round::retransmits)));
        System.out.println("\nthe server's batches in the last round (one second up as warm-up included):");
        batches.forEach((row, text) -> System.out.println("  " + row + ": " + text));
    }

    private static double median(List<Round> rounds, ToDoubleFunction<Round> figure) {
        return new Samples(rounds.stream().mapToDouble(figure).toArray()).median();
    }
}

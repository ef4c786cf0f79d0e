package io.culvert.it.perf;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Iperf;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.Proc;
import io.culvert.it.lab.Usage;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code bench console [ROUNDS] [SECONDS]}: what open consoles cost the tunnel. A stock client's iperf3 with and without
 * {@value #CONSOLES} consoles, taking turns; a console is what a page holds open: the stream of events over TLS, with all
 * that is shown on the overview and in the log. Before its stream it asks once for what every page asks first.
 */
final class ConsoleBench {
    private static final int CONSOLES = 5;
    private static final int ROUNDS = 7;
    private static final int SECONDS = 4;
    private static final int WARM_UP_SECONDS = 20;
    private static final int PORT = 8443;
    private static final String TUNNEL = "10.8.0.1";
    private static final String API = "https://127.0.0.1:" + PORT + "/api/v1";
    private static final Duration OPEN = Duration.ofSeconds(20);

    private record Round(double megabits, double cpuPerGb) {}

    private final Lab lab;
    private final long pid;
    private final String token;

    private ConsoleBench(Lab lab, long pid, String token) {
        this.lab = lab;
        this.pid = pid;
        this.token = token;
    }

    static void run(String[] options) throws Exception {
        int rounds = options.length > 0 ? Integer.parseInt(options[0]) : ROUNDS;
        int seconds = options.length > 1 ? Integer.parseInt(options[1]) : SECONDS;
        try (var lab = Lab.open("console-cost", 1);
                var csv = new Csv("console", "row", "round", "consoles", "mbit_s", "cpu_s_per_gb")) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home-" + System.nanoTime())));
            appliance.configure(
                    List.of("redirectGateway: false"),
                    List.of("udp: { transport: udp, port: 1194 }"),
                    "web.rest");
            long pid = appliance.up().pid();
            appliance.awaitConsole();
            appliance.cli("user", "add", "alice").ok();
            var bench = new ConsoleBench(lab, pid, token(lab, appliance));
            try (var client = OpenVpnClient.start(
                                    lab, lab.client(1), "alice", appliance.profile("alice", Lab.serverIpv4(1), "udp", ""))
                            .awaitConnected();
                    var server = Iperf.server(lab.server, TUNNEL)) {
                bench.measure(rounds, seconds, csv);
            }
        }
    }

    /** An administrator and a token, made as root over the Unix socket. */
    private static String token(Lab lab, Appliance appliance) {
        local(lab, appliance, "/administrators",
                "{\"name\":\"bench\",\"role\":\"administrator\",\"password\":\"a quiet afternoon\"}");
        String made = local(lab, appliance, "/tokens", "{\"name\":\"bench\",\"role\":\"viewer\",\"days\":1}");
        Matcher token = Pattern.compile("\"secret\" *: *\"([^\"]+)\"").matcher(made);
        if (!token.find()) {
            throw new AssertionError("no token in " + made.length() + " characters of answer");
        }
        return token.group(1);
    }

    private static String local(Lab lab, Appliance appliance, String path, String body) {
        return lab.server
                .exec("curl", "-sS", "--fail-with-body", "--retry", "20", "--retry-all-errors", "--unix-socket",
                        appliance.home().resolve("run/control.sock").toString(), "-H", "Content-Type: application/json",
                        "-d", body, "http://localhost/api/v1" + path)
                .ok();
    }

    private void measure(int rounds, int seconds, Csv csv) throws IOException {
        round(true, WARM_UP_SECONDS);
        round(false, WARM_UP_SECONDS);
        System.out.println(Machine.describe(lab.server));
        System.out.printf(Locale.ROOT, "medians of %d alternating rounds of %d s; ratio: with %d consoles / with none%n%n",
                rounds, seconds, CONSOLES);
        System.out.println("     | ratio Mbit/s | ratio CPU-s/GB | Mbit/s with, without | CPU-s/GB with, without");
        for (boolean up : new boolean[] {true, false}) {
            var with = new ArrayList<Round>();
            var without = new ArrayList<Round>();
            for (int round = 0; round < rounds; round++) {
                for (int turn : round % 2 == 0 ? new int[] {0, CONSOLES} : new int[] {CONSOLES, 0}) {
                    var consoles = open(turn);
                    Round result = round(up, seconds);
                    consoles.forEach(Proc::close);
                    (turn == 0 ? without : with).add(result);
                    csv.row(up ? "up" : "down", round + 1, turn, result.megabits, result.cpuPerGb);
                }
            }
            var rate = new ArrayList<Double>();
            var cpu = new ArrayList<Double>();
            for (int round = 0; round < rounds; round++) {
                rate.add(with.get(round).megabits / without.get(round).megabits);
                cpu.add(with.get(round).cpuPerGb / without.get(round).cpuPerGb);
            }
            System.out.printf(Locale.ROOT, "%-4s | %12.3f | %14.3f | %9.0f  %9.0f | %9.2f  %9.2f%n",
                    up ? "up" : "down",
                    Samples.of(rate).median(),
                    Samples.of(cpu).median(),
                    Samples.of(with.stream().map(Round::megabits).toList()).median(),
                    Samples.of(without.stream().map(Round::megabits).toList()).median(),
                    Samples.of(with.stream().map(Round::cpuPerGb).toList()).median(),
                    Samples.of(without.stream().map(Round::cpuPerGb).toList()).median());
        }
        System.out.println("\nevery round: " + csv.file().normalize());
    }

    /** Opens so many consoles, each of which hears the server's greeting before this returns. */
    private List<Proc> open(int count) {
        var opened = new ArrayList<Proc>();
        for (int i = 0; i < count; i++) {
            lab.server.exec("curl", "-sSk", "--fail-with-body", "-H", "Authorization: Bearer " + token, API + "/overview").ok();
            opened.add(lab.server.start(
                    "console-" + i,
                    List.of("curl", "-sSkN", "--fail-with-body", "-H", "Authorization: Bearer " + token,
                            API + "/events?topics=overview,modules,changes,log&level=info")));
        }
        opened.forEach(each -> each.await("hello", OPEN));
        return opened;
    }

    private Round round(boolean up, int seconds) {
        double before = Usage.cpuSeconds(pid);
        var result = up ? Iperf.run(lab.client(1), TUNNEL, seconds) : Iperf.run(lab.client(1), TUNNEL, seconds, "-R");
        return new Round(result.megabits(), (Usage.cpuSeconds(pid) - before) / (result.bytes() / 1e9));
    }
}

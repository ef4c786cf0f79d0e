package io.culvert.it.perf;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Iperf;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.Prober;
import io.culvert.it.lab.Usage;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * What sessions cost that do nothing but answer keepalives: {@code bench sessions [COUNT,COUNT...] [IDLE-SECONDS]
 * [MODULE,MODULE...]}, where the modules are the providers of TLS and ciphers.
 * Memory is that of the server's process behind a collection, over what it holds with one session; the processor time
 * is that of its whole process: in the first IDLE-SECONDS behind the logins, and in as many when it falls no more.
 * Round trips, a few a second, and throughput are a stock client's beside them.
 */
final class SessionsBench {
    private static final String TUNNEL_ADDRESS = "10.8.0.1";
    private static final String PROVIDERS = "tls.jsse,tls.openssl,crypto.jce,crypto.openssl,crypto.ipsecmb";
    private static final int PARALLEL = 24;
    private static final int SETTLE_SECONDS = 20;
    private static final int IPERF_SECONDS = 5;
    private static final int SETTLE_WINDOWS = 8;
    private static final int ECHO_PORT = 7007;
    private static final int TRIPS_PER_SECOND = 5;
    private static final int TRIPS = 100;
    private static final double STILL_FALLING = 0.9;

    /** Classes that hold less for each session are left out. */
    private static final double HISTOGRAM_BYTES = 16;

    private SessionsBench() {}

    static void run(String[] options) throws Exception {
        int[] counts = Arrays.stream((options.length > 0 ? options[0] : "1,100,1000,10000").split(","))
                .mapToInt(Integer::parseInt)
                .sorted()
                .toArray();
        int idleSeconds = options.length > 1 ? Integer.parseInt(options[1]) : 60;
        String modules = Arrays.stream((options.length > 2 ? options[2] : PROVIDERS).split(","))
                .map(module -> "  " + module + ": {}\n")
                .collect(Collectors.joining());
        try (var lab = Lab.open("sessions", 2)) {
            var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
            appliance.configure(YAML.formatted(modules));
            long server = appliance.up().pid();
            appliance.addUser("load", "unused-password");
            appliance.addUser("stock", "unused-password");
            var load = Load.start(lab, 1, "load", appliance.profile("load", Lab.serverIpv4(1), "udp", ""));
            var iperf = lab.with(Iperf.server(lab.server, TUNNEL_ADDRESS));
            var stock = lab.with(OpenVpnClient.start(
                            lab, lab.client(2), "stock", appliance.profile("stock", Lab.serverIpv4(2), "udp", ""), "route-nopull"))
                    .awaitConnected();
            lab.with(Prober.echo(lab.server, ECHO_PORT));
            var prober = lab.with(Prober.start(lab.client(2), TUNNEL_ADDRESS, ECHO_PORT, TRIPS_PER_SECOND));
            // Once through everything, so that what is made at the first use is not counted as the sessions'.
            load.ask("handshakes 5 8", "handshakes.*", Duration.ofSeconds(60));
            Iperf.run(lab.client(2), TUNNEL_ADDRESS, IPERF_SECONDS);
            Iperf.run(lab.client(2), TUNNEL_ADDRESS, IPERF_SECONDS, "-R");
            System.out.println(Machine.describe(lab.server));
            System.out.printf(
                    "%8s %14s %16s %14s %12s %12s %12s %12s %16s %12s%n",
                    "sessions", "heap KiB each", "malloc KiB each", "RSS KiB each", "heap MiB", "RSS MiB", "at first %", "idle % core", "us p50, p90", "Mbit/s up");
            double heapOfOne = 0;
            double mallocOfOne = 0;
            double residentOfOne = 0;
            Map<String, Long> liveOfOne = Map.of();
            int in = 0;
            for (int count : counts) {
                load.logIn(count - in, PARALLEL);
                in = count;
                pause(SETTLE_SECONDS);
                double first = share(server, idleSeconds);
                double idle = settled(server, idleSeconds, first);
                var probed = prober.probe(0, TRIPS, Duration.ofSeconds(TRIPS / TRIPS_PER_SECOND + 20));
                var trips = new Samples(probed.microseconds());
                double up = Iperf.run(lab.client(2), TUNNEL_ADDRESS, IPERF_SECONDS).megabits();
                var live = LiveHeap.bytes(server);
                double heap = LiveHeap.total(live) / 1024.0;
                double malloc = LiveHeap.mallocBytes(server) / 1024.0;
                double resident = Usage.residentMib(server) * 1024;
                if (count == counts[0]) {
                    heapOfOne = heap;
                    mallocOfOne = malloc;
                    residentOfOne = resident;
                    liveOfOne = live;
                }
                System.out.printf(
                        Locale.ROOT,
                        "%8d %14s %16s %14s %12.1f %12.1f %12.2f %12.2f %16s %12.0f%n",
                        count,
                        each(heap - heapOfOne, count - counts[0]),
                        each(malloc - mallocOfOne, count - counts[0]),
                        each(resident - residentOfOne, count - counts[0]),
                        heap / 1024,
                        resident / 1024,
                        first * 100,
                        idle * 100,
                        String.format(Locale.ROOT, "%.0f, %.0f", trips.percentile(50), trips.percentile(90))
                                + (probed.lost() > 0 ? ", " + probed.lost() + " lost" : ""),
                        up);
                if (count > counts[0]) {
                    histogram(liveOfOne, live, count - counts[0]);
                }
                if (load.alive() != count) {
                    throw new AssertionError("only " + load.alive() + " of " + count + " sessions are left");
                }
            }
            stock.close();
            iperf.close();
        }
    }

    /** Of one core, what the process uses. */
    private static double share(long pid, int seconds) {
        double cpu = Usage.cpuSeconds(pid);
        long begin = System.nanoTime();
        pause(seconds);
        return (Usage.cpuSeconds(pid) - cpu) / ((System.nanoTime() - begin) / 1e9);
    }

    /** The share once it falls no more: the compiler has done what the logins and the first keepalives gave it to do. */
    private static double settled(long pid, int seconds, double first) {
        double before = first;
        for (int i = 0; i < SETTLE_WINDOWS; i++) {
            double now = share(pid, seconds);
            if (now > before * STILL_FALLING) {
                return now;
            }
            before = now;
        }
        return before;
    }

    private static String each(double kib, int sessions) {
        return sessions == 0 ? "" : String.format(Locale.ROOT, "%.2f", kib / sessions);
    }

    private static void histogram(Map<String, Long> before, Map<String, Long> after, int sessions) {
        record Growth(String type, double bytes) {}
        System.out.printf("%8s %14s  %s%n", "", "bytes each", "of");
        after.entrySet().stream()
                .map(e -> new Growth(e.getKey(), (double) (e.getValue() - before.getOrDefault(e.getKey(), 0L)) / sessions))
                .filter(g -> g.bytes >= HISTOGRAM_BYTES)
                .sorted((x, y) -> Double.compare(y.bytes, x.bytes))
                .forEach(g -> System.out.printf(Locale.ROOT, "%8s %14.0f  %s%n", "", g.bytes, g.type));
    }

    private static void pause(int seconds) {
        long until = System.nanoTime() + seconds * 1_000_000_000L;
        for (long left = seconds * 1_000_000_000L; left > 0; left = until - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    private static final String YAML = """
            modules:
              core: { ipv4: 10.8.0.0/16, tun: cvtun, maxSessions: 20000, duplicateLogins: true }
              store.local: {}
              net.ipv4: {}
              net.ipv6: {}
              pki: {}
            %s  auth.file: {}
              log.file: {}
              tunnel.openvpn:
                udp: { transport: udp, port: 1194 }
            """;
}

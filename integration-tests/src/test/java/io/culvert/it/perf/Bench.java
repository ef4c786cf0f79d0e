package io.culvert.it.perf;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** {@code integration-tests/bench NAME}. */
public final class Bench {
    /** One benchmark. */
    interface Run {
        void run(String[] options) throws Exception;
    }

    private static final Map<String, Run> BENCHMARKS = new TreeMap<>(Map.ofEntries(
            Map.entry("ciphers", CiphersBench::run),
            Map.entry("console", ConsoleBench::run),
            Map.entry("handshakes", HandshakesBench::run),
            Map.entry("latency", LatencyBench::run),
            Map.entry("peer", PeerBench::run),
            Map.entry("sessions", SessionsBench::run),
            Map.entry("startup", StartupBench::run),
            Map.entry("swap", SwapBench::run),
            Map.entry("throughput", ThroughputBench::run),
            Map.entry("yardstick", YardstickBench::run)));
    /** Of a failure's text: it ends with what the failing program said last. */
    private static final int LINES_SHOWN = 40;

    private Bench() {}

    public static void main(String[] args) throws Exception {
        var chosen = args.length == 0 ? null : BENCHMARKS.get(args[0]);
        if (chosen == null) {
            System.err.println("usage: bench NAME [OPTION...]; one of " + String.join(", ", BENCHMARKS.keySet()));
            System.exit(2);
        }
        if (!"root".equals(System.getProperty("user.name"))) {
            System.err.println("bench: only root can make network namespaces");
            System.exit(1);
        }
        System.exit(run(chosen, Arrays.copyOfRange(args, 1, args.length)));
    }

    private static int run(Run chosen, String[] options) throws Exception {
        var over = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(endOnSignal(Thread.currentThread(), over));
        try {
            chosen.run(options);
            return 0;
        } catch (IllegalArgumentException e) {
            System.err.println("bench: " + e.getMessage());
            return 2;
        } catch (AssertionError e) {
            var lines = String.valueOf(e.getMessage()).lines().toList();
            System.err.println("bench: " + lines.getFirst());
            lines.stream().skip(Math.max(1, lines.size() - LINES_SHOWN)).forEach(line -> System.err.println("  " + line));
            System.err.println("bench: whole logs lie below " + System.getProperty("culvert.lab"));
            return 1;
        } finally {
            over.countDown();
        }
    }

    /** Whoever interrupts a benchmark leaves no namespace and no process behind. */
    private static Thread endOnSignal(Thread bench, CountDownLatch over) {
        return new Thread(() -> {
            if (over.getCount() > 0) {
                bench.interrupt();
                try {
                    over.await(30, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        });
    }
}

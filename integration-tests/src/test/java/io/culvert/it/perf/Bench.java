package io.culvert.it.perf;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/** {@code integration-tests/bench NAME}. */
public final class Bench {
    /** One benchmark. */
    interface Run {
        void run(String[] options) throws Exception;
    }

    private static final Map<String, Run> BENCHMARKS = new TreeMap<>(Map.of("startup", StartupBench::run));

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
        chosen.run(Arrays.copyOfRange(args, 1, args.length));
    }
}

package io.culvert.it.perf;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.Usage;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * From the start of {@code launcher/culvert up} to the line {@code ready in N ms}, and what the idle process then holds
 * in memory. The first start makes keys and certificates and fills caches, so it is printed apart.
 */
final class StartupBench {
    private static final int RUNS = 7;

    private StartupBench() {}

    static void run(String[] options) throws Exception {
        int runs = options.length > 0 ? Integer.parseInt(options[0]) : RUNS;
        try (var lab = Lab.open("startup", 1)) {
            var home = lab.directory().resolve("home-" + System.nanoTime());
            var appliance = lab.with(new Appliance(lab.server, home));
            appliance.configure(
                    List.of(), List.of("udp: { transport: udp, port: 1194 }", "tcp: { transport: tcp, port: 1194 }"));
            System.out.printf("%-12s %12s %12s %14s%n", "start", "wall ms", "said ms", "resident MiB");
            var wall = new double[runs];
            var resident = new double[runs];
            for (int run = -1; run < runs; run++) {
                long begin = System.nanoTime();
                var process = appliance.up();
                double wallMs = (System.nanoTime() - begin) / 1e6;
                var said = process.await("ready in (\\d+) ms", Duration.ofSeconds(1)).group(1);
                double residentMib = Usage.residentMib(process.pid());
                System.out.printf(
                        "%-12s %12.0f %12s %14.1f%n", run < 0 ? "first" : "" + (run + 1), wallMs, said, residentMib);
                if (run >= 0) {
                    wall[run] = wallMs;
                    resident[run] = residentMib;
                }
                appliance.stop();
            }
            Arrays.sort(wall);
            Arrays.sort(resident);
            System.out.printf("%-12s %12.0f %12s %14.1f%n", "median", wall[runs / 2], "", resident[runs / 2]);
        }
    }
}

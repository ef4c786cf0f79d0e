package io.culvert.it.perf;

import io.culvert.it.lab.Netns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What figures were measured on: they mean little without it. */
final class Machine {
    private Machine() {}

    /** Processor, cores, kernel and the versions that matter, in one line. */
    static String describe(Netns host) throws IOException {
        String processor = Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 2))
                .findFirst()
                .orElse(System.getProperty("os.arch"));
        String openvpn = host.exec("openvpn", "--version").output().lines().findFirst().orElse("openvpn");
        return processor + ", " + Runtime.getRuntime().availableProcessors() + " cores, Linux "
                + System.getProperty("os.version") + ", Java " + Runtime.version() + ", "
                + openvpn.replaceAll("^(\\S+ \\S+).*", "$1");
    }
}

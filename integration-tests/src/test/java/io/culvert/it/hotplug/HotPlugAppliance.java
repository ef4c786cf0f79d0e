package io.culvert.it.hotplug;

import io.culvert.it.lab.Netns;
import io.culvert.it.lab.Proc;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** {@link HotPlugMain} in a namespace. */
final class HotPlugAppliance implements AutoCloseable {
    private static final Duration DEADLINE = Duration.ofSeconds(120);

    private final Proc process;

    /**
     * What came of a line of input.
     *
     * @param left what {@code hotplug left} said
     * @param end the last line
     */
    record Answer(List<String> left, String end) {}

    private HotPlugAppliance(Proc process) {
        this.process = process;
    }

    /** Returns when the appliance is ready. */
    static HotPlugAppliance start(Netns host, Path home) {
        return start(host, home, BuiltBundle.directory());
    }

    /**
     * @param bundles one subdirectory for each start level
     * @param flags of the JVM
     */
    static HotPlugAppliance start(Netns host, Path home, Path bundles, String... flags) {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xmx96m",
                "-XX:+UseSerialGC",
                // What only soft references hold is no leak, but would stay for a minute: the JDK keeps the latest type of
                // a method handle that way, with the classes in it.
                "-XX:SoftRefLRUPolicyMSPerMB=0",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "--add-opens=java.sql/java.sql=ALL-UNNAMED"));
        // As the launcher's manifest has them.
        for (String name : List.of("java.net", "sun.net.www.protocol.file", "sun.net.www.protocol.ftp",
                "sun.net.www.protocol.http", "sun.net.www.protocol.https", "sun.net.www.protocol.jar",
                "sun.net.www.content.text")) {
            command.add("--add-opens=java.base/" + name + "=ALL-UNNAMED");
        }
        command.addAll(List.of(flags));
        command.addAll(List.of(
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                HotPlugMain.class.getName(),
                home.toString(),
                bundles.toString()));
        var process = host.startInteractive("culvert-hotplug", command);
        process.await("^hotplug up", DEADLINE);
        return new HotPlugAppliance(process);
    }

    /** Fails when it is not done. */
    Answer tell(String line) {
        return tell(line, DEADLINE);
    }

    /** Fails when it is not done in time. */
    Answer tell(String line, Duration deadline) {
        int from = process.lineCount();
        process.send(line);
        String end = process.await("^hotplug (done|failed).*", from, deadline).group();
        if (end.startsWith("hotplug failed")) {
            throw new AssertionError(line + ": " + end + "\n" + String.join("\n", output(from)));
        }
        return new Answer(output(from).stream().filter(l -> l.startsWith("hotplug left")).toList(), end);
    }

    private List<String> output(int from) {
        var lines = process.lines();
        return lines.subList(from, lines.size());
    }

    Proc process() {
        return process;
    }

    @Override
    public void close() {
        if (process.alive()) {
            process.terminate(Duration.ofSeconds(15));
        }
    }
}

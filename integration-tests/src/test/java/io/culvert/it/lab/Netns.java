package io.culvert.it.lab;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** A network namespace: a host of the lab. */
public final class Netns implements AutoCloseable {
    private static final AtomicInteger NEXT = new AtomicInteger();
    private static final Duration SHORT = Duration.ofSeconds(30);

    private final String name;
    private final Path logs;
    private final List<Proc> procs = new ArrayList<>();

    Netns(String role, Path logs) {
        this.name = "cv" + ProcessHandle.current().pid() + "-" + role;
        this.logs = logs;
        host("ip", "netns", "add", name).ok();
        exec("ip", "link", "set", "lo", "up").ok();
    }

    static Proc.Result host(String... command) {
        try (var proc = Proc.start(
                command[0], Path.of(System.getProperty("culvert.lab"), "host", NEXT.incrementAndGet() + ".log"), List.of(command))) {
            return proc.join(SHORT);
        }
    }

    public String name() {
        return name;
    }

    /** Runs a short command here to its end. */
    public Proc.Result exec(String... command) {
        return exec(SHORT, command);
    }

    public Proc.Result exec(Duration deadline, String... command) {
        try (var proc = Proc.start(String.join(" ", command), log(command[0]), inside(List.of(command)))) {
            return proc.join(deadline);
        }
    }

    /** Starts a program here; it ends with the namespace at the latest. */
    public Proc start(String label, List<String> command) {
        var proc = Proc.start(label, log(label), inside(command));
        procs.add(proc);
        return proc;
    }

    /** Starts a program here that is sent lines; it ends with the namespace at the latest. */
    public Proc startInteractive(String label, List<String> command) {
        var proc = Proc.startInteractive(label, log(label), inside(command));
        procs.add(proc);
        return proc;
    }

    private Path log(String label) {
        String file = label.replaceAll("[^A-Za-z0-9.-]+", "_");
        return logs.resolve(name + "-" + file + "-" + NEXT.incrementAndGet() + ".log");
    }

    private List<String> inside(List<String> command) {
        var all = new ArrayList<>(List.of("ip", "netns", "exec", name));
        all.addAll(command);
        return all;
    }

    /** Joins two hosts by a veth pair with the given addresses, IPv4 and IPv6. */
    static void join(Netns a, String deviceA, List<String> addressesA, Netns b, String deviceB, List<String> addressesB) {
        host("ip", "link", "add", deviceA, "netns", a.name, "type", "veth", "peer", "name", deviceB, "netns", b.name)
                .ok();
        a.address(deviceA, addressesA);
        b.address(deviceB, addressesB);
    }

    private void address(String device, List<String> addresses) {
        for (var address : addresses) {
            if (address.indexOf(':') >= 0) {
                exec("ip", "addr", "add", address, "dev", device, "nodad").ok();
            } else {
                exec("ip", "addr", "add", address, "dev", device).ok();
            }
        }
        exec("ip", "link", "set", device, "up").ok();
    }

    /** Answers to {@code count} pings, 0.2 s apart. */
    public int ping(String target, int count) {
        var result = exec(Duration.ofSeconds(10 + count), "ping", "-n", "-c", "" + count, "-i", "0.2", "-W", "2", target);
        var received = java.util.regex.Pattern.compile("(\\d+) received").matcher(result.output());
        if (!received.find()) {
            throw new AssertionError("ping " + target + " in " + name + ":\n" + result.output());
        }
        return Integer.parseInt(received.group(1));
    }

    @Override
    public void close() {
        procs.forEach(Proc::close);
        host("ip", "netns", "del", name).ok();
    }
}

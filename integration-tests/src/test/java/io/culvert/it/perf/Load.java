package io.culvert.it.perf;

import io.culvert.it.lab.Lab;
import io.culvert.it.lab.Netns;
import io.culvert.it.lab.Proc;
import io.culvert.it.peer.LoadPeer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;

/** The {@link LoadPeer} process on a client's host. */
public final class Load implements AutoCloseable {
    /** Addresses beside the client's own: a server grants each site only so many handshakes a second. */
    private static final int SOURCES = 64;

    private static final int FIRST_SOURCE = 10;

    private final Proc process;

    private Load(Proc process) {
        this.process = process;
    }

    /**
     * Starts it on client {@code number} with many addresses there.
     *
     * @param prefix a command to run it under, such as {@code nice}
     */
    public static Load start(Lab lab, int number, String label, String profile, String... prefix) {
        Netns host = lab.client(number);
        var sources = new ArrayList<String>();
        for (int i = 0; i < SOURCES; i++) {
            String address = "10.99." + number + "." + (FIRST_SOURCE + i);
            host.exec("ip", "addr", "replace", address + "/24", "dev", "eth0").ok();
            sources.add(address);
        }
        return start(lab, host, label, profile, sources, prefix);
    }

    /** Starts one that carries packets without a login, under given keys. */
    static Load startStatic(
            Lab lab, int number, Path keys, int localPort, int remotePort, String device, String address, int mtu) {
        var line = java("-Xms64m", "-Xmx2g");
        line.add(LoadPeer.class.getName());
        line.addAll(List.of(
                "--static",
                keys.toString(),
                "10.99." + number + ".2:" + localPort,
                Lab.serverIpv4(number) + ":" + remotePort,
                device,
                address,
                "" + mtu));
        var process = lab.with(lab.client(number).startInteractive("load-static", line));
        process.await("tunnel up", Duration.ofSeconds(30));
        return new Load(process);
    }

    private static Load start(
            Lab lab, Netns host, String label, String profile, List<String> arguments, String... prefix) {
        var line = new ArrayList<>(List.of(prefix));
        line.addAll(java("-Xms64m", "-Xmx2g"));
        line.add(LoadPeer.class.getName());
        line.add(write(lab, label, profile).toString());
        line.addAll(arguments);
        var process = lab.with(host.startInteractive("load-" + label, line));
        process.await("load peer ready", Duration.ofSeconds(30));
        return new Load(process);
    }

    /** The JVM that this one is, with the server's flags and further ones, up to the main class. */
    static List<String> java(String... flags) {
        var line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED"));
        line.addAll(List.of(flags));
        line.addAll(List.of("-cp", System.getProperty("java.class.path")));
        return line;
    }

    /** A profile as a file that only its owner reads. */
    static Path write(Lab lab, String label, String profile) {
        try {
            var file = lab.directory().resolve(label + ".ovpn");
            Files.writeString(file, profile);
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Proc process() {
        return process;
    }

    /** Sends a command without waiting; the number of the line that its answer comes after. */
    public int send(String command) {
        int from = process.lineCount();
        process.send(command);
        return from;
    }

    public Matcher answer(int from, String pattern, Duration deadline) {
        return process.await(pattern, from, deadline);
    }

    public Matcher ask(String command, String pattern, Duration deadline) {
        return answer(send(command), pattern, deadline);
    }

    /** Logs in sessions that stay; fails when not all do. */
    public void logIn(int count, int parallel) {
        var connected = ask("log-in " + count + " " + parallel, "connected (\\d+) of.*", Duration.ofSeconds(60 + count / 10));
        if (Integer.parseInt(connected.group(1)) != count) {
            throw new AssertionError("the load peer " + connected.group());
        }
    }

    public int alive() {
        return Integer.parseInt(ask("status", "alive (\\d+)", Duration.ofSeconds(10)).group(1));
    }

    @Override
    public void close() {
        process.close();
    }
}

package io.culvert.it.lab;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Culvert in a namespace, as a user starts it: {@code launcher/culvert up --home DIR}. */
public final class Appliance implements AutoCloseable {
    /** Longer for long runs beside other work: {@code -Dculvert.readySeconds=300}. */
    public static final Duration READY = Duration.ofSeconds(Integer.getInteger("culvert.readySeconds", 60));

    private static final Duration COMMAND = READY.dividedBy(2);

    private final Netns host;
    private final Path home;
    private final List<String> program;
    private Proc process;

    public Appliance(Netns host, Path home) {
        this(
                host,
                home,
                List.of(Path.of(System.getProperty("culvert.checkout"), "launcher", "culvert")
                        .normalize()
                        .toString()));
    }

    /**
     * Another installation of the program.
     *
     * @param program how it is called, its options left out
     */
    public Appliance(Netns host, Path home, List<String> program) {
        this.host = host;
        this.home = home;
        this.program = List.copyOf(program);
    }

    private ArrayList<String> line(String... arguments) {
        var line = new ArrayList<>(program);
        line.addAll(List.of("--home", home.toString()));
        line.addAll(List.of(arguments));
        return line;
    }

    /** Writes {@code etc/culvert.yaml}. */
    public Appliance configure(String yaml) {
        try {
            Files.createDirectories(home.resolve("etc"));
            Files.writeString(home.resolve("etc/culvert.yaml"), yaml);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    /** The usual modules, more of them, and tunnel.openvpn instances, each a line of YAML below {@code tunnel.openvpn:}. */
    public Appliance configure(List<String> coreSettings, List<String> openVpnInstances, String... moreModules) {
        var yaml = new StringBuilder("modules:\n  core:\n    ipv4: 10.8.0.0/24\n    ipv6: fd08::/64\n    tun: cvtun\n");
        coreSettings.forEach(s -> yaml.append("    ").append(s).append('\n'));
        for (var module : List.of(
                "store.local", "pki", "tls.jsse", "tls.openssl", "crypto.jce", "crypto.openssl", "crypto.ipsecmb", "net.ipv4", "net.ipv6", "auth.file",
                "log.console", "log.file", "backup")) {
            yaml.append("  ").append(module).append(": {}\n");
        }
        for (var module : moreModules) {
            yaml.append("  ").append(module).append(": {}\n");
        }
        yaml.append("  tunnel.openvpn:\n");
        openVpnInstances.forEach(s -> yaml.append("    ").append(s).append('\n'));
        return configure(yaml.toString());
    }

    /** Starts it and waits until it says that it is ready. */
    public Proc up(String... options) {
        var line = line("up");
        line.addAll(List.of(options));
        process = host.start("culvert-up", line);
        process.await("ready in \\d+ ms", READY);
        return process;
    }

    /** Waits until the console listens, which it does some time after {@link #up}: tunnels come first. */
    public void awaitConsole() {
        awaitConsole(0);
    }

    /** {@link #awaitConsole()} of an appliance that has started itself again: what it said before does not count. */
    public void awaitConsole(int fromLine) {
        process.await("web: listening on", fromLine, READY);
    }

    /** Starts it, whatever comes of it. */
    public Proc tryUp() {
        process = host.start("culvert-up", line("up"));
        return process;
    }

    public Proc process() {
        return process;
    }

    public Path home() {
        return home;
    }

    /** {@code culvert ARGUMENTS} as a shell's words. */
    public String command(String... arguments) {
        return String.join(" ", line(arguments));
    }

    /** Types {@code culvert ARGUMENTS}. */
    public Proc.Result cli(String... arguments) {
        return host.exec(COMMAND, line(arguments).toArray(String[]::new));
    }

    /** Types a reading command with {@code --json}. */
    public Map<String, Object> json(String... arguments) {
        var command = new ArrayList<>(List.of(arguments));
        command.add("--json");
        try {
            return JSON.std.mapFrom(cli(command.toArray(String[]::new)).ok());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Adds a user with a password, as a script would. */
    public void addUser(String name, String password) {
        host.exec(
                        COMMAND,
                        "sh",
                        "-c",
                        "printf '%s\\n' '" + password + "' | " + command("user", "add", name, "--password-stdin"))
                .ok();
    }

    /** A new profile's text. */
    public String profile(String user, String remote, String transport, String instance) {
        var arguments = new ArrayList<>(List.of("profile", user, "--remote", remote, "--transport", transport));
        if (!instance.isEmpty()) {
            arguments.addAll(List.of("--instance", instance));
        }
        return cli(arguments.toArray(String[]::new)).ok();
    }

    public void kill9() {
        process.kill9();
    }

    /** SIGTERM; must be over in the 5 s that are promised. */
    public Proc.Result stop() {
        return process.terminate(Duration.ofSeconds(6));
    }

    @Override
    public void close() {
        if (process != null && process.alive()) {
            process.terminate(Duration.ofSeconds(15));
        }
    }
}

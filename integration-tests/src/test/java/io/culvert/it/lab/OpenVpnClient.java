package io.culvert.it.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Debian's openvpn as a client in a namespace. */
public final class OpenVpnClient implements AutoCloseable {
    public static final String CONNECTED = "Initialization Sequence Completed";
    private static final Duration CONNECT = Duration.ofSeconds(30);

    private final Netns host;
    private final Proc process;

    private OpenVpnClient(Netns host, Proc process) {
        this.host = host;
        this.process = process;
    }

    /** Starts {@code openvpn --config} with the profile and further options as they stand in a configuration file. */
    public static OpenVpnClient start(Lab lab, Netns host, String label, String profile, String... options) {
        try {
            var file = lab.directory().resolve(label + ".ovpn");
            Files.writeString(file, profile + "\n" + String.join("\n", options) + "\n");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            var command = new ArrayList<>(List.of("openvpn", "--config", file.toString(), "--verb", "4"));
            return new OpenVpnClient(host, host.start("openvpn-" + label, command));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A file with user name and password for {@code auth-user-pass}. */
    public static Path login(Lab lab, String label, String user, String password) {
        try {
            var file = lab.directory().resolve(label + ".login");
            Files.writeString(file, user + "\n" + password + "\n");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public OpenVpnClient awaitConnected() {
        process.await(CONNECTED, CONNECT);
        return this;
    }

    public Proc process() {
        return process;
    }

    public Netns host() {
        return host;
    }

    /** How often the log says that a connection was begun. */
    public long connectionAttempts() {
        return process.lines().stream().filter(l -> l.contains("TLS: Initial packet from")).count();
    }

    /** How often it gave up what it had, its tunnel as well, and connected from the beginning. */
    public long restarts() {
        return process.lines().stream().filter(l -> l.contains("SIGUSR1[")).count();
    }

    /** How often a negotiation of new keys came to nothing. It begins another then, under the keys that it has. */
    public long failedNegotiations() {
        return process.lines().stream().filter(l -> l.contains("TLS Error: TLS handshake failed")).count();
    }

    /** The line that matches, for assertions on what was negotiated. */
    public String line(String pattern) {
        return process.await(pattern, Duration.ofSeconds(1)).group();
    }

    @Override
    public void close() {
        if (process.alive()) {
            process.terminate(Duration.ofSeconds(15));
        }
    }
}

package io.culvert.it.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The C program {@code src/bench/c/yardstick.c} in a namespace: a tunnel with given keys and the system calls that ours
 * makes. What it sends is described there.
 */
public final class Yardstick implements AutoCloseable {
    /** With it an outer packet is 1492 bytes long, as those of a stock client are. */
    public static final int MTU = 1440;

    public static final int PORT = 1300;
    public static final int KEY2_BYTES = 256;
    private static final Duration COMPILE = Duration.ofSeconds(60);
    private static final Duration READY = Duration.ofSeconds(10);

    private final Proc process;

    private Yardstick(Proc process) {
        this.process = process;
    }

    /** Compiles it. */
    public static Path compile(Lab lab) {
        var source = Path.of(System.getProperty("culvert.checkout"), "integration-tests/src/bench/c/yardstick.c").normalize();
        var program = lab.directory().resolve("yardstick");
        if (!Files.isExecutable(Path.of("/usr/bin/cc"))) {
            throw new AssertionError("no C compiler: apt-get install gcc libssl-dev");
        }
        var result = lab.server.exec(
                COMPILE, "cc", "-std=gnu11", "-O3", "-Wall", "-Wextra", "-o", program.toString(), source.toString(), "-lcrypto");
        if (result.exit() != 0) {
            throw new AssertionError("cannot compile " + source
                    + "; if headers are missing: apt-get install gcc libssl-dev\n" + result.output());
        }
        return program;
    }

    /** A file with new keys for both directions, {@value #KEY2_BYTES} bytes in hex. */
    public static Path newKeys(Lab lab) {
        var keys = new byte[KEY2_BYTES];
        new SecureRandom().nextBytes(keys);
        var file = lab.directory().resolve("yardstick.key");
        try {
            Files.deleteIfExists(file);
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            return Files.writeString(file, HexFormat.of().formatHex(keys));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts a server with {@code address/length} on its TUN device. */
    public static Yardstick server(
            Lab lab, Path program, Path keys, String device, String address, int port, String... options) {
        var all = new ArrayList<>(List.of("-p", "" + port));
        all.addAll(List.of(options));
        return start(lab.server, program, keys, "server", device, address, all);
    }

    /** Starts a client of {@code server}, which is an address. */
    public static Yardstick client(
            Netns host, Path program, Path keys, String device, String address, String server, int port, String... options) {
        var all = new ArrayList<>(List.of("-r", server, "-p", "" + port));
        all.addAll(List.of(options));
        return start(host, program, keys, "client", device, address, all);
    }

    private static Yardstick start(
            Netns host, Path program, Path keys, String role, String device, String address, List<String> options) {
        var command = new ArrayList<>(List.of(program.toString(), role, "-k", keys.toString(), "-d", device));
        command.addAll(options);
        var process = host.start("yardstick-" + role, command);
        process.await("ready", READY);
        host.exec("ip", "addr", "add", address, "dev", device).ok();
        host.exec("ip", "link", "set", device, "mtu", "" + MTU, "up").ok();
        return new Yardstick(process);
    }

    public Proc process() {
        return process;
    }

    /** Ends it; what it says of its batches. */
    public String stop() {
        return process.terminate(Duration.ofSeconds(5)).ok().lines().reduce((first, last) -> last).orElse("");
    }

    @Override
    public void close() {
        process.close();
    }
}

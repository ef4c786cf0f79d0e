package io.culvert.it.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The usual hosts:
 *
 * <pre>
 *   client-1 10.99.1.2, fd99:1::2 --- 10.99.1.1, fd99:1::1 \
 *                                                           server --- 10.77.0.1, fd77::1 --- lan 10.77.0.2, fd77::2
 *   client-2 10.99.2.2, fd99:2::2 --- 10.99.2.1, fd99:2::1 /
 * </pre>
 *
 * The host in the LAN knows no way back to the tunnels' addresses: only masquerade lets it answer.
 */
public final class Lab implements AutoCloseable {
    public static final String LAN_IPV4 = "10.77.0.2";
    public static final String LAN_IPV6 = "fd77::2";

    public final Netns server;
    public final Netns lan;
    public final List<Netns> clients;
    private final Path directory;
    private final List<AutoCloseable> others = new ArrayList<>();

    private Lab(Path directory, int clientCount) {
        this.directory = directory;
        server = new Netns("srv", directory);
        lan = new Netns("lan", directory);
        Netns.join(
                server, "lan0", List.of("10.77.0.1/24", "fd77::1/64"), lan, "eth0", List.of("10.77.0.2/24", "fd77::2/64"));
        clients = new ArrayList<>();
        for (int n = 1; n <= clientCount; n++) {
            var client = new Netns("cli" + n, directory);
            clients.add(client);
            Netns.join(
                    server,
                    "wan" + n,
                    List.of("10.99." + n + ".1/24", "fd99:" + n + "::1/64"),
                    client,
                    "eth0",
                    List.of("10.99." + n + ".2/24", "fd99:" + n + "::2/64"));
        }
    }

    /** A lab whose logs and homes lie below {@code target/lab/<name>}. */
    public static Lab open(String name, int clientCount) {
        var directory = Path.of(System.getProperty("culvert.lab"), name);
        try {
            // What an earlier run left is for looking at, not for starting from.
            if (Files.exists(directory)) {
                try (var files = Files.walk(directory)) {
                    for (var file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                        Files.delete(file);
                    }
                }
            }
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Lab(directory, clientCount);
    }

    public Path directory() {
        return directory;
    }

    public Netns client(int number) {
        return clients.get(number - 1);
    }

    /** The server's address as client {@code number} sees it. */
    public static String serverIpv4(int number) {
        return "10.99." + number + ".1";
    }

    public static String serverIpv6(int number) {
        return "fd99:" + number + "::1";
    }

    /** Closes {@code other} with the lab, last opened first. */
    public <T extends AutoCloseable> T with(T other) {
        others.add(other);
        return other;
    }

    @Override
    public void close() {
        for (var other : others.reversed()) {
            try {
                other.close();
            } catch (Exception e) {
                throw new IllegalStateException("cannot close " + other, e);
            }
        }
        clients.forEach(Netns::close);
        lan.close();
        server.close();
    }
}

package io.culvert.testsupport;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * A PostgreSQL server of a test's own: a fresh cluster in a temporary directory, a free port of the loopback address,
 * a child of this process. The service that the package brings is not touched.
 */
public final class PostgresServer implements AutoCloseable {
    /** The name of the superuser and of the database. */
    public static final String USER = "culvert";

    public static final String PASSWORD = "elephants-never-forget";

    private static final Path PACKAGES = Path.of("/usr/lib/postgresql");
    private static final String ACCOUNT = "postgres";
    private static final int PATIENCE_SECONDS = 60;

    private final Path binaries;
    private final Path directory;
    private final int port;
    private @Nullable Process server;

    private PostgresServer(Path binaries, Path directory, int port) {
        this.binaries = binaries;
        this.directory = directory;
        this.port = port;
    }

    /** A running server; the calling test is skipped by name where the package is missing. */
    public static PostgresServer start() throws Exception {
        Optional<Path> binaries = binaries();
        Assumptions.assumeTrue(binaries.isPresent(), "postgresql is not installed");
        Path directory = Files.createTempDirectory("culvert-postgres");
        int port;
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        var started = new PostgresServer(binaries.get(), directory, port);
        try {
            started.initialise();
            started.up();
            return started;
        } catch (Exception | Error e) {
            started.close();
            throw e;
        }
    }

    private static Optional<Path> binaries() throws IOException {
        if (!Files.isDirectory(PACKAGES)) {
            return Optional.empty();
        }
        try (var versions = Files.list(PACKAGES)) {
            return versions.map(version -> version.resolve("bin"))
                    .filter(bin -> Files.isExecutable(bin.resolve("postgres")) && Files.isExecutable(bin.resolve("initdb")))
                    .max(Comparator.naturalOrder());
        }
    }

    /** {@code jdbc:postgresql://127.0.0.1:PORT/culvert}. */
    public String url() {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + USER;
    }

    public int port() {
        return port;
    }

    private void initialise() throws Exception {
        Path password = directory.resolve("password");
        Files.writeString(password, PASSWORD);
        if (root()) {
            run(List.of("chown", "-R", ACCOUNT, directory.toString()));
        }
        run(asAccount("initdb", "-D", data(), "-U", USER, "-A", "scram-sha-256", "--pwfile=" + password,
                "-E", "UTF8", "--no-locale", "--no-sync"));
        // The server offers a database named as the user, as psql expects it.
        run(List.of("sh", "-c", "echo 'CREATE DATABASE " + USER + ";' | "
                + String.join(" ", asAccount("postgres", "--single", "-D", data(), "postgres"))));
    }

    private String data() {
        return directory.resolve("data").toString();
    }

    /** Starts it, the first time or again: port and content are the same. */
    public void up() throws Exception {
        Process process = new ProcessBuilder(asAccount(
                        "postgres", "-D", data(), "-p", String.valueOf(port), "-c", "listen_addresses=127.0.0.1",
                        "-c", "unix_socket_directories=" + directory, "-c", "fsync=off", "-c", "shared_buffers=16MB",
                        "-c", "max_connections=20"))
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        server = process;
        var ready = new CompletableFuture<Void>();
        Thread.ofVirtual().start(() -> {
            var said = new StringBuilder();
            try (BufferedReader lines = process.inputReader()) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    said.append(line).append('\n');
                    if (line.contains("ready to accept connections")) {
                        ready.complete(null);
                    }
                }
            } catch (IOException e) {
                said.append(e);
            }
            ready.completeExceptionally(new IOException("postgres ended: " + said));
        });
        ready.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** The server dies at once, its connections with it. */
    public void down() throws Exception {
        Process process = server;
        server = null;
        if (process != null && process.isAlive()) {
            run(List.of("kill", "-QUIT", String.valueOf(process.pid())));
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
    }

    /** The server answers nobody until {@link #awake}: it is there and hangs. Connections are still accepted. */
    public void asleep() throws Exception {
        signal("STOP");
    }

    public void awake() throws Exception {
        signal("CONT");
    }

    private void signal(String name) throws Exception {
        Process process = server;
        if (process == null) {
            throw new IllegalStateException("the server is down");
        }
        String kill = "kill -" + name + " ";
        run(List.of("sh", "-c", kill + process.pid()));
        // One that has just ended by itself is not missed.
        String children = process.descendants().map(child -> String.valueOf(child.pid())).collect(Collectors.joining(" "));
        run(List.of("sh", "-c", "for child in " + children + "; do " + kill + "$child 2>/dev/null || true; done"));
    }

    @Override
    public void close() throws Exception {
        Process process = server;
        if (process != null && process.isAlive()) {
            awake();
            down();
        }
        if (Files.exists(directory)) {
            try (var files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    private static boolean root() {
        return "root".equals(System.getProperty("user.name"));
    }

    /** PostgreSQL refuses to run as root. */
    private List<String> asAccount(String program, String... arguments) {
        var line = new ArrayList<String>();
        if (root()) {
            line.addAll(List.of("setpriv", "--reuid=" + ACCOUNT, "--regid=" + ACCOUNT, "--clear-groups"));
        }
        line.add(binaries.resolve(program).toString());
        line.addAll(List.of(arguments));
        return line;
    }

    private void run(List<String> line) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(line)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", line) + ": " + said);
        }
    }
}

package io.culvert.control.socket;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes connections at a Unix stream socket that only its owner may use. Each connection has a virtual thread; a
 * misbehaving one harms nobody but itself.
 */
public final class ControlSocket implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlSocket.class);
    private static final int MAX_CONNECTIONS = 64;
    private static final Duration AFTER_FAILURE = Duration.ofMillis(200);
    private static final Duration LAST_ANSWERS = Duration.ofSeconds(1);

    private final Path path;
    private final ServerSocketChannel server;
    private final CommandTable commands;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();

    /** Listens from now on; replaces a socket that a dead process left behind. */
    public ControlSocket(Path path, CommandTable commands) throws IOException {
        this.path = path;
        this.commands = commands;
        Files.deleteIfExists(path);
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(path));
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException e) {
            server.close();
            throw e;
        }
        Thread.ofVirtual().name("control-accept").start(this::accept);
    }

    private void accept() {
        while (server.isOpen()) {
            try {
                serve(server.accept());
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                LOG.warn("control socket: cannot take a connection, {}", e.getMessage());
                pause();
            }
        }
    }

    /** When descriptors have run out, trying again at once would only fill the log. */
    private static void pause() {
        try {
            Thread.sleep(AFTER_FAILURE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void serve(SocketChannel channel) throws IOException {
        if (connections.size() >= MAX_CONNECTIONS) {
            channel.close();
            return;
        }
        var connection = new Connection(channel, commands, new HttpSplice(path.resolveSibling("web.sock")));
        connections.add(connection);
        Thread.ofVirtual().name("control").start(() -> {
            try (connection) {
                connection.serve();
            } finally {
                connections.remove(connection);
            }
        });
    }

    /** Takes no new requests, and gives running ones a moment to answer: {@code stop} is one of them. */
    @Override
    public void close() {
        try {
            server.close();
            Files.deleteIfExists(path);
        } catch (IOException e) {
            LOG.warn("control socket: cannot be closed, {}", e.getMessage());
        }
        long deadlineNs = System.nanoTime() + LAST_ANSWERS.toNanos();
        for (Connection connection : connections) {
            connection.awaitIdle(deadlineNs);
            connection.close();
        }
    }
}

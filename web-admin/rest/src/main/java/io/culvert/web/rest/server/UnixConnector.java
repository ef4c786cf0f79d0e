package io.culvert.web.rest.server;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.jspecify.annotations.Nullable;

/** Takes HTTP at a Unix stream socket that only its owner may use. */
final class UnixConnector extends ServerConnector {
    private final Path path;
    private volatile @Nullable ServerSocketChannel channel;

    UnixConnector(Server server, Path path, HttpConnectionFactory http) {
        super(server, 1, 1, http);
        this.path = path;
    }

    /** Replaces a socket that a dead process left behind. */
    @Override
    public void open() throws IOException {
        Files.deleteIfExists(path);
        ServerSocketChannel opened = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            opened.bind(UnixDomainSocketAddress.of(path));
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException e) {
            opened.close();
            throw e;
        }
        channel = opened;
    }

    @Override
    public void accept(int acceptor) throws IOException {
        ServerSocketChannel open = channel;
        if (open == null) {
            return;
        }
        try {
            SocketChannel accepted = open.accept();
            accepted.configureBlocking(false);
            getSelectorManager().accept(accepted);
        } catch (ClosedChannelException e) {
            // Closed while it waited: Jetty looks whether it goes on.
        }
    }

    @Override
    public boolean isOpen() {
        ServerSocketChannel open = channel;
        return open != null && open.isOpen();
    }

    @Override
    public Object getTransport() {
        return channel;
    }

    @Override
    public int getLocalPort() {
        return isOpen() ? 0 : -2;
    }

    @Override
    public void close() {
        ServerSocketChannel open = channel;
        channel = null;
        super.close();
        try {
            if (open != null) {
                open.close();
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            // What is left of it is replaced at the next start.
        }
    }
}

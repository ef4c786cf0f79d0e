package io.culvert.log.support.link;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A stream over a Unix socket of this machine. */
public final class UnixLink implements Link {
    private final Path path;
    private volatile @Nullable SocketChannel channel;
    private volatile boolean closed;

    public UnixLink(Path path) {
        this.path = path;
    }

    @Override
    public void send(List<byte[]> frames) throws IOException {
        SocketChannel open = channel;
        try {
            if (open != null) {
                check(open);
            }
        } catch (IOException e) {
            Quietly.close(open);
            open = null;
        }
        if (open == null) {
            channel = null;
            open = open();
            channel = open;
        }
        try {
            for (byte[] frame : frames) {
                var buffer = ByteBuffer.wrap(frame);
                while (buffer.hasRemaining()) {
                    open.write(buffer);
                }
            }
            check(open);
        } catch (IOException e) {
            channel = null;
            open.close();
            throw e;
        }
    }

    private SocketChannel open() throws IOException {
        var open = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            open.connect(UnixDomainSocketAddress.of(path));
        } catch (IOException e) {
            open.close();
            throw new IOException(path + ": " + e.getMessage(), e);
        }
        if (closed) {
            open.close();
            throw new ClosedChannelException();
        }
        return open;
    }

    private static void check(SocketChannel open) throws IOException {
        open.configureBlocking(false);
        var ignored = ByteBuffer.allocate(256);
        if (open.read(ignored) < 0) {
            throw new EOFException("the far end closed the connection");
        }
        open.configureBlocking(true);
    }

    @Override
    public boolean isOpen() {
        return channel != null;
    }

    @Override
    public void close() {
        closed = true;
        Quietly.close(channel);
    }
}

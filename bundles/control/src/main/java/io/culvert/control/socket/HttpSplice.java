package io.culvert.control.socket;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Hands a connection that speaks HTTP to the console's own socket, byte for byte, so that one socket is enough for
 * everything that root does.
 */
final class HttpSplice {
    private static final int BUFFER = 16 << 10;
    private static final String NOBODY = "{\"code\":\"unavailable\",\"title\":\"the console does not run; "
            + "add web.rest to the modules in etc/culvert.yaml\"}";

    private final Path console;

    /** @param console the socket that answers HTTP */
    HttpSplice(Path console) {
        this.console = console;
    }

    /** Returns when either side has left. */
    void serve(SocketChannel client, ByteBuffer first) throws IOException {
        try (SocketChannel server = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            try {
                server.connect(UnixDomainSocketAddress.of(console));
            } catch (IOException e) {
                write(client, ByteBuffer.wrap(("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json"
                                + "\r\nContent-Length: " + NOBODY.length() + "\r\nConnection: close\r\n\r\n" + NOBODY)
                        .getBytes(StandardCharsets.US_ASCII)));
                return;
            }
            write(server, first);
            Thread answers = Thread.ofVirtual().name("control-http").start(() -> {
                try {
                    copy(server, client);
                } catch (IOException e) {
                    // Told by closing.
                } finally {
                    close(client);
                }
            });
            try {
                copy(client, server);
                server.shutdownOutput();
                answers.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void copy(SocketChannel from, SocketChannel to) throws IOException {
        var buffer = ByteBuffer.allocate(BUFFER);
        while (from.read(buffer) >= 0) {
            write(to, buffer.flip());
            buffer.clear();
        }
    }

    private static void write(SocketChannel to, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            to.write(bytes);
        }
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // Closed is closed.
        }
    }
}

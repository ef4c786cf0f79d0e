package io.culvert.testsupport;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tls.TlsStep;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A TLS server on loopback around a provider's engines, for tools that speak TLS over TCP. It greets whoever asks
 * something, and hangs up.
 */
public final class TlsSocket implements AutoCloseable {
    private static final int BUFFER = 16 * 1024;
    private static final byte[] GREETING =
            "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final TlsProvider provider;
    private final TlsPolicy policy;
    private final ServerSocket listener;
    private final Set<Socket> connections = ConcurrentHashMap.newKeySet();

    public TlsSocket(TlsProvider provider, TlsPolicy policy) throws IOException {
        this.provider = provider;
        this.policy = policy;
        this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    public int port() {
        return listener.getLocalPort();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                connections.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException _) {
                // The listener is closed, or the peer went before it was let in.
            }
        }
    }

    private void serve(Socket socket) {
        try (socket;
                TlsEngine engine = provider.newServerEngine(policy);
                InputStream in = socket.getInputStream();
                OutputStream out = socket.getOutputStream()) {
            talk(engine, in, out);
        } catch (IOException | TlsException _) {
            // A peer that goes, or one that the engine refuses: the tool looks at what it got until then.
        } finally {
            connections.remove(socket);
        }
    }

    private static void talk(TlsEngine engine, InputStream in, OutputStream out) throws IOException, TlsException {
        byte[] buffer = new byte[BUFFER];
        boolean closed = false;
        for (int n = in.read(buffer); n >= 0 && !closed; n = closed ? -1 : in.read(buffer)) {
            TlsStep step;
            try {
                step = engine.step(Arrays.copyOf(buffer, n), List.of());
            } catch (TlsException e) {
                out.write(e.alert());
                throw e;
            }
            out.write(step.toPeer());
            if (!step.messages().isEmpty()) {
                out.write(engine.step(new byte[0], List.of(GREETING)).toPeer());
            }
            closed = step.closed() || !step.messages().isEmpty();
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket connection : connections) {
            connection.close();
        }
    }
}
